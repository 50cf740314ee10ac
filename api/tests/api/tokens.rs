//! Tokens for services: made with a key, taken wherever a key is, and dead with it.

use axum::body::Body;
use axum::http::Request;
use capstan_domain::access::{self, Permissions, Role, tokens::Tokens};
use capstan_domain::secrets::KeyRing;
use capstan_engine::store::connect;
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::people::{member, send};
use crate::support::{Answer, App, as_json};

const URL: &str = "http://127.0.0.1:7400";

async fn with(app: &App, text: &str, method: &str, path: &str, body: &Value) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    app.send(as_json(request.header("authorization", format!("Bearer {text}")), body)).await
}

/// A token for the key of `acme`.
async fn token(app: &App, wish: Value) -> String {
    let made = app.post("/api/v1/tokens", &wish).await;
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_service_gets_a_token_for_its_key_and_works_with_it() {
    let app = App::start().await;
    let made = app.post("/api/v1/tokens", &json!({ "scopes": ["workflows.read"], "expires_in_s": 60 })).await.json();
    assert_eq!((&made["token_type"], &made["expires_in"]), (&json!("Bearer"), &json!(60)));
    assert_eq!(made["scope"], "workflows.read");
    let token = made["access_token"].as_str().unwrap();
    let me = with(&app, token, "GET", "/me", &Value::Null).await.json();
    assert_eq!((&me["kind"], &me["permissions"]), (&json!("key"), &json!(["workflows.read"])));
    assert_eq!((&me["workspace"]["slug"], &me["key"]["name"]), (&json!("acme"), &json!("test")));
    assert_eq!(with(&app, token, "GET", "/workflows", &Value::Null).await.status, 200);
    let refused = with(&app, token, "POST", "/workflows", &json!({ "name": "x" })).await;
    assert_eq!(refused.verdict(), "403 forbidden");
    // In the other header, and in another process.
    let request = Request::builder().uri("/api/v1/workflows").header("x-api-key", token).body(Body::empty()).unwrap();
    assert_eq!(app.another_process().send(request).await.status, 200);
    let used = "SELECT last_used_at IS NOT NULL FROM api_keys WHERE name = 'test' AND workspace_id = $1";
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    assert!(sqlx::query_scalar::<_, bool>(used).bind(app.acme.0).fetch_one(&mut owner).await.unwrap());
    // Whoever has the public key can tell that it is ours.
    let keys = app.get("/api/v1/jwks").await.json();
    assert_eq!((&keys["keys"][0]["alg"], &keys["keys"][0]["use"]), (&json!("EdDSA"), &json!("sig")));
    assert!(keys["keys"][0]["d"].is_null());
}

#[tokio::test]
async fn a_token_gives_no_more_and_lasts_no_longer_than_what_it_was_made_with() {
    let app = App::start().await;
    let narrow = token(&app, json!({ "scopes": ["keys.write", "keys.read"], "expires_in_s": 120 })).await;
    for (wish, verdict) in [
        (json!({ "scopes": ["workflows.read"] }), "403 more_than_own"),
        (json!({ "scopes": ["workspace.own"] }), "422 bad_scopes"),
        (json!({ "scopes": [] }), "422 bad_scopes"),
        (json!({ "expires_in_s": 0 }), "422 bad_expiry"),
        (json!({ "expires_in_s": 901 }), "422 bad_expiry"),
    ] {
        assert_eq!(with(&app, &narrow, "POST", "/tokens", &wish).await.verdict(), verdict, "{wish}");
    }
    // A token from a token, and a key from a token, end with it.
    let child = with(&app, &narrow, "POST", "/tokens", &json!({})).await.json();
    assert!(child["expires_in"].as_i64().unwrap() <= 120, "{child}");
    let key = with(&app, &narrow, "POST", "/keys", &json!({ "name": "child", "scopes": ["keys.read"] })).await.json();
    let ends_at: chrono::DateTime<Utc> = key["expires_at"].as_str().unwrap().parse().unwrap();
    assert!(ends_at <= Utc::now() + TimeDelta::seconds(120), "{key}");
    let later = json!({ "name": "x", "scopes": ["keys.read"], "expires_at": Utc::now() + TimeDelta::seconds(600) });
    assert_eq!(with(&app, &narrow, "POST", "/keys", &later).await.verdict(), "422 bad_expiry");
    // A person has no key to make one for.
    let admin = member(&app, app.acme, "ada@example.com", Role::Admin).await;
    assert_eq!(send(&app, &admin, "POST", "/tokens", json!({})).await.verdict(), "403 key_required");
}

#[tokio::test]
async fn a_token_that_has_ended_makes_no_other_one() {
    let app = App::start().await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let key = access::admit_key(&mut owner, &app.key).await.unwrap().unwrap();
    let at = Utc::now() - TimeDelta::seconds(62);
    let ended = Tokens::new(&app.keys, URL).sign(&key, Permissions::all_scopes(), 60, at).unwrap().0;
    // The clock of who made it may be behind, so it is taken still.
    assert_eq!(with(&app, &ended, "GET", "/workflows", &Value::Null).await.verdict(), "200");
    assert_eq!(with(&app, &ended, "POST", "/tokens", &json!({})).await.verdict(), "401 token_expired");
    assert_eq!(with(&app, &ended, "POST", "/keys", &json!({ "name": "child" })).await.verdict(), "422 bad_expiry");
}

#[tokio::test]
async fn what_is_no_good_token_is_refused_with_what_is_wrong() {
    let app = App::start().await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let key = access::admit_key(&mut owner, &app.key).await.unwrap().unwrap();
    let signed = |ring: &KeyRing, url: &str, age_s: i64| {
        let at = Utc::now() - TimeDelta::seconds(age_s);
        Tokens::new(ring, url).sign(&key, Permissions::all_scopes(), 60, at).unwrap().0
    };
    let good = signed(&app.keys, URL, 0);
    let parts: Vec<&str> = good.split('.').collect();
    // {"alg":"none","typ":"at+jwt"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1]);
    for (text, verdict) in [
        (good.clone(), "200"),
        (signed(&app.keys, URL, 3_600), "401 token_expired"),
        (signed(&app.keys, "https://other.example.com", 0), "401 token_audience"),
        (signed(&KeyRing::generate(), URL, 0), "401 wrong_token"),
        (format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86)), "401 wrong_token"),
        (unsigned, "401 wrong_token"),
        ("a.b.c".into(), "401 wrong_token"),
    ] {
        let answer = with(&app, &text, "GET", "/workflows", &Value::Null).await;
        assert_eq!(answer.verdict(), verdict, "{text}");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge.is_some_and(|it| it.contains("invalid_token")), verdict != "200");
    }
    let keyless = App::start_with(|settings, _| settings.keys = KeyRing::empty().into()).await;
    assert_eq!(keyless.post("/api/v1/tokens", &json!({})).await.verdict(), "503 no_secret_keys");
}

#[tokio::test]
async fn a_token_dies_with_its_key() {
    let app = App::start().await;
    let text = token(&app, json!({})).await;
    let keys = app.get("/api/v1/keys").await.json();
    let id = keys["items"][0]["id"].as_str().unwrap().to_owned();
    let elsewhere = app.another_process();
    let request = app.request("DELETE", &format!("/api/v1/keys/{id}")).body(Body::empty()).unwrap();
    assert_eq!(app.send(request).await.status, 204);
    assert_eq!(with(&elsewhere, &text, "GET", "/workflows", &Value::Null).await.verdict(), "401 wrong_key");
}

#[tokio::test]
async fn whoever_names_another_workspace_than_that_of_the_key_is_refused() {
    let app = App::start().await;
    let token = token(&app, json!({})).await;
    for text in [&app.key, &token] {
        for (slug, verdict) in [("acme", "200"), ("other", "403 other_workspace"), ("nowhere", "403 other_workspace")] {
            let request = Request::builder().uri("/api/v1/workflows").header("x-api-key", text.as_str());
            let request = request.header("capstan-workspace", slug).body(Body::empty()).unwrap();
            assert_eq!(app.send(request).await.verdict(), verdict, "{slug}");
        }
    }
}
