//! Lists whose items are handed over to other executions, on real workers.

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::signals::CANCEL;
use serde_json::{Value, json};

use crate::support::{Cell, graph, node};

const CHUNKS: &str = "SELECT count(*) FROM children WHERE node_id = 'each.chunk'";

fn inside(id: &str, kind: &str, config: Value) -> Value {
    let mut node = node(id, kind, config);
    node["parentId"] = json!("each");
    node
}

/// A for-each over `input.items` in chunks of ten, of which more than twelve are handed over, around these nodes.
fn each(config: Value, mut nodes: Vec<Value>, edges: &[(&str, &str, &str)]) -> Value {
    let mut all = json!({ "items": "{{ input.items }}", "spill": { "above": 12, "chunk": 10 } });
    all.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
    nodes.insert(0, node("each", "logic.for_each", all));
    graph(nodes, &[&[("start", "out", "each")], edges].concat())
}

fn items(count: usize) -> Value {
    json!({ "items": (0..count).map(|item| json!({ "n": item })).collect::<Vec<_>>(), "add": 5 })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_results_of_a_list_that_is_handed_over_are_whole_and_in_order() {
    let cell = Cell::new().await;
    let sum =
        json!({ "values": { "sum": "{{ item.n + input.add }}", "index": "{{ index }}", "of": "{{ execution.id }}" } });
    let version = cell.publish(&each(json!({ "concurrency": 4 }), vec![inside("add", "data.set", sum)], &[])).await;
    let worker = cell.worker().await;
    let id = cell.start(version, items(35)).await;
    let output = cell.until(id, &["completed"]).await.output.unwrap();
    let sums: Vec<Value> = (0..35).map(|n| json!({ "sum": n + 5, "index": n, "of": id })).collect();
    assert_eq!(output, json!({ "results": sums, "failed": 0 }));
    assert_eq!(cell.count(CHUNKS).await, 4);
    let last = "SELECT count(*) FROM children c JOIN journal j ON j.execution_id = c.child_id \
                WHERE c.scope = 'each[30]' AND j.node_id = 'add' AND j.scope = 'each[34]'";
    assert_eq!(cell.count(last).await, 1, "an item is found from its parent");
    let few = cell.start(version, items(12)).await;
    cell.until(few, &["completed"]).await;
    assert_eq!(cell.count(CHUNKS).await, 4, "a short list stays where it is");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_with_more_items_than_one_execution_runs_is_handed_over_and_refused_without_spill() {
    const ITEMS: usize = 10_500;
    let cell = Cell::new().await;
    let long = json!({ "items": "{{ input.items }}", "concurrency": 64, "spill": { "above": 1_000, "chunk": 1_000 } });
    let nodes = || vec![inside("twice", "debug.noop", json!({ "output": "{{ item * 2 }}" }))];
    let (shared, alone) = (each(long, nodes(), &[]), each(json!({ "spill": null }), nodes(), &[]));
    let (shared, alone) = (cell.publish(&shared).await, cell.publish(&alone).await);
    let list = json!({ "items": (0..ITEMS).collect::<Vec<_>>() });
    let worker = cell.worker().await;
    let id = cell.start(shared, list.clone()).await;
    let output = cell.until(id, &["completed", "failed"]).await.output.unwrap();
    assert_eq!(output, json!({ "results": (0..ITEMS).map(|item| item * 2).collect::<Vec<_>>(), "failed": 0 }));
    assert_eq!(cell.count(CHUNKS).await, 11);
    let id = cell.start(alone, list).await;
    let error = cell.until(id, &["completed", "failed"]).await.error.unwrap();
    assert_eq!((&error["class"], &error["node_id"]), (&json!("items"), &json!("each")));
    let reason = error["reason"].as_str().unwrap();
    assert!(reason.starts_with("there are 10500 items; at most 10000 are allowed: set spill"), "{reason}");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_items_of_the_whole_list_may_fail_and_no_more() {
    let cell = Cell::new().await;
    let nodes =
        || vec![inside("ok", "debug.noop", json!({})), inside("bad", "debug.fail", json!({ "class": "broken" }))];
    let document = |config: Value| {
        let mut document = each(config, nodes(), &[("ok", "out", "bad")]);
        document["edges"][1]["data"]["when"] = json!("{{ item.n % 10 == 3 }}");
        document
    };
    let worker = cell.worker().await;
    let strict = cell.publish(&document(json!({ "tolerated_failures": 2 }))).await;
    let wide = cell.publish(&document(json!({ "tolerated_percent": 10 }))).await;
    let id = cell.start(wide, items(40)).await;
    let output = cell.until(id, &["completed"]).await.output.unwrap();
    assert_eq!((&output["failed"], output["results"].as_array().map(Vec::len)), (&json!(4), Some(40)), "{output}");
    let id = cell.start(strict, items(40)).await;
    let error = cell.until(id, &["failed"]).await.error.unwrap();
    assert_eq!((&error["class"], &error["node_id"]), (&json!("broken"), &json!("each")));
    let alive = format!(
        "{CHUNKS} AND EXISTS (SELECT 1 FROM executions e WHERE e.execution_id = child_id AND ended_at IS NULL)"
    );
    assert_eq!(cell.count(&alive).await, 0, "nothing is left behind");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_waits_for_what_chunks_run_at_last_and_a_forced_one_does_not() {
    let cell = Cell::new().await;
    let mut at_last = inside("last", "logic.approval", json!({ "title": "t" }));
    at_last["data"]["policy"] = json!({ "finally": true });
    let wait = inside("wait", "logic.delay", json!({ "for": "1h" }));
    let version = cell.publish(&each(json!({ "concurrency": 2 }), vec![wait, at_last], &[])).await;
    let worker = cell.worker().await;
    let waiting = |node: &str| format!("SELECT count(*) FROM journal WHERE kind = 'waiting' AND node_id = '{node}'");
    let id: ExecutionId = cell.start(version, items(20)).await;
    cell.until_count(&waiting("wait"), 2).await;
    cell.signal(id, CANCEL, json!({ "reason": "enough" })).await;
    cell.until_count(&waiting("last"), 2).await;
    cell.until(id, &["waiting"]).await;
    cell.signal(id, CANCEL, json!({ "reason": "now", "force": true })).await;
    cell.until(id, &["cancelled"]).await;
    cell.until_count("SELECT count(*) FROM executions WHERE ended_at IS NULL", 0).await;
    assert_eq!(cell.count("SELECT count(*) FROM executions WHERE status = 'cancelled'").await, 3);
    worker.drain().await;
    cell.assert_clean().await;
}
