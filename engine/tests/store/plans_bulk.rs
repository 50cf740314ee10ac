//! The plans of bulk jobs, and whose turn it is.

use capstan_engine::store::bulk::{ItemEnd, finish, pick, tidy};
use capstan_engine::store::connect::Role;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::explain::Plans;
use super::plans_data::empty;
use super::support::Cell;

/// Executions of a job.
const ITEMS: i64 = 20_000;
/// Executions of a chunk.
const CHUNK: i64 = 60;

fn job(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// A job of a workspace that had its turn at a second of the past, half way through its executions if it is large.
async fn insert(cell: &Cell, workspace: Uuid, job: Uuid, total: i64, turn: u32) {
    cell.execute(&format!(
        "INSERT INTO bulk_jobs (workspace_id, job_id, verb, filter, arguments, total, request_hash, reached, turn_at) \
         VALUES ('{workspace}', '{job}', 'cancel', '{{}}', '{{}}', {total}, '', \
           lpad(to_hex({total} / 2), 32, '0')::uuid, '2026-01-01'::timestamptz + {turn} * interval '1 second')"
    ))
    .await;
    cell.execute(&format!(
        "INSERT INTO bulk_items (workspace_id, job_id, execution_id) \
         SELECT '{workspace}', '{job}', lpad(to_hex(n), 32, '0')::uuid FROM generate_series(1, {total}) n"
    ))
    .await;
}

/// Jobs that ended long ago, each of a workspace of its own.
async fn insert_ended(cell: &Cell, jobs: i64) {
    cell.execute(&format!(
        "INSERT INTO bulk_jobs (workspace_id, job_id, verb, filter, arguments, request_hash, status, ended_at) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'cancel', '{{}}', '{{}}', '', 'completed', '2020-01-01' \
         FROM generate_series(1, {jobs})"
    ))
    .await;
}

/// Takes the next chunk to its end; whose job it was.
async fn turn(worker: &mut PgConnection) -> Option<Uuid> {
    let mut transaction = worker.begin().await.unwrap();
    let chunk = pick(&mut transaction, CHUNK).await.unwrap()?;
    let ends: Vec<ItemEnd> = chunk.items.iter().map(|_| ItemEnd::Done(None)).collect();
    finish(&mut transaction, &chunk, &ends).await.unwrap();
    transaction.commit().await.unwrap();
    Some(chunk.job_id)
}

#[tokio::test]
async fn a_chunk_is_found_and_recorded_by_key_however_many_jobs_and_executions_there_are() {
    let cell = empty().await;
    let mut worker = cell.connect(Role::Worker).await;
    insert_ended(&cell, 2_000).await;
    insert(&cell, cell.workspace.0, job(1), ITEMS, 0).await;
    let plans = Plans::of(&mut worker).await;
    for analyzed in [false, true] {
        if analyzed {
            cell.execute("ANALYZE").await;
        }
        plans.take();
        assert_eq!(turn(&mut worker).await, Some(job(1)));
        let mut all = plans.take();
        all.retain(|plan| plan.query.contains("bulk_"));
        assert_eq!(all.len(), 4, "{all:#?}");
        for plan in &all {
            plan.assert_no_seq_scan();
            assert!(plan.rows_seen("bulk_items") <= CHUNK.unsigned_abs(), "{plan:#?}");
            assert!(plan.rows_seen("bulk_jobs") <= 2, "{plan:#?}");
        }
    }
}

#[tokio::test]
async fn workspaces_take_turns_and_the_jobs_of_one_come_one_after_the_other() {
    let cell = Cell::new().await;
    let mut worker = cell.connect(Role::Worker).await;
    let (one, other) = (cell.workspace.0, Uuid::from_u128(9));
    insert(&cell, one, job(1), 4 * CHUNK, 0).await;
    insert(&cell, one, job(2), 2, 1).await;
    insert(&cell, other, job(3), 2 * CHUNK, 2).await;
    let mut turns = Vec::new();
    for _ in 0..3 {
        turns.push(turn(&mut worker).await.unwrap());
    }
    assert_eq!(turns, [job(1), job(3), job(1)]);
    let mut transaction = worker.begin().await.unwrap();
    let held = pick(&mut transaction, CHUNK).await.unwrap().unwrap();
    let mut peer = cell.connect(Role::Worker).await;
    assert_ne!(turn(&mut peer).await, Some(held.job_id), "two workers have one job");
}

#[tokio::test]
async fn jobs_that_ended_long_ago_are_removed_in_bites_and_others_stay() {
    let cell = Cell::new().await;
    let mut worker = cell.connect(Role::Worker).await;
    insert(&cell, cell.workspace.0, job(1), 6_000, 0).await;
    insert(&cell, cell.workspace.0, job(2), 10, 0).await;
    cell.execute(&format!(
        "UPDATE bulk_jobs SET status = 'cancelled', ended_at = '2020-01-01' WHERE job_id = '{}'",
        job(1)
    ))
    .await;
    let mut bites = Vec::new();
    loop {
        match tidy(&mut worker).await.unwrap() {
            0 => break,
            rows => bites.push(rows),
        }
    }
    assert_eq!(bites, [5_000, 1_001]);
    let left: (i64, i64) = sqlx::query_as("SELECT (SELECT count(*) FROM bulk_jobs), (SELECT count(*) FROM bulk_items)")
        .fetch_one(&mut worker)
        .await
        .unwrap();
    assert_eq!(left, (1, 10));
}
