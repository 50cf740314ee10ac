//! Credentials through the API: what comes in never goes out.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use capstan_domain::secrets::KeyRing;
use serde_json::{Value, json};

use crate::support::{Answer, App, as_json, chain};

const PATH: &str = "/api/v1/credentials";

fn bearer(name: &str) -> Value {
    json!({"name": name, "type": "bearer", "allowed_hosts": ["api.example.com"], "fields": {"token": "hunter22-hunter22"}})
}

fn calling(credential: &str) -> Value {
    let config = json!({"url": "https://api.example.com/", "credential": credential});
    chain(&[("start", "trigger.manual", json!({})), ("call", "action.http_request", config)])
}

async fn delete(app: &App, id: &str) -> Answer {
    app.send(app.request("DELETE", &format!("{PATH}/{id}")).body(Body::empty()).unwrap()).await
}

async fn put(app: &App, id: &str, body: &Value) -> Answer {
    app.send(as_json(app.request("PUT", &format!("{PATH}/{id}")), body)).await
}

fn codes(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    errors
        .iter()
        .map(|error| format!("{} {}", error["code"].as_str().unwrap(), error["pointer"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_credential_lives_without_showing_its_secret() {
    let app = App::start().await;
    let made = app.post(PATH, &bearer("crm")).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), Some(format!("{PATH}/{id}").as_str()));
    let replaced = json!({"allowed_hosts": ["*.example.com"], "fields": {"token": "hunter22-another"}});
    let replaced = put(&app, &id, &replaced).await;
    assert_eq!((replaced.status.as_u16(), replaced.json()["revision"].as_i64()), (200, Some(2)), "{}", replaced.text());
    let renamed = app.post(&format!("{PATH}/{id}/rename"), &json!({"name": "sales"})).await;
    let (one, all) = (app.get(&format!("{PATH}/{id}")).await, app.get(PATH).await);
    assert_eq!(one.json()["name"], "sales");
    assert_eq!(one.json()["fields_set"], json!(["token"]));
    assert_eq!(one.json()["allowed_hosts"], json!(["*.example.com"]));
    assert_eq!(all.json()["items"].as_array().unwrap().len(), 1);
    for answer in [&made, &replaced, &renamed, &one, &all] {
        assert!(!answer.text().contains("hunter22"), "{}", answer.text());
    }
    assert_eq!(app.post(PATH, &bearer("sales")).await.verdict(), "409 name_taken");
    let foreign = Request::builder().uri(format!("{PATH}/{id}")).header("x-api-key", &app.other_key);
    assert_eq!(app.send(foreign.body(Body::empty()).unwrap()).await.verdict(), "404 not_found");
    assert_eq!(delete(&app, &id).await.status, 204);
    assert_eq!(delete(&app, &id).await.verdict(), "404 not_found");
    assert_eq!(app.count("credentials").await, 0);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_and_without_values() {
    let app = App::start().await;
    for (body, expected) in [
        (
            json!({"name": "a b", "type": "bearer", "allowed_hosts": ["*", "x"], "fields": {"token": "s3cret"}}),
            vec!["bad_name /name", "bad_host /allowed_hosts/0", "bad_field /fields/token"],
        ),
        (
            json!({"name": "a", "type": "magic", "allowed_hosts": [], "fields": {}}),
            vec!["bad_host /allowed_hosts", "unknown_type /type"],
        ),
        (
            json!({"name": "a", "type": "oauth2_client_credentials", "allowed_hosts": ["api.example.com"],
                   "fields": {"token_url": "https://login.example.com/t", "client_id": "c", "client_secret": "s3cret-long"}}),
            vec!["host_not_allowed /fields/token_url"],
        ),
        (
            json!({"name": "a", "type": "smtp", "allowed_hosts": ["mail.example.com:25"], "fields": {"host": "mail.example.com", "port": 587}}),
            vec!["host_not_allowed /fields/host"],
        ),
    ] {
        let answer = app.post(PATH, &body).await;
        assert_eq!(answer.verdict(), "422 bad_credential", "{body}");
        assert_eq!(codes(&answer), expected, "{body}");
        assert!(!answer.text().contains("s3cret"), "{}", answer.text());
    }
    let types = app.get("/api/v1/credential-types").await.json();
    assert_eq!(types["items"].as_array().unwrap().len(), 8);
    assert_eq!(types["items"][0]["fields"]["properties"]["token"]["writeOnly"], true);
}

#[tokio::test]
async fn a_version_names_credentials_that_are_there_and_they_stay_while_it_does() {
    let app = App::start().await;
    let made = app.post("/api/v1/workflows", &json!({"name": "Caller", "graph": calling("crm")})).await.json();
    let workflow = format!("/api/v1/workflows/{}", made["id"].as_str().unwrap());
    let refused = app.post_nothing(&format!("{workflow}/publish")).await;
    assert_eq!(refused.verdict(), "422 invalid_graph");
    assert_eq!(codes(&refused), ["unknown_credential /nodes/1/data/config/credential"]);
    let checked = app.post("/api/v1/workflows/validate", &json!({"graph": calling("crm")})).await.json();
    assert_eq!((&checked["valid"], &checked["problems"][0]["code"]), (&json!(false), &json!("unknown_credential")));

    let mail = json!({"name": "mail", "type": "smtp", "allowed_hosts": ["m.example.com"], "fields": {"host": "m.example.com", "port": 25}});
    assert_eq!(app.post(PATH, &mail).await.status, 201);
    let checked = app.post("/api/v1/workflows/validate", &json!({"graph": calling("mail")})).await.json();
    assert_eq!(checked["problems"][0]["code"], "credential_type");

    let id = app.post(PATH, &bearer("crm")).await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(app.post_nothing(&format!("{workflow}/publish")).await.status, 201);
    assert_eq!(app.get(&format!("{PATH}/{id}")).await.json()["used_by"][0]["name"], "Caller");
    let refused = delete(&app, &id).await;
    assert_eq!(refused.verdict(), "409 credential_in_use");
    assert!(refused.json()["detail"].as_str().unwrap().contains("\"Caller\""), "{}", refused.text());
    let renamed = app.post(&format!("{PATH}/{id}/rename"), &json!({"name": "sales"})).await;
    assert_eq!(renamed.verdict(), "409 credential_in_use");

    let without = chain(&[("start", "trigger.manual", json!({})), ("a", "debug.noop", json!({}))]);
    let save = app.request("PUT", &format!("{workflow}/draft")).header("if-match", "\"1\"");
    assert_eq!(app.send(as_json(save, &json!({"graph": without}))).await.status, 200);
    assert_eq!(app.post_nothing(&format!("{workflow}/publish")).await.status, 201);
    assert_eq!(delete(&app, &id).await.status, 204);
}

#[tokio::test]
async fn without_keys_credentials_are_refused_and_all_else_works() {
    let app = App::start_with(|settings, _| settings.keys = Arc::new(KeyRing::empty())).await;
    let refused = app.post(PATH, &bearer("crm")).await;
    assert_eq!(refused.verdict(), "503 no_secret_keys");
    assert!(refused.json()["detail"].as_str().unwrap().contains("CAPSTAN_SECRET_KEYS"), "{}", refused.text());
    assert_eq!(app.get(PATH).await.status, 200);
}
