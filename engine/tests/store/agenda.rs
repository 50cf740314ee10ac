//! What a look tells of work on the side, and that it looks at nothing else for that.

use capstan_engine::store::workers::{Agenda, look};

use super::explain::Plans;
use super::plans_data::{ROWS, empty};
use super::support::Cell;

async fn agenda(cell: &Cell) -> Agenda {
    let (mut connection, worker_no) = cell.worker().await;
    look(&mut connection, worker_no).await.unwrap().agenda
}

#[tokio::test]
async fn a_look_tells_what_there_is_to_do() {
    let cell = Cell::new().await;
    let nothing = agenda(&cell).await;
    assert!(!nothing.limits && !nothing.lines && !nothing.held, "{nothing:?}");
    assert!(!nothing.endpoints && !nothing.lanes && !nothing.events && !nothing.jobs, "{nothing:?}");
    assert!(!nothing.tests && !nothing.form_mails, "{nothing:?}");
    assert_eq!((nothing.starts_ms, nothing.triggers_ms), (None, None));
    let id = "gen_random_uuid()";
    cell.execute(&format!(
        "INSERT INTO limits (workspace_id, name, slots_max) VALUES ({id}, 'workspace', 1); \
         INSERT INTO gated (workspace_id, gate, vt, execution_id) VALUES ({id}, 'workspace', 1, {id}); \
         INSERT INTO pauses (workspace_id, workflow_id, paused_by) VALUES ({id}, {id}, 'me'); \
         INSERT INTO held (workspace_id, workflow_id, execution_id) VALUES ({id}, {id}, {id}); \
         INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) \
         VALUES ({id}, {id}, 'a', 'a', 'a', '1', 0); \
         INSERT INTO webhook_lanes (workspace_id, endpoint_id, failures, failing_since, due_at) \
         VALUES ({id}, {id}, 1, now(), now() + interval '1 hour')"
    ))
    .await;
    let some = agenda(&cell).await;
    assert!(some.limits && some.lines && some.held && some.events && some.lanes, "{some:?}");
    assert!(!some.endpoints && !some.jobs && some.starts_ms.is_none() && some.triggers_ms.is_none(), "{some:?}");
    assert_eq!(some.pauses_no, nothing.pauses_no + 1);
    let more = [schedules("1"), pending("1"), endpoints("1"), jobs("1"), tests("1"), form_mails("1")];
    cell.execute(&more.join("; ")).await;
    let all = agenda(&cell).await;
    assert!(all.endpoints && all.jobs && all.tests && all.form_mails, "{all:?}");
    cell.execute("UPDATE credential_tests SET asked_at = now() - interval '1 minute'").await;
    assert!(!agenda(&cell).await.tests, "nobody waits any more for what was asked so long ago");
    cell.execute("UPDATE form_submissions SET mail_due_at = now() + interval '1 minute'").await;
    assert!(!agenda(&cell).await.form_mails, "a mail that is tried again later is not due");
    let hours = |ms: Option<i64>| ms.unwrap() as f64 / 3_600_000.0;
    assert!((0.9..=1.0).contains(&hours(all.triggers_ms)) && (1.9..=2.0).contains(&hours(all.starts_ms)), "{all:?}");
    cell.execute(&trigger_starts("1")).await;
    assert!(agenda(&cell).await.triggers_ms.unwrap() <= 0, "what is due is told before what will be");
}

#[tokio::test]
async fn a_workspace_that_moves_is_told_as_a_change_of_what_is_paused() {
    let cell = Cell::new().await;
    let before = agenda(&cell).await.pauses_no;
    cell.execute("INSERT INTO standings (workspace_id, state, revision) VALUES (gen_random_uuid(), 'archived', 1)")
        .await;
    assert_eq!(agenda(&cell).await.pauses_no, before + 1);
    // Nothing has changed since.
    assert_eq!(agenda(&cell).await.pauses_no, before + 1);
}

/// So many schedules that fire in an hour and later.
pub(super) fn schedules(count: &str) -> String {
    format!(
        "INSERT INTO schedules (workspace_id, schedule_id, workflow_id, node_id, version_id, rules, next_at) \
         SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'n', gen_random_uuid(), '{{}}', \
                now() + n * interval '1 hour' FROM generate_series(1, {count}) n"
    )
}

/// So many starts that are due in two hours and later.
pub(super) fn pending(count: &str) -> String {
    format!(
        "INSERT INTO pending_starts (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, rule, lane, \
                key, vt, input, first_at, due_at) \
         SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'n', 'debounce', '', '', 1, \
                '1', now(), now() + (n + 1) * interval '1 hour' FROM generate_series(1, {count}) n"
    )
}

/// So many endpoints that hear of everything.
pub(super) fn endpoints(count: &str) -> String {
    format!(
        "INSERT INTO webhook_endpoints (workspace_id, endpoint_id, url, types, concurrency) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'u', '{{*}}', 1 FROM generate_series(1, {count})"
    )
}

/// So many jobs that run.
pub(super) fn jobs(count: &str) -> String {
    format!(
        "INSERT INTO bulk_jobs (workspace_id, job_id, verb, filter, arguments, total, request_hash) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'cancel', '{{}}', '{{}}', 1, '' FROM generate_series(1, {count})"
    )
}

/// So many jobs about persons, whose turn it is.
pub(super) fn person_jobs(count: &str) -> String {
    format!(
        "INSERT INTO person_jobs (workspace_id, job_id, kind, address, address_hash, by_kind, by_name) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'export', 'a@b', decode(repeat('00', 32), 'hex'), 'key', 'k' \
           FROM generate_series(1, {count})"
    )
}

/// So many credentials that are to be tested.
fn tests(count: &str) -> String {
    format!(
        "WITH made AS (INSERT INTO credentials (workspace_id, credential_id, name, type, allowed_hosts, fields_set, sealed, \
           key_id, created_by, updated_by) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'c', 'bearer', '{{h}}', '{{}}', '', 'k', 'b', 'b' \
           FROM generate_series(1, {count}) RETURNING workspace_id, credential_id) \
         INSERT INTO credential_tests (workspace_id, credential_id, test_id, revision) \
         SELECT workspace_id, credential_id, gen_random_uuid(), 1 FROM made"
    )
}

/// So many mails of forms that have been due for a second and longer.
pub(super) fn form_mails(count: &str) -> String {
    format!(
        "INSERT INTO form_submissions (workspace_id, submission_id, once, workflow_id, node_id, path, title, email, input, \
                expires_at, mail_due_at) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'o', gen_random_uuid(), 'n', 'p', 't', 'a@b.c', '1', now(), \
                now() - n * interval '1 second' FROM generate_series(1, {count}) n"
    )
}

/// So many starts of triggers that have been due for a second and longer.
pub(super) fn trigger_starts(count: &str) -> String {
    format!(
        "INSERT INTO trigger_starts (workspace_id, workflow_id, node_id, subject, version_id, cause, at, input, due_at, \
                until_at) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'n', 's', gen_random_uuid(), 'event', now(), '1', \
                now() - n * interval '1 second', now() FROM generate_series(1, {count}) n"
    )
}

#[tokio::test]
async fn an_agenda_is_one_step_into_each_index() {
    let cell = empty().await;
    let (mut connection, worker_no) = cell.worker().await;
    let id = "gen_random_uuid()";
    let rows = format!("generate_series(1, {ROWS}) n");
    cell.execute(&format!(
        "INSERT INTO limits (workspace_id, name, slots_max) SELECT {id}, 'workspace', 1 FROM {rows}; \
         INSERT INTO gated (workspace_id, gate, vt, execution_id) SELECT {id}, 'workspace', n, {id} FROM {rows}; \
         INSERT INTO pauses (workspace_id, workflow_id, paused_by) SELECT {id}, {id}, 'me' FROM {rows}; \
         INSERT INTO held (workspace_id, workflow_id, execution_id) SELECT {id}, {id}, {id} FROM {rows}; \
         INSERT INTO event_turns (workspace_id, event_id, type, key, due_at) \
         SELECT {id}, {id}, 'a', 'a', now() + n * interval '1 minute' FROM {rows}; \
         INSERT INTO event_arrivals (workspace_id, xid, events, due_at) \
         SELECT {id}, n::text::xid8, 1, now() + n * interval '1 minute' FROM {rows}; \
         INSERT INTO webhook_lanes (workspace_id, endpoint_id, due_at) SELECT {id}, {id}, 'infinity' FROM {rows}"
    ))
    .await;
    let count = ROWS.to_string();
    for fill in [schedules, pending, endpoints, jobs, trigger_starts, person_jobs, tests, form_mails] {
        cell.execute(&fill(&count)).await;
    }
    let plans = Plans::of(&mut connection).await;
    for _ in 0..2 {
        plans.take();
        look(&mut connection, worker_no).await.unwrap();
        let tables = [
            "limits",
            "gated",
            "pause_changes",
            "held",
            "pending_starts",
            "schedules",
            "trigger_starts",
            "webhook_endpoints",
            "webhook_lanes",
            "event_turns",
            "event_arrivals",
            "bulk_jobs",
            "person_jobs",
            "credential_tests",
            "form_submissions",
            "fact_changes",
        ];
        let all = plans.take();
        for table in tables {
            let looks: Vec<_> = all.iter().filter(|plan| plan.relations().iter().any(|name| name == table)).collect();
            assert!(!looks.is_empty(), "nothing looks at {table}: {all:#?}");
            for plan in looks {
                plan.assert_no_seq_scan();
                assert!(plan.rows_seen(table) <= 1, "{table}: {plan:#?}");
            }
        }
        cell.execute("ANALYZE").await;
    }
}
