//! Changes of people and keys are made with their record, or not at all.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use capstan_api::AccountSettings;
use capstan_domain::access::Role;
use capstan_engine::store::connect;
use capstan_node_types::services::mail::{MailSettings, Mailer};
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use crate::people::{PASSWORD, Sandbox, mail, member, send, session, signed_up, start};
use crate::support::App;

/// Longest wait for what comes after an answer.
const PATIENCE: Duration = Duration::from_secs(20);

async fn owner(app: &App, statement: &str) {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    sqlx::raw_sql(statement).execute(&mut owner).await.unwrap();
}

async fn in_cell(app: &App, statement: &str) {
    let mut owner = app.cell.connect(connect::Role::Owner).await.unwrap();
    sqlx::raw_sql(statement).execute(&mut owner).await.unwrap();
}

async fn pending(app: &App) -> i64 {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM audit_pending").fetch_one(&mut owner).await.unwrap()
}

/// What the log says, newest first.
async fn log(app: &App) -> Vec<String> {
    let log = app.get("/api/v1/audit").await.json();
    let items = log["items"].as_array().unwrap().iter();
    items.map(|it| format!("{} {}", it["action"].as_str().unwrap(), it["status"])).collect()
}

#[tokio::test]
async fn changes_of_people_and_keys_are_recorded_once_each() {
    let app = start().await;
    let boss = member(&app, app.acme, "boss@example.com", Role::Owner).await;
    member(&app, app.acme, "ada@example.com", Role::Viewer).await;
    let members = send(&app, &boss, "GET", "/members", Value::Null).await.json();
    let ada = members["items"].as_array().unwrap().iter().find(|it| it["email"] == "ada@example.com").unwrap();
    let ada = ada["user_id"].as_str().unwrap().to_owned();
    let key = send(&app, &boss, "POST", "/keys", json!({ "name": "new" })).await.json()["id"].clone();
    let invited = json!({ "email": "bob@example.org", "role": "viewer" });
    let invitation = send(&app, &boss, "POST", "/invitations", invited).await.json()["id"].clone();
    for (method, path, body, status) in [
        ("DELETE", format!("/keys/{}", key.as_str().unwrap()), Value::Null, 204),
        ("DELETE", format!("/keys/{}", key.as_str().unwrap()), Value::Null, 404),
        ("DELETE", format!("/invitations/{}", invitation.as_str().unwrap()), Value::Null, 204),
        ("PUT", format!("/members/{ada}"), json!({ "role": "admin" }), 204),
        ("PUT", format!("/members/{}", Uuid::nil()), json!({ "role": "admin" }), 404),
        ("POST", "/workspace/transfer".into(), json!({ "user_id": ada }), 204),
        ("DELETE", format!("/members/{ada}"), Value::Null, 409),
    ] {
        let answer = send(&app, &boss, method, &path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.text());
    }
    let expected = [
        "POST /api/v1/workspace/transfer 204",
        "PUT /api/v1/members/{user_id} 204",
        "DELETE /api/v1/invitations/{invitation_id} 204",
        "DELETE /api/v1/keys/{key_id} 204",
        "POST /api/v1/invitations 201",
        "POST /api/v1/keys 201",
    ];
    assert_eq!(log(&app).await, expected);
    assert_eq!(pending(&app).await, 0);
}

#[tokio::test]
async fn who_comes_and_goes_is_recorded_with_it() {
    let app = start().await;
    let boss = member(&app, app.acme, "boss@example.com", Role::Owner).await;
    let ada = signed_up(&app, "ada@example.com", "engines").await;
    let invited = async |email: &str, mails: usize| {
        let body = json!({ "email": email, "role": "viewer" });
        assert_eq!(send(&app, &boss, "POST", "/invitations", body).await.status, 201);
        mail(&app, email, mails).await.1
    };
    let link = invited("bob@example.org", 1).await;
    let accept = json!({ "token": link, "name": "Bob", "password": PASSWORD });
    let joined = send(&app, "", "POST", "/invitations/accept", accept).await;
    assert_eq!(joined.status, 201, "{}", joined.text());
    let link = invited("ada@example.com", 2).await;
    assert_eq!(send(&app, &ada, "POST", "/invitations/accept", json!({ "token": link })).await.status, 200);
    assert_eq!(send(&app, &session(&joined), "POST", "/members/leave", json!({})).await.status, 204);
    // The owner stays, and nothing is recorded.
    assert_eq!(send(&app, &boss, "POST", "/members/leave", json!({})).await.verdict(), "409 owner_stays");
    let expected = [
        "POST /api/v1/members/leave 204",
        "POST /api/v1/invitations/accept 200",
        "POST /api/v1/invitations 201",
        "POST /api/v1/invitations/accept 201",
        "POST /api/v1/invitations 201",
    ];
    assert_eq!(log(&app).await, expected);
    let by = app.get("/api/v1/audit").await.json()["items"][0]["by"].clone();
    assert!(by.to_string().contains("bob@example.org"), "{by}");
    // Whoever comes is recorded, or does not come.
    let link = invited("eve@example.org", 1).await;
    owner(&app, "REVOKE INSERT ON audit_pending FROM capstan_access").await;
    let accept = json!({ "token": link, "name": "Eve", "password": PASSWORD });
    assert_eq!(send(&app, "", "POST", "/invitations/accept", accept).await.status, 500);
    let members = app.get("/api/v1/members").await.json();
    assert!(!members.to_string().contains("eve@example.org"), "{members}");
}

#[tokio::test]
async fn a_change_that_cannot_be_recorded_is_not_made() {
    let app = App::start().await;
    owner(&app, "REVOKE INSERT ON audit_pending FROM capstan_access").await;
    assert_eq!(app.post("/api/v1/keys", &json!({ "name": "new" })).await.status, 500);
    let keys = app.get("/api/v1/keys").await.json();
    assert_eq!(keys["items"].as_array().map(Vec::len), Some(1), "{keys}");
    // Who looks at the keys is recorded, once in a while.
    assert_eq!(app.get("/api/v1/keys").await.status, 200);
    assert_eq!(log(&app).await, ["GET /api/v1/keys 200"]);
}

#[tokio::test]
async fn a_record_that_was_left_behind_is_brought_once_by_whoever_comes_next() {
    let app = App::start().await;
    let left = |id: u32| {
        format!(
            "INSERT INTO audit_pending (workspace_id, audit_id, by_kind, by_id, by_name, action, subject, status, request_id) \
             VALUES ('{}', '00000000-0000-7000-8000-{id:012}', 'key', '{}', 'test', 'POST /left', '/left', 201, 'r{id}')",
            app.acme,
            Uuid::nil()
        )
    };
    // The process died after the change.
    owner(&app, &left(1)).await;
    assert_eq!(app.post("/api/v1/keys", &json!({ "name": "next" })).await.status, 201);
    assert_eq!((pending(&app).await, app.count("audit_log").await), (0, 2));
    // It died after it had brought the record: the same one comes again.
    owner(&app, &left(1)).await;
    owner(&app, &left(2)).await;
    assert_eq!(log(&app).await, ["POST /api/v1/keys 201", "POST /left 201", "POST /left 201"]);
    assert_eq!((pending(&app).await, app.count("audit_log").await), (0, 3));
    // Another workspace brings none of this one.
    owner(&app, &left(3)).await;
    let request = Request::builder().uri("/api/v1/audit").header("x-api-key", &app.other_key);
    assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.json()["items"], json!([]));
    assert_eq!(pending(&app).await, 1);
}

#[tokio::test]
async fn mail_to_people_is_shown_to_the_machine_of_dev_and_to_nobody_who_may_read_the_workspace() {
    let app = App::start_with(|settings, acme| {
        let mail = MailSettings { from: "Capstan <capstan@example.com>".into(), ..MailSettings::default() };
        let mailer = Mailer::new(&mail, std::sync::Arc::new(Sandbox(settings.cell.clone()))).unwrap();
        settings.accounts = AccountSettings { mailer: Some(mailer.into()), ..AccountSettings::default() };
        settings.page_workspace = Some(acme);
    })
    .await;
    let boss = member(&app, app.acme, "boss@example.com", Role::Owner).await;
    let invited = json!({ "email": "bob@example.org", "role": "viewer" });
    assert_eq!(send(&app, &boss, "POST", "/invitations", invited).await.status, 201);
    mail(&app, "bob@example.org", 1).await;
    let cookie = format!("capstan_session={boss}");
    let key = app.key.clone();
    for (name, value, peer, sees) in [
        ("x-nothing", "x", "127.0.0.1:5", true),
        ("cookie", cookie.as_str(), "127.0.0.1:5", true),
        ("cookie", cookie.as_str(), "198.51.100.7:5", false),
        ("x-api-key", key.as_str(), "198.51.100.7:5", false),
    ] {
        let request = Request::builder().uri("/dev/mail").header("host", "127.0.0.1:7400").header(name, value);
        let peer: SocketAddr = peer.parse().unwrap();
        let list = app.send(request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap()).await;
        assert_eq!(list.status, 200, "{name} {peer}: {}", list.text());
        assert_eq!(list.text().contains("bob@example.org"), sees, "{name} {peer}");
    }
}

#[tokio::test]
async fn a_change_is_recorded_though_its_client_hangs_up_before_the_answer() {
    let app = App::start().await;
    let mut owner = app.cell.connect(connect::Role::Owner).await.unwrap();
    let mut count = async |table: &str| -> i64 {
        sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(&mut owner).await.unwrap()
    };
    let before = count("pauses").await;
    let request = app.request("POST", "/api/v1/workspace/pause").header("content-type", "application/json");
    let mut answer = Box::pin(app.send(request.body(Body::from(r#"{"reason":"night"}"#)).unwrap()));
    // It goes no further than it has been asked to; once its change can be seen, nobody asks any more.
    while futures::poll!(&mut answer).is_pending() && count("pauses").await == before {}
    drop(answer);
    let recorded = async { while count("audit_log").await == 0 {} };
    timeout(PATIENCE, recorded).await.expect("the change is not in the log");
}

#[tokio::test]
async fn a_change_of_a_cell_that_cannot_be_recorded_is_not_made() {
    let app = App::start().await;
    in_cell(&app, "REVOKE INSERT ON audit_begun FROM capstan_api").await;
    let workflow = json!({ "name": "new", "graph": {}, "draft": true });
    assert_eq!(app.post("/api/v1/workflows", &workflow).await.status, 500);
    assert_eq!((app.count("workflows").await, app.count("audit_log").await), (0, 0));
}

#[tokio::test]
async fn a_record_whose_process_died_before_its_answer_is_in_the_log_and_a_refusal_leaves_none() {
    let app = App::start().await;
    let workflow = json!({ "name": "new", "graph": {}, "draft": true });
    assert_eq!(app.post("/api/v1/workflows", &workflow).await.status, 201);
    assert_eq!(app.post("/api/v1/leads", &json!({ "email": "nobody" })).await.status, 422);
    assert_eq!((app.count("audit_begun").await, log(&app).await.len()), (0, 1));
    // As the transaction of a change leaves it, a moment ago and two minutes ago.
    let left = |id: u32, ago: &str| {
        format!(
            "INSERT INTO audit_begun \
               (workspace_id, audit_id, recorded_at, by_kind, by_id, by_name, action, subject, request_id) \
             VALUES ('{}', '00000000-0000-7000-8000-{id:012}', now() - interval '{ago}', 'key', '{}', 'test', 'POST /left', \
               '/left', 'r{id}')",
            app.acme,
            Uuid::nil()
        )
    };
    in_cell(&app, &left(1, "1 second")).await;
    in_cell(&app, &left(2, "2 minutes")).await;
    for _ in 0..2 {
        assert_eq!(log(&app).await, ["POST /api/v1/workflows 201", "POST /left 0"]);
        assert_eq!(app.count("audit_begun").await, 1);
    }
}
