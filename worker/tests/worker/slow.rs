//! A database that is slow but alive: no step pays for it, whatever it asks of it, and nothing happens twice.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::connect::Place;
use capstan_engine::store::signals::CANCEL;
use capstan_node_types::registry::Registry;
use capstan_node_types::services::Services;
use capstan_worker::{Worker, WorkerSettings};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, interval};

use crate::secrets::echo::Echo;
use crate::secrets::keep;
use crate::support::{Cell, PATIENCE, graph, node, services};

/// What the steps of these tests ask.
const TABLES: &str = "event_waits, approvals, link_keys, leads, credentials, quota_limits, quota_counters";
/// Ends the sessions that wait for these tables.
const TERMINATE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE wait_event_type = 'Lock' AND wait_event = 'relation' AND datname = current_database()";
/// Who waits for a table, and since when.
const WAITING: &str = "SELECT pid, query_start FROM pg_stat_activity \
    WHERE wait_event_type = 'Lock' AND wait_event = 'relation' AND datname = current_database()";
/// Steps that were put off.
const PUT_OFF: &str = "SELECT count(DISTINCT (execution_id, node_id)) FROM execution_logs \
    WHERE message LIKE 'Capstan''s own database%'";

/// How the database is slow.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Slow {
    /// It gives statements up that wait for a lock.
    LockTimeout,
    /// It does not answer before the attempt has had its time.
    NoAnswer,
    /// It ends sessions.
    Ended,
}

/// Where statements wait no longer than that for a lock.
fn impatient(cell: &Cell, lock_timeout: &str) -> Place {
    let database = cell.place.database.clone().options([("lock_timeout", lock_timeout)]);
    Place { database, schema: cell.place.schema.clone() }
}

fn impatient_services(cell: &Cell, allow: &[&str], lock_timeout: &str) -> Arc<Services> {
    services(&impatient(cell, lock_timeout), allow, &cell.keys)
}

/// A worker whose own duties do not wait for what the tests hold either.
async fn impatient_worker(cell: &Cell) -> Worker {
    let settings = WorkerSettings { drain_timeout: Duration::from_secs(5), ..Default::default() };
    cell.worker_of(impatient(cell, "300"), settings).await
}

/// The same node with one attempt only, which has so much time.
fn once(mut node: Value, timeout_ms: Option<u64>) -> Value {
    node["data"]["policy"] = json!({ "retry": { "attempts_max": 1 } });
    if let Some(timeout_ms) = timeout_ms {
        node["data"]["policy"]["timeout_ms"] = timeout_ms.into();
    }
    node
}

/// Holds what steps ask until the transaction ends.
async fn locked<'a>(owner: &'a mut PgConnection, tables: &str) -> sqlx::Transaction<'a, sqlx::Postgres> {
    let mut transaction = owner.begin().await.unwrap();
    sqlx::query(&format!("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")).execute(&mut *transaction).await.unwrap();
    transaction
}

/// Waits until so many steps were put off, while sessions are ended.
async fn until_ended(cell: &Cell, steps: i64) {
    let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(Duration::from_millis(50)));
    let mut owner = cell.owner().await;
    loop {
        ticks.tick().await;
        sqlx::query(TERMINATE).execute(&mut owner).await.unwrap();
        let put_off: i64 = sqlx::query_scalar(PUT_OFF).fetch_one(&mut owner).await.unwrap();
        if put_off == steps {
            return;
        }
        assert!(Instant::now() < deadline, "{put_off} of {steps} steps were put off");
    }
}

/// One step of each type that asks the database, side by side.
fn asks_all(echo: &Echo, timeout_ms: Option<u64>) -> (Vec<&'static str>, Value) {
    let call = json!({ "url": echo.url("/echo"), "credential": "mine" });
    let nodes = [
        ("paid", "logic.wait_for_event", json!({ "event": "order.paid", "timeout_ms": 1 })),
        ("ok", "logic.approval", json!({ "title": "t", "deadline_ms": 1 })),
        ("link", "data.approval_link", json!({ "node": "ok" })),
        ("lead", "lead.upsert", json!({ "email": "ada@example.com" })),
        ("call", "action.http_request", call),
        ("mail", "action.send_email", json!({ "to": "ada@example.com", "subject": "s", "text": "t" })),
        ("child", "logic.sub_workflow", json!({ "workflow": "child", "mode": "detached" })),
    ];
    let edges = nodes.each_ref().map(|(id, ..)| ("start", "out", *id));
    let ids = nodes.each_ref().map(|(id, ..)| *id).to_vec();
    let nodes = nodes.map(|(id, kind, config)| once(node(id, kind, config), timeout_ms));
    (ids, graph(nodes.to_vec(), &edges))
}

async fn no_attempt_is_lost(slow: Slow) {
    let echo = Echo::start().await;
    let allow = [echo.address.as_str()];
    let mut cell = Cell::with_registry(Registry::standard(), &allow).await;
    cell.services = impatient_services(&cell, &allow, if slow == Slow::LockTimeout { "20" } else { "0" });
    keep(&cell, &cell.keys, "mine", "bearer", &[echo.url("")], json!({ "token": "hunter22-token" })).await;
    cell.publish_as("child", &graph(vec![node("noop", "debug.noop", json!({}))], &[("start", "out", "noop")])).await;
    let (ids, document) = asks_all(&echo, (slow == Slow::NoAnswer).then_some(100));
    let version = cell.publish(&document).await;
    let mut owner = cell.owner().await;
    let lock = locked(&mut owner, TABLES).await;
    let worker = impatient_worker(&cell).await;
    let id = cell.start(version, json!({})).await;
    let steps = i64::try_from(ids.len()).unwrap();
    match slow {
        Slow::Ended => until_ended(&cell, steps).await,
        Slow::LockTimeout | Slow::NoAnswer => cell.until_count(PUT_OFF, steps).await,
    }
    assert_eq!(cell.count("SELECT count(*) FROM journal WHERE kind IN ('attempt_failed', 'settled')").await, 0);
    lock.commit().await.unwrap();

    cell.until(id, &["completed"]).await;
    let settled = cell.steps(id).await;
    for node in ids {
        assert!(settled[node].starts_with("completed/") && settled[node].ends_with("/1"), "{node}: {settled:?}");
    }
    for (effect, table) in [
        ("waits", "event_waits"),
        ("approvals", "approvals"),
        ("leads", "leads"),
        ("mails", "usage WHERE meter = 'emails'"),
        ("children", "children"),
    ] {
        assert_eq!(cell.count(&format!("SELECT count(*) FROM {table}")).await, 1, "{effect}");
    }
    assert_eq!(echo.heard().len(), 1);
    cell.until_count("SELECT count(*) FROM executions WHERE status <> 'completed'", 0).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_not_had_costs_no_step_an_attempt() {
    no_attempt_is_lost(Slow::LockTimeout).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_longer_than_an_attempt_may_costs_no_step_an_attempt() {
    no_attempt_is_lost(Slow::NoAnswer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_ended_costs_no_step_an_attempt() {
    no_attempt_is_lost(Slow::Ended).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_off_can_be_cancelled_and_a_drain_hands_it_over_also_what_must_not_be_repeated() {
    let echo = Echo::start().await;
    let allow = [echo.address.as_str()];
    let mut cell = Cell::with_registry(Registry::standard(), &allow).await;
    cell.services = impatient_services(&cell, &allow, "20");
    keep(&cell, &cell.keys, "mine", "bearer", &[echo.url("")], json!({ "token": "hunter22-token" })).await;
    let mut call =
        once(node("call", "action.http_request", json!({ "url": echo.url("/echo"), "credential": "mine" })), None);
    let usual = cell.publish(&graph(vec![call.clone()], &[("start", "out", "call")])).await;
    call["data"]["policy"]["at_most_once"] = true.into();
    let strict = cell.publish(&graph(vec![call], &[("start", "out", "call")])).await;
    let mut owner = cell.owner().await;
    let lock = locked(&mut owner, "credentials").await;
    let worker = impatient_worker(&cell).await;
    let cancelled = cell.start(usual, json!({})).await;
    let kept: [ExecutionId; 2] = [cell.start(usual, json!({})).await, cell.start(strict, json!({})).await];
    cell.until_count(PUT_OFF, 3).await;
    cell.signal(cancelled, CANCEL, json!({})).await;
    cell.until(cancelled, &["cancelled"]).await;
    worker.drain().await;
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 0);
    lock.commit().await.unwrap();

    let worker = cell.worker().await;
    for id in kept {
        cell.until(id, &["completed"]).await;
        assert_eq!(cell.steps(id).await["call"], "completed/out/1");
    }
    assert_eq!(echo.heard().len(), 2);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_workers_that_is_locked_costs_nobody_the_control_connection() {
    let cell = Cell::new().await;
    let version = cell.publish(&graph(vec![node("noop", "debug.noop", json!({}))], &[("start", "out", "noop")])).await;
    let worker = cell.worker().await;
    let mut owner = cell.owner().await;
    let lock = locked(&mut owner, "workers").await;
    let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(Duration::from_millis(50)));
    let mut watching = cell.owner().await;
    let mut asked: HashMap<i32, HashSet<DateTime<Utc>>> = HashMap::new();
    // A question and one in its stead have the same connection anyway; the one after that has, as it was kept.
    while asked.values().all(|questions| questions.len() < 4) {
        ticks.tick().await;
        let waiting: Vec<(i32, DateTime<Utc>)> = sqlx::query_as(WAITING).fetch_all(&mut watching).await.unwrap();
        for (pid, begun_at) in waiting {
            asked.entry(pid).or_default().insert(begun_at);
        }
        assert!(Instant::now() < deadline, "{asked:?}");
    }
    lock.commit().await.unwrap();
    let id = cell.start(version, json!({})).await;
    cell.until(id, &["completed"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}
