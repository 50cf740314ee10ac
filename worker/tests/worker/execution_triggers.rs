//! Triggers that wait for ends of other workflows' executions: one execution for each end and trigger.

use capstan_domain::triggers::{Triggers, keep_in_step};
use serde_json::{Value, json};

use crate::support::{Cell, graph, node};

/// What the trigger of a workflow has been given, in the order in which it was started.
async fn inputs(cell: &Cell, workflow: &str) -> Vec<Value> {
    let sql = "SELECT e.input FROM executions e JOIN workflows w USING (workspace_id, workflow_id) \
        WHERE w.name = $1 AND e.ended_at IS NOT NULL ORDER BY e.created_at";
    sqlx::query_scalar(sql).bind(workflow).fetch_all(&mut cell.owner().await).await.unwrap()
}

/// A workflow that starts when others have ended, and does nothing.
fn at_end(config: Value) -> Value {
    json!({
        "nodes": [node("ended", "trigger.execution", config), node("a", "debug.noop", json!({}))],
        "edges": [{ "id": "e", "source": "ended", "target": "a" }],
    })
}

/// Its output is the text of its input.
fn echo() -> Value {
    graph(vec![node("said", "debug.noop", json!({ "output": "{{ input.text }}" }))], &[("start", "out", "said")])
}

fn fails() -> Value {
    graph(vec![node("bad", "debug.fail", json!({ "class": "broken" }))], &[("start", "out", "bad")])
}

const ENDED: &str = "SELECT count(*) FROM executions WHERE ended_at IS NOT NULL";
const STARTED: &str = "SELECT count(*) FROM trigger_starts WHERE status = 'started' AND cause = 'execution'";

#[tokio::test]
async fn each_end_starts_one_execution_of_each_trigger_that_waits_for_it() {
    let cell = Cell::new().await;
    let (good, bad) = (cell.publish_as("good", &echo()).await, cell.publish_as("bad", &fails()).await);
    let worker = cell.worker().await;
    let early = cell.start(good, json!({ "text": "early" })).await;
    cell.until(early, &["completed"]).await;
    cell.publish_as("named", &at_end(json!({ "workflows": "good" }))).await;
    cell.publish_as("failures", &at_end(json!({ "outcomes": ["failed", "timed_out"] }))).await;
    let short = json!({ "workflows": ["good", bad.workflow_id], "when": "{{ event.output == 'hello' }}" });
    cell.publish_as("short", &at_end(short)).await;
    let other = cell.worker().await;
    let hello = cell.start(good, json!({ "text": "hello" })).await;
    let long = cell.start(good, json!({ "text": "x".repeat(70_000) })).await;
    let failed = cell.start(bad, json!({})).await;
    // Four that were started by hand, two for named, one for failures, one for short.
    cell.until_count(ENDED, 8).await;
    let mut named = inputs(&cell, "named").await;
    named.sort_by_key(|input| input["output"].is_null());
    assert_eq!((&named[0]["execution_id"], &named[0]["output"]), (&json!(hello), &json!("hello")));
    assert_eq!((&named[1]["execution_id"], &named[1]["output"]), (&json!(long), &Value::Null));
    assert_eq!((&named[0]["output_left_out"], &named[1]["output_left_out"]), (&json!(false), &json!(true)));
    assert_eq!((&named[0]["workflow_name"], &named[0]["outcome"]), (&json!("good"), &json!("completed")));
    let failures = inputs(&cell, "failures").await;
    assert_eq!((&failures[0]["execution_id"], &failures[0]["outcome"]), (&json!(failed), &json!("failed")));
    assert_eq!(failures[0]["error"]["class"], "broken");
    let short = inputs(&cell, "short").await;
    assert_eq!((short.len(), &short[0]["execution_id"]), (1, &json!(hello)));
    // The same ends are looked at once more, by any of two: nothing is started twice.
    let again =
        "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#ends'), 0); UPDATE end_cursor SET xid = '0'";
    sqlx::raw_sql(again).execute(&mut cell.owner().await).await.unwrap();
    cell.until_count("SELECT count(*) FROM end_cursor WHERE xid > '0'", 1).await;
    let late = cell.start(good, json!({ "text": "late" })).await;
    cell.until(late, &["completed"]).await;
    cell.until_count(STARTED, 5).await;
    cell.until_count(ENDED, 10).await;
    for worker in [worker, other] {
        worker.drain().await;
    }
    assert_eq!((cell.count(STARTED).await, cell.count(ENDED).await), (5, 10));
}

#[tokio::test]
async fn a_trigger_that_is_not_published_any_more_starts_nothing() {
    let cell = Cell::new().await;
    let good = cell.publish_as("good", &echo()).await;
    let gone = cell.publish_as("gone", &at_end(json!({ "workflows": "good" }))).await;
    cell.publish_as("still", &at_end(json!({ "workflows": "good" }))).await;
    let mut owner = cell.owner().await;
    let (workspace, none) = (cell.workspace_id, Triggers::default());
    keep_in_step(&mut owner, workspace, gone.workflow_id, gone.version_id, &none).await.unwrap().unwrap();
    let worker = cell.worker().await;
    cell.start(good, json!({ "text": "hello" })).await;
    cell.until_count(STARTED, 1).await;
    cell.until_count(ENDED, 2).await;
    assert_eq!((inputs(&cell, "gone").await.len(), inputs(&cell, "still").await.len()), (0, 1));
    worker.drain().await;
}

#[tokio::test]
async fn workflows_that_watch_all_others_do_not_watch_each_other() {
    let cell = Cell::new().await;
    let good = cell.publish_as("good", &echo()).await;
    for name in ["one", "two", "three"] {
        cell.publish_as(name, &at_end(json!({}))).await;
    }
    let worker = cell.worker().await;
    cell.start(good, json!({ "text": "hello" })).await;
    cell.until_count(ENDED, 4).await;
    // When this has started three, the ends of the first three have been looked at.
    cell.start(good, json!({ "text": "again" })).await;
    cell.until_count(ENDED, 8).await;
    worker.drain().await;
    assert_eq!((cell.count(STARTED).await, cell.count(ENDED).await), (6, 8));
}

#[tokio::test]
async fn ends_that_came_along_from_another_server_are_looked_at_and_then_those_of_this_one() {
    let cell = Cell::new().await;
    let good = cell.publish_as("good", &echo()).await;
    cell.publish_as("named", &at_end(json!({ "workflows": "good" }))).await;
    let mut owner = cell.owner().await;
    let nobody_looks = "BEGIN; SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#ends'), 0)";
    sqlx::raw_sql(nobody_looks).execute(&mut owner).await.unwrap();
    let worker = cell.worker().await;
    cell.start(good, json!({ "text": "hello" })).await;
    cell.until_count(ENDED, 1).await;
    // Transactions as the other server had counted them.
    let moved = "UPDATE outbox SET xid = '1000000000001'; UPDATE end_cursor SET xid = '1000000000000'; COMMIT";
    sqlx::raw_sql(moved).execute(&mut owner).await.unwrap();
    cell.until_count(STARTED, 1).await;
    cell.until_count("SELECT count(*) FROM end_cursor WHERE xid < '1000000000000'", 1).await;
    cell.start(good, json!({ "text": "late" })).await;
    cell.until_count(STARTED, 2).await;
    worker.drain().await;
}

/// Sends an event to which as many others have led.
async fn send(cell: &Cell, id: &str, depth: i32) {
    let sql = "INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) \
        VALUES ($1, gen_random_uuid(), $2, 'go', '', '{}', $3)";
    let sent = sqlx::query(sql).bind(cell.workspace_id.0).bind(id).bind(depth);
    sent.execute(&mut cell.owner().await).await.unwrap();
}

#[tokio::test]
async fn a_circle_of_ends_stops_with_an_explanation_also_when_the_waits_are_gone() {
    let cell = Cell::new().await;
    cell.publish_as("b", &at_end(json!({}))).await;
    let mut a = at_end(json!({ "workflows": "b" }));
    a["nodes"].as_array_mut().unwrap().push(node("go", "trigger.event", json!({ "event": "go" })));
    a["edges"].as_array_mut().unwrap().push(json!({ "id": "f", "source": "go", "target": "a" }));
    cell.publish_as("a", &a).await;
    let worker = cell.worker().await;
    let missed = "SELECT count(*) FROM trigger_starts WHERE status = 'missed' AND reason LIKE '%in a circle'";
    // a at 60, b at 61, a, b, a at 64; another b would be at 65.
    send(&cell, "first", 60).await;
    cell.until_count(missed, 1).await;
    assert_eq!((cell.count(ENDED).await, cell.count(STARTED).await), (5, 4));
    // Waits are removed once their executions have ended: here at once.
    let forget = "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
        CREATE TRIGGER forget BEFORE INSERT ON event_waits FOR EACH ROW EXECUTE FUNCTION forget(); DELETE FROM event_waits";
    sqlx::raw_sql(forget).execute(&mut cell.owner().await).await.unwrap();
    send(&cell, "second", 60).await;
    cell.until_count(missed, 2).await;
    assert_eq!((cell.count(ENDED).await, cell.count(STARTED).await), (10, 8));
    worker.drain().await;
}
