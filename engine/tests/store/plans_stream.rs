//! The plans of the statement that live updates look with, under the API role's row-level security, on full tables.

use capstan_engine::store::connect::Role;
use sqlx::PgConnection;
use uuid::Uuid;

use super::explain::{Plan, Plans};
use super::plans_data::{ROWS, empty, fill};
use super::support::{Cell, run};

/// What a look reads at most of each workspace, and of all.
const NEWEST_MAX: i64 = 50;
const FACTS_MAX: i64 = 5_000;
/// Facts that were told before the look, and since.
const OLD: i64 = ROWS * 2 - NEW;
const NEW: i64 = 2_000;

/// Topics of a look, in the order of the rows.
async fn look(cell: &Cell, api: &mut PgConnection, since: &str) -> Vec<String> {
    let rows: Vec<(Option<Uuid>, String)> = sqlx::query_as(
        "SELECT workspace_id, topic FROM changes_1($1, $1, $2, now() - interval '90 seconds', $3::int, 100, $4::int)",
    )
    .bind(vec![cell.workspace.0])
    .bind(since)
    .bind(i32::try_from(FACTS_MAX).unwrap())
    .bind(i32::try_from(NEWEST_MAX).unwrap())
    .fetch_all(api)
    .await
    .unwrap();
    assert!(rows.iter().all(|(of, _)| of.is_none_or(|of| of == cell.workspace.0)), "{rows:?}");
    rows.into_iter().map(|(_, topic)| topic).collect()
}

/// Facts of so many executions, the oldest of them after the first `skipped`, with rows of the audit log and approvals of all.
async fn tell(owner: &mut PgConnection, skipped: i64, count: i64) {
    let some = format!("(SELECT * FROM executions ORDER BY execution_id OFFSET {skipped} LIMIT {count}) AS e");
    for sql in [
        format!(
            "INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload) \
             SELECT e.execution_id, e.workspace_id, 'execution.completed', e.execution_id, '{{}}' FROM {some}"
        ),
        format!(
            "INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) \
             SELECT e.workspace_id, e.execution_id, e.execution_id::text, 'lead.created', e.execution_id::text, \
               '{{\"lead\": {{\"status\": \"new\"}}}}', 0 FROM {some}"
        ),
        format!(
            "INSERT INTO audit_log (workspace_id, audit_id, by_kind, by_id, by_name, action, subject, status, request_id) \
             SELECT e.workspace_id, e.execution_id, 'key', e.execution_id, 'k', 'POST /api/v1/leads', '/api/v1/leads', 201, 'r' \
             FROM {some}"
        ),
        format!(
            "INSERT INTO approvals (workspace_id, approval_id, execution_id, node_id, title, fields, by_api_key, by_link) \
             SELECT e.workspace_id, e.execution_id, e.execution_id, 'a', 'title', '[]', true, true FROM {some}"
        ),
    ] {
        run(owner, &sql).await;
    }
}

fn assert_small(plans: &[Plan]) {
    assert!(plans.len() > 5, "the statements within are seen: {plans:#?}");
    for plan in plans {
        plan.assert_no_seq_scan();
        for (table, rows_max) in [
            ("outbox", NEW),
            ("events", NEW),
            ("audit_log", NEWEST_MAX),
            ("approvals", NEWEST_MAX),
            ("leases", NEWEST_MAX),
        ] {
            let seen = plan.rows_seen(table);
            assert!(i64::try_from(seen).unwrap() <= rows_max, "{seen} rows of {table}: {plan:#?}");
        }
        for relation in
            plan.relations().iter().filter(|name| name.starts_with("executions") || name.starts_with("journal"))
        {
            let seen = plan.rows_seen(relation);
            assert!(i64::try_from(seen).unwrap() <= NEWEST_MAX, "{seen} rows of {relation}: {plan:#?}");
        }
    }
    for index in ["outbox_xid", "events_xid", "audit_log_pkey", "approvals_open"] {
        assert!(plans.iter().any(|plan| plan.indexes().iter().any(|used| used == index)), "{index}: {plans:#?}");
    }
}

#[tokio::test]
async fn what_changed_is_read_by_ranges_of_indexes_from_where_the_last_look_ended() {
    let cell = empty().await;
    let mut api = cell.connect(Role::Api).await;
    // Plans from when everything was empty.
    for _ in 0..8 {
        assert_eq!(look(&cell, &mut api, "3:3:").await, ["position"]);
    }
    fill(&cell).await;
    let mut owner = cell.connect(Role::Owner).await;
    tell(&mut owner, 0, OLD).await;
    let since: String = sqlx::query_scalar("SELECT pg_current_snapshot()::text").fetch_one(&mut owner).await.unwrap();
    tell(&mut owner, OLD, NEW).await;
    let plans = Plans::of(&mut api).await;
    for is_analysed in [false, true] {
        if is_analysed {
            cell.execute("ANALYZE").await;
        }
        plans.take();
        let topics = look(&cell, &mut api, &since).await;
        let count = |topic: &str| i64::try_from(topics.iter().filter(|found| *found == topic).count()).unwrap();
        // Every hundredth is this workspace's.
        assert_eq!((count("execution"), count("lead"), count("full")), (NEW / 100, NEW / 100, 0));
        assert_eq!((count("newest"), count("open")), (NEWEST_MAX, NEWEST_MAX));
        assert_small(&plans.take());
    }
}

#[tokio::test]
async fn a_look_that_finds_too_much_says_so_and_reads_no_more_than_it_may() {
    let cell = empty().await;
    fill(&cell).await;
    let mut owner = cell.connect(Role::Owner).await;
    tell(&mut owner, 0, ROWS * 2).await;
    let mut api = cell.connect(Role::Api).await;
    let plans = Plans::of(&mut api).await;
    plans.take();
    let topics = look(&cell, &mut api, "3:3:").await;
    assert_eq!(topics.iter().filter(|topic| *topic == "full").count(), 2, "of the outbox and of events");
    for plan in plans.take() {
        plan.assert_no_seq_scan();
        assert!(
            i64::try_from(plan.rows_seen("outbox").max(plan.rows_seen("events"))).unwrap() <= FACTS_MAX,
            "{plan:#?}"
        );
    }
}

#[tokio::test]
async fn of_a_small_workspace_beside_a_large_one_its_own_rows_alone_are_read() {
    let cell = empty().await;
    let made = format!(
        "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, status, ended_at) \
         SELECT overlay(uuid_floor_1(now())::text placing lpad(to_hex(n), 12, '0') from 25)::uuid, \
           CASE WHEN n <= 10 THEN '{}' ELSE md5('other') END::uuid, gen_random_uuid(), gen_random_uuid(), 'start', '1', \
           'completed', now() FROM generate_series(1, 20000) n",
        cell.workspace
    );
    cell.execute(&made).await;
    cell.execute("ANALYZE").await;
    let mut api = cell.connect(Role::Api).await;
    let plans = Plans::of(&mut api).await;
    plans.take();
    let topics = look(&cell, &mut api, "3:3:").await;
    assert_eq!(topics.iter().filter(|topic| *topic == "newest").count(), 10);
    for plan in plans.take() {
        plan.assert_no_seq_scan();
        for relation in plan.relations().iter().filter(|name| name.starts_with("executions")) {
            assert!(plan.rows_seen(relation) <= 10, "{plan:#?}");
        }
    }
}
