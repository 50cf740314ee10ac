//! The plans of what a worker does all the time. A plan that was made while the tables looked empty is kept by the
//! connection, so each statement first runs a few times on empty tables, then on full ones, then with fresh statistics.

use capstan_engine::core::ids::{ExecutionId, SignalId, StepKey};
use capstan_engine::core::journal::{Entry, Event};
use capstan_engine::store::claim::{Claimed, claim, fire_timers};
use capstan_engine::store::codec::Row;
use capstan_engine::store::commit::{Then, already_written, commit};
use capstan_engine::store::connect::Role;
use capstan_engine::store::past;
use capstan_engine::store::start::{Start, start};
use capstan_engine::store::workers::{reap, register};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use super::explain::{Plan, Plans};
use super::plans_data::{ROWS, ROWS_EACH, empty, fill};
use super::support::{Cell, PARK, end, new_start, step};

/// Runs on empty tables after which the server settles for a plan.
const WARM_UP: usize = 8;
const ROOM: i32 = 100;

struct Warm {
    cell: Cell,
    worker: (PgConnection, i32),
}

impl Warm {
    /// A worker that has gone through everything on empty tables; then they are filled.
    async fn new() -> Self {
        let cell = empty().await;
        let mut worker = cell.worker().await;
        for _ in 0..WARM_UP {
            let claimed = cell.leased_many(&mut worker, 2).await;
            past::load(&mut worker.0, &[claimed[0].execution_id]).await.unwrap();
            let mut commits = [step(&claimed[0], 1, end(true)), step(&claimed[1], 1, PARK)];
            commits[0].rows.push(consumed_signal());
            commit(&mut worker.0, worker.1, &[&commits[0], &commits[1]]).await.unwrap();
            already_written(&mut worker.0, &[&commits[0]]).await.unwrap();
            fire_timers(&mut worker.0, ROOM, DateTime::<Utc>::UNIX_EPOCH).await.unwrap();
        }
        cell.execute("TRUNCATE executions, journal, execution_logs, queue, timers, leases, signals; ANALYZE").await;
        fill(&cell).await;
        Self { cell, worker }
    }

    async fn claim(&mut self) -> Vec<Claimed> {
        let claimed = claim(&mut self.worker.0, self.worker.1, ROOM, ROWS + 1, false).await.unwrap();
        assert_eq!(claimed.len(), 100);
        claimed
    }
}

fn consumed_signal() -> Row {
    let event = Event::Signalled { step: StepKey::root("n".into()), signal_id: SignalId::new(), payload: Value::Null };
    Row::of(&Entry { at: Utc::now(), event })
}

/// The table of the month of an execution.
async fn month(cell: &Cell, table: &str, id: ExecutionId) -> String {
    let mut owner = cell.connect(Role::Owner).await;
    let sql = format!("SELECT tableoid::regclass::text FROM {table} WHERE execution_id = $1 LIMIT 1");
    sqlx::query_scalar(&sql).bind(id.0).fetch_one(&mut owner).await.unwrap()
}

fn assert_uses(plan: &Plan, relations: &[&str], indexes: &[&str]) {
    plan.assert_no_seq_scan();
    assert_eq!(plan.relations(), relations, "{plan:#?}");
    assert_eq!(plan.indexes(), indexes, "{plan:#?}");
}

/// Runs a check on full tables that the planner has not looked at, and again once it has.
async fn before_and_after_analyze(check: impl AsyncFn(&mut Warm, &Plans)) {
    let mut warm = Warm::new().await;
    let plans = Plans::of(&mut warm.worker.0).await;
    check(&mut warm, &plans).await;
    warm.cell.execute("ANALYZE").await;
    plans.take();
    check(&mut warm, &plans).await;
}

#[tokio::test]
async fn a_claim_scans_as_many_tokens_as_it_takes_and_joins_executions_by_key_in_one_month() {
    before_and_after_analyze(async |warm, plans| {
        let first = ExecutionId(warm.claim().await[0].execution_id);
        let all = plans.take();
        let find = |words: &str| all.iter().find(|plan| plan.query.contains(words)).unwrap();
        let tokens = find("DELETE FROM queue");
        assert_uses(tokens, &["queue"], &["queue_vt"]);
        assert_eq!(tokens.rows_seen("queue"), 100, "{tokens:#?}");
        let (executions, journal) =
            (month(&warm.cell, "executions", first).await, month(&warm.cell, "journal", first).await);
        let indexes = [format!("{executions}_pkey"), format!("{journal}_pkey")];
        let live = find("v_fresh[e.n] AND NOT e.begun");
        assert_uses(live, &[&executions], &[&indexes[0]]);
        assert_eq!(live.rows_seen(&executions), 100, "{live:#?}");
        let overtaken = find("SET begun = true");
        assert_uses(overtaken, &[&executions, &journal], &indexes.each_ref().map(String::as_str));
        assert!(overtaken.rows_seen(&executions) <= 100, "{overtaken:#?}");
        assert!(overtaken.rows_seen(&journal) <= 100, "{overtaken:#?}");
        assert_uses(find("FROM workers w"), &["workers"], &["workers_pkey"]);
    })
    .await;
}

#[tokio::test]
async fn what_a_worker_asks_again_is_prepared_once_and_planned_no_more() {
    let cell = empty().await;
    let mut worker = cell.worker().await;
    for _ in 0..2 {
        let claimed = cell.leased_many(&mut worker, 1).await;
        let done = step(&claimed[0], 1, end(true));
        commit(&mut worker.0, worker.1, &[&done]).await.unwrap();
    }
    let prepared = "SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements";
    let prepared: Vec<(String, i64)> = sqlx::query_as(prepared).fetch_all(&mut worker.0).await.unwrap();
    for function in ["claim_", "commit_"] {
        let of_it = prepared.iter().filter(|(statement, _)| statement.contains(&format!("FROM {function}")));
        let runs: Vec<i64> = of_it.map(|(_, runs)| *runs).collect();
        assert!(runs.len() == 1 && runs[0] >= 2, "{function}: {prepared:#?}");
    }
}

#[tokio::test]
async fn a_claim_of_suspects_uses_their_own_index() {
    before_and_after_analyze(async |warm, plans| {
        claim(&mut warm.worker.0, warm.worker.1, 0, 0, true).await.unwrap();
        assert_uses(&plans.take_one("q.losses >= 2"), &["queue"], &["queue_suspects"]);
    })
    .await;
}

#[tokio::test]
async fn due_timers_are_found_without_looking_at_those_that_are_not_due() {
    before_and_after_analyze(async |warm, plans| {
        // The first call takes some, the next one all the rest: both stop at the first that is not due.
        for room in [100, 1_000] {
            fire_timers(&mut warm.worker.0, room, DateTime::<Utc>::UNIX_EPOCH).await.unwrap();
            let plan = plans.take_one("DELETE FROM timers");
            assert_uses(&plan, &["timers"], &["timers_due_at", "timers_pkey"]);
            assert!(plan.rows_seen("timers") <= 400, "{plan:#?}");
        }
        warm.cell
            .execute(
                "UPDATE timers SET due_at = now() WHERE execution_id IN (SELECT execution_id FROM timers LIMIT 200)",
            )
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_commit_finds_leases_and_executions_by_key_and_inserts_without_a_look() {
    before_and_after_analyze(async |warm, plans| {
        let claimed = warm.claim().await;
        let then = |n: usize| if n.is_multiple_of(2) { end(true) } else { PARK };
        let next = u32::try_from(ROWS_EACH).unwrap() + 1;
        let mut commits: Vec<_> = claimed.iter().enumerate().map(|(n, claimed)| step(claimed, next, then(n))).collect();
        for commit in &mut commits {
            commit.rows.push(consumed_signal());
        }
        plans.take();
        commit(&mut warm.worker.0, warm.worker.1, &commits.iter().collect::<Vec<_>>()).await.unwrap();
        let all = plans.take();
        let find = |words: &str| all.iter().find(|plan| plan.query.contains(words)).unwrap();
        let check = find("array_agg(l.execution_id)");
        assert_uses(check, &["leases"], &["leases_pkey"]);
        assert_eq!(check.rows_seen("leases"), 100);
        let executions = month(&warm.cell, "executions", commits[0].execution_id).await;
        let ends = find("UPDATE executions");
        assert_uses(ends, &[&executions], &[&format!("{executions}_pkey")]);
        assert_eq!(ends.rows_seen(&executions), 50, "{ends:#?}");
        assert_uses(find("INSERT INTO timers"), &["leases"], &["leases_pkey"]);
        assert_uses(find("DELETE FROM timers"), &["timers"], &["timers_pkey"]);
        assert_uses(find("DELETE FROM signals s WHERE s.execution_id = ANY (v_ends)"), &["signals"], &["signals_pkey"]);
        let consumed = find("DELETE FROM signals s USING");
        assert_uses(consumed, &["signals"], &["signals_pkey"]);
        assert!(consumed.rows_seen("signals") <= 100, "{consumed:#?}");
        find("INSERT INTO journal").assert_no_seq_scan();
        assert!(find("INSERT INTO journal").relations().is_empty());
    })
    .await;
}

#[tokio::test]
async fn executions_far_apart_are_claimed_and_ended_without_a_look_at_those_between() {
    before_and_after_analyze(async |warm, plans| {
        let ends = "(SELECT min(execution_id::text) FROM executions_now UNION ALL SELECT max(execution_id::text) FROM executions_now)";
        let newest: String = {
            let mut owner = warm.cell.connect(Role::Owner).await;
            let sql = "SELECT tableoid::regclass::text FROM executions ORDER BY execution_id DESC LIMIT 1";
            sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap()
        };
        let tokens = format!(
            "UPDATE executions SET status = 'queued', ended_at = NULL WHERE ended_at IS NOT NULL; \
             DELETE FROM journal WHERE node_id IS NOT NULL; DELETE FROM leases WHERE worker_no < 1000; \
             INSERT INTO queue SELECT 1, e::uuid, '{}', true, 0 FROM {} AS e (e)",
            warm.cell.workspace,
            ends.replace("executions_now", &newest)
        );
        warm.cell.execute(&tokens).await;
        let mut claimed = claim(&mut warm.worker.0, warm.worker.1, 2, 0, false).await.unwrap();
        claimed.sort_by_key(|claimed| claimed.execution_id);
        let next = u32::try_from(ROWS_EACH).unwrap() + 1;
        let commits = [step(&claimed[0], next, end(true)), step(&claimed[1], next, end(true))];
        commit(&mut warm.worker.0, warm.worker.1, &[&commits[0], &commits[1]]).await.unwrap();
        for plan in plans.take() {
            assert!(plan.rows_seen(&newest) <= 2, "{plan:#?}");
            assert!(plan.rows_seen(&newest.replace("executions", "journal")) <= 2, "{plan:#?}");
        }
    })
    .await;
}

#[tokio::test]
async fn journals_are_loaded_by_key_from_one_month() {
    before_and_after_analyze(async |warm, plans| {
        let claimed = warm.claim().await;
        let id = ExecutionId(claimed[0].execution_id);
        plans.take();
        let mut ids = [claimed[0].execution_id, claimed[1].execution_id];
        ids.sort_unstable();
        let pasts = past::load(&mut warm.worker.0, &ids).await.unwrap();
        assert!(ids.iter().all(|id| pasts[id].rows.len() == 5));
        let journal = month(&warm.cell, "journal", id).await;
        let all = plans.take();
        assert_uses(&all[0], &[&journal], &[&format!("{journal}_pkey")]);
        assert_eq!(all[0].rows_seen(&journal), 10);
        assert_uses(&all[1], &["signals"], &["signals_pkey"]);
        let commit = step(&claimed[0], 1, Then::Hold);
        already_written(&mut warm.worker.0, &[&commit]).await.unwrap();
        assert_uses(&plans.take_one("JOIN journal"), &[&journal], &[&format!("{journal}_pkey")]);
    })
    .await;
}

#[tokio::test]
async fn a_reaper_looks_at_the_journals_of_lost_executions_by_key() {
    before_and_after_analyze(async |warm, plans| {
        let mut lost = (warm.cell.connect(Role::Worker).await, 0);
        lost.1 = register(&mut lost.0, "lost").await.unwrap().worker_no;
        let claimed = claim(&mut lost.0, lost.1, 10, ROWS + 1, false).await.unwrap();
        plans.take();
        assert_eq!(reap(&mut warm.worker.0, lost.1, None).await.unwrap(), Some(10));
        let journal = month(&warm.cell, "journal", ExecutionId(claimed[0].execution_id)).await;
        let plan = plans.take_one("WITH lost AS");
        assert!(plan.rows_seen(&journal) <= 10 * 5, "{plan:#?}");
        assert!(plan.relations().iter().filter(|name| name.starts_with("journal")).eq([&journal]), "{plan:#?}");
    })
    .await;
}

#[tokio::test]
async fn a_start_looks_at_keys_only_by_their_index() {
    let mut warm = Warm::new().await;
    let keyed = |n: i64| Start { idempotency_key: Some(format!("k{n}").into()), ..new_start(warm.cell.workspace) };
    let mut starter = warm.cell.connect(Role::Starter).await;
    for n in 0..10 {
        start(&mut starter, &[keyed(n)]).await.unwrap();
    }
    let many: Vec<Start> = (100..600).map(keyed).collect();
    start(&mut starter, &many).await.unwrap();
    let plans = Plans::of(&mut starter).await;
    start(&mut starter, &many).await.unwrap();
    for plan in plans.take() {
        plan.assert_no_seq_scan();
        assert!(plan.rows_seen("idempotency_keys") <= 500, "{plan:#?}");
    }
    warm.worker.1 = 0;
}
