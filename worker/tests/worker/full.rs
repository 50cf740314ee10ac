//! Journals without room for more: the execution waits for a person, and its end has room of its own.

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::core::journal::WORK_ENTRIES_MAX;
use capstan_engine::store::orders::Action;
use capstan_engine::store::signals::CANCEL;
use serde_json::{Value, json};

use crate::support::{Cell, graph, node};
use crate::verbs::resolve;

/// Something that is done and can be undone, something that goes on for ever, and something that runs at last.
fn document() -> Value {
    let nodes = vec![
        node("charge", "debug.noop", json!({ "output": "paid" })),
        node("refund", "debug.noop", json!({ "output": "{{ steps.charge }} back" })),
        node("busy", "debug.noop", json!({ "output": "never" })),
        node("close", "debug.noop", json!({ "output": "closed" })),
    ];
    let mut graph = graph(nodes, &[("start", "out", "charge"), ("charge", "out", "busy")]);
    let undo = json!({ "id": "undo", "source": "charge", "target": "refund", "data": { "kind": "compensate" } });
    graph["edges"].as_array_mut().unwrap().push(undo);
    let nodes = graph["nodes"].as_array_mut().unwrap();
    let close = nodes.iter_mut().find(|node| node["id"] == "close").unwrap();
    close["data"]["policy"] = json!({ "finally": true });
    graph
}

/// Fills the journal of an execution that no worker has seen yet.
async fn fill(cell: &Cell, id: ExecutionId) {
    let mut owner = cell.owner().await;
    let done = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, port, attempts, \
                output, recorded_at) VALUES ($1, 1, $2, 0, 'settled', 'charge', 'completed', 'out', 1, '\"paid\"', now())";
    sqlx::query(done).bind(id.0).bind(cell.workspace_id.0).execute(&mut owner).await.unwrap();
    let tries = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, attempts, detail, recorded_at) \
                 SELECT $1, n + 1, $2, 0, 'attempt_failed', 'busy', n, \
                 '{\"error\": {\"class\": \"busy\", \"reason\": \"\"}, \"retry_at\": \"2026-01-01T00:00:00Z\"}', now() \
                 FROM generate_series(1, $3) AS n";
    let tries = sqlx::query(tries).bind(id.0).bind(cell.workspace_id.0).bind(i64::from(WORK_ENTRIES_MAX) - 1);
    tries.execute(&mut owner).await.unwrap();
    sqlx::query("UPDATE queue SET fresh = false").execute(&mut owner).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_without_room_is_undone_whether_it_is_cancelled_or_failed() {
    let cell = Cell::new().await;
    let document = document();
    let version = cell.publish(&document).await;
    let cancelled = cell.start(version, json!({})).await;
    fill(&cell, cancelled).await;
    let failed = cell.start(version, json!({})).await;
    fill(&cell, failed).await;
    let worker = cell.worker().await;
    for id in [cancelled, failed] {
        let row = cell.until(id, &["incident"]).await;
        let reason = row.error.unwrap()["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains("100000 entries") && reason.contains("what undoes"), "{reason}");
    }
    cell.signal(cancelled, CANCEL, json!({ "reason": "too much" })).await;
    let row = cell.until(cancelled, &["cancelled"]).await;
    assert_eq!(row.error, Some(json!({ "class": "cancelled", "reason": "too much" })));
    let fail = Action::Fail { class: "resolved".into(), error: "too much".into() };
    assert!(resolve(&cell, failed, &document, None, fail).await);
    let row = cell.until(failed, &["failed"]).await;
    assert_eq!(row.error.unwrap()["class"], "journal_full");
    for id in [cancelled, failed] {
        let steps = cell.steps(id).await;
        let came = ["refund", "close"].map(|step| steps.get(step).map(String::as_str));
        assert_eq!(came, [Some("completed/out/1"), Some("completed/out/1")], "{steps:?}");
    }
    worker.drain().await;
    cell.assert_clean().await;
}

/// Items of the list, those that have come to something, and how long their texts are: together more than one execution may hold.
const ITEMS: i32 = 300;
const DONE: i32 = 270;
const TEXT_CHARS: i32 = 1_000_000;

/// Has an execution that no worker has seen yet be in the midst of a list.
async fn fill_with_outputs(cell: &Cell, id: ExecutionId) {
    let mut owner = cell.owner().await;
    let opened = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, output, detail, recorded_at) \
                  VALUES ($1, 1, $2, 0, 'opened', 'each', (SELECT jsonb_agg(n) FROM generate_series(1, $3) AS n), \
                  jsonb_build_object('count', $3), now())";
    sqlx::query(opened).bind(id.0).bind(cell.workspace_id.0).bind(ITEMS).execute(&mut owner).await.unwrap();
    let done = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, scope, status, port, attempts, \
                output, recorded_at) SELECT $1, n + 2, $2, 0, 'settled', 'fetch', 'each[' || n || ']', 'completed', 'out', 1, \
                to_jsonb(repeat('x', $4)), now() FROM generate_series(0, $3 - 1) AS n";
    let done = sqlx::query(done).bind(id.0).bind(cell.workspace_id.0).bind(DONE).bind(TEXT_CHARS);
    done.execute(&mut owner).await.unwrap();
    sqlx::query("UPDATE queue SET fresh = false").execute(&mut owner).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_holds_more_than_a_worker_has_room_for_waits_for_a_person_and_is_cancelled() {
    let cell = Cell::new().await;
    let mut fetch = node("fetch", "debug.noop", json!({ "output": "{{ item }}" }));
    fetch["parentId"] = json!("each");
    let close = json!({ "id": "close", "type": "debug.noop", "data": { "config": {}, "policy": { "finally": true } } });
    let each = node("each", "logic.for_each", json!({ "items": "{{ input.items }}", "concurrency": ITEMS }));
    let version = cell.publish(&graph(vec![each, fetch, close], &[("start", "out", "each")])).await;
    let id = cell.start(version, json!({})).await;
    fill_with_outputs(&cell, id).await;
    let worker = cell.worker().await;
    let reason = cell.until(id, &["incident"]).await.error.unwrap()["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("hold 256 MiB") && reason.contains("spill"), "{reason}");
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE kind = 'settled'").await, i64::from(DONE));
    cell.signal(id, CANCEL, json!({ "reason": "too much" })).await;
    let row = cell.until(id, &["cancelled"]).await;
    assert_eq!(row.error, Some(json!({ "class": "cancelled", "reason": "too much" })));
    assert_eq!(cell.steps(id).await.get("close").map(String::as_str), Some("completed/out/1"));
    // Whoever held it may have seen the signal before its token was claimed: the next claim takes that out.
    cell.until_count("SELECT count(*) FROM queue", 0).await;
    worker.drain().await;
    cell.assert_clean().await;
}
