//! Hooks that verify who calls, and listening for a call without a start.

use axum::body::Body;
use axum::http::Request;
use capstan_engine::store::connect::Role;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, App, chain};

/// The example of GitHub's documentation.
const GITHUB: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const GITHUB_SECRET: &str = "It's a Secret to Everybody";

fn hook(config: Value) -> Value {
    chain(&[("in", "trigger.webhook", config), ("a", "debug.noop", json!({}))])
}

fn github() -> Value {
    hook(json!({
        "path": "push", "content_types": ["text/plain"],
        "verify": { "preset": "github", "secret": "gh" }, "map": { "text": "{{ input.body }}" } }))
}

impl App {
    async fn add_secret(&self, name: &str, secret: &str) -> Answer {
        self.post("/api/v1/hook-secrets", &json!({ "name": name, "secret": secret })).await
    }

    async fn call(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let request = headers.iter().fold(Request::post(path), |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn push(&self, signature: &str, delivery: &str, body: &str) -> Answer {
        let headers =
            [("content-type", "text/plain"), ("x-hub-signature-256", signature), ("x-github-delivery", delivery)];
        self.call("/hooks/acme/push", &headers, body).await
    }
}

#[tokio::test]
async fn a_signed_delivery_that_comes_ten_times_at_once_starts_one_execution() {
    let app = App::start().await;
    assert_eq!(app.add_secret("gh", GITHUB_SECRET).await.status, 201);
    app.publish(&github()).await;
    let answers = join_all((0..10).map(|_| app.push(GITHUB, "d-1", "Hello, World!"))).await;
    assert!(answers.iter().all(|answer| answer.status == 202), "{}", answers[0].text());
    assert_eq!(answers.iter().filter(|answer| answer.header("idempotent-replayed").is_none()).count(), 1);
    assert_eq!(app.count("executions").await, 1);
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let input: Value = sqlx::query_scalar("SELECT input FROM executions").fetch_one(&mut owner).await.unwrap();
    assert_eq!(input, json!({ "text": "Hello, World!" }));
}

#[tokio::test]
async fn what_is_not_verified_starts_nothing_and_tells_nothing() {
    let app = App::start().await;
    assert_eq!(app.add_secret("gh", GITHUB_SECRET).await.status, 201);
    app.publish(&github()).await;
    let missing = app.call("/hooks/acme/push", &[("content-type", "text/plain")], "Hello, World!").await;
    let wrong = app.push(&GITHUB.replace("757", "758"), "d-1", "Hello, World!").await;
    let altered = app.push(GITHUB, "d-1", "Hello, World?").await;
    let mut texts = [&missing, &wrong, &altered].map(|answer| {
        assert_eq!(answer.verdict(), "401 not_verified");
        let mut body = answer.json();
        body["request_id"] = Value::Null;
        body.to_string()
    });
    texts.sort_unstable();
    assert_eq!(texts[0], texts[2]);
    assert!(!texts[0].contains("Secret to Everybody"));
    // Without the secret nothing is good any more.
    let list = app.get("/api/v1/hook-secrets").await.json();
    assert!(list["items"][0]["secret"].is_null() && !list.to_string().contains("Everybody"));
    let id = list["items"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/hook-secrets/{id}");
    for verdict in ["204", "404 not_found"] {
        let request = app.request("DELETE", &path).body(Body::empty()).unwrap();
        assert_eq!(app.send(request).await.verdict(), verdict);
    }
    assert_eq!(app.push(GITHUB, "d-1", "Hello, World!").await.verdict(), "401 not_verified");
    let compressed = [("content-type", "text/plain"), ("content-encoding", "gzip")];
    assert_eq!(app.call("/hooks/acme/push", &compressed, "x").await.verdict(), "415 content_encoding");
    assert_eq!(app.call("/hooks/acme/push", &[], &"x".repeat(1024 * 1024 + 1)).await.verdict(), "413 body_too_large");
    assert_eq!(app.count("executions").await, 0);
}

#[tokio::test]
async fn an_old_secret_is_good_beside_a_new_one_for_a_while() {
    let app = App::start().await;
    app.add_secret("gh", GITHUB_SECRET).await;
    app.publish(&github()).await;
    assert_eq!(app.add_secret("gh", "the new secret").await.status, 201);
    assert_eq!(app.push(GITHUB, "d-1", "Hello, World!").await.status, 202);
    let at_once = json!({ "name": "gh", "secret": "an even newer one", "overlap": "0s" });
    assert_eq!(app.post("/api/v1/hook-secrets", &at_once).await.status, 201);
    assert_eq!(app.push(GITHUB, "d-2", "Hello, World!").await.verdict(), "401 not_verified");
    for (bad, pointer) in [
        (json!({ "name": "a b", "secret": "12345678" }), "/name"),
        (json!({ "name": "a", "secret": "short" }), "/secret"),
        (json!({ "name": "a", "secret": "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4" }), "/secret"),
        (json!({ "name": "a", "secret": "12345678", "overlap": "8d" }), "/overlap"),
    ] {
        let answer = app.post("/api/v1/hook-secrets", &bad).await;
        assert_eq!(answer.verdict(), "422 bad_hook_secret");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
        assert!(!answer.text().contains("short") || pointer != "/secret");
    }
}

#[tokio::test]
async fn a_hook_whose_secret_is_not_there_is_not_published() {
    let app = App::start().await;
    let made = app.post("/api/v1/workflows", &json!({ "name": "T", "graph": github() })).await.json();
    let path = format!("/api/v1/workflows/{}/publish", made["id"].as_str().unwrap());
    let refused = app.post_nothing(&path).await;
    assert_eq!(refused.verdict(), "422 unknown_hook_secret", "{}", refused.text());
    assert_eq!(refused.json()["errors"][0]["node_id"], "in");
    // The secret of another workspace is none.
    let body = json!({ "name": "gh", "secret": GITHUB_SECRET }).to_string();
    let foreign = Request::post("/api/v1/hook-secrets").header("x-api-key", &app.other_key);
    let foreign = foreign.header("content-type", "application/json").body(Body::from(body)).unwrap();
    assert_eq!(app.send(foreign).await.status, 201);
    assert_eq!(app.post_nothing(&path).await.verdict(), "422 unknown_hook_secret");
}

#[tokio::test]
async fn slack_is_told_its_challenge_only_if_it_is_slack() {
    let app = App::start().await;
    // An HMAC over what Slack signs needs the time of now: made by the database.
    app.add_secret("slack", "8f742231b10e8888abcd99yyyzzz85a5").await;
    app.publish(&hook(json!({ "path": "slack", "verify": { "preset": "slack", "secret": "slack" } }))).await;
    let body = r#"{"type":"url_verification","challenge":"3eZbrw1a"}"#;
    let now = chrono::Utc::now().timestamp().to_string();
    let signature = sign(b"8f742231b10e8888abcd99yyyzzz85a5", &format!("v0:{now}:{body}"));
    let headers = |signature: String| {
        vec![
            ("content-type", "application/json".to_owned()),
            ("x-slack-request-timestamp", now.clone()),
            ("x-slack-signature", signature),
        ]
    };
    for (signature, status) in [(format!("v0={signature}"), 200), (format!("v0=0{}", &signature[1..]), 401)] {
        let headers = headers(signature);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = app.call("/hooks/acme/slack", &headers, body).await;
        if status == 200 {
            assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "challenge": "3eZbrw1a" })));
        } else if answer.status != 200 {
            assert_eq!(answer.verdict(), "401 not_verified");
        }
    }
    assert_eq!(app.count("executions").await, 0);
}

fn sign(key: &[u8], text: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn the_first_call_at_its_own_address_becomes_a_sample_and_starts_nothing() {
    let app = App::start().await;
    app.add_secret("gh", GITHUB_SECRET).await;
    let made = app.post("/api/v1/workflows", &json!({ "name": "T", "graph": github() })).await.json();
    let listen = format!("/api/v1/workflows/{}/hooks/listen", made["id"].as_str().unwrap());
    let begun = app.post(&listen, &json!({ "node_id": "in", "for": "1min" })).await;
    assert_eq!((begun.status.as_u16(), &begun.json()["status"]), (201, &json!("listening")), "{}", begun.text());
    let url = begun.json()["url"].as_str().unwrap().to_owned();
    let headers = [("content-type", "text/plain"), ("x-hub-signature-256", GITHUB), ("authorization", "Bearer x")];
    assert_eq!(app.call(&url, &headers, "Hello, World!").await.json(), json!({ "captured": true }));
    assert_eq!(app.call(&url, &headers, "Hello, World!").await.verdict(), "404 not_found");
    let shown = app.get(&format!("{listen}/{}", begun.json()["id"].as_str().unwrap())).await.json();
    assert_eq!(shown["status"], "captured");
    assert_eq!(
        (&shown["sample"]["verified"], &shown["sample"]["input"]),
        (&json!(true), &json!({ "text": "Hello, World!" }))
    );
    // One that is not verified is shown as such.
    let other = app.post(&listen, &json!({ "node_id": "in" })).await.json();
    app.call(other["url"].as_str().unwrap(), &[("content-type", "text/plain")], "Hello").await;
    let path = format!("{listen}/{}", other["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.json()["sample"]["verified"], false);
    let end = app.request("DELETE", &path).body(Body::empty()).unwrap();
    assert_eq!((app.send(end).await.status.as_u16(), app.get(&path).await.verdict().as_str()), (204, "404 not_found"));
    for (wish, verdict) in [
        (json!({ "node_id": "none" }), "422 not_a_hook"),
        (json!({ "node_id": "a" }), "422 not_a_hook"),
        (json!({ "node_id": "in", "for": "1h" }), "422 bad_span"),
    ] {
        assert_eq!(app.post(&listen, &wish).await.verdict(), verdict);
    }
    assert_eq!(
        app.call("/hooks-test/acme/00000000-0000-0000-0000-000000000000", &[], "x").await.verdict(),
        "404 not_found"
    );
    assert_eq!(app.call("/hooks-test/acme/x", &[], "x").await.verdict(), "404 not_found");
    assert_eq!((app.count("executions").await, app.count("idempotency_keys").await), (0, 0));
}
