//! What the steps of an execution did when.

use capstan_engine::core::ids::{NodeId, SignalId, StepKey};
use capstan_engine::core::journal::Event;
use capstan_engine::core::outcome::{StepError, Until};
use capstan_engine::store::commit::Then;
use capstan_engine::store::connect::Role;
use capstan_engine::store::workers::reap;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::hand::{Hand, completed};
use crate::support::{App, simple};

/// `node kind number status` of each stretch.
async fn told(app: &App, id: &str, query: &str) -> (Vec<String>, Value) {
    let answer = app.get(&format!("/api/v1/executions/{id}/timeline{query}")).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    let line = |item: &Value| format!("{} {} {} {}", item["node_id"], item["kind"], item["number"], item["status"]);
    let lines = body["items"].as_array().unwrap().iter().map(|item| line(item).replace('"', "")).collect();
    (lines, body)
}

fn time(told: &Value) -> DateTime<Utc> {
    told.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn attempts_and_waits_of_each_step_are_told_with_their_times() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let start = "start attempt 1 completed";
    assert_eq!(told(&app, &id, "").await.0, [start, "a queued 1 waiting"]);
    let step = |node: &str| StepKey::root(NodeId::from(node));
    let retry_at = Utc::now() + TimeDelta::minutes(10);
    let error = StepError { class: "busy".into(), reason: "come again".into() };
    let mut hand = Hand::claim(&app).await;
    let queued = "a queued 1 completed";
    let (lines, body) = told(&app, &id, "?node_id=a").await;
    assert_eq!(lines, [queued, "a attempt 1 running"]);
    let worker = json!({ "name": "hand", "worker_no": hand.worker_no });
    assert_eq!(body["items"][1]["worker"], worker, "the lease tells it before the journal does");
    hand.record(Event::AttemptFailed { step: step("a"), attempt: 1, error, retry_at }, Then::Hold).await;
    let (lines, body) = told(&app, &id, "?node_id=a").await;
    assert_eq!(lines, [queued, "a attempt 1 failed", "a attempt 2 waiting"]);
    assert_eq!(body["items"][1]["error"], json!({ "class": "busy", "reason": "come again" }));
    assert_eq!(body["items"][1]["worker"], worker);
    assert_eq!(body["items"][2]["worker"], Value::Null, "nobody makes it yet");
    let retried = time(&body["items"][2]["from_at"]);
    assert!((retried - retry_at).abs() < TimeDelta::milliseconds(1), "{retried} {retry_at}");

    hand.settle("a", Then::Hold).await;
    let until = Until { time: None, signal: Some("go".into()), child: None };
    hand.record(Event::Waiting { step: step("b"), until }, Then::Hold).await;
    assert_eq!(told(&app, &id, "?node_id=b").await.0, ["b wait null waiting"]);
    let came = Event::Signalled { step: step("b"), signal_id: SignalId::new(), payload: Value::Null };
    hand.record(came, Then::Hold).await;
    hand.settle("b", completed()).await;
    let (lines, body) = told(&app, &id, "").await;
    let of_a = ["a attempt 1 failed", "a attempt 2 completed"];
    assert_eq!(lines, [start, queued, of_a[0], of_a[1], "b wait null completed", "b attempt 1 completed"]);
    assert_eq!(body["items"][5]["worker"], worker, "its first entry tells it for all that it wrote");
    assert_eq!(body["left_out"], 0);
    for item in body["items"].as_array().unwrap() {
        assert!(time(&item["from_at"]) <= time(&item["to_at"]), "{item}");
    }
    assert_eq!(told(&app, &id, "?node_id=nothing").await.0, Vec::<String>::new());
}

/// Each stretch of step `a` begins where the one before ended.
fn assert_seamless(body: &Value) {
    let items = body["items"].as_array().unwrap();
    for (before, after) in items.iter().zip(&items[1..]) {
        assert_eq!(before["to_at"], after["from_at"], "{before} {after}");
    }
}

#[tokio::test]
async fn an_attempt_whose_worker_was_lost_is_told_and_made_again_after_it_was_queued() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let lost = Hand::claim(&app).await;
    let mut connection = app.cell.connect(Role::Worker).await.unwrap();
    assert_eq!(reap(&mut connection, lost.worker_no, None).await.unwrap(), Some(1));
    let (queued, gone) = ("a queued 1 completed", "a attempt 1 outcome_unknown");
    assert_eq!(told(&app, &id, "?node_id=a").await.0, [queued, gone, "a queued 1 waiting"]);
    let mut hand = Hand::claim(&app).await;
    hand.settle("a", Then::Hold).await;
    let (lines, body) = told(&app, &id, "?node_id=a").await;
    assert_eq!(lines, [queued, gone, queued, "a attempt 1 completed"]);
    assert_seamless(&body);
    assert_eq!(body["items"][1]["worker"], json!({ "name": "hand", "worker_no": null }));
    assert_eq!(body["items"][1]["error"]["class"], "worker_lost");
    assert_eq!(body["items"][3]["worker"]["worker_no"], hand.worker_no);
}

#[tokio::test]
async fn what_is_due_is_queued_until_a_worker_takes_it_up() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let mut hand = Hand::claim(&app).await;
    let until = Until { time: Some(Utc::now()), signal: None, child: None };
    let step = StepKey::root(NodeId::from("a"));
    hand.record(Event::Waiting { step, until }, Then::Park { due_at: None }).await;
    let (queued, waited) = ("a queued 1 completed", "a wait null completed");
    assert_eq!(told(&app, &id, "?node_id=a").await.0, [queued, waited, "a queued 1 waiting"]);
    let token = "INSERT INTO queue (vt, execution_id, workspace_id, fresh) \
                 SELECT 0, execution_id, workspace_id, false FROM executions";
    sqlx::query(token).execute(&mut app.cell.connect(Role::Owner).await.unwrap()).await.unwrap();
    let mut hand = Hand::claim(&app).await;
    hand.position = 2;
    hand.settle("a", Then::Hold).await;
    let (lines, body) = told(&app, &id, "?node_id=a").await;
    assert_eq!(lines, [queued, waited, queued, "a attempt 1 completed"]);
    assert_eq!(body["items"][3]["worker"]["worker_no"], hand.worker_no);
}

#[tokio::test]
async fn what_a_release_before_wrote_is_told_as_it_was() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let mut hand = Hand::claim(&app).await;
    hand.says = false;
    hand.settle("a", Then::Hold).await;
    hand.settle("b", completed()).await;
    let (lines, body) = told(&app, &id, "").await;
    assert_eq!(lines, ["start attempt 1 completed", "a attempt 1 completed", "b attempt 1 completed"]);
    for item in body["items"].as_array().unwrap() {
        assert_eq!(item["worker"], Value::Null, "{item}");
    }
}
