//! What each tenant table tells of its rows: whose they are, and since when. Who adds one without `created_at` writes down here
//! what tells instead.

use capstan_engine::store::connect::Role;

use crate::grants::lines;
use crate::support::App;

/// Tenant tables that may hold no workspace.
const NULLABLE: &str = "
    SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
     WHERE c.relnamespace IN ('control'::regnamespace, 'cell_1'::regnamespace) AND c.relkind IN ('r', 'p')
       AND NOT (a.attnotnull AND a.atttypid = 'uuid'::regtype)";
/// What the vendor tells may be about a customer whose workspace nobody knows yet; some news are about the platform.
const OF_NO_WORKSPACE: [&str; 3] = ["control.billing_events", "control.billing_subscriptions", "control.notifications"];

/// Tables whose time of making has another name, which says more, or is the one of their newest state.
const ELSEWHEN: [(&str, &str); 34] = [
    ("cell_1.alert_marks", "rule_at"),
    ("cell_1.alert_rules", "updated_at"),
    ("cell_1.alerts", "raised_at"),
    ("cell_1.audit_begun", "recorded_at"),
    ("cell_1.audit_log", "recorded_at"),
    ("cell_1.credential_tests", "asked_at"),
    ("cell_1.event_triggers", "since_at"),
    ("cell_1.events", "received_at"),
    ("cell_1.execution_triggers", "since_at"),
    ("cell_1.journal", "recorded_at"),
    ("cell_1.lead_field_data", "updated_at"),
    ("cell_1.lead_pipelines", "updated_at"),
    ("cell_1.leases", "claimed_at"),
    ("cell_1.losses", "lost_at"),
    ("cell_1.notices", "noticed_at"),
    ("cell_1.pending_starts", "first_at"),
    ("cell_1.quota_counters", "updated_at"),
    ("cell_1.quota_plans", "synced_at"),
    ("cell_1.record_types", "updated_at"),
    ("cell_1.request_keys", "claimed_at"),
    ("cell_1.standings", "changed_at"),
    ("cell_1.trigger_starts", "at"),
    ("cell_1.webhook_attempts", "started_at"),
    ("cell_1.workspace_daily_stats", "counted_at"),
    ("cell_1.workspace_settings", "updated_at"),
    ("control.audit_pending", "recorded_at"),
    ("control.billing_customers", "linked_at"),
    ("control.billing_events", "received_at"),
    ("control.billing_news", "tried_at"),
    ("control.billing_subscriptions", "changed_at"),
    ("control.members", "joined_at"),
    ("control.tenant_transitions", "changed_at"),
    ("control.workspace_pages", "set_at"),
    ("control.workspace_plans", "changed_at"),
];
/// Tables of what is due and then gone: their time is ahead.
const AHEAD: [(&str, &str); 7] = [
    ("cell_1.event_arrivals", "due_at"),
    ("cell_1.event_turns", "due_at"),
    ("cell_1.flow_rates", "next_at"),
    ("cell_1.hook_listens", "until_at"),
    ("cell_1.quota_slices", "until_at"),
    ("cell_1.timers", "due_at"),
    ("cell_1.webhook_lanes", "due_at"),
];
/// Tables of parts: the time is that of the whole, or nobody needs it, as the row goes with what it stands for.
const PARTS: [&str; 12] = [
    "cell_1.bulk_items",
    "cell_1.credential_tokens",
    "cell_1.execution_words",
    "cell_1.pending_inputs",
    "cell_1.person_lines",
    "cell_1.person_marks",
    "cell_1.prioritised",
    "cell_1.queue",
    "cell_1.quota_limits",
    "cell_1.singletons",
    "cell_1.workflow_edges",
    "cell_1.workflow_nodes",
];
/// Tables whose rows are only moved on, never edited: each move has a time of its own, or the audit log has it.
const MOVED: [&str; 28] = [
    "cell_1.alerts",
    "cell_1.approvals",
    "cell_1.audit_begun",
    "cell_1.bulk_jobs",
    "cell_1.event_triggers",
    "cell_1.execution_triggers",
    "cell_1.form_submissions",
    "cell_1.hook_listens",
    "cell_1.hook_secrets",
    "cell_1.lead_fields",
    "cell_1.pauses",
    "cell_1.request_keys",
    "cell_1.trial_versions",
    "cell_1.trigger_starts",
    "cell_1.webhook_deliveries",
    "cell_1.webhook_lanes",
    "cell_1.webhook_secrets",
    "control.api_keys",
    "control.billing_customers",
    "control.billing_events",
    "control.billing_news",
    "control.billing_subscriptions",
    "control.invitations",
    "control.members",
    "control.notifications",
    "control.operations",
    "control.workspace_pages",
    "control.workspace_plans",
];

/// Tenant tables without a time of that name which each row has. Partitions are like their parents.
fn without(time: &str) -> String {
    format!(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
          WHERE c.relnamespace IN ('control'::regnamespace, 'cell_1'::regnamespace) AND c.relkind IN ('r', 'p')
            AND NOT c.relispartition AND NOT EXISTS (
                SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = '{time}' AND t.attnotnull
                   AND t.atttypid = 'timestamptz'::regtype)"
    )
}

/// The same, as far as those who serve may change rows.
fn changed_without(time: &str) -> String {
    without(time)
        + " AND (has_any_column_privilege('capstan_api', c.oid, 'UPDATE')
                 OR has_any_column_privilege('capstan_access', c.oid, 'UPDATE'))"
}

#[tokio::test]
async fn every_row_of_a_tenant_table_names_its_workspace_and_tells_since_when_it_is_there() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    // Names with their schemas.
    sqlx::raw_sql("SET search_path TO pg_catalog").execute(&mut owner).await.unwrap();
    assert_eq!(lines(&mut owner, NULLABLE).await, OF_NO_WORKSPACE);
    let mut expected: Vec<&str> = ELSEWHEN.iter().chain(&AHEAD).map(|(table, _)| *table).chain(PARTS).collect();
    expected.sort_unstable();
    assert_eq!(lines(&mut owner, &without("created_at")).await, expected, "tenant tables without created_at");
    for (table, time) in ELSEWHEN.iter().chain(&AHEAD) {
        let named = lines(&mut owner, &without(time)).await;
        assert!(!named.iter().any(|name| name == table), "{table} has no {time}");
    }
    assert_eq!(lines(&mut owner, &changed_without("updated_at")).await, MOVED, "tenant tables without updated_at");
}
