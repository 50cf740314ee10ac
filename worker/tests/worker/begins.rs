//! What is held back before its first step counts the times of its first steps from when it is let begin.

use capstan_engine::core::flow::{RateWish, Wish};
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::pauses;
use capstan_engine::store::signals::CANCEL;
use capstan_node_types::registry::Registry;
use serde_json::{Value, json};

use crate::doomed::Doomed;
use crate::outside::Effects;
use crate::support::{Cell, graph, node};

/// Timers of an hour that have just begun to run.
const FRESH_HOURS: &str = "SELECT count(*) FROM timers WHERE due_at > now() + interval '50 minutes'";

fn an_hour() -> Value {
    node("hour", "logic.delay", json!({ "for": "1h" }))
}

impl Cell {
    /// Whoever is held back was accepted two hours ago.
    async fn since_two_hours(&self, held_back: i64) {
        self.until_count("SELECT count(*) FROM executions WHERE begun_at = 'infinity'", held_back).await;
        self.run("UPDATE executions SET created_at = now() - interval '2 hours' WHERE begun_at = 'infinity'").await;
    }

    /// It has one hour before it, and nothing is held back any more.
    async fn assert_fresh(&self, id: ExecutionId) {
        self.until(id, &["waiting"]).await;
        self.until_count(&format!("{FRESH_HOURS} AND execution_id = '{id}'"), 1).await;
        let begun = format!("SELECT count(*) FROM executions WHERE execution_id = '{id}' AND begun_at <= now()");
        assert_eq!(self.count(&begun).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_throttle() {
    let cell = Cell::new().await;
    let version = cell.publish(&graph(vec![an_hour()], &[("start", "out", "hour")])).await;
    let throttle = RateWish { key: String::new(), interval_us: 86_400_000_000, burst: 1 };
    let wish = Wish { rate: None, throttle: Some(throttle), hold: None, priority: None };
    let started = cell.start_ruled(version, &wish, &[1, 2]).await;
    cell.since_two_hours(1).await;
    cell.run("UPDATE timers SET due_at = now()").await;
    let worker = cell.worker().await;
    cell.assert_fresh(started[1].execution_id).await;
    // Who was not held back began when it came.
    cell.until_count(FRESH_HOURS, 2).await;
    assert_eq!(cell.count("SELECT count(*) FROM executions WHERE begun_at IS NULL").await, 1);
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_limit_also_when_a_signal_comes_first() {
    let effects = Effects::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&effects.address]).await;
    let call = node("call", "action.http_request", json!({ "method": "POST", "url": effects.url }));
    let mut document = graph(vec![call, an_hour()], &[("start", "out", "call"), ("start", "out", "hour")]);
    document["settings"] = json!({ "concurrency": { "key": "all", "limit": 1 } });
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let first = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    let second = cell.start(version, json!({})).await;
    cell.since_two_hours(1).await;
    cell.until_count("SELECT count(*) FROM leases", 1).await;
    cell.signal(second, "nobody waits for it", json!({})).await;
    cell.until_count("SELECT count(*) FROM queue", 0).await;
    cell.until_count("SELECT count(*) FROM leases", 1).await;
    cell.since_two_hours(1).await;
    effects.answer();
    cell.signal(first, CANCEL, json!({ "force": true })).await;
    cell.assert_fresh(second).await;
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_pause() {
    let cell = Cell::new().await;
    let version = cell.publish(&graph(vec![an_hour()], &[("start", "out", "hour")])).await;
    pauses::pause(&mut cell.owner().await, cell.workspace_id, Some(version.workflow_id), "ops", None).await.unwrap();
    let id = cell.start(version, json!({})).await;
    let worker = cell.worker().await;
    cell.since_two_hours(1).await;
    assert!(pauses::resume(&mut cell.owner().await, cell.workspace_id, Some(version.workflow_id)).await.unwrap());
    cell.assert_fresh(id).await;
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_attempted_before_its_worker_was_lost_keeps_its_time() {
    let effects = Effects::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&effects.address]).await;
    let call = node("call", "action.http_request", json!({ "method": "POST", "url": effects.url }));
    let version = cell.publish(&graph(vec![call], &[("start", "out", "call")])).await;
    let doomed = Doomed::start(&cell, cell.place.clone()).await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    pauses::pause(&mut cell.owner().await, cell.workspace_id, Some(version.workflow_id), "ops", None).await.unwrap();
    doomed.kill();
    let worker = cell.worker().await;
    cell.until_count(&format!("SELECT count(*) FROM held WHERE execution_id = '{id}'"), 1).await;
    assert_eq!(cell.count("SELECT count(*) FROM executions WHERE begun_at IS NULL").await, 1);
    worker.drain().await;
}
