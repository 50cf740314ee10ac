//! Triggers that wait for events: one execution for each event and trigger.

use capstan_domain::events::{self, DEPTH_MAX, Intake, NewEvent};
use capstan_domain::schedules::Overlap;
use capstan_domain::trigger_starts::{self, Key, NewStart, Outcome, Verdict};
use capstan_engine::core::ids::{ExecutionId, VersionId, WorkflowId};
use capstan_engine::core::trace::Trace;
use capstan_engine::store::connect::Role;
use capstan_engine::store::start::{Start, start};
use chrono::Utc;
use serde_json::{Value, json};
use sqlx::Connection;
use uuid::Uuid;

use crate::support::{Cell, graph, node};

async fn send(cell: &Cell, id: &str, type_name: &str, key: &str, data: Value) {
    let event = NewEvent { id: id.into(), type_name: type_name.into(), key: key.into(), data };
    let mut owner = cell.owner().await;
    let mut transaction = owner.begin().await.unwrap();
    let intake = events::accept(&mut transaction, &events::Room::default(), cell.workspace_id, &[event]).await.unwrap();
    assert!(matches!(intake, Intake::Accepted(_)), "{intake:?}");
    transaction.commit().await.unwrap();
}

/// A workflow that starts at each event of a type, and does that.
fn at_event(config: Value, step: &str, step_config: Value) -> Value {
    json!({
        "nodes": [
            { "id": "start", "type": "trigger.event", "data": { "config": config } },
            { "id": "a", "type": step, "data": { "config": step_config } },
        ],
        "edges": [{ "id": "e", "source": "start", "target": "a" }],
    })
}

#[tokio::test]
async fn an_event_starts_one_execution_of_each_trigger_whose_condition_it_meets() {
    let cell = Cell::new().await;
    let large = json!({ "event": "order.paid", "when": "{{ event.data.amount > 100 }}" });
    cell.publish_as("large", &at_event(large, "debug.noop", json!({}))).await;
    cell.publish_as("seven", &at_event(json!({ "event": "order.paid", "key": "7" }), "debug.noop", json!({}))).await;
    let workers = [cell.worker().await, cell.worker().await];
    for (key, amount) in [("7", 200), ("7", 50), ("8", 300), ("9", 1)] {
        send(&cell, &format!("{key}-{amount}"), "order.paid", key, json!({ "amount": amount })).await;
    }
    cell.until_count("SELECT count(*) FROM event_turns", 0).await;
    cell.until_count("SELECT count(*) FROM executions WHERE ended_at IS NOT NULL", 4).await;
    let large = "SELECT count(*) FROM executions e JOIN workflows w USING (workspace_id, workflow_id) \
        WHERE w.name = 'large' AND (e.input #>> '{data,amount}')::int IN (200, 300)";
    assert_eq!(cell.count(large).await, 2);
    assert_eq!(cell.count("SELECT count(*) FROM trigger_starts WHERE status = 'started' AND cause = 'event'").await, 4);
    for worker in workers {
        worker.drain().await;
    }
}

#[tokio::test]
async fn what_was_asked_for_as_its_workflow_was_deleted_starts_nothing() {
    let cell = Cell::new().await;
    cell.publish(&at_event(json!({ "event": "ping" }), "debug.noop", json!({}))).await;
    // Its trigger is still there for who has looked a moment before.
    sqlx::query("UPDATE workflows SET deleted_at = now()").execute(&mut cell.owner().await).await.unwrap();
    send(&cell, "late", "ping", "", json!({})).await;
    let worker = cell.worker().await;
    let missed = "SELECT count(*) FROM trigger_starts WHERE status = 'missed' AND reason = 'its workflow was deleted'";
    cell.until_count(missed, 1).await;
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, 0);
    worker.drain().await;
}

#[tokio::test]
async fn a_circle_of_events_and_triggers_stops_with_an_explanation() {
    let cell = Cell::new().await;
    let emit = json!({ "event": "ping", "data": {} });
    cell.publish(&at_event(json!({ "event": "ping" }), "action.emit_event", emit)).await;
    let worker = cell.worker().await;
    send(&cell, "first", "ping", "", json!({})).await;
    let failed = "SELECT count(*) FROM executions WHERE status = 'failed' AND error::text LIKE '%event_loop%'";
    cell.until_count(failed, 1).await;
    let depth = DEPTH_MAX;
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, i64::from(depth) + 1);
    worker.drain().await;
}

#[tokio::test]
async fn what_an_execution_calls_and_what_its_event_starts_belong_to_its_trace() {
    let cell = Cell::new().await;
    cell.publish_as("hears", &at_event(json!({ "event": "pong" }), "debug.noop", json!({}))).await;
    let emit = node("say", "action.emit_event", json!({ "event": "pong", "data": {} }));
    cell.publish_as("says", &graph(vec![emit], &[("start", "out", "say")])).await;
    let call = node("call", "logic.sub_workflow", json!({ "workflow": "says" }));
    let version = cell.publish_as("calls", &graph(vec![call], &[("start", "out", "call")])).await;
    let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let trace = Trace::of_request(Some(given), "order-7", Uuid::now_v7());
    let begins = [Start { trace: Some(trace.clone()), ..cell.new_start(version, json!({})) }];
    let mut starter = cell.place.connect(Role::Starter).await.unwrap();
    let worker = cell.worker().await;
    start(&mut starter, &begins).await.unwrap();
    cell.until_count("SELECT count(*) FROM executions WHERE ended_at IS NOT NULL", 3).await;
    assert_eq!(cell.count(&format!("SELECT count(*) FROM executions WHERE trace = '{trace}'")).await, 3);
    assert_eq!(cell.count(&format!("SELECT count(*) FROM events WHERE trace = '{trace}'")).await, 1);
    worker.drain().await;
}

/// Sends `go` as part of that trace, as deep as that.
async fn go(cell: &Cell, trace: &str, depth: i32) {
    let sql = "INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth, trace) \
        VALUES ($1, gen_random_uuid(), gen_random_uuid()::text, 'go', $3, '{}', $2, $3)";
    let sent = sqlx::query(sql).bind(cell.workspace_id.0).bind(depth).bind(trace);
    sent.execute(&mut cell.owner().await).await.unwrap();
}

#[tokio::test]
async fn a_circle_that_grows_stops_with_an_explanation_at_so_many_starts_of_one_first_cause() {
    let cell = Cell::new().await;
    let version = cell.publish(&at_event(json!({ "event": "go" }), "debug.noop", json!({}))).await;
    let (grown, other) = ("4bf92f3577b34da6a3ce929d0e0e4736", "01927f3e2c5070008000000000000001");
    // As if one event had started it, and what that led to as often as may be, and another workflow a hundred times.
    let many = "INSERT INTO trigger_starts (workspace_id, workflow_id, node_id, subject, version_id, cause, at, due_at, until_at, \
          status, execution_id, depth, settled_at, trace) \
        SELECT $1, CASE WHEN n <= 10001 THEN $2 ELSE gen_random_uuid() END, 'start', n::text, $3, 'event', now(), now(), now(), \
          'started', gen_random_uuid(), CASE n WHEN 1 THEN 1 ELSE 2 END, now(), $4 || '-00f067aa0ba902b7-01' \
          FROM generate_series(1, 10101) AS n";
    let many = sqlx::query(many).bind(cell.workspace_id.0).bind(version.workflow_id.0).bind(version.version_id.0);
    many.bind(grown).execute(&mut cell.owner().await).await.unwrap();
    let worker = cell.worker().await;
    for (trace, depth) in [(grown, 1), (grown, 2), (grown, 3), (other, 2)] {
        go(&cell, trace, depth).await;
    }
    let missed = "SELECT count(*) FROM trigger_starts WHERE status = 'missed' AND trace LIKE '4bf9%' AND depth IN (2, 3) \
        AND reason LIKE '%in a circle that grows'";
    cell.until_count(missed, 2).await;
    cell.until_count("SELECT count(*) FROM executions WHERE ended_at IS NOT NULL", 2).await;
    assert_eq!(cell.count("SELECT count(*) FROM trigger_starts WHERE status = 'missed'").await, 2);
    worker.drain().await;
}

#[tokio::test]
async fn a_start_is_written_taken_and_settled_by_its_key_however_little_is_known_of_the_table() {
    let cell = Cell::new().await;
    let (workflow_id, subject, at) = (WorkflowId::new(), Uuid::now_v7().to_string(), Utc::now());
    let before = "INSERT INTO trigger_starts (workspace_id, workflow_id, node_id, subject, version_id, cause, at, due_at, until_at, \
          status, execution_id, depth, settled_at, trace) \
        SELECT $1, $2, 'start', gen_random_uuid()::text, $2, 'event', now(), now(), now(), 'started', gen_random_uuid(), 1, now(), \
          replace(gen_random_uuid()::text, '-', '') FROM generate_series(1, 2000)";
    let filled =
        sqlx::query(before).bind(cell.workspace_id.0).bind(workflow_id.0).execute(&mut cell.owner().await).await;
    filled.unwrap();
    let mut worker = cell.place.connect(Role::Worker).await.unwrap();
    let read = "SELECT coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables \
        WHERE schemaname = current_schema() AND relname = 'trigger_starts'";
    let known: i64 = sqlx::query_scalar(read).fetch_one(&mut worker).await.unwrap();
    let start = NewStart {
        workspace_id: cell.workspace_id,
        workflow_id,
        version_id: VersionId(workflow_id.0),
        node_id: "start".into(),
        subject: subject.clone(),
        cause: "event",
        at,
        input: json!({}),
        overlap: Overlap::Allow,
        depth: 2,
        due_at: at,
        until_at: at,
        outcome: Outcome::Due,
        trace: None,
    };
    let key = Key { workspace_id: cell.workspace_id.0, workflow_id: workflow_id.0, node_id: "start".into(), subject };
    let mut transaction = worker.begin_with(trigger_starts::BEGIN).await.unwrap();
    assert_eq!(trigger_starts::insert(&mut transaction, &[start]).await.unwrap(), 1);
    let row = trigger_starts::lock(&mut transaction, &[key], None).await.unwrap().pop().unwrap();
    trigger_starts::settle(&mut transaction, &[(&row, Verdict::Started(ExecutionId::new()))]).await.unwrap();
    transaction.commit().await.unwrap();
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(&mut worker).await.unwrap();
    let all: i64 = sqlx::query_scalar(read).fetch_one(&mut worker).await.unwrap();
    assert!(all - known < 1_000, "{} rows are read for one", all - known);
    let started = "SELECT count(*) FROM trigger_starts WHERE status = 'started' AND depth = 2";
    assert_eq!(cell.count(started).await, 1);
}
