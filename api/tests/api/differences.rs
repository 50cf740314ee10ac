//! What the audit log tells of values: each route that changes something, and exactly the members that differ then.

mod calls;
mod records;

use std::collections::BTreeSet;

use axum::http::Request;
use capstan_api::{SILENT, routes};
use capstan_domain::access::Role;
use capstan_domain::audit::NewAudit;
use capstan_domain::quotas::{PlanChange, change_plan};
use capstan_engine::store::connect;
use chrono::DateTime;
use serde_json::{Value, json};
use sqlx::Connection;
use uuid::Uuid;

use crate::people::{member, start};
use crate::support::{Answer, App, as_json};

/// Nothing that has this in it is in the log.
const CANARY: &str = "canary-of-a-secret";

/// Somebody who changes things and looks at the log.
struct Changer {
    app: App,
    session: String,
    /// Routes that were seen to tell.
    told: BTreeSet<String>,
    /// What came out of the API once, and is in the log never.
    secrets: Vec<String>,
}

impl Changer {
    async fn new() -> Self {
        let app = start().await;
        let session = member(&app, app.acme, "boss@example.com", Role::Owner).await;
        Self { app, session, told: BTreeSet::new(), secrets: vec![CANARY.into()] }
    }

    async fn send(&self, method: &str, path: &str, body: &Value, revision: u32) -> Answer {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request.header("cookie", format!("capstan_session={}", self.session));
        self.app.send(as_json(request.header("if-match", format!("\"{revision}\"")), body)).await
    }

    /// Sends it, which has to do, and to tell exactly these lines. The answer, if it is JSON.
    async fn tells(&mut self, route: &str, path: &str, body: Value, expected: &[&str]) -> Value {
        self.tells_of(route, path, body, 0, expected).await
    }

    async fn tells_of(&mut self, route: &str, path: &str, body: Value, revision: u32, expected: &[&str]) -> Value {
        let (method, _) = route.split_once(' ').unwrap();
        let answer = self.send(method, path, &body, revision).await;
        assert!(answer.status.is_success(), "{route}: {}", answer.text());
        self.has_told(route, expected).await;
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// The newest entry is of that route, and has these lines.
    async fn has_told(&mut self, route: &str, expected: &[&str]) {
        let entry = self.newest().await;
        let (method, path) = route.split_once(' ').unwrap();
        assert_eq!(entry["action"], format!("{method} /api/v1{path}"));
        let changes = entry["changes"].as_array().unwrap_or_else(|| panic!("{route} told nothing: {entry}"));
        let lines: Vec<String> = changes.iter().map(line).collect();
        assert_eq!(lines, expected, "{route}");
        self.told.insert(route.to_owned());
    }

    async fn newest(&self) -> Value {
        self.send("GET", "/audit?limit=1", &Value::Null, 0).await.json()["items"][0].clone()
    }

    async fn found(&self, path: &str) -> Value {
        self.send("GET", path, &Value::Null, 0).await.json()
    }
}

/// `path: before → after`, with what differs each time by its kind.
fn line(change: &Value) -> String {
    let shown = |value: &Value| match value {
        Value::String(text) if text.parse::<Uuid>().is_ok() => "<id>".into(),
        Value::String(text) if DateTime::parse_from_rfc3339(text).is_ok() => "<time>".into(),
        Value::String(text) if text.starts_with("sha256:") => "<hash>".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!("{}: {} → {}", change["path"].as_str().unwrap(), shown(&change["before"]), shown(&change["after"]))
}

/// The lines of something that goes, from those that it came with.
fn reversed(lines: &[&str]) -> Vec<String> {
    let reverse = |line: &&str| {
        let (path, after) = line.split_once(": null → ").unwrap();
        format!("{path}: {after} → null")
    };
    lines.iter().map(reverse).collect()
}

fn texts(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap_or_else(|| panic!("no id: {answer}")).to_owned()
}

#[tokio::test]
async fn every_route_that_changes_something_tells_exactly_what_differs_or_says_why_not() {
    let mut it = Changer::new().await;
    calls::workflows(&mut it).await;
    calls::secrets(&mut it).await;
    calls::webhooks(&mut it).await;
    calls::leads(&mut it).await;
    records::all(&mut it).await;
    calls::rules(&mut it).await;
    calls::automations(&mut it).await;
    calls::people(&mut it).await;

    let silent: BTreeSet<String> =
        SILENT.iter().flat_map(|(_, routes)| routes.iter()).map(|route| (*route).to_owned()).collect();
    let of_route = |route: &capstan_api::Registered| format!("{} {}", route.method, route.path);
    let all: BTreeSet<String> = routes().iter().filter(|route| route.may_change()).map(of_route).collect();
    let undecided: Vec<&String> =
        all.iter().filter(|route| !it.told.contains(*route) && !silent.contains(*route)).collect();
    assert!(
        undecided.is_empty(),
        "tell how they differ and test it here, or list them in api/src/audit/silent.rs: {undecided:?}"
    );
    let unknown: Vec<&String> =
        silent.iter().filter(|route| !all.contains(*route) || it.told.contains(*route)).collect();
    assert!(unknown.is_empty(), "these are no silent routes: {unknown:?}");

    let mut owner = it.app.cell.connect(connect::Role::Owner).await.unwrap();
    let log: String = sqlx::query_scalar("SELECT string_agg(to_jsonb(l)::text, ' ') FROM audit_log l")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    for secret in &it.secrets {
        assert!(secret.len() > 5 && !log.contains(secret.as_str()), "{secret} is in the log");
    }
    assert_eq!(it.app.count("audit_begun").await, 0);
}

#[tokio::test]
async fn of_changes_at_the_same_time_the_after_of_one_is_the_before_of_the_next() {
    let app = App::start().await;
    let put = |most: u32| {
        let request = as_json(app.request("PUT", "/api/v1/limits/workspace"), &json!({ "slots_max": most }));
        let answer = app.send(request);
        async move { assert_eq!(answer.await.status, 204) }
    };
    futures::future::join_all((1..=8).map(put)).await;
    let log = app.get("/api/v1/audit").await.json();
    let side = |word: &str| -> Vec<Value> {
        log["items"].as_array().unwrap().iter().map(|entry| entry["changes"][0][word].clone()).collect()
    };
    let (mut before, mut after) = (side("before"), side("after"));
    let last = app.get("/api/v1/limits").await.json()["items"][0]["slots_max"].clone();
    before.push(last);
    after.push(Value::Null);
    let sorted = |values: Vec<Value>| values.iter().map(Value::to_string).collect::<BTreeSet<_>>();
    assert_eq!((before.len(), sorted(before)), (9, sorted(after)));
}

#[tokio::test]
async fn another_plan_that_an_operator_gives_is_told_with_the_one_before() {
    let app = App::start().await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    for (plan, buffer_percent) in [("free", None), ("pro", Some(7))] {
        let change = PlanChange { plan: Some(plan.into()), overrides: None, buffer_percent };
        let record = NewAudit {
            by_kind: "operator",
            by_id: Uuid::nil(),
            by_name: "command line",
            action: "capstan plan set",
            subject: "acme",
            status: 200,
            address: None,
            request_id: "",
            changes: None,
        };
        let mut transaction = owner.begin().await.unwrap();
        change_plan(&mut transaction, app.acme, &change, record).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let log = app.get("/api/v1/audit").await.json();
    assert_eq!(log["items"][0]["by"], json!({ "kind": "operator", "id": Uuid::nil(), "name": "command line" }));
    let lines = |no: usize| log["items"][no]["changes"].as_array().unwrap().iter().map(line).collect::<Vec<_>>();
    assert!(lines(0).contains(&"/plan: free → pro".to_owned()), "{log}");
    assert!(lines(0).iter().any(|line| line.starts_with("/buffer_percent: ") && line.ends_with(" → 7")), "{log}");
    assert!(lines(1).contains(&"/plan: null → free".to_owned()), "{log}");
}

#[tokio::test]
async fn a_difference_is_told_in_the_transaction_of_its_change_or_the_change_is_not_made() {
    let app = App::start().await;
    let mut owner = app.cell.connect(connect::Role::Owner).await.unwrap();
    // As a process leaves it that died before it answered.
    let left = "INSERT INTO audit_begun (workspace_id, audit_id, recorded_at, by_kind, by_id, by_name, action, subject, request_id, \
                  changes) VALUES ($1, $2, now() - interval '2 minutes', 'key', $2, 'test', 'PUT /left', '/left', 'r', $3)";
    let changes = json!([{ "path": "/a", "before": 1, "after": null }]);
    sqlx::query(left).bind(app.acme.0).bind(Uuid::now_v7()).bind(&changes).execute(&mut owner).await.unwrap();
    let entry = app.get("/api/v1/audit").await.json()["items"][0].clone();
    assert_eq!((&entry["status"], &entry["changes"]), (&json!(0), &changes));

    sqlx::raw_sql("REVOKE UPDATE (changes) ON audit_begun FROM capstan_api").execute(&mut owner).await.unwrap();
    let request = app.request("PUT", "/api/v1/limits/workspace");
    assert_eq!(app.send(as_json(request, &json!({ "slots_max": 3 }))).await.status, 500);
    assert_eq!(app.get("/api/v1/limits").await.json()["items"], json!([]));
    assert_eq!(app.count("audit_log").await, 1);
}
