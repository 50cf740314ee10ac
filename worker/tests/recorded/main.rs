//! What workers on a real database record is a behaviour of the model of the protocol; with one line falsified it is not.
//!
//! One test only: all workers of a process record into one file, and their numbers are those of one database.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(dead_code, reason = "shared with the other tests of workers, which use all of it")]

#[path = "../worker/doomed.rs"]
mod doomed;
#[path = "../worker/outside.rs"]
mod outside;
mod record;
#[path = "../worker/support.rs"]
mod support;

use std::time::Duration;

use capstan_engine::store::connect::Role;
use capstan_engine::store::signals::CANCEL;
use capstan_engine::store::workers::reap;
use capstan_node_types::registry::Registry;
use capstan_worker::WorkerSettings;
use serde_json::{Value, json};

use doomed::Doomed;
use outside::{Effects, Proxy};
use record::Record;
use support::{Cell, graph, node};

/// Executions of the calm part.
const CALM: usize = 25;

#[tokio::test(flavor = "multi_thread")]
async fn what_workers_record_is_allowed_by_the_model_and_a_falsified_line_is_not() {
    let record = Record::begin();
    let cell = Cell::with_registry(Registry::standard(), &["127.0.0.0/8"]).await;
    delays_and_signals(&cell).await;
    lost_replies(&cell).await;
    let taken_away = a_fenced_worker(&cell).await;
    a_killed_worker_and_a_cancel(&cell).await;
    a_drained_worker(&cell).await;
    cell.assert_clean().await;

    let mut events = record.end();
    events.agree();
    events.are_allowed();
    events.falsify_the_last_commit_of(&taken_away);
    events.are_refused_for(&taken_away);
}

async fn delays_and_signals(cell: &Cell) {
    let document = graph(
        vec![
            node("soon", "logic.delay", json!({ "for_ms": 30 })),
            node("go", "logic.wait_for_signal", json!({ "signal": "go" })),
            node("late", "logic.delay", json!({ "for_ms": 5 })),
        ],
        &[("start", "out", "soon"), ("soon", "out", "go"), ("go", "received", "late")],
    );
    let version = cell.publish(&document).await;
    let (first, second) = (cell.worker().await, cell.worker().await);
    let ids = cell.start_many(version, json!({}), CALM).await;
    for &id in &ids {
        cell.signal(id, "go", json!(1)).await;
    }
    for &id in &ids {
        cell.until(id, &["completed"]).await;
    }
    first.drain().await;
    second.drain().await;
}

/// Of a commit, of a park, and of a claim.
async fn lost_replies(cell: &Cell) {
    let document = graph(
        vec![
            node("a", "debug.noop", json!({ "output": "the-first" })),
            node("wait", "logic.delay", json!({ "for_ms": 20 })),
            node("b", "debug.noop", json!({ "output": "the-last" })),
        ],
        &[("start", "out", "a"), ("a", "out", "wait"), ("wait", "out", "b")],
    );
    let version = cell.publish(&document).await;
    let proxy = Proxy::start(&cell.place).await;
    let worker = cell.worker_of(proxy.place(), WorkerSettings::default()).await;
    for text in ["the-first", "until", "the-last"] {
        proxy.lose_reply_to(text);
        let id = cell.start(version, json!({})).await;
        proxy.until_lost().await;
        cell.until(id, &["completed"]).await;
    }
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
          WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(&mut cell.owner().await)
    .await
    .unwrap();
    proxy.lose_reply_to("claim_3");
    let ids = cell.start_many(version, json!({}), 5).await;
    proxy.until_lost().await;
    for id in ids {
        cell.until(id, &["completed"]).await;
    }
    worker.drain().await;
}

/// It is taken for dead while it waits for an answer, and writes nothing of it. Answers its execution.
async fn a_fenced_worker(cell: &Cell) -> String {
    let effects = Effects::start().await;
    let version = cell.publish(&call(&effects)).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    let worker_no: i32 =
        sqlx::query_scalar("SELECT worker_no FROM leases").fetch_one(&mut cell.owner().await).await.unwrap();
    reap(&mut cell.place.connect(Role::Worker).await.unwrap(), worker_no, None).await.unwrap();
    effects.answer();
    cell.until(id, &["completed"]).await;
    worker.drain().await;
    id.to_string()
}

async fn a_killed_worker_and_a_cancel(cell: &Cell) {
    let effects = Effects::start().await;
    let version = cell.publish(&call(&effects)).await;
    let doomed = Doomed::start(cell, cell.place.clone()).await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    let worker = cell.worker().await;
    doomed.kill();
    effects.until_called(2).await;
    cell.signal(id, CANCEL, json!({})).await;
    cell.until(id, &["cancelled"]).await;
    worker.drain().await;
}

/// It gives back what does not finish in time.
async fn a_drained_worker(cell: &Cell) {
    let effects = Effects::start().await;
    let version = cell.publish(&call(&effects)).await;
    let settings = WorkerSettings { drain_timeout: Duration::from_millis(100), ..WorkerSettings::default() };
    let leaving = cell.worker_of(cell.place.clone(), settings).await;
    let id = cell.start(version, json!({})).await;
    effects.until_called(1).await;
    leaving.drain().await;
    effects.answer();
    let worker = cell.worker().await;
    cell.until(id, &["completed"]).await;
    worker.drain().await;
}

fn call(effects: &Effects) -> Value {
    let mut call = node("call", "action.http_request", json!({ "method": "POST", "url": effects.url }));
    call["data"]["policy"] = json!({ "timeout_ms": 3_600_000 });
    graph(vec![call], &[("start", "out", "call")])
}
