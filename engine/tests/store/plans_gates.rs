//! The plans of what executions with limits do.

use std::collections::HashSet;

use capstan_engine::core::gate::Gate;
use capstan_engine::store::commit::{Commit, commit};
use capstan_engine::store::gates::{Entering, admit, enter, sweep};
use capstan_engine::store::limits::{self, changed};

use super::explain::Plans;
use super::gates::{entering, key};
use super::plans_data::{ROWS, empty, fill};
use super::support::{Cell, end, step};

/// Runs on empty tables after which the server settles for a plan.
const WARM_UP: usize = 8;
const COUNT: usize = 10;
/// A workspace whose lines are long and whose gates are full.
const OTHER: &str = "00000000-0000-7000-8000-000000000001";

/// Some enter, half of them wait, the others end, and the next ones are let in.
async fn generation(cell: &Cell, worker: &mut (sqlx::PgConnection, i32)) {
    let claimed = cell.leased_many(worker, COUNT).await;
    let gates = [key("a"), Gate::workspace()];
    let all: Vec<Entering> = claimed.iter().map(|claimed| entering(claimed, &gates, Some(5))).collect();
    let passed = enter(&mut worker.0, worker.1, cell.workspace, &all).await.unwrap();
    assert_eq!(passed.entered.len(), COUNT);
    let ends: Vec<Commit> =
        claimed[..5].iter().map(|claimed| Commit { leaves: true, ..step(claimed, 1, end(true)) }).collect();
    commit(&mut worker.0, worker.1, &ends.iter().collect::<Vec<_>>()).await.unwrap();
    let admitted = admit(&mut worker.0, cell.workspace, HashSet::from(gates)).await.unwrap().admitted;
    assert_eq!(admitted.len(), 5);
    cell.execute("UPDATE gate_sweeps SET swept_at = now() - interval '1 minute'").await;
    sweep(&mut worker.0, None).await.unwrap();
    changed(&mut worker.0, Some(chrono::Utc::now())).await.unwrap();
    limits::wait(&mut worker.0, cell.workspace, all[0].execution_id).await.unwrap();
    let own = format!("workspace_id = '{}'", cell.workspace);
    cell.execute(&format!(
        "DELETE FROM queue; DELETE FROM leases WHERE worker_no < 1000; DELETE FROM slots WHERE {own}"
    ))
    .await;
}

#[tokio::test]
async fn slots_and_lines_are_found_by_key_however_many_there_are() {
    let cell = empty().await;
    let mut worker = cell.worker().await;
    for _ in 0..WARM_UP {
        generation(&cell, &mut worker).await;
    }
    cell.execute("TRUNCATE executions, journal, execution_logs, queue, timers, leases, signals, slots, gated; ANALYZE")
        .await;
    fill(&cell).await;
    cell.execute(&format!(
        "DELETE FROM queue; \
         INSERT INTO limits (workspace_id, name, slots_max, updated_at) \
         SELECT gen_random_uuid(), 'workspace', 1, now() - interval '1 day' FROM generate_series(1, {ROWS}) n; \
         INSERT INTO slots (workspace_id, gate, execution_id) \
         SELECT gen_random_uuid(), 'workspace', gen_random_uuid() FROM generate_series(1, {ROWS}) n; \
         INSERT INTO slots (workspace_id, gate, execution_id) \
         SELECT '{OTHER}', 'key:x:' || n, gen_random_uuid() FROM generate_series(0, 9) n; \
         INSERT INTO gated (workspace_id, gate, vt, execution_id, key_max) \
         SELECT '{OTHER}', 'key:x:' || n % 10, n, gen_random_uuid(), 1 FROM generate_series(1, {ROWS}) n"
    ))
    .await;
    let plans = Plans::of(&mut worker.0).await;
    for _ in 0..2 {
        plans.take();
        generation(&cell, &mut worker).await;
        let ours = ["slots", "gated", "limits"];
        let all = plans.take();
        let all: Vec<_> = all.iter().filter(|plan| ours.iter().any(|table| plan.query.contains(table))).collect();
        assert!(all.len() >= 10, "{all:#?}");
        for plan in all {
            plan.assert_no_seq_scan();
            for table in ours {
                assert!(plan.rows_seen(table) < ROWS as u64 / 10, "{table}: {plan:#?}");
            }
        }
        cell.execute("ANALYZE").await;
    }
}
