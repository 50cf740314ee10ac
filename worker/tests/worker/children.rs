//! Sub-workflows on real workers: started once, heard of once, cancelled where that is wished.

use capstan_engine::core::child::DEPTH_MAX;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::orders::Action;
use capstan_engine::store::signals::CANCEL;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::doomed::Doomed;
use crate::support::{Cell, graph, node};
use crate::verbs::resolve;

const CHILDREN: &str = "SELECT count(*) FROM children";

/// Calls `b` with this config, and shows what came of it or what it failed with.
pub(crate) fn calls(config: Value) -> Value {
    let mut config = config;
    config["workflow"] = config["workflow"].as_str().unwrap_or("b").into();
    graph(
        vec![
            node("call", "logic.sub_workflow", config),
            node("then", "data.set", json!({ "values": { "got": "{{ steps.call }}" } })),
            node("caught", "data.set", json!({ "values": { "caught": "yes" } })),
        ],
        &[("start", "out", "call"), ("call", "out", "then"), ("call", "error", "caught")],
    )
}

/// A join that needs one branch, and cancels the others.
fn joined(id: &str) -> Value {
    let mut node = node(id, "debug.noop", json!({}));
    node["data"]["policy"] = json!({ "join": "any", "cancel_others": true });
    node
}

fn doubles() -> Value {
    graph(vec![node("x", "data.set", json!({ "values": { "twice": "{{ input.n * 2 }}" } }))], &[("start", "out", "x")])
}

pub(crate) fn waits() -> Value {
    graph(vec![node("go", "logic.wait_for_signal", json!({ "signal": "go" }))], &[("start", "out", "go")])
}

/// An edge to what undoes.
fn undo(source: &str, target: &str) -> Value {
    json!({ "id": "undo", "source": source, "target": target, "data": { "kind": "compensate" } })
}

fn fails() -> Value {
    let config = json!({ "class": "broken" });
    graph(vec![node("bad", "debug.fail", config)], &[("start", "out", "bad")])
}

pub(crate) async fn child_of(cell: &Cell, parent: ExecutionId) -> ExecutionId {
    cell.until_count(&format!("{CHILDREN} WHERE parent_id = '{parent}'"), 1).await;
    let id: Uuid = sqlx::query_scalar("SELECT child_id FROM children WHERE parent_id = $1")
        .bind(parent.0)
        .fetch_one(&mut cell.owner().await)
        .await
        .unwrap();
    ExecutionId(id)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_awaited_child_gives_its_output_to_its_step() {
    let cell = Cell::new().await;
    cell.publish_as("b", &doubles()).await;
    let version = cell.publish(&calls(json!({ "input": { "n": "{{ input.n }}" } }))).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({ "n": 21 })).await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!({ "got": { "twice": 42 } })));
    assert_eq!(cell.count(CHILDREN).await, 1);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detached_child_goes_on_by_itself_and_its_parent_knows_its_id() {
    let cell = Cell::new().await;
    cell.publish_as("b", &waits()).await;
    let version = cell.publish(&calls(json!({ "mode": "detached", "version": 1 }))).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    let output = cell.until(id, &["completed"]).await.output.unwrap();
    let child = child_of(&cell, id).await;
    assert_eq!(output["got"]["execution_id"], json!(child));
    cell.until(child, &["waiting"]).await;
    cell.signal(child, "go", json!(1)).await;
    cell.until(child, &["completed"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_fails_or_is_missing_takes_the_error_edge() {
    let cell = Cell::new().await;
    cell.publish_as("b", &fails()).await;
    let worker = cell.worker().await;
    for (workflow, class) in [("b", "child_failed"), ("nobody", "not_found")] {
        let version = cell.publish(&calls(json!({ "workflow": workflow }))).await;
        let id = cell.start(version, json!({})).await;
        assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!({ "caught": "yes" })));
        let error = "SELECT count(*) FROM execution_steps WHERE node_id = 'call' AND status = 'failed'";
        assert_eq!(cell.count(&format!("{error} AND error ->> 'class' = '{class}'")).await, 1, "{class}");
    }
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_child_whose_step_was_cancelled_goes_unheard() {
    let cell = Cell::new().await;
    cell.publish_as("b", &waits()).await;
    // What is faster than the child cancels its step; then the execution goes on.
    let document = graph(
        vec![
            node("call", "logic.sub_workflow", json!({ "workflow": "b", "on_cancel": "abandon" })),
            node("now", "logic.wait_for_signal", json!({ "signal": "now" })),
            joined("first"),
            node("later", "logic.wait_for_signal", json!({ "signal": "later" })),
        ],
        &[
            ("start", "out", "call"),
            ("start", "out", "now"),
            ("call", "out", "first"),
            ("now", "received", "first"),
            ("first", "out", "later"),
        ],
    );
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    let child = child_of(&cell, id).await;
    cell.until(child, &["waiting"]).await;
    cell.signal(id, "now", json!(1)).await;
    cell.until_count("SELECT count(*) FROM journal WHERE node_id = 'later'", 1).await;
    cell.signal(child, "go", json!(1)).await;
    cell.until(child, &["completed"]).await;
    // Its signal does not stay.
    for table in ["queue", "leases", "signals"] {
        cell.until_count(&format!("SELECT count(*) FROM {table}"), 0).await;
    }
    cell.signal(id, "later", json!(1)).await;
    cell.until(id, &["completed"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_called_another_workflow_calls_again_each_time_that_a_person_has_it_tried() {
    let cell = Cell::new().await;
    cell.publish_as("b", &fails()).await;
    let mut document = graph(
        vec![
            node("charge", "debug.noop", json!({})),
            node("refund", "logic.sub_workflow", json!({ "workflow": "b" })),
            node("bad", "debug.fail", json!({ "class": "broken" })),
        ],
        &[("start", "out", "charge"), ("charge", "out", "bad")],
    );
    document["edges"].as_array_mut().unwrap().push(undo("charge", "refund"));
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    let incidents = "SELECT count(*) FROM journal WHERE kind = 'settled' AND node_id = 'refund'";
    cell.until_count(incidents, 1).await;
    cell.until(id, &["incident"]).await;
    assert!(resolve(&cell, id, &document, None, Action::Retry { config: None }).await);
    cell.until_count(incidents, 2).await;
    cell.until(id, &["incident"]).await;
    // What it calls is mended.
    cell.publish_as("c", &doubles()).await;
    let config = Some(json!({ "workflow": "c", "input": { "n": 1 } }));
    assert!(resolve(&cell, id, &document, None, Action::Retry { config }).await);
    cell.until(id, &["failed"]).await;
    let mended = "SELECT count(*) FROM children c JOIN executions e ON e.execution_id = c.child_id \
                  WHERE (c.round, e.status) IN ((0, 'failed'), (1, 'failed'), (2, 'completed'))";
    assert_eq!((cell.count(CHILDREN).await, cell.count(mended).await), (3, 3));
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_cancel_follows_a_plain_one_to_the_child() {
    let cell = Cell::new().await;
    let go = || node("go", "logic.wait_for_signal", json!({ "signal": "go" }));
    let wait = |id: &str| node(id, "logic.wait_for_signal", json!({ "signal": id }));
    let mut slow =
        graph(vec![node("a", "debug.noop", json!({})), wait("u"), go()], &[("start", "out", "a"), ("a", "out", "go")]);
    slow["edges"].as_array_mut().unwrap().push(undo("a", "u"));
    cell.publish_as("b", &slow).await;
    let mut parent = slow.clone();
    parent["nodes"][3] = node("go", "logic.sub_workflow", json!({ "workflow": "b" }));
    let version = cell.publish(&parent).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    let child = child_of(&cell, id).await;
    cell.until(child, &["waiting"]).await;
    cell.signal(id, CANCEL, json!({ "reason": "enough" })).await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting' AND node_id = 'u'", 2).await;
    cell.signal(id, CANCEL, json!({ "reason": "now", "force": true })).await;
    cell.until(id, &["cancelled"]).await;
    cell.until(child, &["cancelled"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_child_of_a_step_that_a_person_skips_is_cancelled() {
    let cell = Cell::new().await;
    cell.publish_as("b", &waits()).await;
    let document = calls(json!({}));
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    let child = child_of(&cell, id).await;
    cell.until(id, &["waiting"]).await;
    worker.drain().await;
    let set_aside = "UPDATE executions SET status = 'incident', error = '{\"class\": \"incident\", \"reason\": \"full\"}' \
         WHERE execution_id = $1";
    sqlx::query(set_aside).bind(id.0).execute(&mut cell.owner().await).await.unwrap();
    let skip = Action::Skip { port: None, output: json!("by hand") };
    assert!(resolve(&cell, id, &document, Some("call"), skip).await);
    let worker = cell.worker().await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!({ "got": "by hand" })));
    cell.until(child, &["cancelled"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_goes_on_to_a_child_unless_it_is_to_be_abandoned() {
    let cell = Cell::new().await;
    cell.publish_as("b", &waits()).await;
    let worker = cell.worker().await;
    for (on_cancel, force) in [("cancel", false), ("cancel", true), ("abandon", false)] {
        let version = cell.publish(&calls(json!({ "on_cancel": on_cancel }))).await;
        let id = cell.start(version, json!({})).await;
        let child = child_of(&cell, id).await;
        cell.until(child, &["waiting"]).await;
        cell.signal(id, CANCEL, json!({ "reason": "enough", "force": force })).await;
        cell.until(id, &["cancelled"]).await;
        if on_cancel == "abandon" {
            cell.signal(child, "go", json!(1)).await;
            cell.until(child, &["completed"]).await;
        } else {
            cell.until(child, &["cancelled"]).await;
        }
    }
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_takes_too_long_is_cancelled_and_its_step_fails() {
    let cell = Cell::new().await;
    cell.publish_as("b", &waits()).await;
    let version = cell.publish(&calls(json!({ "timeout_ms": 1 }))).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!({ "caught": "yes" })));
    cell.until(child_of(&cell, id).await, &["cancelled"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_calls_itself_ends_at_the_bound_which_names_the_chain() {
    let cell = Cell::new().await;
    let itself =
        graph(vec![node("call", "logic.sub_workflow", json!({ "workflow": "itself" }))], &[("start", "out", "call")]);
    let version = cell.publish_as("itself", &itself).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until(id, &["failed"]).await;
    assert_eq!(cell.count(CHILDREN).await, i64::from(DEPTH_MAX));
    assert_eq!(cell.count(&format!("{CHILDREN} WHERE root_id = '{id}'")).await, i64::from(DEPTH_MAX));
    let deepest = "SELECT count(*) FROM execution_steps WHERE error ->> 'class' = 'call_depth' \
                   AND error ->> 'reason' LIKE '%itself → itself%'";
    assert_eq!(cell.count(deepest).await, 1);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_item_of_a_loop_has_a_child_of_its_own() {
    let cell = Cell::new().await;
    cell.publish_as("b", &doubles()).await;
    let mut call = node("call", "logic.sub_workflow", json!({ "workflow": "b", "input": { "n": "{{ item }}" } }));
    call["parentId"] = json!("each");
    let each = node("each", "logic.for_each", json!({ "items": "{{ input.items }}" }));
    let version = cell.publish(&graph(vec![each, call], &[("start", "out", "each")])).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({ "items": [1, 2, 3] })).await;
    let output = cell.until(id, &["completed"]).await.output.unwrap();
    assert_eq!(output["results"], json!([{ "twice": 2 }, { "twice": 4 }, { "twice": 6 }]), "{output}");
    assert_eq!(cell.count("SELECT count(DISTINCT scope) FROM children").await, 3);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_used_up_starts_no_child() {
    let cell = Cell::new().await;
    cell.publish_as("b", &doubles()).await;
    let mut document = calls(json!({ "input": { "n": 1 } }));
    document["nodes"][1]["data"]["policy"] = json!({ "retry": { "attempts_max": 1 } });
    let version = cell.publish(&document).await;
    let full = "INSERT INTO quota_limits (workspace_id, meter, units_max, hard_max) VALUES ($1, 'executions', 0, 0)";
    sqlx::query(full).bind(cell.workspace_id.0).execute(&mut cell.owner().await).await.unwrap();
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!({ "caught": "yes" })));
    let refused = "SELECT count(*) FROM execution_steps WHERE error ->> 'class' = 'quota_exceeded'";
    assert_eq!((cell.count(CHILDREN).await, cell.count(refused).await), (0, 1));
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_worker_gives_back_the_quota_that_no_child_has_used() {
    let cell = Cell::new().await;
    cell.publish_as("b", &doubles()).await;
    let version = cell.publish(&calls(json!({ "input": { "n": 1 } }))).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    cell.until(id, &["completed"]).await;
    worker.drain().await;
    assert_eq!(cell.count("SELECT granted FROM quota_counters").await, 1);
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_whose_worker_was_killed_hears_of_its_child_and_starts_no_other() {
    let cell = Cell::new().await;
    cell.publish_as("b", &waits()).await;
    let version = cell.publish(&calls(json!({}))).await;
    let doomed = Doomed::start(&cell, cell.place.clone()).await;
    let id = cell.start(version, json!({})).await;
    let child = child_of(&cell, id).await;
    doomed.kill();
    cell.signal(child, "go", json!("gone")).await;
    let worker = cell.worker().await;
    assert_eq!(cell.until(id, &["completed"]).await.output, Some(json!({ "got": "gone" })));
    assert_eq!(cell.count(CHILDREN).await, 1);
    worker.drain().await;
    cell.assert_clean().await;
}
