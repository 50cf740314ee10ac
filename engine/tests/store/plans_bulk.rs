//! The plans of bulk jobs, and whose turn it is.

use capstan_engine::store::bulk::{Filter, ItemEnd, Made, NewJob, Work, create, finish, matching, pick, tidy};
use capstan_engine::store::connect::Role;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::explain::Plans;
use super::plans_data::empty;
use super::support::{Cell, run};

/// Executions of a job.
const ITEMS: i64 = 20_000;
/// Executions of a chunk.
const CHUNK: i64 = 60;
/// The oldest fifty executions of the cell, and the newest fifty.
const OUTER: &str = "execution_id IN (SELECT x.execution_id FROM executions x ORDER BY x.execution_id LIMIT 50) \
    OR execution_id IN (SELECT x.execution_id FROM executions x ORDER BY x.execution_id DESC LIMIT 50)";

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

/// How many executions fit, by a look and by a new job.
async fn fitting(cell: &Cell, api: &mut PgConnection, ids: Option<Vec<Uuid>>) -> (i64, i32) {
    let filter = Filter { ids, ..Filter::default() };
    let found = matching(api, cell.workspace, &filter, 1_000).await.unwrap();
    assert!(found.sample.is_sorted() && i64::try_from(found.sample.len()).unwrap() == found.count, "{found:?}");
    let new = NewJob { job_id: Uuid::now_v7(), filter, work: Work::Pause { reason: None }, idempotency_key: None };
    let Made::New(job) = create(api, cell.workspace, &new).await.unwrap() else { panic!("no job") };
    (found.count, job.total)
}

/// Without ids the executions of the workspace are read, with ids those, and no others.
async fn check_choice(cell: &Cell, api: &mut PgConnection, plans: &Plans, own: &[Uuid]) {
    // One twice, and one that there is not.
    let named = vec![own[0], own[99], own[0], job(1)];
    for (ids, expected) in [(None, 100), (Some(named), 2)] {
        plans.take();
        assert_eq!(fitting(cell, api, ids).await, (i64::from(expected), expected));
        let mut all = plans.take();
        all.retain(|plan| plan.relations().iter().any(|relation| relation.starts_with("executions")));
        assert_eq!(all.len(), 3, "{all:#?}");
        for plan in &all {
            plan.assert_no_seq_scan();
            for relation in plan.relations().iter().filter(|relation| relation.starts_with("executions")) {
                assert!(plan.rows_seen(relation) <= u64::from(expected.unsigned_abs()) + 2, "{plan:#?}");
            }
        }
    }
}

#[tokio::test]
async fn executions_are_chosen_by_the_index_of_their_workspace_or_their_keys_whatever_is_known_of_the_table() {
    let cell = empty().await;
    let mut api = cell.connect(Role::Api).await;
    run(&mut api, &format!("SELECT set_config('app.workspace_id', '{}', false)", cell.workspace)).await;
    // Plans from when everything was empty.
    for ids in [None, Some(vec![job(1)])] {
        assert_eq!(fitting(&cell, &mut api, ids).await, (0, 0));
    }
    cell.execute(
        "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, status, ended_at) \
         SELECT overlay(uuid_floor_1(now())::text placing lpad(to_hex(n), 12, '0') from 25)::uuid, md5('other')::uuid, \
           gen_random_uuid(), gen_random_uuid(), 'start', '1', 'completed', now() FROM generate_series(1, 20000) n",
    )
    .await;
    let give = |to: &str| format!("UPDATE executions SET workspace_id = {to} WHERE {OUTER}");
    let own = format!("'{}'", cell.workspace);
    cell.execute(&give(&own)).await;
    let mut owner = cell.connect(Role::Owner).await;
    let ids = sqlx::query_scalar("SELECT execution_id FROM executions WHERE workspace_id = $1 ORDER BY 1")
        .bind(cell.workspace.0);
    let ids: Vec<Uuid> = ids.fetch_all(&mut owner).await.unwrap();
    let plans = Plans::of(&mut api).await;
    check_choice(&cell, &mut api, &plans, &ids).await;
    // Of a large workspace alone it is known.
    cell.execute(&give("md5('other')::uuid")).await;
    cell.execute("ANALYZE").await;
    cell.execute(&give(&own)).await;
    check_choice(&cell, &mut api, &plans, &ids).await;
}
