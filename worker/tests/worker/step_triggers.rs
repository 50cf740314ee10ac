//! Workflows that start at beginnings of executions, at steps of others, and at what is told of the operation.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Cell, graph, node};

const ENDED: &str = "SELECT count(*) FROM executions WHERE ended_at IS NOT NULL";
const STARTED: &str = "SELECT count(*) FROM trigger_starts WHERE status = 'started' AND cause = 'event'";

/// A workflow of one step that starts at such events.
fn at(config: Value) -> Value {
    json!({
        "nodes": [node("told", "trigger.event", config), node("a", "debug.noop", json!({}))],
        "edges": [{ "id": "e", "source": "told", "target": "a" }],
    })
}

fn fails() -> Value {
    graph(vec![node("bad", "debug.fail", json!({ "class": "broken" }))], &[("start", "out", "bad")])
}

fn one_step() -> Value {
    graph(vec![node("a", "debug.noop", json!({}))], &[("start", "out", "a")])
}

#[tokio::test]
async fn a_step_starts_one_execution_of_each_trigger_that_waits_for_it() {
    let cell = Cell::new().await;
    let bad = cell.publish_as("bad", &fails()).await;
    cell.publish_as(
        "heard",
        &at(json!({ "event": "step.failed", "when": "{{ event.data.error.class == 'broken' }}" })),
    )
    .await;
    cell.publish_as("deaf", &at(json!({ "event": "step.failed", "key": "another" }))).await;
    cell.publish_as("begun", &at(json!({ "event": "execution.started", "key": bad.workflow_id }))).await;
    let workers = [cell.worker().await, cell.worker().await];
    let id = cell.start(bad, json!({})).await;
    cell.until_count(ENDED, 3).await;
    // The same facts are looked at once more: nothing is started twice.
    let again =
        "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#ends'), 0); UPDATE end_cursor SET xid = '0'";
    sqlx::raw_sql(again).execute(&mut cell.owner().await).await.unwrap();
    cell.until_count("SELECT count(*) FROM end_cursor WHERE xid > '0'", 1).await;
    for worker in workers {
        worker.drain().await;
    }
    assert_eq!((cell.count(ENDED).await, cell.count(STARTED).await), (3, 2));
    let input = "SELECT e.input FROM executions e JOIN workflows w USING (workspace_id, workflow_id) WHERE w.name = $1";
    let mut owner = cell.owner().await;
    let heard: Value = sqlx::query_scalar(input).bind("heard").fetch_one(&mut owner).await.unwrap();
    assert_eq!((&heard["type"], &heard["key"]), (&json!("step.failed"), &json!(bad.workflow_id)));
    assert_eq!((&heard["data"]["execution_id"], &heard["data"]["node_id"]), (&json!(id), &json!("bad")));
    let begun: Value = sqlx::query_scalar(input).bind("begun").fetch_one(&mut owner).await.unwrap();
    assert_eq!((&begun["data"]["execution_id"], &begun["data"]["status"]), (&json!(id), &json!("started")));
    // What a fact starts belongs to the trace of its execution.
    let traces = "SELECT count(*) FROM executions WHERE trace LIKE replace($$ID$$, '-', '') || '%'"
        .replace("ID", &id.to_string());
    assert_eq!(cell.count(&traces).await, 2);
}

#[tokio::test]
async fn workflows_that_watch_all_steps_hear_neither_of_their_own_nor_of_each_others() {
    let cell = Cell::new().await;
    let good = cell.publish_as("good", &one_step()).await;
    for name in ["one", "two"] {
        cell.publish_as(name, &at(json!({ "event": "step.completed" }))).await;
    }
    // It watches all ends, and is not watched for that.
    let ends = json!({
        "nodes": [node("ended", "trigger.execution", json!({})), node("a", "debug.noop", json!({}))],
        "edges": [{ "id": "e", "source": "ended", "target": "a" }],
    });
    cell.publish_as("ends", &ends).await;
    let worker = cell.worker().await;
    for round in 1..=2 {
        cell.start(good, json!({})).await;
        // It, one, two, and what its end starts.
        cell.until_count(ENDED, 4 * round).await;
    }
    worker.drain().await;
    assert_eq!((cell.count(ENDED).await, cell.count(STARTED).await), (8, 4));
}

#[tokio::test]
async fn a_circle_of_steps_stops_with_an_explanation() {
    let cell = Cell::new().await;
    let mut a = at(json!({ "event": "step.completed", "key": "b" }));
    a["nodes"].as_array_mut().unwrap().push(node("go", "trigger.event", json!({ "event": "go" })));
    a["edges"].as_array_mut().unwrap().push(json!({ "id": "f", "source": "go", "target": "a" }));
    let a = cell.publish_as("a", &a).await;
    let b = cell.publish_as("b", &at(json!({ "event": "step.completed", "key": a.workflow_id }))).await;
    let mut owner = cell.owner().await;
    let names = sqlx::query("UPDATE event_triggers SET key = $1 WHERE key = 'b'").bind(b.workflow_id.0.to_string());
    names.execute(&mut owner).await.unwrap();
    let worker = cell.worker().await;
    let sql = "INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) \
        VALUES ($1, gen_random_uuid(), 'first', 'go', '', '{}', 60)";
    sqlx::query(sql).bind(cell.workspace_id.0).execute(&mut owner).await.unwrap();
    let missed = "SELECT count(*) FROM trigger_starts WHERE status = 'missed' AND reason LIKE '%in a circle'";
    // a at 60, b at 61, a, b, a at 64; another b would be at 65.
    cell.until_count(missed, 1).await;
    assert_eq!((cell.count(ENDED).await, cell.count(STARTED).await), (5, 5));
    worker.drain().await;
}

/// Tells something of the operation.
async fn tell(cell: &Cell, type_name: &str, payload: Value) {
    let sql = "INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload) VALUES ($1, $2, $3, $2, $4)";
    let told = sqlx::query(sql).bind(Uuid::now_v7()).bind(cell.workspace_id.0).bind(type_name).bind(payload);
    told.execute(&mut cell.owner().await).await.unwrap();
}

#[tokio::test]
async fn what_is_told_of_the_operation_starts_workflows() {
    let cell = Cell::new().await;
    for event in ["webhook.endpoint_disabled", "tenant.payment_failed"] {
        cell.publish_as(event, &at(json!({ "event": event }))).await;
    }
    let worker = cell.worker().await;
    tell(&cell, "webhook.endpoint_disabled", json!({ "reason": "gone" })).await;
    tell(&cell, "tenant.payment_failed", json!({ "amount": 7 })).await;
    tell(&cell, "tenant.invoice_paid", json!({})).await;
    cell.until_count(ENDED, 2).await;
    let told = "SELECT count(*) FROM executions WHERE input ->> 'key' = workspace_id::text \
        AND (input #>> '{data,amount}' = '7' OR input #>> '{data,reason}' = 'gone')";
    assert_eq!(cell.count(told).await, 2);
    worker.drain().await;
}

#[tokio::test]
async fn a_workflow_that_hears_of_failed_deliveries_stops_where_what_was_to_be_told_is_too_deep() {
    let cell = Cell::new().await;
    let good = cell.publish_as("good", &one_step()).await;
    cell.publish_as("hears", &at(json!({ "event": "webhook.delivery_failed" }))).await;
    let worker = cell.worker().await;
    let id = cell.start(good, json!({})).await;
    cell.until(id, &["completed"]).await;
    let mut owner = cell.owner().await;
    // As if as many had led to it as may.
    let deep = "INSERT INTO trigger_starts (workspace_id, workflow_id, node_id, subject, version_id, cause, at, due_at, until_at, \
          status, execution_id, depth, settled_at) \
        SELECT workspace_id, workflow_id, 'told', 'x', version_id, 'execution', now(), now(), now(), 'started', execution_id, 64, now() \
          FROM executions";
    sqlx::raw_sql(deep).execute(&mut owner).await.unwrap();
    let ended = "SELECT 'evt_' || replace(event_id::text, '-', '') FROM outbox WHERE type = 'execution.completed'";
    let ended: String = sqlx::query_scalar(ended).fetch_one(&mut owner).await.unwrap();
    tell(&cell, "webhook.delivery_failed", json!({ "event_id": ended })).await;
    let missed =
        "SELECT count(*) FROM trigger_starts WHERE status = 'missed' AND depth = 65 AND reason LIKE '%in a circle'";
    cell.until_count(missed, 1).await;
    tell(&cell, "webhook.delivery_failed", json!({ "event_id": "evt_01927f3e2c507000800000000000000b" })).await;
    cell.until_count(ENDED, 2).await;
    worker.drain().await;
}
