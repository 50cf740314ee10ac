//! Limits: over them executions wait, and nobody waits for a slot that is free.

use capstan_engine::core::gate::Gate;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::limits;
use capstan_engine::store::signals::CANCEL;
use capstan_node_types::registry::Registry;
use serde_json::{Value, json};

use crate::doomed::Doomed;
use crate::outside::Effects;
use crate::support::{Cell, Version, graph, node};

const GATED: &str = "SELECT count(*) FROM gated";
const SLOTS: &str = "SELECT count(DISTINCT execution_id) FROM slots";

async fn cell_with(effects: &Effects) -> Cell {
    Cell::with_registry(Registry::standard(), &[&effects.address]).await
}

/// A call that hangs until it is answered.
fn calls(effects: &Effects, settings: Value) -> Value {
    let call = node("call", "action.http_request", json!({ "method": "POST", "url": effects.url }));
    let mut document = graph(vec![call], &[("start", "out", "call")]);
    document["settings"] = settings;
    document
}

fn by_customer(limit: u32) -> Value {
    json!({ "concurrency": { "key": "{{ input.customer }}", "limit": limit } })
}

async fn limit(cell: &Cell, gate: Gate, slots_max: Option<u32>) {
    limits::set(&mut cell.owner().await, cell.workspace_id, &gate, slots_max).await.unwrap();
}

/// Starts executions of a customer, one after the other.
async fn start_each(cell: &Cell, version: Version, customer: &str, count: usize) -> Vec<ExecutionId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(cell.start(version, json!({ "customer": customer })).await);
    }
    ids
}

async fn until_all(cell: &Cell, ids: &[ExecutionId], status: &str) {
    for &id in ids {
        cell.until(id, &[status]).await;
    }
}

async fn assert_nothing_left(cell: &Cell) {
    cell.until_count(SLOTS, 0).await;
    cell.until_count(GATED, 0).await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_with_a_key_in_common_are_at_work_one_at_a_time_and_in_their_order() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let version = cell.publish(&calls(&effects, by_customer(1))).await;
    let first = start_each(&cell, version, "a", 4).await;
    let second = start_each(&cell, version, "b", 2).await;
    let worker = cell.worker().await;
    effects.until_called(2).await;
    cell.until_count(GATED, 4).await;
    assert_eq!((effects.keys().len(), cell.count(SLOTS).await), (2, 2));
    effects.answer();
    // Those that hang are given up and come again.
    cell.signal(first[0], CANCEL, json!({ "force": true })).await;
    cell.signal(second[0], CANCEL, json!({ "force": true })).await;
    until_all(&cell, &first[1..], "completed").await;
    until_all(&cell, &second[1..], "completed").await;
    let keys = effects.keys();
    let of_first: Vec<&String> =
        keys.iter().filter(|key| first.iter().any(|id| key.starts_with(&id.to_string()))).collect();
    let expected: Vec<String> = first.iter().map(|id| format!("{id}:call:")).collect();
    assert!(of_first.iter().copied().eq(&expected), "{of_first:?} came, not {expected:?}");
    worker.drain().await;
    assert_nothing_left(&cell).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_waits_for_a_signal_holds_no_slot() {
    let cell = Cell::new().await;
    let wait = node("wait", "logic.wait_for_signal", json!({ "signal": "go" }));
    let after = node("after", "debug.noop", json!({}));
    let mut document = graph(vec![wait, after], &[("start", "out", "wait"), ("wait", "received", "after")]);
    document["settings"] = by_customer(1);
    let version = cell.publish(&document).await;
    let ids = start_each(&cell, version, "a", 5).await;
    let worker = cell.worker().await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting'", 5).await;
    cell.until_count(SLOTS, 0).await;
    for &id in &ids {
        cell.signal(id, "go", json!({})).await;
    }
    until_all(&cell, &ids, "completed").await;
    worker.drain().await;
    assert_nothing_left(&cell).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_raised_lets_more_in_and_one_that_is_removed_all() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let version = cell.publish(&calls(&effects, json!({}))).await;
    limit(&cell, Gate::workspace(), Some(1)).await;
    let worker = cell.worker().await;
    let ids = cell.start_many(version, json!({}), 6).await;
    effects.until_called(1).await;
    cell.until_count(GATED, 5).await;
    assert_eq!(effects.keys().len(), 1);
    limit(&cell, Gate::workspace(), Some(3)).await;
    effects.until_called(3).await;
    cell.until_count(GATED, 3).await;
    assert_eq!((effects.keys().len(), cell.count(SLOTS).await), (3, 3));
    limit(&cell, Gate::workspace(), None).await;
    effects.until_called(6).await;
    for &id in &ids {
        cell.signal(id, CANCEL, json!({ "force": true })).await;
    }
    until_all(&cell, &ids, "cancelled").await;
    worker.drain().await;
    assert_eq!(cell.count(GATED).await, 0);
}

/// Those that have called, by the keys of calls, and the others.
fn by_whether_called(ids: &[ExecutionId], keys: &[String]) -> (Vec<ExecutionId>, Vec<ExecutionId>) {
    ids.iter().copied().partition(|id| keys.iter().any(|key| key.starts_with(&id.to_string())))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_comes_later_holds_for_those_who_wait_in_line_already() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let version = cell.publish(&calls(&effects, json!({}))).await;
    limit(&cell, Gate::workflow(version.workflow_id), Some(3)).await;
    let worker = cell.worker().await;
    let ids = cell.start_many(version, json!({}), 6).await;
    effects.until_called(3).await;
    cell.until_count(GATED, 3).await;
    limit(&cell, Gate::workspace(), Some(1)).await;
    let called = effects.keys();
    let (at_work, in_line) = by_whether_called(&ids, &called);
    for &id in &at_work {
        cell.signal(id, CANCEL, json!({ "force": true })).await;
    }
    until_all(&cell, &at_work, "cancelled").await;
    effects.until_called(4).await;
    swept(&cell).await;
    let called = effects.keys();
    assert_eq!((called.len(), cell.count(GATED).await), (4, 2));
    // Those in line first: nobody is let in any more when the last one ends.
    let (at_work, in_line) = by_whether_called(&in_line, &called);
    for ids in [in_line, at_work] {
        for &id in &ids {
            cell.signal(id, CANCEL, json!({ "force": true })).await;
        }
        until_all(&cell, &ids, "cancelled").await;
    }
    worker.drain().await;
    assert_nothing_left(&cell).await;
}

/// Waits until all lines were gone through once more, from the begin to the end.
async fn swept(cell: &Cell) {
    for _ in 0..2 {
        let last: String = sqlx::query_scalar("SELECT swept_at::text FROM gate_sweeps")
            .fetch_one(&mut cell.owner().await)
            .await
            .unwrap();
        cell.until_count(&format!("SELECT count(*) FROM gate_sweeps WHERE swept_at > '{last}'"), 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_new_counts_those_at_work_and_holds_up_the_next() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let version = cell.publish(&calls(&effects, json!({}))).await;
    let worker = cell.worker().await;
    let at_work = cell.start_many(version, json!({}), 2).await;
    effects.until_called(2).await;
    assert_eq!(cell.count(SLOTS).await, 0, "without a limit there are no slots");
    limit(&cell, Gate::workflow(version.workflow_id), Some(1)).await;
    cell.until_count(SLOTS, 2).await;
    let next = cell.start(version, json!({})).await;
    cell.until_count(GATED, 1).await;
    effects.answer();
    cell.signal(at_work[0], CANCEL, json!({ "force": true })).await;
    cell.until(at_work[0], &["cancelled"]).await;
    assert_eq!(cell.count(GATED).await, 1, "one is still as many as the limit");
    cell.signal(at_work[1], CANCEL, json!({ "force": true })).await;
    cell.until(next, &["completed"]).await;
    worker.drain().await;
    assert_nothing_left(&cell).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_and_a_deadline_reach_an_execution_at_the_gate() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let version = cell.publish(&calls(&effects, by_customer(1))).await;
    let mut settings = by_customer(1);
    settings["timeout_ms"] = json!(1_500);
    let short = cell.publish(&calls(&effects, settings)).await;
    limit(&cell, Gate::workspace(), Some(1)).await;
    let worker = cell.worker().await;
    let holder = cell.start(version, json!({ "customer": "a" })).await;
    effects.until_called(1).await;
    let cancelled = cell.start(version, json!({ "customer": "a" })).await;
    let late = cell.start(short, json!({ "customer": "b" })).await;
    cell.until_count(GATED, 2).await;
    cell.signal(cancelled, CANCEL, json!({ "reason": "changed my mind" })).await;
    cell.until(cancelled, &["cancelled"]).await;
    let row = cell.until(late, &["failed"]).await;
    assert_eq!(row.error.unwrap()["class"], "execution_timeout");
    assert_eq!((effects.keys().len(), cell.count(GATED).await), (1, 0));
    cell.signal(holder, CANCEL, json!({ "force": true })).await;
    cell.until(holder, &["cancelled"]).await;
    worker.drain().await;
    assert_nothing_left(&cell).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_worker_held_keeps_its_slot_until_it_has_ended() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    let version = cell.publish(&calls(&effects, by_customer(1))).await;
    let doomed = Doomed::start(&cell, cell.place.clone()).await;
    let first = cell.start(version, json!({ "customer": "a" })).await;
    effects.until_called(1).await;
    let second = cell.start(version, json!({ "customer": "a" })).await;
    cell.until_count(GATED, 1).await;
    doomed.kill();
    effects.answer();
    let worker = cell.worker().await;
    until_all(&cell, &[first, second], "completed").await;
    let expected = [first, first, second].map(|id| format!("{id}:call:"));
    assert_eq!(effects.keys(), expected, "the second came only after the first had ended");
    worker.drain().await;
    assert_nothing_left(&cell).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_was_left_behind_is_taken_back() {
    let effects = Effects::start().await;
    let cell = cell_with(&effects).await;
    effects.answer();
    let version = cell.publish(&calls(&effects, by_customer(1))).await;
    sqlx::query("INSERT INTO slots (workspace_id, gate, execution_id, created_at) VALUES ($1, $2, $3, now() - '1 minute'::interval)")
        .bind(cell.workspace_id.0)
        .bind(Gate::key(version.workflow_id, "a").as_str())
        .bind(ExecutionId::new().0)
        .execute(&mut cell.owner().await)
        .await
        .unwrap();
    let worker = cell.worker().await;
    let id = cell.start(version, json!({ "customer": "a" })).await;
    cell.until(id, &["completed"]).await;
    worker.drain().await;
    assert_nothing_left(&cell).await;
}
