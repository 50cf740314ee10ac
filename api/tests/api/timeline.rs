//! What the steps of an execution did when.

use capstan_engine::core::ids::{NodeId, SignalId, StepKey};
use capstan_engine::core::journal::Event;
use capstan_engine::core::outcome::{StepError, Until};
use capstan_engine::store::commit::Then;
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
    assert_eq!(told(&app, &id, "").await.0, [start, "a attempt 1 running"]);
    let step = |node: &str| StepKey::root(NodeId::from(node));
    let retry_at = Utc::now() + TimeDelta::milliseconds(1_500);
    let error = StepError { class: "busy".into(), reason: "come again".into() };
    let mut hand = Hand::claim(&app).await;
    hand.record(Event::AttemptFailed { step: step("a"), attempt: 1, error, retry_at }, Then::Hold).await;
    let (lines, body) = told(&app, &id, "?node_id=a").await;
    assert_eq!(lines, ["a attempt 1 failed", "a attempt 2 waiting"]);
    assert_eq!(body["items"][0]["error"], json!({ "class": "busy", "reason": "come again" }));
    let retried = time(&body["items"][1]["from_at"]);
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
    assert_eq!(lines, [start, of_a[0], of_a[1], "b wait null completed", "b attempt 1 completed"]);
    assert_eq!(body["left_out"], 0);
    for item in body["items"].as_array().unwrap() {
        assert!(time(&item["from_at"]) <= time(&item["to_at"]), "{item}");
    }
    assert_eq!(told(&app, &id, "?node_id=nothing").await.0, Vec::<String>::new());
}
