//! `Idempotency-Key` on routes of people and of the platform, which change no workspace.

use axum::http::Request;
use capstan_domain::access::{self, Role};
use capstan_domain::request_keys::{self, PERSON_KEYS_MAX};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::people::{member, send};
use crate::support::{Answer, App, as_json};
use crate::tenants::admin;

/// Sends with a session and a key.
async fn keyed(app: &App, session: &str, (method, path, key): (&str, &str, &str), body: &Value) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/v1{path}")).header("idempotency-key", key);
    app.send(as_json(request.header("cookie", format!("capstan_session={session}")), body)).await
}

async fn change(app: &App, sql: &str) -> u64 {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    sqlx::query(sql).execute(&mut owner).await.unwrap().rows_affected()
}

/// A number out of `control`.
async fn number(app: &App, sql: &str) -> i64 {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap()
}

const KEPT: &str = "SELECT count(*) FROM person_request_keys";
const MOVES: &str = "SELECT count(*) FROM tenant_transitions";

#[tokio::test]
async fn what_the_platform_is_asked_twice_with_one_key_is_done_once() {
    let app = App::start().await;
    let root = admin(&app).await;
    let at = async |verb: &str, key: &str, body: &Value| {
        let path = format!("/platform/tenants/{}/{verb}", app.acme);
        keyed(&app, &root, ("POST", path.as_str(), key), body).await
    };
    let before = number(&app, MOVES).await;
    let (unpaid, other) = (json!({ "reason": "unpaid" }), json!({ "reason": "another" }));
    // What is refused leaves its key free.
    assert_eq!(at("resume", "r", &json!({})).await.verdict(), "409 invalid_transition");
    assert_eq!(number(&app, KEPT).await, 0);
    let first = at("suspend", "s", &unpaid).await;
    assert_eq!((first.status.as_u16(), first.header("idempotent-replayed")), (200, None), "{}", first.text());
    let again = at("suspend", "s", &unpaid).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(again.json(), first.json());
    assert_eq!(at("suspend", "s", &other).await.verdict(), "422 idempotency_key_reused");
    assert_eq!(at("archive", "s", &unpaid).await.verdict(), "422 idempotency_key_reused");
    assert_eq!(at("suspend", "t", &unpaid).await.verdict(), "409 invalid_transition");
    assert_eq!(at("suspend", "", &unpaid).await.verdict(), "400 bad_idempotency_key");
    assert_eq!(at("resume", "r", &json!({})).await.json()["state"], "active");
    // Though it could be done again by now.
    assert_eq!(at("suspend", "s", &unpaid).await.header("idempotent-replayed"), Some("true"));
    assert_eq!(number(&app, MOVES).await, before + 2);
    // Of somebody else the same key is another one.
    let ada = member(&app, app.acme, "ada@example.com", Role::Viewer).await;
    assert_eq!(keyed(&app, &ada, ("PUT", "/me", "s"), &json!({ "name": "Ada" })).await.status, 204);
    assert_eq!(
        keyed(&app, &ada, ("PUT", "/me", "s"), &json!({ "name": "Eve" })).await.verdict(),
        "422 idempotency_key_reused"
    );
}

#[tokio::test]
async fn what_is_kept_for_a_key_shows_neither_what_was_sent_nor_what_was_answered() {
    let app = App::start().await;
    let root = admin(&app).await;
    let wish = json!({
        "name": "farther-away", "host": "db.example.com", "login": "works", "password": "a-secret-of-a-server",
        "creator_login": "makes", "creator_password": "another-secret-of-it",
    });
    let make = async |app: &App, key: &str| keyed(app, &root, ("POST", "/platform/database-servers", key), &wish).await;
    // Without a key to seal with nothing is made, which is certain: the idempotency key is free again.
    let keyless = app.another_process_with(|settings| settings.keys = std::sync::Arc::default());
    assert_eq!(make(&keyless, "a").await.verdict(), "503 no_secret_keys");
    assert_eq!(number(&app, KEPT).await, 0);
    let (first, again) = (make(&app, "a").await, make(&app, "a").await);
    assert_eq!((first.status.as_u16(), again.header("idempotent-replayed")), (201, Some("true")), "{}", first.text());
    assert_eq!(first.json(), again.json());
    assert_eq!(make(&app, "b").await.verdict(), "409 server_exists");
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let row: String = sqlx::query_scalar("SELECT k::text || encode(k.answer, 'escape') FROM person_request_keys k")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    for word in ["secret", "farther-away", "db.example.com"] {
        assert!(!row.contains(word), "{word} lies in the clear");
    }
    // A process that cannot open it says that it was done.
    assert_eq!(make(&keyless, "a").await.verdict(), "409 answer_not_kept");
    // The same request under two keys leaves nothing that is the same: what passwords it has cannot be guessed by it.
    for key in ["c", "d"] {
        assert_eq!(keyed(&app, &root, ("PUT", "/me", key), &json!({ "name": "Root" })).await.status, 204);
    }
    assert_eq!(number(&app, "SELECT count(DISTINCT request_hash) FROM person_request_keys").await, 3);
}

#[tokio::test]
async fn who_leaves_a_workspace_twice_with_one_key_leaves_no_other_one() {
    let app = App::start().await;
    let session = member(&app, app.acme, "ada@example.com", Role::Viewer).await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let user_id: Uuid = sqlx::query_scalar("SELECT user_id FROM users WHERE email = 'ada@example.com'")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let other: Uuid = sqlx::query_scalar("SELECT workspace_id FROM workspaces WHERE slug = 'other'")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    access::add_member(&mut owner, WorkspaceId(other), user_id, Role::Viewer).await.unwrap();
    // The cookie says which one; when that is left, the only other one is meant.
    let leave = async || {
        let request = Request::post("/api/v1/members/leave").header("idempotency-key", "leave");
        let cookies = format!("capstan_session={session}; capstan_workspace=acme");
        app.send(as_json(request.header("cookie", cookies), &json!({}))).await
    };
    let (first, again) = (leave().await, leave().await);
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (204, 204), "{} {}", first.text(), again.text());
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let left: Vec<Uuid> = sqlx::query_scalar("SELECT workspace_id FROM members WHERE user_id = $1")
        .bind(user_id)
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert_eq!(left, [other]);
}

#[tokio::test]
async fn what_broke_off_is_told_and_not_done_again_within_a_day() {
    let app = App::start().await;
    let ada = member(&app, app.acme, "ada@example.com", Role::Viewer).await;
    let rename = async || keyed(&app, &ada, ("PUT", "/me", "k"), &json!({ "name": "Ada" })).await;
    assert_eq!(rename().await.status, 204);
    // As a process leaves it that dies at it.
    let broken = "UPDATE person_request_keys SET changed = 'maybe', status = NULL, answer = NULL, key_id = NULL";
    change(&app, broken).await;
    let held = rename().await;
    assert_eq!((held.verdict().as_str(), held.header("retry-after")), ("409 idempotency_in_progress", Some("2")));
    change(&app, "UPDATE person_request_keys SET claimed_at = claimed_at - interval '61 seconds'").await;
    assert_eq!(rename().await.verdict(), "409 outcome_unclear");
    // After a day the key is new, and the row goes.
    let day = "UPDATE person_request_keys SET claimed_at = clock_timestamp() - interval '25 hours'";
    change(&app, day).await;
    let anew = rename().await;
    assert_eq!((anew.status.as_u16(), anew.header("idempotent-replayed")), (204, None));
    let mut control = app.control.connect(connect::Role::Access).await.unwrap();
    assert_eq!(request_keys::tidy_of_persons(&mut control).await.unwrap(), 0);
    change(&app, day).await;
    assert_eq!(request_keys::tidy_of_persons(&mut control).await.unwrap(), 1);
}

#[tokio::test]
async fn one_person_has_so_many_keys_and_no_more() {
    let app = App::start().await;
    let ada = member(&app, app.acme, "ada@example.com", Role::Viewer).await;
    let eve = member(&app, app.acme, "eve@example.com", Role::Viewer).await;
    let body = json!({ "name": "Somebody" });
    assert_eq!(keyed(&app, &ada, ("PUT", "/me", "first"), &body).await.status, 204);
    let more = format!(
        "INSERT INTO person_request_keys (user_id, key_hash, request_hash, claim_id, changed) \
         SELECT u.user_id, sha256(n::text::bytea), sha256('x'), gen_random_uuid(), 'yes' \
           FROM users u, generate_series(2, {PERSON_KEYS_MAX}) n WHERE u.email = 'ada@example.com'"
    );
    assert_eq!(change(&app, &more).await, PERSON_KEYS_MAX.unsigned_abs() - 1);
    let full = keyed(&app, &ada, ("PUT", "/me", "next"), &body).await;
    assert_eq!((full.verdict().as_str(), full.header("retry-after")), ("429 too_many_keys", Some("3600")));
    // Those that are there count, nobody else is stopped, and a key is nobody's duty.
    assert_eq!(keyed(&app, &ada, ("PUT", "/me", "first"), &body).await.header("idempotent-replayed"), Some("true"));
    assert_eq!(keyed(&app, &eve, ("PUT", "/me", "next"), &body).await.status, 204);
    assert_eq!(send(&app, &ada, "PUT", "/me", body.clone()).await.status, 204);
}
