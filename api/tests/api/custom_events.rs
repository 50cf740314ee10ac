//! Custom events through the API.

use axum::http::Request;
use capstan_domain::events::{self, Desk, Wait, WaitingStep};
use capstan_engine::core::ids::{NodeId, StepKey};
use capstan_engine::store::connect::Role;
use chrono::Utc;
use serde_json::{Value, json};

use crate::support::{App, as_json, chain};

const EVENTS: &str = "/api/v1/events";
const BATCH: &str = "/api/v1/events/batch";

#[tokio::test]
async fn an_event_is_taken_in_once_by_its_id() {
    let app = App::start().await;
    let event = json!({ "type": "order.paid", "key": "7", "id": "evt-1", "data": { "amount": 3 } });
    let first = app.post(EVENTS, &event).await;
    assert_eq!((first.status.as_u16(), first.header("idempotent-replayed")), (202, None), "{}", first.text());
    let again = app.post(EVENTS, &event).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (202, Some("true")));
    assert_eq!((&first.json()["id"], &first.json()["at"]), (&json!("evt-1"), &again.json()["at"]));
    let other = json!({ "type": "order.paid", "key": "8", "id": "evt-1", "data": { "amount": 3 } });
    assert_eq!(app.post(EVENTS, &other).await.verdict(), "422 event_id_reused");
    // Another workspace has ids of its own.
    let foreign = Request::post(EVENTS).header("x-api-key", &app.other_key);
    assert_eq!(app.send(as_json(foreign, &other)).await.status, 202);
    // Without an id each is an event of its own.
    for _ in 0..2 {
        assert_eq!(app.post(EVENTS, &json!({ "type": "order.paid" })).await.status, 202);
    }
    assert_eq!(app.count("events").await, 4);
}

#[tokio::test]
async fn a_batch_is_taken_in_whole_or_not_at_all() {
    let app = App::start().await;
    let event = |id: &str, type_name: &str| json!({ "id": id, "type": type_name });
    let batch = json!({ "events": [event("a", "x"), event("b", "y")] });
    let taken = app.post(BATCH, &batch).await;
    assert_eq!(taken.status, 202, "{}", taken.text());
    assert_eq!(taken.json()["events"][1]["type"], "y");
    let again = app.post(BATCH, &json!({ "events": [event("c", "z"), event("b", "y")] })).await.json();
    let replayed: Vec<&Value> = again["events"].as_array().unwrap().iter().map(|event| &event["replayed"]).collect();
    assert_eq!(replayed, [&json!(false), &json!(true)]);
    let reused = app.post(BATCH, &json!({ "events": [event("d", "x"), event("a", "z")] })).await;
    assert_eq!(
        (reused.verdict().as_str(), &reused.json()["errors"][0]["pointer"]),
        ("422 event_id_reused", &json!("/events/1/id"))
    );
    let flawed =
        app.post(BATCH, &json!({ "events": [event("e", "x"), event("f", "lead.new"), event("e", "x")] })).await;
    let pointers: Vec<Value> =
        flawed.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(
        (flawed.verdict().as_str(), pointers),
        ("422 invalid_event", vec![json!("/events/1/type"), json!("/events/2/id")])
    );
    for events in [json!([]), Value::Array(vec![event("a", "x"); 101])] {
        assert_eq!(app.post(BATCH, &json!({ "events": events })).await.verdict(), "422 bad_batch");
    }
    assert_eq!(app.count("events").await, 3);
}

#[tokio::test]
async fn what_is_no_event_is_refused_by_name() {
    let app = App::start().await;
    for (event, code) in [
        (json!({ "type": "Order" }), "bad_type"),
        (json!({ "type": "execution.completed" }), "reserved_type"),
        (json!({ "type": "a", "key": "k".repeat(201) }), "bad_key"),
        (json!({ "type": "a", "id": "$step:1" }), "bad_id"),
        (json!({ "type": "a", "data": "x".repeat(64 * 1024) }), "data_too_large"),
    ] {
        let answer = app.post(EVENTS, &event).await;
        assert_eq!(answer.verdict(), "422 invalid_event", "{code}");
        assert_eq!(answer.json()["errors"][0]["code"], code);
    }
    for (event, verdict) in [
        (json!({}), "400 bad_body"),
        (json!({ "type": "a", "more": 1 }), "400 bad_body"),
        (json!({ "type": "a", "key": 7 }), "400 bad_body"),
        (json!({ "type": "a", "data": "x".repeat(128 * 1024) }), "413 body_too_large"),
    ] {
        assert_eq!(app.post(EVENTS, &event).await.verdict(), verdict);
    }
    assert_eq!(app.count("events").await, 0);
}

#[tokio::test]
async fn no_more_events_are_taken_in_than_workers_keep_up_with() {
    let app = App::start().await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query(
        "INSERT INTO event_turns (workspace_id, event_id, type, key, due_at) \
         SELECT $1, gen_random_uuid(), 'a', '', now() FROM generate_series(1, 100000) n",
    )
    .bind(app.acme.0)
    .execute(&mut owner)
    .await
    .unwrap();
    assert_eq!(app.post(EVENTS, &json!({ "type": "a" })).await.verdict(), "429 too_many_events");
    sqlx::query("DELETE FROM event_turns WHERE event_id = (SELECT min(event_id::text)::uuid FROM event_turns)")
        .execute(&mut owner)
        .await
        .unwrap();
    assert_eq!(app.post(EVENTS, &json!({ "type": "a" })).await.status, 202);
}

#[tokio::test]
async fn which_event_a_step_waits_for_is_explained() {
    let app = App::start().await;
    let config = json!({ "event": "order.paid", "key": "7", "timeout": "1h" });
    let graph = chain(&[("start", "trigger.manual", json!({})), ("paid", "logic.wait_for_event", config)]);
    let execution = app.begin(&app.publish(&graph).await).await;
    // As a worker writes it.
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query(
        "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, detail, recorded_at) \
         VALUES ($1::uuid, 1, $2, 1, 'waiting', 'paid', $3, now())",
    )
    .bind(&execution)
    .bind(app.acme.0)
    .bind(json!({ "signal": "$event:paid", "time": null }))
    .execute(&mut owner)
    .await
    .unwrap();
    let step = StepKey::root(NodeId::from("paid"));
    let waiting = WaitingStep { workspace_id: app.acme, execution_id: execution.parse().unwrap(), step };
    let wait =
        Wait { type_name: "order.paid".into(), key: "7".into(), condition: None, since_at: Utc::now(), until_at: None };
    assert_eq!(Desk::new(&app.cell).wait(&waiting, &wait).await.unwrap(), None);
    let reasons = app.get(&format!("/api/v1/executions/{execution}/explain")).await.json()["reasons"].clone();
    let step = json!({ "node_id": "paid", "scope": "" });
    let text = "paid waits for an event \"order.paid\" with the key \"7\"";
    let expected = json!({ "waits_for": "event", "step": step, "event": "order.paid", "key": "7", "text": text });
    // Before it, that there is no worker.
    assert_eq!(reasons.as_array().unwrap().last(), Some(&expected));
}

/// A step of an execution that has begun, and waits for nothing so far.
async fn step(app: &App) -> WaitingStep {
    let workflow =
        app.publish(&chain(&[("start", "trigger.manual", json!({})), ("paid", "debug.noop", json!({}))])).await;
    let execution_id = app.begin(&workflow).await.parse().unwrap();
    WaitingStep { workspace_id: app.acme, execution_id, step: StepKey::root(NodeId::from("paid")) }
}

fn wait_for(key: &str) -> Wait {
    let since_at = Utc::now() - chrono::TimeDelta::hours(1);
    Wait { type_name: "order.paid".into(), key: key.into(), condition: None, since_at, until_at: None }
}

#[tokio::test]
async fn a_step_that_is_told_to_wait_for_another_key_does() {
    let app = App::start().await;
    let (waiting, desk) = (step(&app).await, Desk::new(&app.cell));
    assert_eq!(desk.wait(&waiting, &wait_for("7")).await.unwrap(), None);
    assert_eq!(desk.wait(&waiting, &wait_for("8")).await.unwrap(), None);
    assert_eq!(app.count("event_waits WHERE key = '8' AND status = 'open'").await, 1);
    let paid = |key: &str| json!({ "type": "order.paid", "key": key, "data": key });
    for key in ["7", "8"] {
        assert_eq!(app.post(EVENTS, &paid(key)).await.status, 202);
    }
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    while events::work(&mut worker, None).await.unwrap().is_some() {}
    assert_eq!(app.count("signals WHERE payload ->> 'key' = '8'").await, 1);
    assert_eq!(app.count("signals").await, 1);
    // What is on its way comes, whatever is waited for next.
    assert_eq!(desk.wait(&waiting, &wait_for("9")).await.unwrap(), None);
    assert_eq!(app.count("event_waits WHERE key = '8' AND signalled").await, 1);
}

#[tokio::test]
async fn an_event_is_given_to_a_step_without_a_look_at_its_journal() {
    let app = App::start().await;
    let (waiting, desk) = (step(&app).await, Desk::new(&app.cell));
    assert_eq!(desk.wait(&waiting, &wait_for("7")).await.unwrap(), None);
    assert_eq!(app.post(EVENTS, &json!({ "type": "order.paid", "key": "7" })).await.status, 202);
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE journal IN ACCESS EXCLUSIVE MODE").execute(&mut owner).await.unwrap();
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    // Whoever looked would wait for ever.
    sqlx::raw_sql("SET lock_timeout = '10s'").execute(&mut worker).await.unwrap();
    assert_eq!(events::work(&mut worker, None).await.unwrap().map(|matched| matched.waits), Some(1));
    sqlx::raw_sql("ROLLBACK").execute(&mut owner).await.unwrap();
    assert_eq!(app.count("signals").await, 1);
}
