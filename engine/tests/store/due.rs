//! When there is something to do in a cell next, for who lets go of it, and that nothing is looked through for that.

use std::time::Duration;

use capstan_engine::store::due::next_due;

use super::agenda::{endpoints, form_mails, jobs, pending, person_jobs, schedules, trigger_starts};
use super::explain::{Plan, Plans};
use super::plans_data::{ROWS, empty};
use super::support::Cell;

const HOUR: u64 = 3_600;
const ID: &str = "gen_random_uuid()";
/// Words of all that has ended are there.
const WORDS_WRITTEN: &str = "UPDATE word_cursor SET xid = '9000000000000000000'";

async fn due(cell: &Cell) -> Option<Duration> {
    let (mut connection, _) = cell.worker().await;
    next_due(&mut connection).await.unwrap()
}

/// A row of this table, of now.
fn under_way(table: &str) -> String {
    match table {
        "queue" => format!("INSERT INTO queue (vt, execution_id, workspace_id, fresh) VALUES (1, {ID}, {ID}, true)"),
        "leases" => format!(
            "INSERT INTO leases (execution_id, workspace_id, worker_no, lease_no, losses) VALUES ({ID}, {ID}, 1, 1, 0)"
        ),
        "gated" => {
            format!("INSERT INTO gated (workspace_id, gate, vt, execution_id) VALUES ({ID}, 'workspace', 1, {ID})")
        }
        "held" => format!("INSERT INTO held (workspace_id, workflow_id, execution_id) VALUES ({ID}, {ID}, {ID})"),
        table => panic!("{table}"),
    }
}

/// A rule of alerts of this kind, with a time of so many seconds.
fn rule(kind: &str, after_s: u64) -> String {
    format!(
        "INSERT INTO alert_rules (workspace_id, name, kind, workflow_id, after_s, is_mailed, is_enabled, updated_by) \
         VALUES ({ID}, 'r', '{kind}', {ID}, {after_s}, false, true, 'me')"
    )
}

#[tokio::test]
async fn nothing_is_planned_in_an_empty_cell() {
    let cell = Cell::new().await;
    assert_eq!(due(&cell).await, None);
}

#[tokio::test]
async fn what_is_under_way_is_due_now() {
    let cell = Cell::new().await;
    cell.execute(WORDS_WRITTEN).await;
    for table in ["queue", "leases", "gated", "held"] {
        cell.execute(&under_way(table)).await;
        assert_eq!(due(&cell).await, Some(Duration::ZERO), "{table}");
        cell.execute(&format!("DELETE FROM {table}")).await;
    }
    assert_eq!(due(&cell).await, None);
    cell.execute(&under_way("held")).await;
    cell.execute(&format!("INSERT INTO pauses (workspace_id, workflow_id, paused_by) VALUES ({ID}, {ID}, 'me')")).await;
    assert_eq!(due(&cell).await, None, "what is paused goes on when a person says so");
}

#[tokio::test]
async fn what_is_planned_is_due_at_its_time() {
    let cell = Cell::new().await;
    cell.execute(WORDS_WRITTEN).await;
    let timer = format!(
        "INSERT INTO timers (execution_id, workspace_id, due_at) VALUES ({ID}, {ID}, now() + interval '1 hour')"
    );
    let lane = |failures: u8| {
        format!(
            "INSERT INTO webhook_lanes (workspace_id, endpoint_id, failures, failing_since, due_at) \
             VALUES ({ID}, {ID}, {failures}, CASE WHEN {failures} > 0 THEN now() END, now() + interval '1 hour')"
        )
    };
    let later = |table: &str, column: &str| format!("; UPDATE {table} SET {column} = now() + interval '1 hour'");
    let alert = format!(
        "INSERT INTO alerts (workspace_id, alert_id, rule, kind, summary, detail, raised_at, is_mailed) \
         VALUES ({ID}, {ID}, 'failures', 'failure_rate', 's', '{{}}', now(), false)"
    );
    let event = format!(
        "INSERT INTO event_turns (workspace_id, event_id, type, key, due_at) \
         VALUES ({ID}, {ID}, 'a', 'a', now() + interval '1 hour')"
    );
    let arrival = format!(
        "INSERT INTO event_arrivals (workspace_id, xid, events, due_at) VALUES ({ID}, '1', 20, now() + interval '1 hour')"
    );
    for (table, sql, seconds) in [
        ("timers", timer, HOUR),
        ("pending_starts", pending("1"), 2 * HOUR),
        ("schedules", schedules("1"), HOUR),
        ("trigger_starts", trigger_starts("1"), 0),
        ("webhook_lanes", lane(0), HOUR),
        ("webhook_lanes", lane(1), HOUR),
        ("event_turns", event, HOUR),
        ("event_arrivals", arrival, HOUR),
        ("bulk_jobs", jobs("1") + &later("bulk_jobs", "turn_at"), HOUR),
        ("person_jobs", person_jobs("1") + &later("person_jobs", "turn_at"), HOUR),
        ("form_submissions", form_mails("1") + &later("form_submissions", "mail_due_at"), HOUR),
        ("alerts", alert, 900),
        ("alert_rules", rule("silence", HOUR), HOUR),
        ("alert_rules", rule("sla", 4 * HOUR), HOUR),
        ("alert_rules", rule("sla", 60), 600),
    ] {
        cell.execute(&sql).await;
        let told = due(&cell).await.unwrap_or(Duration::MAX).as_secs();
        assert!(told <= seconds && told + 60 >= seconds, "{table}: in {told} s, not in {seconds} s");
        cell.execute(&format!("DELETE FROM {table}")).await;
        assert_eq!(due(&cell).await, None, "{table}");
    }
}

#[tokio::test]
async fn events_that_are_not_handed_out_are_due_as_long_as_somebody_hears_of_them() {
    let cell = Cell::new().await;
    cell.execute(WORDS_WRITTEN).await;
    cell.execute(&format!(
        "INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload) VALUES ({ID}, {ID}, 'a', {ID}, '1')"
    ))
    .await;
    assert_eq!(due(&cell).await, None);
    cell.execute(&endpoints("1")).await;
    assert_eq!(due(&cell).await, Some(Duration::ZERO));
    cell.execute(
        "UPDATE webhook_cursors SET (xid, event_id) = (SELECT o.xid, o.event_id FROM outbox o) WHERE source = 'outbox'",
    )
    .await;
    assert_eq!(due(&cell).await, None);
    cell.execute(&triggers("1")).await;
    assert_eq!(due(&cell).await, Some(Duration::ZERO));
    cell.execute("UPDATE end_cursor SET (xid, event_id) = (SELECT o.xid, o.event_id FROM outbox o)").await;
    assert_eq!(due(&cell).await, None);
    // By triggers of events, too, if they start at what is in the outbox.
    cell.execute("DELETE FROM execution_triggers; UPDATE end_cursor SET xid = '0'").await;
    for (type_name, expected) in [("order.paid", None), ("step.failed", Some(Duration::ZERO))] {
        cell.execute(&format!(
            "INSERT INTO event_triggers (workspace_id, workflow_id, node_id, version_id, type, start_within_ms) \
             VALUES ({ID}, {ID}, 'n', {ID}, '{type_name}', 1)"
        ))
        .await;
        assert_eq!(due(&cell).await, expected, "{type_name}");
    }
}

#[tokio::test]
async fn what_happened_since_its_day_was_summed_up_is_to_be_summed_up() {
    let cell = Cell::new().await;
    cell.execute(WORDS_WRITTEN).await;
    cell.execute("INSERT INTO stats_days (day, due_at) VALUES (now()::date, now() + interval '5 minutes')").await;
    assert_eq!(due(&cell).await, None);
    let event = format!(
        "INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload, created_at) \
         VALUES ({ID}, {ID}, 'a', {ID}, '1', now() - interval '1 minute')"
    );
    cell.execute(&event).await;
    let told = due(&cell).await.unwrap().as_secs();
    assert!((240..=300).contains(&told), "in {told} s");
    cell.execute("UPDATE outbox SET created_at = now() - interval '6 minutes'").await;
    assert_eq!(due(&cell).await, None);
}

#[tokio::test]
async fn duties_words_and_news_of_a_moment_ago_are_waited_for_and_old_news_are_come_back_for() {
    let cell = Cell::new().await;
    let (soon, mail) = (Duration::from_secs(15), "UPDATE alerts SET mail_due_at = now()");
    cell.execute(
        "INSERT INTO duties (name, holder, take_no, leased_until, last_begun_at, next_due_at) \
         VALUES ('retention', 'w', 1, now() + interval '1 minute', now(), now())",
    )
    .await;
    assert_eq!(due(&cell).await, Some(soon), "somebody is at it");
    cell.execute("UPDATE duties SET leased_until = NULL").await;
    assert_eq!(due(&cell).await, None);
    cell.execute(&format!(
        "INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload) VALUES ({ID}, {ID}, 'a', {ID}, '1')"
    ))
    .await;
    assert_eq!(due(&cell).await, Some(soon), "words");
    cell.execute(WORDS_WRITTEN).await;
    assert_eq!(due(&cell).await, None);
    cell.execute(&format!(
        "INSERT INTO notices (workspace_id, notice_key, kind, summary, page) VALUES ({ID}, 'k', 'quota.soft', 's', 'usage')"
    ))
    .await;
    assert_eq!(due(&cell).await, Some(soon), "news");
    cell.execute("UPDATE notices SET noticed_at = now() - interval '4 minutes'").await;
    assert_eq!(due(&cell).await, Some(Duration::from_secs(HOUR)), "nobody has come for them");
    cell.execute("DELETE FROM notices").await;
    cell.execute(&format!(
        "INSERT INTO alerts (workspace_id, alert_id, rule, kind, summary, detail, raised_at, cleared_at, cleared_because, \
           is_mailed, mail_due_at) \
         VALUES ({ID}, {ID}, 'failures', 'failure_rate', 's', '{{}}', now(), now(), 'recovered', true, now())"
    ))
    .await;
    assert_eq!(due(&cell).await, Some(soon), "a mail");
    cell.execute(&format!("{mail} + interval '10 minutes'")).await;
    let told = due(&cell).await.unwrap().as_secs();
    assert!((540..=600).contains(&told), "its next try is in {told} s");
    cell.execute(&format!("{mail} - interval '4 minutes'")).await;
    assert_eq!(due(&cell).await, None, "nobody sends mails");
}

#[tokio::test]
async fn no_rule_of_who_is_not_active_brings_anybody() {
    let cell = Cell::new().await;
    cell.execute(WORDS_WRITTEN).await;
    cell.execute(&rule("sla", HOUR)).await;
    assert!(due(&cell).await.is_some());
    cell.execute(&format!("INSERT INTO standings (workspace_id, state, revision) VALUES ({ID}, 'archived', 1)")).await;
    assert_eq!(due(&cell).await, None);
}

/// So many workflows that wait for ends of others.
fn triggers(count: &str) -> String {
    format!(
        "INSERT INTO execution_triggers (workspace_id, workflow_id, node_id, version_id, outcomes, called, start_within_ms) \
         SELECT {ID}, {ID}, 'n', {ID}, '{{failed}}', false, 1 FROM generate_series(1, {count})"
    )
}

#[tokio::test]
async fn what_is_due_next_is_one_step_into_each_index() {
    let cell = empty().await;
    let (mut connection, _) = cell.worker().await;
    let rows = format!("generate_series(1, {ROWS}) n");
    cell.execute(&format!(
        "INSERT INTO timers (execution_id, workspace_id, due_at) SELECT {ID}, {ID}, now() + n * interval '1 hour' FROM {rows}; \
         INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload) SELECT {ID}, {ID}, 'a', {ID}, '1' FROM {rows}; \
         INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) \
         SELECT {ID}, {ID}, n::text, 'a', 'a', '1', 0 FROM {rows}; \
         INSERT INTO webhook_lanes (workspace_id, endpoint_id, due_at) SELECT {ID}, {ID}, now() + n * interval '1 hour' FROM {rows}; \
         INSERT INTO stats_days (day, due_at) SELECT now()::date - n::int, now() + interval '1 hour' FROM generate_series(0, 400) n; \
         INSERT INTO notices (workspace_id, notice_key, kind, summary, page, noticed_at) \
         SELECT {ID}, n::text, 'a', 's', '', now() - interval '1 day' FROM {rows}; \
         INSERT INTO alerts (workspace_id, alert_id, rule, kind, summary, detail, raised_at, cleared_at, cleared_because, is_mailed, \
           mail_due_at) \
         SELECT {ID}, {ID}, 'r', 'sla', 's', '{{}}', now(), now(), 'recovered', true, now() - interval '1 day' FROM {rows}; \
         UPDATE webhook_cursors SET xid = '9000000000000000000'; UPDATE end_cursor SET xid = '9000000000000000000'; \
         {WORDS_WRITTEN}; {}; {}",
        rule("silence", HOUR),
        rule("sla", HOUR),
    ))
    .await;
    for fill in [schedules, pending, endpoints, jobs, trigger_starts, person_jobs, form_mails, triggers] {
        cell.execute(&fill(&ROWS.to_string())).await;
    }
    let tables = [
        "timers",
        "outbox",
        "events",
        "webhook_endpoints",
        "webhook_lanes",
        "execution_triggers",
        "pending_starts",
        "schedules",
        "trigger_starts",
        "event_turns",
        "event_arrivals",
        "bulk_jobs",
        "person_jobs",
        "form_submissions",
        "stats_days",
        "notices",
        "alerts",
        "alert_rules",
    ];
    let plans = Plans::of(&mut connection).await;
    for _ in 0..2 {
        plans.take();
        next_due(&mut connection).await.unwrap();
        let all = plans.take();
        for table in tables {
            assert_is_one_step(&all, table);
        }
        cell.execute("ANALYZE").await;
    }
    for table in ["queue", "leases", "gated", "held"] {
        for _ in 0..20 {
            cell.execute(&under_way(table)).await;
        }
        plans.take();
        assert_eq!(next_due(&mut connection).await.unwrap(), Some(Duration::ZERO), "{table}");
        assert_is_one_step(&plans.take(), table);
        cell.execute(&format!("DELETE FROM {table}")).await;
    }
}

fn assert_is_one_step(all: &[Plan], table: &str) {
    let looks: Vec<_> = all.iter().filter(|plan| plan.relations().iter().any(|name| name == table)).collect();
    assert!(!looks.is_empty(), "nothing looks at {table}: {all:#?}");
    for plan in looks {
        plan.assert_no_seq_scan();
        assert!(plan.rows_seen(table) <= 1, "{table}: {plan:#?}");
    }
}
