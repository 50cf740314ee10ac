//! Events that come in together.

use capstan_domain::events::{self, Desk, Intake, NewEvent, Wait, WaitingStep};
use capstan_engine::core::ids::{ExecutionId, NodeId, Scope, StepKey};
use capstan_engine::store::connect::Role;
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{Cell, graph, node};

const ARRIVALS: &str = "SELECT count(*) FROM event_arrivals";
const TURNS: &str = "SELECT count(*) FROM event_turns";

pub(crate) fn many(type_name: &str, count: usize) -> Vec<NewEvent> {
    let event = |n: usize| {
        let id = format!("{type_name}-{n}");
        NewEvent { id, type_name: type_name.into(), key: n.to_string(), data: json!({ "n": n }) }
    };
    (0..count).map(event).collect()
}

/// Takes all of them in at once, as the API does.
pub(crate) async fn send(cell: &Cell, events: &[NewEvent]) {
    let mut api = cell.place.connect(Role::Api).await.unwrap();
    let mut transaction = api.begin().await.unwrap();
    let set = sqlx::query("SELECT set_config('app.workspace_id', $1, true)").bind(cell.workspace_id.to_string());
    set.execute(&mut *transaction).await.unwrap();
    let room = events::Room::default();
    let intake = events::accept(&mut transaction, &room, cell.workspace_id, events).await.unwrap();
    assert!(matches!(intake, Intake::Accepted(_)), "{intake:?}");
    transaction.commit().await.unwrap();
}

fn step(cell: &Cell, execution_id: ExecutionId) -> WaitingStep {
    let step = StepKey { node_id: NodeId::from("paid"), scope: Scope("".into()) };
    WaitingStep { workspace_id: cell.workspace_id, execution_id, step }
}

fn wait(key: &str) -> Wait {
    let since_at = Utc::now() - TimeDelta::hours(1);
    Wait { type_name: "order.paid".into(), key: key.into(), condition: None, since_at, until_at: None }
}

async fn executions(cell: &Cell, count: usize) -> Vec<ExecutionId> {
    let waits = graph(
        vec![node("paid", "logic.wait_for_event", json!({ "event": "order.paid" }))],
        &[("start", "out", "paid")],
    );
    let version = cell.publish(&waits).await;
    cell.start_many(version, json!({}), count).await
}

async fn worker(cell: &Cell) -> PgConnection {
    cell.place.connect(Role::Worker).await.unwrap()
}

#[tokio::test]
async fn of_many_that_come_together_only_those_waited_for_have_turns() {
    let cell = Cell::new().await;
    let id = executions(&cell, 1).await[0];
    assert_eq!(Desk::new(&cell.place).wait(&step(&cell, id), &wait("7")).await.unwrap(), None);
    send(&cell, &many("order.paid", 20)).await;
    send(&cell, &many("order.sent", 9)).await;
    assert_eq!((cell.count(ARRIVALS).await, cell.count(TURNS).await), (1, 9), "few have turns at once");
    let mut worker = worker(&cell).await;
    assert!(events::is_any(&mut worker).await.unwrap());
    let passed = events::pass_by(&mut worker).await.unwrap().unwrap();
    assert_eq!((passed.left.len(), cell.count(ARRIVALS).await, cell.count(TURNS).await), (1, 0, 1));
    let given = events::work(&mut worker, passed.left.first()).await.unwrap().unwrap();
    assert_eq!((given.waits, cell.count(TURNS).await), (1, 0));
    assert_eq!(cell.count("SELECT count(*) FROM signals WHERE payload #>> '{data,n}' = '7'").await, 1);
}

#[tokio::test]
async fn of_events_only_those_are_read_that_came_together_however_little_is_known_of_the_table() {
    let cell = Cell::new().await;
    for batch in many("order.paid", 1_000).chunks(50) {
        send(&cell, batch).await;
    }
    let mut worker = worker(&cell).await;
    let read =
        "SELECT idx_tup_fetch FROM pg_stat_user_tables WHERE schemaname = current_schema() AND relname = 'events'";
    let flush = sqlx::query("SELECT pg_stat_force_next_flush()");
    let before: i64 = sqlx::query_scalar(read).fetch_one(&mut worker).await.unwrap();
    assert!(events::pass_by(&mut worker).await.unwrap().unwrap().left.is_empty());
    flush.execute(&mut worker).await.unwrap();
    let after: i64 = sqlx::query_scalar(read).fetch_one(&mut worker).await.unwrap();
    // Those who sent may be counted late, with a look or two at each.
    assert!(after - before < 5_000, "{} rows are read of 1000", after - before);
    assert_eq!(cell.count(ARRIVALS).await, 0);
}

/// Rows of the table of waits that statements have read by indexes so far; those of this connection are all counted.
async fn read_of_waits(worker: &mut PgConnection) -> i64 {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(&mut *worker).await.unwrap();
    let read = "SELECT coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables \
        WHERE schemaname = current_schema() AND relname = 'event_waits'";
    sqlx::query_scalar(read).fetch_one(worker).await.unwrap()
}

/// Two thousand steps wait for events of a type and the key `7`, of which the planner learns nothing: it goes by what is there before.
async fn wait_unknown(cell: &Cell, id: ExecutionId, type_name: &str) {
    for sql in ["ALTER TABLE event_waits SET (autovacuum_enabled = off)", "ANALYZE event_waits"] {
        sqlx::query(sql).execute(&mut cell.owner().await).await.unwrap();
    }
    let more = "INSERT INTO event_waits (workspace_id, wait_id, execution_id, node_id, type, key, since_at) \
        SELECT $1, gen_random_uuid(), $2, 'paid-' || n, $3, '7', now() - interval '1 hour' FROM generate_series(1, 2000) AS n";
    let more = sqlx::query(more).bind(cell.workspace_id.0).bind(id.0).bind(type_name);
    more.execute(&mut cell.owner().await).await.unwrap();
}

#[tokio::test]
async fn waits_are_given_events_and_closed_by_their_keys_however_little_is_known_of_the_table() {
    let cell = Cell::new().await;
    let ids = executions(&cell, 2).await;
    let mut worker = worker(&cell).await;
    assert_eq!(events::wait(&mut worker, &step(&cell, ids[0]), &wait("8")).await.unwrap(), None);
    wait_unknown(&cell, ids[1], "order.paid").await;
    send(&cell, &many("order.paid", 9)[7..8]).await;
    let before = read_of_waits(&mut worker).await;
    for _ in 0..2 {
        assert_eq!(events::work(&mut worker, None).await.unwrap().unwrap().waits, 200, "those of a chunk");
    }
    let given = read_of_waits(&mut worker).await - before;
    assert!(given < 10_000, "{given} rows are read for 400 waits");
    assert_eq!(events::expire(&mut worker, &step(&cell, ids[0]), &wait("8")).await.unwrap(), None);
    let expired = read_of_waits(&mut worker).await - before - given;
    assert!(expired < 1_000, "{expired} rows are read for one wait");
    assert_eq!(cell.count("SELECT count(*) FROM event_waits WHERE status = 'expired'").await, 1);
}

#[tokio::test]
async fn whether_somebody_waits_for_an_event_is_seen_by_its_key_however_little_is_known_of_the_table() {
    let cell = Cell::new().await;
    let ids = executions(&cell, 2).await;
    cell.publish_as("starts", &at_order()).await;
    let mut worker = worker(&cell).await;
    assert_eq!(events::wait(&mut worker, &step(&cell, ids[0]), &wait("awaited")).await.unwrap(), None);
    wait_unknown(&cell, ids[1], "order.other").await;
    for type_name in ["order.paid", "order.sent"] {
        send(&cell, &many(type_name, 50)).await;
    }
    let before = read_of_waits(&mut worker).await;
    let passed = events::pass_by(&mut worker).await.unwrap().unwrap();
    let begun = events::begin_starts(&mut worker, &passed.left).await.unwrap();
    assert_eq!((passed.left.len(), begun.left.len(), begun.starts), (50, 0, 50));
    assert_eq!((cell.count(TURNS).await, cell.count("SELECT count(*) FROM trigger_starts").await), (0, 50));
    let mut awaited = many("order.paid", 51).split_off(50);
    awaited[0].key = "awaited".into();
    send(&cell, &awaited).await;
    assert_eq!(events::work(&mut worker, None).await.unwrap().unwrap().waits, 1);
    let read = read_of_waits(&mut worker).await - before;
    assert!(read < 1_000, "{read} rows are read for 101 events");
}

/// A workflow that does nothing at each order.
pub(crate) fn at_order() -> Value {
    json!({
        "nodes": [{ "id": "start", "type": "trigger.event", "data": { "config": { "event": "order.paid" } } }],
        "edges": [],
    })
}

#[tokio::test]
async fn a_workflow_starts_at_each_of_many_that_come_together() {
    let cell = Cell::new().await;
    cell.publish(&at_order()).await;
    let fleet = [cell.worker().await, cell.worker().await];
    for batch in many("order.paid", 60).chunks(20) {
        send(&cell, batch).await;
    }
    cell.until_count("SELECT count(DISTINCT input ->> 'id') FROM executions WHERE status = 'completed'", 60).await;
    cell.until_count(TURNS, 0).await;
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, 60);
    for worker in fleet {
        worker.drain().await;
    }
}

#[tokio::test]
async fn a_step_that_gives_up_takes_one_that_nobody_has_looked_at() {
    let cell = Cell::new().await;
    let ids = executions(&cell, 2).await;
    let desk = Desk::new(&cell.place);
    for &id in &ids {
        assert_eq!(desk.wait(&step(&cell, id), &wait("7")).await.unwrap(), None);
    }
    send(&cell, &many("order.paid", 20)).await;
    let found = desk.expire(&step(&cell, ids[0]), &wait("7")).await.unwrap().unwrap();
    assert_eq!(found["data"], json!({ "n": 7 }));
    let mut worker = worker(&cell).await;
    let passed = events::pass_by(&mut worker).await.unwrap().unwrap();
    let given = events::work(&mut worker, passed.left.first()).await.unwrap().unwrap();
    assert_eq!(given.waits, 1, "the one that still waits");
}

#[tokio::test]
async fn one_worker_at_a_time_passes_events_by() {
    let cell = Cell::new().await;
    send(&cell, &many("order.paid", 20)).await;
    let (mut busy, mut other) = (worker(&cell).await, worker(&cell).await);
    let mut turn = busy.begin().await.unwrap();
    let lock = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#events'), 0)";
    sqlx::query(lock).execute(&mut *turn).await.unwrap();
    assert_eq!(events::pass_by(&mut other).await.unwrap(), None);
    turn.rollback().await.unwrap();
    assert!(events::pass_by(&mut other).await.unwrap().is_some());
    assert!(!events::is_any(&mut other).await.unwrap());
}
