//! One row of each tenant table for a workspace.

/// Statements that give workspace `workspace` a row in every tenant table, ids derived from its own.
pub(crate) fn rows(workspace: &str) -> String {
    let w = format!("'{workspace}'::uuid");
    // In this month, and different for each workspace.
    let id = format!("overlay({w}::text placing left(uuid_floor_1(now())::text, 15) from 1 for 15)::uuid");
    [
        format!("workflows (workspace_id, workflow_id, name) VALUES ({w}, {id}, 'w')"),
        format!("workflow_drafts (workspace_id, workflow_id, graph) VALUES ({w}, {id}, '1')"),
        format!(
            "workflow_versions (workspace_id, version_id, workflow_id, number, graph, semantics) \
             VALUES ({w}, {id}, {id}, 1, '1', 1)"
        ),
        format!(
            "trial_versions (workspace_id, version_id, workflow_id, digest, graph, semantics) \
             VALUES ({w}, {w}, {id}, 'd', '1', 1)"
        ),
        format!("workflow_nodes VALUES ({w}, {id}, 'n', 't', 'l', '1')"),
        format!("workflow_edges VALUES ({w}, {id}, 'e', 'n', 'out', 'n', 'flow')"),
        format!(
            "trigger_paths (workspace_id, kind, path, workflow_id, version_id, node_id) \
             VALUES ({w}, 'form', 'p', {id}, {id}, 'n')"
        ),
        format!(
            "automation_rules (workspace_id, rule_id, workflow_id, name, definition, is_enabled, draft_revision, version, updated_by) \
             VALUES ({w}, {id}, {id}, 'n', '{{}}', true, 1, 1, 'b')"
        ),
        format!("queue VALUES (1, {id}, {w}, true, 0)"),
        format!("leases (execution_id, workspace_id, worker_no, lease_no, losses) VALUES ({id}, {w}, 1, 1, 0)"),
        format!(
            "losses (execution_id, lease_no, workspace_id, worker_name, blamed, claimed_at) VALUES ({id}, 1, {w}, 'n', true, now())"
        ),
        format!("timers VALUES ({id}, {w}, now())"),
        format!(
            "children (child_id, workspace_id, parent_id, node_id, root_id, depth) VALUES ({id}, {w}, {id}, 'n', {id}, 1)"
        ),
        format!("pauses VALUES ({w}, {id}, 'k')"),
        format!("standings (workspace_id, state, revision) VALUES ({w}, 'active', 1)"),
        format!("notices (workspace_id, notice_key, kind, summary, page) VALUES ({w}, 'k', 'quota.soft', 's', '')"),
        format!(
            "workspace_settings (workspace_id, time_zone, quiet, updated_by) VALUES ({w}, 'UTC', '{{}}', 'b')"
        ),
        format!(
            "execution_migrations (execution_id, workspace_id, from_version_id, to_version_id, position, migrated_by) \
             VALUES ({id}, {w}, {id}, {id}, 0, 'k')"
        ),
        format!("held VALUES ({w}, {id}, {id})"),
        format!("gated VALUES ({w}, 'k', 1, {id})"),
        format!("slots (workspace_id, gate, execution_id) VALUES ({w}, 'workspace', {id})"),
        format!("limits (workspace_id, name, slots_max) VALUES ({w}, 'workspace', 1)"),
        format!("signals (execution_id, signal_id, workspace_id, name, payload) VALUES ({id}, {id}, {w}, 's', '1')"),
        format!("idempotency_keys (workspace_id, key_hash, request_hash, execution_id) VALUES ({w}, 'k', 'r', {id})"),
        format!("quota_counters (workspace_id, meter, period) VALUES ({w}, 'm', now())"),
        format!(
            "alert_rules (workspace_id, name, kind, after_s, is_mailed, is_enabled, updated_by) \
             VALUES ({w}, 'n', 'sla', 60, true, true, 'b')"
        ),
        format!("alert_marks (workspace_id, name, rule_at, after_execution) VALUES ({w}, 'n', now(), {id})"),
        format!(
            "alerts (workspace_id, alert_id, rule, kind, summary, detail, raised_at, is_mailed) \
             VALUES ({w}, {id}, 'n', 'sla', 's', '{{}}', now(), true)"
        ),
        format!(
            "workspace_daily_stats (workspace_id, day, executions_started, executions_completed, executions_failed, \
             executions_cancelled, duration_ms_sum, emails_sent, leads_created, counted_at) \
             VALUES ({w}, now(), 0, 0, 0, 0, 0, 0, 0, now())"
        ),
        format!("quota_limits (workspace_id, meter, units_max, hard_max) VALUES ({w}, 'm', 1, 1)"),
        format!("quota_plans (workspace_id, plan, revision) VALUES ({w}, 'p', 1)"),
        format!("quota_slices (workspace_id, meter, period, holder, units, until_at) VALUES ({w}, 'm', now(), {id}, 1, now())"),
        format!(
            "executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input) \
             VALUES ({id}, {w}, {id}, {id}, 'n', '1')"
        ),
        format!(
            "journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, recorded_at) \
             VALUES ({id}, 1, {w}, 1, 'settled', 'n', 'completed', now())"
        ),
        format!(
            "execution_logs (execution_id, log_id, workspace_id, node_id, attempt, level, message, created_at) \
             VALUES ({id}, {id}, {w}, 'n', 1, 'info', 'm', now())"
        ),
        format!("execution_words (workspace_id, execution_id, words) VALUES ({w}, {id}, '')"),
        format!("usage (execution_id, position, meter, workspace_id, units) VALUES ({id}, 1, 'm', {w}, 1)"),
        format!("outbox (event_id, workspace_id, type, aggregate_id, payload) VALUES ({id}, {w}, 't', {id}, '1')"),
        format!(
            "approvals (workspace_id, approval_id, execution_id, node_id, title, fields, by_api_key, by_link) \
             VALUES ({w}, {id}, {id}, 'n', 't', '[]', true, true)"
        ),
        format!("link_keys (workspace_id, key_no, secret) VALUES ({w}, 1, decode(repeat('00', 32), 'hex'))"),
        format!(
            "sandbox_mails (workspace_id, mail_id, message_id, sender, recipients, subject, body_text) \
             VALUES ({w}, {id}, 'm', 'a', '{{b}}', 's', 'b')"
        ),
        format!(
            "person_jobs (workspace_id, job_id, kind, address, address_hash, by_kind, by_name) \
             VALUES ({w}, {id}, 'erase', 'a@b', decode(repeat('00', 32), 'hex'), 'key', 'k')"
        ),
        format!("person_lines (workspace_id, job_id, line_no, line) VALUES ({w}, {id}, 1, 'l')"),
        format!("person_marks (workspace_id, job_id, kind, id) VALUES ({w}, {id}, 'lead', {id})"),
        format!(
            "bulk_jobs (workspace_id, job_id, verb, filter, arguments, total, request_hash) \
             VALUES ({w}, {id}, 'cancel', '1', '1', 1, 'r')"
        ),
        format!("event_arrivals (workspace_id, xid, events) VALUES ({w}, '1', 1)"),
        format!("event_turns (workspace_id, event_id, type, key, due_at) VALUES ({w}, {id}, 't', '', now())"),
        format!(
            "events (workspace_id, event_id, client_id, type, key, data, depth) VALUES ({w}, {id}, 'e', 't', '', '1', 0)"
        ),
        format!(
            "event_waits (workspace_id, wait_id, execution_id, node_id, type, key, since_at) \
             VALUES ({w}, {id}, {id}, 'n', 't', '', now())"
        ),
        format!("flow_rates (workspace_id, workflow_id, rule, key, next_at) VALUES ({w}, {id}, 'throttle', '', now())"),
        format!(
            "pending_starts (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, rule, lane, key, vt, \
             first_at, due_at) VALUES ({id}, {w}, {id}, {id}, 't', 'batch', 't', '', 0, now(), now())"
        ),
        format!("pending_inputs (execution_id, place, workspace_id, input) VALUES ({id}, 1, {w}, '1')"),
        format!("singletons (workspace_id, workflow_id, key, execution_id) VALUES ({w}, {id}, '', {id})"),
        format!("prioritised (workspace_id, rank, execution_id) VALUES ({w}, 0, {id})"),
        format!("bulk_items (workspace_id, job_id, execution_id) VALUES ({w}, {id}, {id})"),
        format!(
            "credentials (workspace_id, credential_id, name, type, allowed_hosts, fields_set, sealed, key_id, created_by, \
             updated_by) VALUES ({w}, {id}, 'c', 'bearer', '{{h}}', '{{}}', '', 'k', 'b', 'b')"
        ),
        format!("credential_tokens (workspace_id, credential_id, revision) VALUES ({w}, {id}, 1)"),
        format!("credential_tests (workspace_id, credential_id, test_id, revision) VALUES ({w}, {id}, {id}, 1)"),
        format!(
            "request_keys (workspace_id, key_hash, request_hash, claim_id, changed) \
             VALUES ({w}, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), {id}, 'no')"
        ),
        format!("lead_pipelines (workspace_id, machine, revision) VALUES ({w}, '{{}}', 1)"),
        format!("leads (workspace_id, lead_id, name, status, source) VALUES ({w}, {id}, 'n', 's', 's')"),
        format!("lead_fields (workspace_id, name, label, type) VALUES ({w}, 'n', 'l', 'text')"),
        format!("lead_field_data (workspace_id, lead_id, name, text_value) VALUES ({w}, {id}, 'n', 't')"),
        format!("lead_sources (workspace_id, name) VALUES ({w}, 's')"),
        format!(
            "lead_events (workspace_id, lead_id, event_id, type, by_kind, by_name, data) \
             VALUES ({w}, {id}, {id}, 'note', 'key', 'n', '{{}}')"
        ),
        format!("record_types (workspace_id, name, label, machine, revision) VALUES ({w}, 'n', 'l', '{{}}', 1)"),
        format!("records (workspace_id, record_id, type, state, data) VALUES ({w}, {id}, 't', 's', '{{}}')"),
        format!(
            "record_history (workspace_id, record_id, entry_id, kind, by_kind, by_name) \
             VALUES ({w}, {id}, {id}, 'updated', 'key', 'n')"
        ),
        format!(
            "audit_log (workspace_id, audit_id, by_kind, by_id, by_name, action, subject, status, request_id) \
             VALUES ({w}, {id}, 'key', {id}, 'k', 'a', 's', 200, 'r')"
        ),
        format!(
            "audit_begun (workspace_id, audit_id, by_kind, by_id, by_name, action, subject, request_id) \
             VALUES ({w}, {id}, 'key', {id}, 'k', 'a', 's', 'r')"
        ),
        format!("webhook_endpoints (workspace_id, endpoint_id, url, types, concurrency) VALUES ({w}, {id}, 'u', '{{*}}', 1)"),
        format!("webhook_secrets (workspace_id, endpoint_id, secret_id, sealed, key_id) VALUES ({w}, {id}, {id}, '', 'k')"),
        format!("webhook_lanes (workspace_id, endpoint_id) VALUES ({w}, {id})"),
        format!("webhook_events (workspace_id, event_id, type, body) VALUES ({w}, {id}, 't', '1')"),
        format!(
            "webhook_deliveries (workspace_id, delivery_id, endpoint_id, event_id, type, deadline_at) \
             VALUES ({w}, {id}, {id}, {id}, 't', now())"
        ),
        format!(
            "webhook_attempts (workspace_id, delivery_id, number, lease_no, started_at, duration_ms, outcome) \
             VALUES ({w}, {id}, 1, 1, now(), 1, 'delivered')"
        ),
        format!(
            "schedules (workspace_id, schedule_id, workflow_id, node_id, version_id, rules) \
             VALUES ({w}, {id}, {id}, 'n', {id}, '1')"
        ),
        format!(
            "trigger_starts (workspace_id, workflow_id, node_id, subject, version_id, cause, at, input, due_at, until_at) \
             VALUES ({w}, {id}, 'n', 's', {id}, 'now', now(), '1', now(), now())"
        ),
        format!(
            "event_triggers (workspace_id, workflow_id, node_id, version_id, type, start_within_ms) \
             VALUES ({w}, {id}, 'n', {id}, 't', 1)"
        ),
        format!(
            "execution_triggers (workspace_id, workflow_id, node_id, version_id, outcomes, called, start_within_ms) \
             VALUES ({w}, {id}, 'n', {id}, '{{failed}}', false, 1)"
        ),
        format!(
            "form_submissions (workspace_id, submission_id, once, workflow_id, node_id, path, title, email, input, expires_at) \
             VALUES ({w}, {id}, 'o', {id}, 'n', 'p', 't', 'a@b', '1', now())"
        ),
        format!(
            "hook_secrets (workspace_id, hook_secret_id, name, sealed, key_id, created_by) \
             VALUES ({w}, {id}, 'n', '', 'k', 'b')"
        ),
        format!(
            "hook_listens (workspace_id, listen_id, workflow_id, node_id, config, until_at) \
             VALUES ({w}, {id}, {id}, 'n', '1', now())"
        ),
    ]
    .map(|row| format!("INSERT INTO {row};"))
    .concat()
}
