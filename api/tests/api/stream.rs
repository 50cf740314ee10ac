//! What changes in a workspace, live.

use axum::body::Body;
use axum::http::Request;
use capstan_domain::access::{self, NewKey, Permission, Role as MemberRole};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::commit::Then;
use capstan_engine::store::connect::Role;
use chrono::Utc;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tower::ServiceExt;
use uuid::Uuid;

use crate::hand::{Hand, completed};
use crate::live::Client;
use crate::people::{member, send};
use crate::support::{App, as_json, simple};
use crate::tenants::admin;

const STREAM: &str = "/api/v1/stream";
/// Beats, ten seconds apart, in which something is waited for.
const BEATS_MAX: usize = 4;

/// A client with what it has heard, and from where it would go on.
struct Ear {
    client: Client,
    position: Option<String>,
    heard: Vec<(String, Value)>,
}

impl Ear {
    /// Listens from now on.
    async fn open(app: &App) -> Self {
        let mut ear = Self::back(app, None).await;
        assert_eq!(ear.next().await.0, "ready");
        ear
    }

    /// Listens from a position on.
    async fn back(app: &App, position: Option<&str>) -> Self {
        Self { client: Client::at(app, STREAM, position).await, position: None, heard: Vec::new() }
    }

    async fn next(&mut self) -> (String, Value) {
        let (name, id, data) = self.client.next().await.expect("the stream goes on");
        self.position = id.or(self.position.take());
        self.heard.push((name.clone(), data.clone()));
        (name, data)
    }

    /// What was said of that topic and thing that is so; listens until it was.
    async fn until(&mut self, topic: &str, id: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut from = 0;
        loop {
            let found = self.heard[from..].iter().find(|(name, data)| name == topic && data["id"] == id && is_it(data));
            if let Some((_, data)) = found {
                return data.clone();
            }
            from = self.heard.len();
            self.next().await;
            let beats = self.heard.iter().filter(|(name, _)| name == "beat").count();
            assert!(beats < BEATS_MAX, "{topic} {id} was not told: {:?}", self.heard);
        }
    }

    fn has_heard_of(&self, topic: &str) -> bool {
        self.heard.iter().any(|(name, _)| name == topic)
    }

    fn has_heard(&self, id: &str) -> bool {
        self.heard.iter().any(|(_, data)| data.to_string().contains(id))
    }
}

async fn lead(app: &App, name: &str) -> String {
    let made = app.post("/api/v1/leads", &json!({ "name": name })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

/// A lead of that id was updated, as whatever changes leads tells.
async fn tell_of_lead(connection: &mut PgConnection, workspace: WorkspaceId, id: Uuid) {
    sqlx::query(
        "INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) \
         VALUES ($1, $2, '$lead:' || $2::text, 'lead.updated', $2::text, '{\"lead\": {\"status\": \"won\"}}', 0)",
    )
    .bind(workspace.0)
    .bind(id)
    .execute(connection)
    .await
    .unwrap();
}

/// Another process, for who has these scopes in a workspace.
async fn narrow(app: &App, workspace: WorkspaceId, scopes: &[Permission]) -> App {
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let scopes = Some(scopes.iter().map(|scope| scope.as_str().to_owned()).collect());
    let new = NewKey { name: "narrow".into(), scopes, ..NewKey::default() };
    let mut other = app.another_process();
    other.key = access::make_key(&mut owner, workspace, &new).await.unwrap().1;
    other
}

#[tokio::test]
async fn what_changes_through_one_process_is_told_by_each_and_whoever_comes_back_to_another_misses_nothing() {
    let app = App::start().await;
    let other = app.another_process();
    let (mut here, mut there) = (Ear::open(&app).await, Ear::open(&other).await);
    let workflow = app.publish(&simple()).await;
    let first = app.begin(&workflow).await;
    for ear in [&mut here, &mut there] {
        let told = ear.until("execution", &first, |told| told["status"] == "queued").await;
        assert_eq!((&told["workflow_id"], &told["ended_at"]), (&json!(workflow), &Value::Null));
        ear.until("workflow", &workflow, |told| told["changed"] == "publish").await;
    }
    let mut hand = Hand::claim(&app).await;
    here.until("execution", &first, |told| told["status"] == "running").await;
    let position = here.position.clone().unwrap();
    drop(here);
    // Nobody of this client listens meanwhile.
    hand.settle("a", Then::Hold).await;
    hand.settle("b", completed()).await;
    let second = app.begin(&workflow).await;
    let lead = lead(&app, "Ada").await;
    let moved = app.post(&format!("/api/v1/leads/{lead}/status"), &json!({ "status": "qualified" })).await;
    assert_eq!(moved.status, 200, "{}", moved.text());
    let mut back = Ear::back(&other, Some(&position)).await;
    let told = back.until("execution", &first, |told| told["status"] == "completed").await;
    assert!(told["ended_at"].is_string(), "{told}");
    back.until("execution", &second, |_| true).await;
    back.until("lead", &lead, |told| told["state"] == "qualified").await;
    assert!(!back.has_heard_of("reset") && !back.has_heard_of("ready"), "{:?}", back.heard);
    // And goes on, as who never left.
    let record = app.post("/api/v1/records", &json!({ "type": "pursuit" })).await.json();
    for ear in [&mut back, &mut there] {
        ear.until("record", record["id"].as_str().unwrap(), |told| told["state"] == "lead").await;
    }
}

#[tokio::test]
async fn whoever_comes_back_hears_the_last_word_and_nothing_of_what_did_not_change() {
    let app = App::start().await;
    assert_eq!(app.get(&format!("{STREAM}?limit=5")).await.verdict(), "400 unknown_parameter");
    let mut ear = Ear::open(&app).await;
    let workflow = app.publish(&simple()).await;
    let made = lead(&app, "Ada").await;
    ear.until("workflow", &workflow, |told| told["changed"] == "publish").await;
    ear.until("lead", &made, |_| true).await;
    drop(ear);
    // As if nothing else of the server were under way.
    let now = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let (next, at): (String, i64) = sqlx::query_as(now).fetch_one(&mut owner).await.unwrap();
    let position = format!("1.{at}.{next}:{next}:");
    let path = format!("/api/v1/leads/{made}");
    let changed = app.send(as_json(app.request("PATCH", &path), &json!({ "name": "Eve" }))).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let deleted = app.send(app.request("DELETE", &path).body(Body::empty()).unwrap()).await;
    assert!(deleted.status.is_success(), "{}", deleted.text());
    let mut back = Ear::back(&app.another_process(), Some(&position)).await;
    back.until("lead", &made, |told| told["changed"] == "deleted").await;
    // What is told of this one comes with a later look.
    let next = lead(&app, "Grace").await;
    back.until("lead", &next, |_| true).await;
    assert!(!back.has_heard_of("approval") && !back.has_heard(&workflow), "{:?}", back.heard);
}

#[tokio::test]
async fn nothing_of_another_workspace_is_told() {
    let app = App::start().await;
    let mut other = app.another_process();
    other.key = app.other_key.clone();
    let (mut ours, mut theirs) = (Ear::open(&app).await, Ear::open(&other).await);
    let position = ours.position.clone().unwrap();
    let workflow = other.publish(&simple()).await;
    let execution = other.begin(&workflow).await;
    let foreign = lead(&other, "Eve").await;
    let own = lead(&app, "Ada").await;
    ours.until("lead", &own, |_| true).await;
    theirs.until("lead", &foreign, |_| true).await;
    theirs.until("execution", &execution, |_| true).await;
    // Nor where one of them comes with a position that the other was given.
    let mut back = Ear::back(&other, Some(&position)).await;
    back.until("lead", &foreign, |_| true).await;
    for (ear, forbidden) in [(&ours, [&workflow, &execution, &foreign]), (&theirs, [&own; 3]), (&back, [&own; 3])] {
        assert!(!forbidden.iter().any(|id| ear.has_heard(id)), "{:?}", ear.heard);
    }
}

#[tokio::test]
async fn who_may_not_read_leads_hears_nothing_of_them() {
    let app = App::start().await;
    let eye = narrow(&app, app.acme, &[Permission::WorkspaceRead, Permission::ExecutionsRead]).await;
    let mut ear = Ear::open(&eye).await;
    let position = ear.position.clone().unwrap();
    let lead = lead(&app, "Ada").await;
    let workflow = app.publish(&simple()).await;
    let execution = app.begin(&workflow).await;
    let mut back = Ear::back(&eye, Some(&position)).await;
    for ear in [&mut ear, &mut back] {
        ear.until("execution", &execution, |_| true).await;
        // What is told of this one comes with a later look.
        let next = app.begin(&workflow).await;
        ear.until("execution", &next, |_| true).await;
        let is_quiet = !ear.has_heard_of("lead") && !ear.has_heard_of("workflow") && !ear.has_heard(&lead);
        assert!(is_quiet, "{:?}", ear.heard);
    }
    let deaf = narrow(&app, app.acme, &[Permission::LeadsRead]).await;
    assert_eq!(deaf.get(STREAM).await.verdict(), "403 forbidden");
}

#[tokio::test]
async fn of_a_page_that_the_workspace_does_not_have_nothing_is_told() {
    let app = App::start().await;
    let (session, path) = (admin(&app).await, format!("/platform/tenants/{}/pages", app.acme));
    let put = send(&app, &session, "PUT", &path, json!({ "pages": ["workflows", "executions"] })).await;
    assert_eq!(put.status, 200, "{}", put.text());
    let mut ear = Ear::open(&app).await;
    let position = ear.position.clone().unwrap();
    tell_of_lead(&mut app.cell.connect(Role::Owner).await.unwrap(), app.acme, Uuid::now_v7()).await;
    let workflow = app.publish(&simple()).await;
    let execution = app.begin(&workflow).await;
    let mut back = Ear::back(&app, Some(&position)).await;
    for ear in [&mut ear, &mut back] {
        ear.until("execution", &execution, |_| true).await;
        // What is told of this one comes with a later look.
        let next = app.begin(&workflow).await;
        ear.until("execution", &next, |_| true).await;
        assert!(!ear.has_heard_of("lead"), "{:?}", ear.heard);
    }
}

#[tokio::test]
async fn who_names_no_workspace_and_comes_to_mean_another_one_hears_no_more_of_the_first() {
    let app = App::start().await;
    let session = member(&app, app.acme, "ada@example.com", MemberRole::Member).await;
    let request = Request::get(STREAM).header("cookie", format!("capstan_session={session}"));
    let mut client = Client::sending(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(client.next().await.unwrap().0, "ready");
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let moved = "UPDATE members SET workspace_id = (SELECT workspace_id FROM workspaces WHERE slug <> 'acme' LIMIT 1) \
                 WHERE user_id = (SELECT user_id FROM users WHERE email = 'ada@example.com')";
    assert_eq!(sqlx::query(moved).execute(&mut owner).await.unwrap().rows_affected(), 1);
    while client.next().await.is_some() {}
}

#[tokio::test]
async fn a_stream_that_is_open_keeps_no_session_from_ending() {
    let app = App::start().await;
    let session = member(&app, app.acme, "ada@example.com", MemberRole::Member).await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let long_ago = "UPDATE user_sessions SET last_seen_at = clock_timestamp() - interval '2 hours'";
    sqlx::query(long_ago).execute(&mut owner).await.unwrap();
    let request = Request::get(STREAM).header("cookie", format!("capstan_session={session}"));
    let mut client = Client::sending(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(client.next().await.unwrap().0, "ready");
    let used = "SELECT count(*) FROM user_sessions WHERE last_seen_at > clock_timestamp() - interval '1 hour'";
    assert_eq!(sqlx::query_scalar::<_, i64>(used).fetch_one(&mut owner).await.unwrap(), 0);
    assert_eq!(send(&app.another_process(), &session, "GET", "/me", json!({})).await.status, 200);
    assert_eq!(sqlx::query_scalar::<_, i64>(used).fetch_one(&mut owner).await.unwrap(), 1);
}

#[tokio::test]
async fn a_transaction_that_commits_late_is_told_when_it_does_and_holds_up_nobody() {
    let app = App::start().await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let late = Uuid::now_v7();
    let mut transaction = owner.begin().await.unwrap();
    tell_of_lead(&mut transaction, app.acme, late).await;
    let mut ear = Ear::open(&app).await;
    let early = lead(&app, "Ada").await;
    ear.until("lead", &early, |_| true).await;
    let position = ear.position.clone().unwrap();
    transaction.commit().await.unwrap();
    let told = ear.until("lead", &late.to_string(), |_| true).await;
    assert_eq!((&told["state"], &told["changed"]), (&json!("won"), &json!("updated")));
    // Whoever was away while it committed is told of it, too, though its transaction is older than all that was told.
    let mut back = Ear::back(&app.another_process(), Some(&position)).await;
    back.until("lead", &late.to_string(), |_| true).await;
}

#[tokio::test]
async fn whoever_comes_back_with_what_nobody_can_go_on_from_is_to_load_anew_and_hears_what_follows() {
    let app = App::start().await;
    let now = Utc::now().timestamp_micros();
    for (position, reason) in [
        ("nonsense".to_owned(), "unknown"),
        // Of another server, which had more transactions.
        (format!("1.{now}.7:999999999:"), "unknown"),
        ("1.1700000000123456.7:7:".to_owned(), "too_old"),
        (format!("1.{}.7:7:", now + 600_000_000), "too_old"),
    ] {
        let mut ear = Ear::back(&app, Some(&position)).await;
        assert_eq!(ear.next().await, ("reset".into(), json!({ "reason": reason })), "{position}");
        let again = ear.position.clone().unwrap();
        let lead = lead(&app, "Ada").await;
        ear.until("lead", &lead, |_| true).await;
        Ear::back(&app, Some(&again)).await.until("lead", &lead, |_| true).await;
    }
}

#[tokio::test]
async fn many_listen_at_once_up_to_a_bound_and_who_leaves_makes_room() {
    let app = App::start().await;
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(Client::at(&app, STREAM, None).await);
    }
    let refused = app.get(STREAM).await;
    assert_eq!((refused.verdict().as_str(), refused.header("retry-after")), ("503 too_many_listeners", Some("2")));
    let mut other = app.another_process();
    other.key = app.other_key.clone();
    assert_eq!(other.get(STREAM).await.status, 200);
    clients.truncate(50);
    let ask = || app.router.clone().oneshot(app.request("GET", STREAM).body(Body::empty()).unwrap());
    while ask().await.unwrap().status() != 200 {
        tokio::task::yield_now().await;
    }
    for client in &mut clients {
        assert_eq!(client.next().await.unwrap().0, "ready");
    }
}
