//! The plans of what a commit does to other executions.

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::commit::{Then, commit};

use super::children::{birth, cancels, starts};
use super::explain::Plans;
use super::plans_data::{ROWS, empty, fill};
use super::support::{Cell, PARK, claim_all, end, step, write};

/// Runs on empty tables after which the server settles for a plan.
const WARM_UP: usize = 8;
const FAMILIES: usize = 10;

/// Starts children, ends half of them and cancels the others: one group for each of the three.
async fn generation(cell: &Cell, worker: &mut (sqlx::PgConnection, i32), count: usize) {
    let parents = cell.leased_many(worker, count).await;
    let births: Vec<_> = parents.iter().map(|parent| birth(parent, "call", Some("$child:call"))).collect();
    let begun: Vec<_> = parents.iter().zip(&births).map(|(parent, birth)| starts(parent, birth, Then::Hold)).collect();
    write(worker, &begun.iter().collect::<Vec<_>>()).await;
    let children = claim_all(worker).await;
    assert_eq!(children.len(), count);
    let id = |n: usize| ExecutionId(children[n].execution_id);
    let cancelled: Vec<_> = parents.iter().enumerate().map(|(n, parent)| cancels(parent, id(n), 2)).collect();
    write(worker, &cancelled.iter().collect::<Vec<_>>()).await;
    let ended: Vec<_> = children.iter().map(|child| step(child, 1, end(true))).collect();
    write(worker, &ended.iter().collect::<Vec<_>>()).await;
    let parked: Vec<_> = parents.iter().map(|parent| step(parent, 3, PARK)).collect();
    commit(&mut worker.0, worker.1, &parked.iter().collect::<Vec<_>>()).await.unwrap();
    cell.execute("DELETE FROM queue; DELETE FROM leases WHERE worker_no < 1000").await;
}

#[tokio::test]
async fn children_their_parents_and_their_signals_are_found_by_key_however_many_there_are() {
    let cell = empty().await;
    let mut worker = cell.worker().await;
    for _ in 0..WARM_UP {
        generation(&cell, &mut worker, 2).await;
    }
    cell.execute("TRUNCATE children, executions, journal, execution_logs, queue, timers, leases, signals; ANALYZE")
        .await;
    fill(&cell).await;
    // Tokens of others would be claimed with ours.
    cell.execute(
        "DELETE FROM queue; \
         INSERT INTO children (child_id, workspace_id, parent_id, node_id, root_id, depth, signal) \
         SELECT execution_id, workspace_id, execution_id, 'call', execution_id, 1, '$child:call' FROM executions",
    )
    .await;
    let plans = Plans::of(&mut worker.0).await;
    for _ in 0..2 {
        plans.take();
        generation(&cell, &mut worker, FAMILIES).await;
        let all: Vec<_> = plans.take().into_iter().filter(|plan| plan.query.contains("jsonb_to_recordset")).collect();
        assert!(all.len() >= 5, "{all:#?}");
        for plan in &all {
            plan.assert_no_seq_scan();
            let seen: u64 = plan.relations().iter().map(|relation| plan.rows_seen(relation)).sum();
            assert!(seen <= 4 * FAMILIES as u64 && (seen as i64) < ROWS / 10, "{plan:#?}");
        }
        cell.execute("ANALYZE").await;
    }
}
