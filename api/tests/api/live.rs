//! Server-sent events.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use capstan_domain::access::{self, Mover, TenantState};
use capstan_domain::history::{OUTPUTS_SHOWN_BYTES_MAX, shown_outputs};
use capstan_engine::store::commit::Then;
use capstan_engine::store::connect::Role;
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::hand::{Hand, completed};
use crate::support::{App, simple};

/// A client of server-sent events.
pub(crate) struct Client {
    stream: BodyDataStream,
    text: String,
}

impl Client {
    pub(crate) async fn open(app: &App, id: &str, last: Option<&str>) -> Self {
        Self::at(app, &format!("/api/v1/executions/{id}/events"), last).await
    }

    /// Of any other stream.
    pub(crate) async fn at(app: &App, path: &str, last: Option<&str>) -> Self {
        let mut request = app.request("GET", path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        Self::sending(app, request.body(Body::empty()).unwrap()).await
    }

    /// Of the stream that this request asks for.
    pub(crate) async fn sending(app: &App, request: Request<Body>) -> Self {
        let response = app.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no", "proxies hand it on at once");
        Self { stream: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event as `(name, id, data)`; none at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<(String, Option<String>, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| event.lines().find_map(|line| Some(line.strip_prefix(name)?.trim_start().to_owned()));
                let told = field("event:")
                    .map(|name| (name, field("id:"), serde_json::from_str(&field("data:").unwrap()).unwrap()));
                self.text = rest.to_owned();
                if told.is_some() {
                    return told;
                }
                continue;
            }
            let chunk =
                tokio::time::timeout(Duration::from_secs(20), self.stream.next()).await.expect("no event came")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// `name node status @id` of everything to the end.
    pub(crate) async fn rest(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some((name, id, data)) = self.next().await {
            let node = data["node_id"].as_str().unwrap_or("-");
            let status = data["status"].as_str().unwrap();
            told.push(format!("{name} {node} {status} @{}", id.unwrap_or_default()));
        }
        told
    }
}

#[tokio::test]
async fn a_watcher_gets_a_snapshot_then_each_change_then_the_end() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let mut client = Client::open(&app, &id, None).await;
    let (name, at, snapshot) = client.next().await.unwrap();
    assert_eq!((name.as_str(), at.as_deref()), ("snapshot", Some("0")));
    assert_eq!(snapshot["steps"][1]["status"], "running");
    let mut hand = Hand::claim(&app).await;
    hand.settle("a", Then::Hold).await;
    hand.settle("b", completed()).await;
    assert_eq!(
        client.rest().await,
        ["step a completed @", "step b running @1", "step b completed @2", "end - completed @",]
    );
}

#[tokio::test]
async fn a_client_that_lost_its_connection_misses_nothing() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let mut hand = Hand::claim(&app).await;
    hand.settle("a", Then::Hold).await;
    let mut early = Client::open(&app, &id, Some("0")).await;
    let mut late = Client::open(&app, &id, Some("1")).await;
    let mut future = Client::open(&app, &id, Some("99")).await;
    hand.settle("b", completed()).await;
    let whole = ["step a completed @", "step b running @1", "step b completed @2", "end - completed @"];
    assert_eq!(early.rest().await, whole);
    assert_eq!(late.rest().await, whole[2..]);
    assert_eq!(future.rest().await.last().map(String::as_str), Some("end - completed @"));
    let mut after = Client::open(&app, &id, Some("0")).await;
    assert_eq!(after.rest().await, whole);
    let mut anew = Client::open(&app, &id, None).await;
    assert_eq!(anew.rest().await, ["snapshot - completed @2", "end - completed @"]);
}

#[tokio::test]
async fn many_watch_at_once_up_to_a_bound() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let mut clients = Vec::new();
    for _ in 0..50 {
        clients.push(Client::open(&app, &id, None).await);
    }
    let refused = app.get(&format!("/api/v1/executions/{id}/events")).await;
    assert_eq!((refused.verdict().as_str(), refused.header("retry-after")), ("503 too_many_watchers", Some("2")));
    clients.truncate(10);
    assert_eq!(
        app.router
            .clone()
            .oneshot(app.request("GET", &format!("/api/v1/executions/{id}/events")).body(Body::empty()).unwrap())
            .await
            .unwrap()
            .status(),
        200
    );
    let mut hand = Hand::claim(&app).await;
    hand.settle("a", Then::Hold).await;
    hand.settle("b", completed()).await;
    for client in &mut clients {
        assert_eq!(client.rest().await.len(), 5);
    }
}

#[tokio::test]
async fn outputs_are_read_up_to_a_bound_and_not_told_at_all() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let mut hand = Hand::claim(&app).await;
    // Compressed, it is stored in far less than what is shown.
    hand.settle_with("a", json!("x".repeat(100 * 1024)), Then::Hold).await;
    let mut client = Client::open(&app, &id, None).await;
    let (_, _, snapshot) = client.next().await.unwrap();
    assert_eq!((&snapshot["steps"][1]["status"], &snapshot["steps"][1]["output"]), (&json!("completed"), &Value::Null));
    hand.settle("b", completed()).await;
    let read = app.get(&format!("/api/v1/executions/{id}")).await.json();
    let seen = |ix: usize| (read["steps"][ix]["output"].clone(), read["steps"][ix]["output_truncated"].clone());
    assert_eq!(seen(0), (json!({}), Value::Null));
    assert_eq!(seen(1), (Value::Null, json!(true)));
    assert_eq!(seen(2), (json!({ "from": "b" }), Value::Null));
    let listed = app.get("/api/v1/executions").await.json();
    assert_eq!(listed["items"][0]["status"], "completed");
}

#[tokio::test]
async fn an_execution_that_cannot_be_read_ends_its_own_streams_only() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let broken = app.begin(&workflow).await;
    let mut hand = Hand::claim(&app).await;
    let whole = app.begin(&workflow).await;
    let mut watching_broken = Client::open(&app, &broken, Some("0")).await;
    let mut watching_whole = Client::open(&app, &whole, Some("0")).await;
    hand.settle("a", Then::Hold).await;
    assert_eq!(watching_broken.next().await.unwrap().0, "step");
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query(
        "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, recorded_at) \
         SELECT execution_id, position + 1, workspace_id, lease_no, 'started', now() FROM journal",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    assert_eq!(watching_broken.rest().await, ["step b running @1"]);
    let mut hand = Hand::claim(&app).await;
    hand.settle("a", Then::Hold).await;
    hand.settle("b", completed()).await;
    assert_eq!(watching_whole.rest().await.len(), 4);
}

#[tokio::test]
async fn all_outputs_together_are_read_up_to_a_bound_too() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query(
        "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, output, recorded_at) \
         SELECT execution_id, n, workspace_id, 1, 'settled', 'a', 'completed', \
         to_jsonb(repeat('x', (CASE WHEN n = 1 THEN 70 ELSE 60 END) * 1024)), now() \
         FROM executions, generate_series(1, 100) AS n",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let outputs = shown_outputs(&mut owner, app.acme, id.parse().unwrap()).await.unwrap();
    let shown: Vec<i32> = outputs.iter().filter(|(_, output)| output.is_some()).map(|&(at, _)| at).collect();
    let fitting = i32::try_from(OUTPUTS_SHOWN_BYTES_MAX / (60 * 1024 + 2)).unwrap();
    assert_eq!(shown, (2..=fitting + 1).collect::<Vec<_>>());
    assert_eq!(outputs.len(), 100);
}

#[tokio::test]
async fn whoever_may_not_watch_any_more_is_cut_off() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let (key, plain) = access::create_key(&mut owner, app.acme, "second").await.unwrap();
    let mut second = app.another_process();
    second.key = plain;
    let mut revoked = Client::open(&second, &id, None).await;
    let mut suspended = Client::open(&app, &id, None).await;
    assert!(revoked.next().await.is_some() && suspended.next().await.is_some());
    assert_eq!(
        app.send(app.request("DELETE", &format!("/api/v1/keys/{}", key.0)).body(Body::empty()).unwrap()).await.status,
        204
    );
    assert_eq!(revoked.next().await, None);
    let mover = Mover { name: "test".into(), ..Mover::default() };
    access::move_tenant(&mut owner, app.acme, TenantState::Suspended, None, &mover).await.unwrap();
    assert_eq!(suspended.next().await, None);
}
