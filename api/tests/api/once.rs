//! `Idempotency-Key` on routes that change a workspace.

use axum::body::Body;
use axum::http::Request;
use capstan_api::routes;
use capstan_domain::request_keys;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{Answer, App, as_json, simple};

async fn send(app: &App, method: &str, path: &str, key: &str, body: &Value) -> Answer {
    let request = app.request(method, &format!("/api/v1{path}")).header("idempotency-key", key);
    app.send(as_json(request, body)).await
}

fn endpoint() -> Value {
    json!({ "url": "https://example.com/hooks", "types": ["*"] })
}

async fn change(app: &App, sql: &str) -> u64 {
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query(sql).execute(&mut owner).await.unwrap().rows_affected()
}

#[tokio::test]
async fn a_repeated_request_changes_nothing_more_and_gets_the_first_answer() {
    let app = App::start().await;
    let body = json!({ "name": "Once", "graph": simple() });
    let first = send(&app, "POST", "/workflows", "k1", &body).await;
    assert_eq!((first.verdict().as_str(), first.header("idempotent-replayed")), ("201", None));
    let again = send(&app, "POST", "/workflows", "k1", &body).await;
    assert_eq!((again.verdict().as_str(), again.header("idempotent-replayed")), ("201", Some("true")));
    assert_eq!(again.json(), first.json());
    for name in ["location", "etag", "content-type"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!(app.count("workflows").await, 1);
    // One change, one line in the audit log.
    assert_eq!(app.count("audit_log").await, 1);
    // Another body, another address, and another key.
    let other = json!({ "name": "Another", "graph": simple() });
    assert_eq!(send(&app, "POST", "/workflows", "k1", &other).await.verdict(), "422 idempotency_key_reused");
    assert_eq!(send(&app, "POST", "/credentials", "k1", &body).await.verdict(), "422 idempotency_key_reused");
    assert_eq!(send(&app, "POST", "/workflows", "k2", &other).await.verdict(), "201");
    assert_eq!(send(&app, "POST", "/workflows", "", &other).await.verdict(), "400 bad_idempotency_key");
    // The other workspace has keys of its own.
    let request =
        Request::post("/api/v1/workflows").header("x-api-key", &app.other_key).header("idempotency-key", "k1");
    assert_eq!(app.send(as_json(request, &body)).await.header("idempotent-replayed"), None);
    assert_eq!(app.count("workflows").await, 3);
}

#[tokio::test]
async fn a_schedule_that_is_fired_twice_with_one_key_starts_once() {
    let app = App::start().await;
    let daily = json!({ "id": "daily", "type": "trigger.schedule", "data": { "label": "d", "config": { "cron": "0 9 * * *" } } });
    let mut graph = simple();
    graph["nodes"].as_array_mut().unwrap().push(daily);
    graph["edges"].as_array_mut().unwrap().push(json!({ "id": "d", "source": "daily", "target": "a" }));
    app.publish(&graph).await;
    let id = app.get("/api/v1/schedules").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let fire = async || send(&app, "POST", &format!("/schedules/{id}/fire"), "now", &json!({})).await;
    let (first, again) = (fire().await, fire().await);
    assert_eq!((first.status.as_u16(), first.json()), (202, again.json()));
    assert_eq!(app.count("trigger_starts").await, 1);
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let app = App::start().await;
    let bad = json!({ "url": "https://example.com/hooks", "types": [] });
    assert_eq!(send(&app, "POST", "/webhook-endpoints", "k", &bad).await.verdict(), "422 invalid_endpoint");
    assert_eq!(send(&app, "POST", "/webhook-endpoints", "k", &endpoint()).await.verdict(), "201");
}

#[tokio::test]
async fn what_is_refused_after_a_transaction_that_changed_nothing_is_not_said_to_be_done() {
    let app = App::start().await;
    let unknown = uuid::Uuid::now_v7();
    for verb in ["cancel", "pause", "resume"] {
        let path = format!("/executions/{unknown}/{verb}");
        let first = send(&app, "POST", &path, verb, &json!({})).await;
        assert_eq!(first.status, 404, "{verb}: {}", first.text());
        let again = send(&app, "POST", &path, verb, &json!({})).await;
        assert_eq!(again.verdict(), first.verdict(), "{verb}");
    }
    assert_eq!(app.count("request_keys").await, 0);
}

#[tokio::test]
async fn secrets_that_are_shown_once_are_kept_sealed_or_not_at_all() {
    let app = App::start().await;
    let first = send(&app, "POST", "/webhook-endpoints", "k", &endpoint()).await;
    let again = send(&app, "POST", "/webhook-endpoints", "k", &endpoint()).await;
    let made = send(&app, "POST", "/keys", "k2", &json!({ "name": "new" })).await;
    assert_eq!((first.json(), again.header("idempotent-replayed")), (again.json(), Some("true")));
    assert_eq!(send(&app, "POST", "/keys", "k2", &json!({ "name": "new" })).await.json(), made.json());
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let rows: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT coalesce(answer, '')::bytea || convert_to(k::text, 'UTF8') FROM request_keys k")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    assert_eq!(rows.len(), 2);
    for secret in [first.json()["secret"].as_str().unwrap(), made.json()["key"].as_str().unwrap()] {
        let is_shown = |row: &Vec<u8>| row.windows(16).any(|it| it == &secret.as_bytes()[secret.len() - 16..]);
        assert!(!rows.iter().any(is_shown), "a secret lies in the clear");
    }
    // Under a key that is no longer there.
    change(&app, "UPDATE request_keys SET key_id = 'gone'").await;
    assert_eq!(send(&app, "POST", "/webhook-endpoints", "k", &endpoint()).await.verdict(), "409 answer_not_kept");
    assert_eq!(app.count("webhook_endpoints").await, 1);
}

#[tokio::test]
async fn a_token_does_not_get_the_key_that_its_key_made() {
    let app = App::start().await;
    let body = json!({ "name": "new" });
    assert_eq!(send(&app, "POST", "/keys", "k", &body).await.verdict(), "201");
    let token = app.post("/api/v1/tokens", &json!({ "scopes": ["keys.write"] })).await.json();
    let request = Request::post("/api/v1/keys").header("x-api-key", token["access_token"].as_str().unwrap());
    let again = app.send(as_json(request.header("idempotency-key", "k"), &body)).await;
    assert_eq!(again.verdict(), "422 idempotency_key_reused");
}

#[tokio::test]
async fn what_broke_off_before_its_change_is_done_and_what_broke_off_after_it_is_not_done_again() {
    let app = App::start().await;
    let make = async |key: &str| send(&app, "POST", "/webhook-endpoints", key, &endpoint()).await;
    let older = "claimed_at = claimed_at - interval '61 seconds'";
    // As a process leaves it that dies before the change, while its claim holds and after.
    assert_eq!(make("before").await.verdict(), "201");
    change(
        &app,
        "UPDATE request_keys SET changed = 'no', status = NULL, answer = NULL, key_id = NULL, location = NULL",
    )
    .await;
    let held = make("before").await;
    assert_eq!((held.verdict().as_str(), held.header("retry-after")), ("409 idempotency_in_progress", Some("2")));
    change(&app, &format!("UPDATE request_keys SET {older}")).await;
    assert_eq!(make("before").await.verdict(), "201");
    assert_eq!(make("before").await.header("idempotent-replayed"), Some("true"));
    assert_eq!(app.count("webhook_endpoints").await, 2);
    // One that dies after it.
    change(&app, &format!("UPDATE request_keys SET status = NULL, answer = NULL, key_id = NULL, {older}")).await;
    assert_eq!(make("before").await.verdict(), "409 answer_not_kept");
    // One of which that cannot be known.
    change(&app, "UPDATE request_keys SET changed = 'maybe'").await;
    assert_eq!(make("before").await.verdict(), "409 outcome_unclear");
    assert_eq!(app.count("webhook_endpoints").await, 2);
    // After a day the key is new, and upkeep takes the row away.
    let day = "UPDATE request_keys SET claimed_at = clock_timestamp() - interval '25 hours'";
    change(&app, day).await;
    assert_eq!(make("before").await.verdict(), "201");
    assert_eq!(app.count("webhook_endpoints").await, 3);
    change(&app, day).await;
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    assert_eq!(request_keys::tidy(&mut worker).await.unwrap(), 1);
    worker.close().await.unwrap();
}

#[tokio::test]
async fn who_is_overtaken_changes_nothing() {
    let app = App::start().await;
    let (acme, claim_id) = (app.acme, uuid::Uuid::now_v7());
    let of_acme = request_keys::Owner::Workspace(acme);
    let claim = request_keys::Claim { key_hash: [1; 32], request_hash: [2; 32], claim_id };
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let mut first = owner.begin().await.unwrap();
    let claimed = request_keys::claim(&mut first, of_acme, &claim, request_keys::Place::Cell).await.unwrap();
    assert!(matches!(claimed, request_keys::Claimed::Mine));
    first.commit().await.unwrap();
    change(&app, "UPDATE request_keys SET claimed_at = claimed_at - interval '61 seconds'").await;
    // While it is being marked, it is somebody's.
    let mut slow = owner.begin().await.unwrap();
    assert!(request_keys::mark(&mut slow, acme, &claim).await.unwrap());
    let next = request_keys::Claim { claim_id: uuid::Uuid::now_v7(), ..claim.clone() };
    let mut other = app.cell.connect(Role::Owner).await.unwrap();
    let claimed = request_keys::claim(&mut other, of_acme, &next, request_keys::Place::Cell).await.unwrap();
    assert!(matches!(claimed, request_keys::Claimed::UnderWay));
    slow.rollback().await.unwrap();
    let claimed = request_keys::claim(&mut other, of_acme, &next, request_keys::Place::Cell).await.unwrap();
    assert!(matches!(claimed, request_keys::Claimed::Mine));
    assert!(!request_keys::mark(&mut owner, acme, &claim).await.unwrap());
}

#[tokio::test]
async fn without_permission_a_key_tells_nothing() {
    let app = App::start().await;
    let path = "/api/v1/webhook-endpoints";
    assert_eq!(send(&app, "POST", "/webhook-endpoints", "k", &endpoint()).await.verdict(), "201");
    let nobody = Request::post(path).header("idempotency-key", "k").body(Body::empty()).unwrap();
    assert_eq!(app.send(nobody).await.verdict(), "401 no_key");
    assert!(routes().iter().any(|route| route.path == "/webhook-endpoints" && route.method == "POST"));
}
