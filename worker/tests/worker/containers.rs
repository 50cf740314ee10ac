//! Containers on real workers: what they give, what they undo, and that a lost worker changes nothing of it.

use capstan_engine::store::signals::CANCEL;
use capstan_worker::WorkerSettings;
use serde_json::{Value, json};

use crate::doomed::Doomed;
use crate::support::{Cell, graph, node};

/// A node within a container.
fn inner(parent: &str, id: &str, kind: &str, config: Value) -> Value {
    let mut node = node(id, kind, config);
    node["parentId"] = json!(parent);
    node
}

/// A graph of these nodes and edges, and of edges that undo.
fn with_undos(nodes: Vec<Value>, edges: &[(&str, &str, &str)], undos: &[(&str, &str)]) -> Value {
    let mut graph = graph(nodes, edges);
    for (source, target) in undos {
        let edge = json!({ "id": format!("undo-{source}"), "source": source, "target": target, "data": { "kind": "compensate" } });
        graph["edges"].as_array_mut().unwrap().push(edge);
    }
    graph
}

#[tokio::test(flavor = "multi_thread")]
async fn results_of_ten_thousand_items_come_in_order_though_a_worker_is_lost() {
    let cell = Cell::new().await;
    let document = graph(
        vec![
            node("each", "logic.for_each", json!({ "items": "{{ input.items }}", "concurrency": 50 })),
            inner("each", "double", "debug.noop", json!({ "output": "{{ item * 2 }}" })),
        ],
        &[("start", "out", "each")],
    );
    let version = cell.publish(&document).await;
    let doomed = Doomed::start(&cell, cell.place.clone()).await;
    let items: Vec<i64> = (0..10_000).collect();
    let id = cell.start(version, json!({ "items": items })).await;
    cell.until_count("SELECT least(count(*), 2000) FROM journal", 2_000).await;
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(cell.worker().await);
    }
    doomed.kill();
    let output = cell.until(id, &["completed", "failed"]).await.output.unwrap();
    assert_eq!(output["failed"], 0);
    let expected: Vec<i64> = (0..10_000).map(|item| item * 2).collect();
    assert_eq!(output["results"], json!(expected));
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE kind = 'settled'").await, 10_001);
    for worker in workers {
        worker.drain().await;
    }
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_that_are_no_list_fail_the_step_with_its_node_and_class() {
    let cell = Cell::new().await;
    let document = graph(
        vec![
            node("each", "logic.for_each", json!({ "items": "{{ input.items }}" })),
            inner("each", "one", "debug.noop", json!({})),
        ],
        &[("start", "out", "each")],
    );
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    for (items, told) in [
        (json!(7), "items is the number 7, not a list"),
        (json!(null), "items is null (is something missing?), not a list"),
        (json!("a,b"), "items is the text \"a,b\", not a list"),
        (json!({ "0": "a" }), "items is an object, not a list"),
    ] {
        let id = cell.start(version, json!({ "items": items })).await;
        let error = cell.until(id, &["completed", "failed"]).await.error.unwrap();
        assert_eq!((&error["class"], &error["node_id"]), (&json!("items"), &json!("each")));
        assert_eq!(error["reason"], told);
        assert_eq!(cell.steps(id).await.get("one"), None, "nothing of it ran");
    }
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_items_may_fail() {
    let cell = Cell::new().await;
    let items = |tolerated: u32| {
        let config = json!({ "items": [1, 2, 3], "tolerated_failures": tolerated });
        let mut edges = graph(
            vec![
                node("each", "logic.for_each", config),
                inner("each", "even", "logic.condition", json!({ "condition": "{{ item is even }}" })),
                inner("each", "good", "data.set", json!({ "values": { "item": "{{ item }}" } })),
                inner("each", "bad", "debug.fail", json!({ "class": "odd" })),
            ],
            &[("start", "out", "each")],
        );
        let more = [("even", "true", "good"), ("even", "false", "bad")];
        edges["edges"].as_array_mut().unwrap().extend(more.map(|(source, port, target)| {
            json!({ "id": format!("{source}-{port}"), "source": source, "sourceHandle": port, "target": target })
        }));
        edges
    };
    let (some, none) = (cell.publish(&items(2)).await, cell.publish(&items(0)).await);
    let worker = cell.worker().await;
    let id = cell.start(some, json!({})).await;
    let output = cell.until(id, &["completed", "failed"]).await.output;
    assert_eq!(output, Some(json!({ "results": [null, { "item": 2 }, null], "failed": 2 })));
    let id = cell.start(none, json!({})).await;
    let error = cell.until(id, &["completed", "failed"]).await.error.unwrap();
    assert_eq!((&error["class"], &error["node_id"]), (&json!("odd"), &json!("each")));
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_ends_items_that_have_not_begun() {
    let cell = Cell::new().await;
    // The trigger comes last in the document, behind nodes that lie in a container.
    let mut document = graph(
        vec![
            node("each", "logic.for_each", json!({ "items": "{{ input.items }}" })),
            inner("each", "say", "debug.log", json!({ "message": "{{ item.name }}" })),
        ],
        &[("start", "out", "each")],
    );
    document["nodes"].as_array_mut().unwrap().rotate_left(1);
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let items: Vec<Value> = (0..5).map(|item| if item == 0 { json!({}) } else { json!({ "name": item }) }).collect();
    let id = cell.start(version, json!({ "items": items })).await;
    let error = cell.until(id, &["completed", "failed"]).await.error.unwrap();
    assert_eq!((&error["class"], &error["node_id"]), (&json!("expression"), &json!("each")));
    worker.drain().await;
    assert_eq!(cell.count("SELECT count(*) FROM execution_logs").await, 0, "nothing was said");
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_hands_on_what_each_turn_came_to() {
    let cell = Cell::new().await;
    let config = json!({
        "initial": { "sum": 0 }, "max_iterations": 20, "until": "{{ last.sum >= 10 }}",
        "next": "{{ last }}",
    });
    let document = graph(
        vec![
            node("loop", "logic.loop", config),
            inner("loop", "add", "data.set", json!({ "values": { "sum": "{{ item.sum + index }}" } })),
        ],
        &[("start", "out", "loop")],
    );
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    // 0, 1, 3, 6, 10
    let output = cell.until(id, &["completed", "failed"]).await.output;
    assert_eq!(output, Some(json!({ "last": { "sum": 10 }, "turns": 5, "ended_by": "until" })));
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_undoes_what_was_done_and_runs_what_runs_at_last() {
    let cell = Cell::new().await;
    let mut last = node("last", "debug.noop", json!({ "output": "{{ steps.charge }}" }));
    last["data"]["policy"] = json!({ "finally": true });
    let nodes = vec![
        node("charge", "debug.noop", json!({ "output": "paid" })),
        node("refund", "debug.noop", json!({ "output": "{{ steps.charge }} back" })),
        node("wait", "logic.wait_for_signal", json!({ "signal": "never" })),
        last,
    ];
    let document = with_undos(nodes, &[("start", "out", "charge"), ("charge", "out", "wait")], &[("charge", "refund")]);
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting'", 1).await;
    cell.signal(id, CANCEL, json!({ "reason": "changed my mind" })).await;
    let row = cell.until(id, &["cancelled"]).await;
    assert_eq!(row.error, Some(json!({ "class": "cancelled", "reason": "changed my mind" })));
    let outputs: Vec<(String, Value)> =
        sqlx::query_as("SELECT node_id, output FROM journal WHERE kind = 'settled' ORDER BY position")
            .fetch_all(&mut cell.owner().await)
            .await
            .unwrap();
    let expected = [("charge", "paid"), ("refund", "paid back"), ("last", "paid")];
    assert_eq!(outputs, expected.map(|(node, output)| (node.to_owned(), json!(output))));
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_cancel_ends_what_undoes() {
    let cell = Cell::new().await;
    let nodes = vec![
        node("charge", "debug.noop", json!({})),
        node("refund", "logic.wait_for_signal", json!({ "signal": "never" })),
        node("wait", "logic.wait_for_signal", json!({ "signal": "never" })),
    ];
    let document = with_undos(nodes, &[("start", "out", "charge"), ("charge", "out", "wait")], &[("charge", "refund")]);
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting' AND node_id = 'wait'", 1).await;
    cell.signal(id, CANCEL, json!({ "reason": "once" })).await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting' AND node_id = 'refund'", 1).await;
    cell.signal(id, CANCEL, json!({ "reason": "twice" })).await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'cancelled'", 2).await;
    cell.until(id, &["waiting"]).await;
    cell.signal(id, CANCEL, json!({ "reason": "now", "force": true })).await;
    assert_eq!(cell.until(id, &["cancelled"]).await.error.unwrap()["reason"], "now");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_takes_too_long_is_undone_and_tried_again() {
    let cell = Cell::new().await;
    let mut group = node("group", "logic.group", json!({ "repeat": true }));
    group["data"]["policy"] = json!({ "timeout_ms": 50, "retry": { "attempts_max": 2, "delay_ms": 1, "jitter": 0 } });
    let mut nodes =
        vec![group, inner("group", "book", "debug.noop", json!({})), inner("group", "free", "debug.noop", json!({}))];
    nodes.push(inner("group", "wait", "logic.wait_for_signal", json!({ "signal": "never" })));
    let edges = [("start", "out", "group"), ("book", "out", "wait")];
    let version = cell.publish(&with_undos(nodes, &edges, &[("book", "free")])).await;
    let worker = cell.worker_of(cell.place.clone(), WorkerSettings::default()).await;
    let id = cell.start(version, json!({})).await;
    let error = cell.until(id, &["failed", "completed"]).await.error.unwrap();
    assert_eq!((&error["class"], &error["node_id"]), (&json!("timeout"), &json!("group")));
    let scopes: Vec<(String, String)> =
        sqlx::query_as("SELECT node_id, scope FROM journal WHERE kind = 'settled' AND scope <> '' ORDER BY position")
            .fetch_all(&mut cell.owner().await)
            .await
            .unwrap();
    let expected = [("book", "group[0]"), ("free", "group[0]"), ("book", "group[1]"), ("free", "group[1]")];
    assert_eq!(scopes, expected.map(|(node, scope)| (node.to_owned(), scope.to_owned())));
    worker.drain().await;
    cell.assert_clean().await;
}
