//! Schedules on real workers: each fire time once. Time passes by moving rows into the past.

use capstan_domain::schedules::{self, PassedBy, ScheduleRow};
use capstan_domain::trigger_starts::{BEGIN_MAKING, Key, Verdict, lock, settle};
use capstan_domain::triggers::{Triggers, keep_in_step};
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::Cell;

/// Triggers of the workflow with many.
const TRIGGERS: usize = 12;
/// How often each thing that a worker can be in the middle of is undone.
const CUTS: usize = 2;
const SETTLED: &str = "SELECT count(*) FROM trigger_starts WHERE settled_at IS NOT NULL";
const ENDED: &str = "SELECT count(*) FROM executions WHERE ended_at IS NOT NULL";

/// Schedules with that config, and a step behind each.
fn graph(count: usize, config: &Value, step: &str, step_config: &Value) -> Value {
    let trigger = |n: usize| json!({ "id": format!("t{n}"), "type": "trigger.schedule", "data": { "config": config } });
    let mut nodes: Vec<Value> = (0..count).map(trigger).collect();
    nodes.push(json!({ "id": "a", "type": step, "data": { "config": step_config } }));
    let edge = |n: usize| json!({ "id": format!("e{n}"), "source": format!("t{n}"), "target": "a" });
    json!({ "nodes": nodes, "edges": (0..count).map(edge).collect::<Vec<_>>() })
}

impl Cell {
    async fn schedule(&self) -> ScheduleRow {
        let rows = schedules::list(&mut self.owner().await, self.workspace_id, None, Uuid::max(), 1).await.unwrap();
        rows.into_iter().next().unwrap()
    }

    async fn fire(&self) -> String {
        let row = self.schedule().await;
        let mut owner = self.owner().await;
        let calendar = row.rules.calendar().unwrap();
        let at = schedules::fire_now(&mut owner, self.workspace_id, &row, &calendar).await.unwrap();
        capstan_domain::trigger_starts::subject(at)
    }

    /// Lets nobody write to a table until the connection is closed.
    async fn hold(&self, table: &str) -> PgConnection {
        let mut holder = self.owner().await;
        let hold = format!("BEGIN; LOCK TABLE {table} IN SHARE MODE");
        sqlx::raw_sql(&hold).execute(&mut holder).await.unwrap();
        holder
    }

    /// Cuts the connections of all who wait to write to a table, as soon as there are any, a few times.
    async fn cut_who_waits_for(&self, table: &str) {
        let cut = format!(
            "SELECT (count(pg_terminate_backend(pid)) > 0)::int::bigint FROM pg_locks \
              WHERE NOT granted AND locktype = 'relation' AND relation = '{table}'::regclass"
        );
        for _ in 0..CUTS {
            self.until_count(&cut, 1).await;
        }
    }

    /// Status, execution and reason of a start, once it is as wished.
    async fn start_of(&self, subject: &str, wished: &str) -> (Option<Uuid>, Option<String>) {
        let is = format!("SELECT count(*) FROM trigger_starts WHERE subject = '{subject}' AND {wished}");
        self.until_count(&is, 1).await;
        sqlx::query_as("SELECT execution_id, reason FROM trigger_starts WHERE subject = $1")
            .bind(subject)
            .fetch_one(&mut self.owner().await)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn each_fire_time_starts_one_execution_whoever_looks_and_whichever_connection_dies() {
    let cell = Cell::new().await;
    let config = json!({ "cron": "0 0 1 1 *", "catch_up": "all", "data": { "n": 1 } });
    cell.publish(&graph(TRIGGERS, &config, "debug.noop", &json!({}))).await;
    // As after an outage of years.
    cell.run("UPDATE schedules SET next_at = '2021-01-01T00:00:00Z'").await;
    // Whatever a worker is in the middle of is undone: a move of schedules, a start before the execution is there, and one
    // that is there and not settled yet.
    let (moves, starts) = (cell.hold("trigger_starts").await, cell.hold("executions").await);
    let workers = [cell.worker().await, cell.worker().await, cell.worker().await];
    cell.cut_who_waits_for("trigger_starts").await;
    moves.close().await.unwrap();
    cell.cut_who_waits_for("executions").await;
    let settlements = cell.hold("trigger_starts").await;
    starts.close().await.unwrap();
    cell.cut_who_waits_for("trigger_starts").await;
    settlements.close().await.unwrap();
    let years = cell.count("SELECT extract(year FROM clock_timestamp() AT TIME ZONE 'UTC')::bigint - 2020").await;
    let expected = years * i64::try_from(TRIGGERS).unwrap();
    cell.until_count(SETTLED, expected).await;
    cell.until_count(ENDED, expected).await;
    let distinct = "SELECT count(DISTINCT (trigger_node_id, input ->> 'at')) FROM executions \
        WHERE input ->> 'cause' = 'catch_up' AND input #>> '{data,n}' = '1'";
    assert_eq!(cell.count(distinct).await, expected);
    assert_eq!(cell.count("SELECT count(*) FROM trigger_starts WHERE status = 'started'").await, expected);
    assert_eq!(cell.count("SELECT count(*) FROM schedules WHERE next_at > clock_timestamp()").await, TRIGGERS as i64);
    for worker in workers {
        worker.drain().await;
    }
}

#[tokio::test]
async fn a_fire_time_waits_for_quota_until_its_deadline_and_is_then_missed_with_the_reason() {
    let cell = Cell::new().await;
    cell.publish(&graph(1, &json!({ "cron": "@yearly" }), "debug.noop", &json!({}))).await;
    sqlx::query("INSERT INTO quota_limits (workspace_id, meter, units_max, hard_max) VALUES ($1, 'executions', 0, 0)")
        .bind(cell.workspace_id.0)
        .execute(&mut cell.owner().await)
        .await
        .unwrap();
    let (kept, lost) = (cell.fire().await, cell.fire().await);
    let worker = cell.worker().await;
    let (_, reason) = cell.start_of(&kept, "tries > 0 AND status = 'due'").await;
    assert!(reason.unwrap().contains("quota"));
    cell.run(&format!(
        "UPDATE trigger_starts SET due_at = clock_timestamp(), until_at = clock_timestamp() WHERE subject = '{lost}'"
    ))
    .await;
    let (_, reason) = cell.start_of(&lost, "status = 'missed'").await;
    assert!(reason.unwrap().contains("quota"));
    assert_eq!((cell.schedule().await.missed, cell.count("SELECT count(*) FROM executions").await), (1, 0));
    cell.run("DELETE FROM quota_limits; UPDATE trigger_starts SET due_at = clock_timestamp()").await;
    let (id, reason) = cell.start_of(&kept, "status = 'started'").await;
    assert_eq!(reason, None);
    cell.until(ExecutionId(id.unwrap()), &["completed"]).await;
    worker.drain().await;
}

#[tokio::test]
async fn the_overlap_policy_says_what_becomes_of_a_fire_time_while_the_last_one_is_at_work() {
    for (overlap, second, first) in [
        ("allow", "status = 'started'", "waiting"),
        ("skip", "status = 'skipped'", "waiting"),
        ("queue", "status = 'started'", "waiting"),
        ("cancel", "status = 'started'", "cancelled"),
    ] {
        let cell = Cell::new().await;
        let config = json!({ "cron": "@yearly", "overlap": overlap });
        cell.publish(&graph(1, &config, "logic.wait_for_signal", &json!({ "signal": "go" }))).await;
        let worker = cell.worker().await;
        let (at_work, _) = cell.start_of(&cell.fire().await, "status = 'started'").await;
        let at_work = ExecutionId(at_work.unwrap());
        cell.until(at_work, &["waiting"]).await;
        let (next, _) = cell.start_of(&cell.fire().await, second).await;
        cell.until(at_work, &[first]).await;
        assert_eq!(next.unwrap() == at_work.0, overlap == "skip", "{overlap}");
        let pending = cell.count("SELECT count(*) FROM pending_starts").await;
        assert!(overlap == "cancel" || pending == i64::from(overlap == "queue"), "{overlap}");
        worker.drain().await;
    }
}

#[tokio::test]
async fn a_paused_schedule_starts_nothing_and_a_resumed_one_what_was_held() {
    let cell = Cell::new().await;
    cell.publish(&graph(1, &json!({ "cron": "0 0 1 1 *" }), "debug.noop", &json!({}))).await;
    let mut worker = cell.place.connect(Role::Worker).await.unwrap();
    cell.run("UPDATE schedules SET next_at = '2024-01-01T00:00:00Z'").await;
    assert_eq!(schedules::advance(&mut worker, &mut PassedBy::default()).await.unwrap(), 1);
    let row = cell.schedule().await;
    schedules::pause(&mut cell.owner().await, cell.workspace_id, &row, "test", None).await.unwrap();
    assert_eq!(capstan_domain::trigger_starts::candidates(&mut worker, 0).await.unwrap(), []);
    assert_eq!(schedules::advance(&mut worker, &mut PassedBy::default()).await.unwrap(), 0);
    let calendar = row.rules.calendar().unwrap();
    schedules::resume(&mut cell.owner().await, cell.workspace_id, &row, &calendar).await.unwrap();
    assert_eq!(capstan_domain::trigger_starts::candidates(&mut worker, 0).await.unwrap().len(), 1);
    let row = cell.schedule().await;
    assert!(row.paused_at.is_none() && row.next_at > Some(row.now));
}

#[tokio::test]
async fn a_schedule_that_only_a_newer_build_can_read_is_passed_by_and_loses_no_time() {
    let cell = Cell::new().await;
    cell.publish(&graph(2, &json!({ "cron": "0 0 1 1 *" }), "debug.noop", &json!({}))).await;
    let mut worker = cell.place.connect(Role::Worker).await.unwrap();
    cell.run("UPDATE schedules SET next_at = '2024-01-01T00:00:00Z'").await;
    cell.run("UPDATE schedules SET rules = jsonb_build_object('newer', rules) WHERE node_id = 't0'").await;
    let mut passed_by = PassedBy::default();
    assert_eq!(schedules::advance(&mut worker, &mut passed_by).await.unwrap(), 1, "the other one goes on");
    cell.run("DELETE FROM trigger_starts").await;
    let next_ms = schedules::next_ms(&mut worker, &mut passed_by).await.unwrap();
    assert!(next_ms.is_some_and(|ms| ms > 0), "nothing is due that this build can read: {next_ms:?}");
    let next_ms = schedules::next_ms(&mut worker, &mut PassedBy::default()).await.unwrap();
    assert!(next_ms.is_some_and(|ms| ms <= 0), "{next_ms:?}");

    cell.run("UPDATE schedules SET rules = rules -> 'newer' WHERE node_id = 't0'").await;
    assert_eq!(schedules::advance(&mut worker, &mut passed_by).await.unwrap(), 0, "not before a minute is over");
    assert_eq!(schedules::advance(&mut worker, &mut PassedBy::default()).await.unwrap(), 1, "as the newer build does");
    let subjects = cell.count("SELECT count(*) FROM trigger_starts WHERE node_id = 't0'").await;
    assert!(subjects > 0, "its times of before are there");
}

#[tokio::test]
async fn who_publishes_waits_for_no_worker_that_stands_still_with_a_start_and_that_one_makes_it_no_more() {
    let cell = Cell::new().await;
    let version = cell.publish(&graph(1, &json!({ "cron": "@yearly" }), "debug.noop", &json!({}))).await;
    let (workspace_id, workflow_id) = (cell.workspace_id, version.workflow_id);
    let subject = cell.fire().await;
    let key = Key { workspace_id: workspace_id.0, workflow_id: workflow_id.0, node_id: "t0".into(), subject };
    let (mut worker, mut owner) = (cell.place.connect(Role::Worker).await.unwrap(), cell.owner().await);
    let mut transaction = worker.begin_with(BEGIN_MAKING).await.unwrap();
    let row = lock(&mut transaction, std::slice::from_ref(&key), None).await.unwrap().pop().unwrap();
    let longest = sqlx::query_scalar("SHOW idle_in_transaction_session_timeout");
    let longest: String = longest.fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(longest, "3s");
    // It has no trigger any more.
    let none = Triggers::default();
    keep_in_step(&mut owner, workspace_id, workflow_id, version.version_id, &none).await.unwrap().unwrap();
    assert!(settle(&mut transaction, &[(&row, Verdict::Started(ExecutionId::new()))]).await.is_err(), "it was ended");
    let (execution, reason) = cell.start_of(&key.subject, "status = 'missed'").await;
    assert_eq!((execution, reason.as_deref()), (None, Some("its trigger is not in the published version any more")));
}
