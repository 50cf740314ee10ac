//! Workflows and workspaces that are paused: real workers start nothing of them, lose nothing, and go on.

use capstan_engine::core::flow::{RateWish, Wish};
use capstan_engine::core::ids::{ExecutionId, WorkflowId};
use capstan_engine::store::orders::{Action, What};
use capstan_engine::store::pauses;
use capstan_engine::store::signals::CANCEL;
use capstan_node_types::registry::Registry;
use serde_json::{Value, json};

use crate::children::{calls, child_of, waits};
use crate::doomed::Doomed;
use crate::outside::Effects;
use crate::support::{Cell, Version, graph, node};
use crate::verbs::{api, delayed, kinds, resolve, saga, say};

const HELD: &str = "SELECT count(*) FROM held";
const LEASES: &str = "SELECT count(*) FROM leases";
const TOKENS: &str = "SELECT count(*) FROM queue";

async fn pause(cell: &Cell, workflow_id: Option<WorkflowId>) {
    pauses::pause(&mut api(cell).await, cell.workspace_id, workflow_id, "ops", Some("maintenance")).await.unwrap();
}

async fn resume(cell: &Cell, workflow_id: Option<WorkflowId>) {
    assert!(pauses::resume(&mut api(cell).await, cell.workspace_id, workflow_id).await.unwrap());
}

fn noop() -> Value {
    graph(vec![node("a", "debug.noop", json!({}))], &[("start", "out", "a")])
}

/// Pauses a workflow, and waits until a worker has heard of it: of executions that are started then, one is held up.
async fn pause_and_be_heard(cell: &Cell, version: Version) -> Vec<ExecutionId> {
    pause(cell, Some(version.workflow_id)).await;
    let (mut probes, mut ticks) = (Vec::new(), tokio::time::interval(std::time::Duration::from_millis(50)));
    while cell.count(HELD).await == 0 {
        ticks.tick().await;
        probes.push(cell.start(version, json!({})).await);
    }
    probes
}

/// Nobody works, and nobody is about to.
async fn until_still(cell: &Cell) {
    for sql in [TOKENS, LEASES] {
        cell.until_count(sql, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_of_a_paused_workflow_wait_and_those_of_others_do_not() {
    let cell = Cell::new().await;
    let (held, other) = (cell.publish(&noop()).await, cell.publish(&noop()).await);
    pause(&cell, Some(held.workflow_id)).await;
    let ids = cell.start_many(held, json!({}), 5).await;
    // Whoever comes later holds them up, too.
    let worker = cell.worker().await;
    let free = cell.start(other, json!({})).await;
    cell.until(free, &["completed"]).await;
    cell.until_count(HELD, 5).await;
    until_still(&cell).await;
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE node_id = 'a'").await, 1);
    // The whole workspace beside it: nothing moves until both are lifted.
    pause(&cell, None).await;
    resume(&cell, Some(held.workflow_id)).await;
    worker.drain().await;
    let worker = cell.worker().await;
    let more = cell.start(other, json!({})).await;
    cell.until_count(HELD, 6).await;
    resume(&cell, None).await;
    for &id in ids.iter().chain([&more]) {
        cell.until(id, &["completed"]).await;
    }
    cell.until_count(HELD, 0).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_of_a_suspended_workspace_is_parked_and_goes_on_when_it_is_resumed() {
    let cell = Cell::new().await;
    let version = cell.publish(&noop()).await;
    let standing = async |sql: &str| sqlx::query(sql).execute(&mut api(&cell).await).await.unwrap();
    standing("SELECT set_standing_1(1, 'suspended', 'unpaid', NULL, '{}')").await;
    let ids = cell.start_many(version, json!({}), 3).await;
    let worker = cell.worker().await;
    cell.until_count(HELD, 3).await;
    until_still(&cell).await;
    assert_eq!(cell.count("SELECT count(*) FROM journal").await, 0);
    standing("SELECT set_standing_1(2, 'active', NULL, NULL, '{}')").await;
    for &id in &ids {
        cell.until(id, &["completed"]).await;
    }
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_that_a_throttle_let_in_do_not_come_all_at_once_after_a_pause() {
    let cell = Cell::new().await;
    let mut document = noop();
    document["settings"] = json!({ "flow": { "throttle": { "limit": 1, "per_ms": 86_400_000 } } });
    let version = cell.publish(&document).await;
    let throttle = RateWish { key: String::new(), interval_us: 86_400_000_000, burst: 1 };
    let wish = Wish { rate: None, throttle: Some(throttle), hold: None, priority: None };
    pause(&cell, Some(version.workflow_id)).await;
    let worker = cell.worker().await;
    cell.start_ruled(version, &wish, &[1, 2, 3]).await;
    // Their slots come while nothing may start.
    cell.run("UPDATE timers SET due_at = now(); UPDATE flow_rates SET next_at = now()").await;
    cell.until_count(HELD, 3).await;
    until_still(&cell).await;
    resume(&cell, Some(version.workflow_id)).await;
    cell.until_count("SELECT count(*) FROM executions WHERE status = 'completed'", 1).await;
    cell.until_count(HELD, 0).await;
    until_still(&cell).await;
    assert_eq!(cell.count("SELECT count(*) FROM timers WHERE due_at > now() + interval '23 hours'").await, 2);
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE node_id = 'a'").await, 1);
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_when_its_workflow_is_paused_ends_and_what_follows_waits_also_after_its_worker_was_killed() {
    let effects = Effects::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&effects.address]).await;
    let mut call = node("a", "action.http_request", json!({ "method": "POST", "url": effects.url }));
    call["data"]["policy"] = json!({ "timeout_ms": 3_000, "retry": { "delay_ms": 1 } });
    let document = graph(vec![call, node("b", "debug.noop", json!({}))], &[("start", "out", "a"), ("a", "out", "b")]);
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    let probes = pause_and_be_heard(&cell, version).await;
    // The attempt that runs ends by its time, is recorded, and no other starts.
    cell.until_count(&format!("{HELD} WHERE execution_id = '{id}'"), 1).await;
    until_still(&cell).await;
    assert_eq!(kinds(&cell, id).await, ["attempt_failed"]);
    let calls = effects.keys().len();
    worker.drain().await;

    // A worker that takes it in on a signal and is killed leaves nothing behind that would start or be lost.
    let doomed = Doomed::start(&cell, cell.place.clone()).await;
    cell.signal(id, "strange", json!(1)).await;
    cell.until_count(TOKENS, 0).await;
    doomed.kill();
    let worker = cell.worker().await;
    until_still(&cell).await;
    assert_eq!(effects.keys().len(), calls);
    effects.answer();
    resume(&cell, Some(version.workflow_id)).await;
    for &id in probes.iter().chain([&id]) {
        cell.until(id, &["completed"]).await;
    }
    assert_eq!(cell.steps(id).await["a"], "completed/out/2");
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_outlasts_the_pause_does_not_keep_its_siblings_waiting() {
    let effects = Effects::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&effects.address]).await;
    let call = |id: &str| node(id, "action.http_request", json!({ "method": "POST", "url": effects.url }));
    let nodes = vec![call("a"), node("w", "logic.wait_for_signal", json!({ "signal": "go" })), call("b")];
    let version =
        cell.publish(&graph(nodes, &[("start", "out", "a"), ("start", "out", "w"), ("w", "received", "b")])).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    pause_and_be_heard(&cell, version).await;
    cell.signal(id, "go", json!(1)).await;
    cell.until_count(&format!("SELECT count(*) FROM journal WHERE execution_id = '{id}' AND kind = 'signalled'"), 1)
        .await;
    let b = format!("{id}:b:");
    assert!(!effects.keys().contains(&b));
    // "a" hangs still: the lease is held, and no token comes.
    resume(&cell, Some(version.workflow_id)).await;
    let mut calls = 1;
    while !effects.keys().contains(&b) {
        effects.until_called(calls).await;
        calls = effects.keys().len() + 1;
    }
    drop(worker);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_that_come_signals_and_ends_of_children_are_kept_while_a_workflow_is_paused() {
    let cell = Cell::new().await;
    let (delay, wait) = (cell.publish(&delayed(2_000)).await, cell.publish(&waits()).await);
    cell.publish_as("b", &waits()).await;
    let parent = cell.publish(&calls(json!({ "input": {} }))).await;
    let worker = cell.worker().await;
    let ids =
        [cell.start(delay, json!({})).await, cell.start(wait, json!({})).await, cell.start(parent, json!({})).await];
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting'", 4).await;
    let child = child_of(&cell, ids[2]).await;
    worker.drain().await;
    for version in [delay, wait, parent] {
        pause(&cell, Some(version.workflow_id)).await;
    }
    let worker = cell.worker().await;
    cell.signal(ids[1], "go", json!(1)).await;
    // The child is of another workflow, and goes on.
    cell.signal(child, "go", json!(1)).await;
    cell.until(child, &["completed"]).await;
    cell.until_count(HELD, 3).await;
    cell.until_count("SELECT count(*) FROM timers", 0).await;
    until_still(&cell).await;
    assert_eq!(kinds(&cell, ids[1]).await, ["waiting", "signalled"]);
    for version in [delay, wait, parent] {
        resume(&cell, Some(version.workflow_id)).await;
    }
    for id in ids {
        cell.until(id, &["completed"]).await;
    }
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_what_is_held_up_and_one_paused_by_itself_stays_so() {
    let cell = Cell::new().await;
    let version = cell.publish(&saga(json!("back"))).await;
    let worker = cell.worker().await;
    let [cancelled, alone] = [cell.start(version, json!({})).await, cell.start(version, json!({})).await];
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting'", 2).await;
    worker.drain().await;
    pause(&cell, Some(version.workflow_id)).await;
    let worker = cell.worker().await;
    cell.signal(cancelled, CANCEL, json!({ "reason": "enough" })).await;
    cell.until(cancelled, &["cancelled"]).await;
    assert_eq!(cell.steps(cancelled).await["refund"], "completed/out/1", "what undoes is not held up");
    assert!(say(&cell, alone, What::Pause).await);
    cell.signal(alone, "never", json!(1)).await;
    let fresh = cell.start(version, json!({})).await;
    cell.until_count(&format!("{HELD} WHERE execution_id = '{fresh}'"), 1).await;
    resume(&cell, Some(version.workflow_id)).await;
    cell.until(fresh, &["waiting"]).await;
    cell.until_count(HELD, 0).await;
    until_still(&cell).await;
    cell.until(alone, &["paused"]).await;
    assert!(say(&cell, alone, What::Resume).await);
    cell.until(alone, &["completed"]).await;
    cell.signal(fresh, CANCEL, json!({})).await;
    cell.until(fresh, &["cancelled"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_that_is_resolved_while_its_workflow_is_paused_goes_on_with_the_resume() {
    let cell = Cell::new().await;
    let document = noop();
    let version = cell.publish(&document).await;
    let id = cell.start(version, json!({})).await;
    let set_aside = "UPDATE executions SET status = 'incident', error = '{\"reason\": \"it broke\"}'";
    sqlx::query(set_aside).execute(&mut cell.owner().await).await.unwrap();
    pause(&cell, Some(version.workflow_id)).await;
    let worker = cell.worker().await;
    until_still(&cell).await;
    assert_eq!(cell.count(HELD).await, 0, "a person has to look at it first");
    assert!(resolve(&cell, id, &document, None, Action::Retry { config: None }).await);
    cell.until_count(HELD, 1).await;
    until_still(&cell).await;
    resume(&cell, Some(version.workflow_id)).await;
    cell.until(id, &["completed"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}
