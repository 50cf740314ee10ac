//! Nothing of one workspace is seen by another: not through any route, and not through the database.

use axum::body::Body;
use axum::http::Request;
use capstan_domain::access;
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::line::line;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{App, as_json, simple};

#[tokio::test]
async fn another_workspaces_ids_are_404_through_every_route() {
    let app = App::start().await;
    let workflow = app.publish(&simple()).await;
    let execution = app.begin(&workflow).await;
    let version = app.get(&format!("/api/v1/workflows/{workflow}/versions")).await.json()["items"][0]["id"].clone();
    let (w, x) = (format!("/api/v1/workflows/{workflow}"), format!("/api/v1/executions/{execution}"));
    let bulk = json!({ "verb": "signal", "filter": { "ids": [execution] }, "arguments": { "name": "go" } });
    let job = app.post("/api/v1/bulk-jobs", &bulk).await.json()["id"].as_str().unwrap().to_owned();
    let b = format!("/api/v1/bulk-jobs/{job}");
    let r = format!("/api/v1/rules/{}", crate::rules::make(&app).await);
    for (method, path, body) in [
        ("GET", w.clone(), Value::Null),
        ("POST", format!("{w}/rename"), json!({ "name": "Mine" })),
        ("PUT", format!("{w}/draft"), json!({ "graph": {} })),
        ("POST", format!("{w}/draft/simulate"), json!({})),
        ("POST", format!("{w}/draft/backtest"), json!({})),
        ("POST", format!("{w}/validate"), Value::Null),
        ("POST", format!("{w}/publish"), json!({})),
        ("GET", format!("{w}/versions"), Value::Null),
        ("GET", format!("{w}/versions/{}", version.as_str().unwrap()), Value::Null),
        ("POST", "/api/v1/executions".into(), json!({ "workflow_id": workflow })),
        ("POST", "/api/v1/executions".into(), json!({ "workflow_id": workflow, "version_id": version })),
        ("GET", x.clone(), Value::Null),
        ("GET", format!("{x}/logs"), Value::Null),
        ("GET", format!("{x}/timeline"), Value::Null),
        ("GET", format!("{x}/events"), Value::Null),
        ("GET", format!("{x}/explain"), Value::Null),
        ("POST", format!("{x}/restart"), json!({ "from": "a" })),
        ("POST", format!("{x}/migrate"), json!({})),
        ("POST", format!("{x}/cancel"), json!({})),
        ("POST", format!("{x}/signals/reply"), json!({})),
        ("POST", format!("{x}/approvals/a"), json!({ "decision": "approve" })),
        ("GET", b.clone(), Value::Null),
        ("GET", format!("{b}/items"), Value::Null),
        ("POST", format!("{b}/cancel"), json!({})),
        ("POST", format!("{w}/pause"), json!({})),
        ("POST", format!("{w}/resume"), json!({})),
        ("GET", r.clone(), Value::Null),
        ("PUT", r.clone(), json!({})),
        ("DELETE", r.clone(), Value::Null),
        ("POST", "/api/v1/bulk-jobs".into(), restart_on(&version)),
        ("GET", format!("/?execution={execution}"), Value::Null),
        ("GET", format!("/dev/mail/{execution}"), Value::Null),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(&path)
            .header("x-api-key", &app.other_key)
            .header("if-match", "\"1\"");
        let answer = app.send(as_json(request, &body)).await;
        assert_eq!(answer.verdict(), "404 not_found", "{method} {path}");
    }
    for path in [
        "/api/v1/workflows",
        "/api/v1/executions",
        "/api/v1/approvals",
        "/api/v1/bulk-jobs",
        "/api/v1/rules",
        &format!("/api/v1/executions?workflow_id={workflow}"),
    ] {
        let request = Request::get(path).header("x-api-key", &app.other_key).body(Body::empty()).unwrap();
        assert_eq!(app.send(request).await.json()["items"], json!([]), "{path}");
    }
    let of_version = json!({ "version_id": version });
    for (filter, expected) in [
        (json!({ "ids": [execution] }), "422 unknown_ids"),
        (json!({ "workflow_id": workflow }), "404 not_found"),
        (of_version, "404 not_found"),
    ] {
        let request = Request::post("/api/v1/bulk-jobs").header("x-api-key", &app.other_key);
        let answer = app.send(as_json(request, &json!({ "verb": "cancel", "filter": filter }))).await;
        assert_eq!(answer.verdict(), expected, "{filter}");
    }
    let page = Request::get("/").header("x-api-key", &app.other_key).body(Body::empty()).unwrap();
    assert!(!app.send(page).await.text().contains(&execution));
    assert_eq!((app.count("signals").await, app.count("executions").await), (0, 1));
}

fn restart_on(version: &Value) -> Value {
    json!({ "verb": "restart", "filter": { "status": ["failed"] }, "arguments": { "version_id": version } })
}

/// Tables with a `workspace_id`, partitioned ones by their parent, that the API role may read.
async fn tenant_tables(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id' \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition \
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await
    .unwrap()
}

/// Puts a row of `acme` into every tenant table of the cell.
async fn fill(app: &App) {
    let workflow = app.publish(&simple()).await;
    let execution = app.begin(&workflow).await;
    app.post(&format!("/api/v1/executions/{execution}/signals/x"), &json!(1)).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let (w, x) = (app.acme, execution);
    for statement in [
        format!("INSERT INTO leases (execution_id, workspace_id, worker_no, lease_no, losses) \
                 VALUES ('{x}', '{w}', 1, 1, 0)"),
        format!("INSERT INTO losses (execution_id, lease_no, workspace_id, worker_name, claimed_at) \
                 VALUES ('{x}', 1, '{w}', 'n', now())"),
        format!("INSERT INTO timers VALUES ('{x}', '{w}', now())"),
        format!("INSERT INTO pauses VALUES ('{w}', '{x}', 'k')"),
        format!("INSERT INTO execution_migrations VALUES ('{x}', now(), '{w}', '{x}', '{x}', 0, 'k')"),
        format!("INSERT INTO held VALUES ('{w}', '{x}', '{x}')"),
        String::from("INSERT INTO trial_versions (workspace_id, version_id, workflow_id, digest, graph, semantics) \
                      SELECT workspace_id, version_id, workflow_id, '', '1', 1 FROM workflow_versions"),
        format!("INSERT INTO gated VALUES ('{w}', 'k', 1, '{x}')"),
        format!("INSERT INTO slots VALUES ('{w}', 'workspace', '{x}')"),
        format!("INSERT INTO limits VALUES ('{w}', 'workspace', 1)"),
        format!("INSERT INTO idempotency_keys VALUES ('{w}', 'a', 'b', '{x}')"),
        format!("INSERT INTO quota_counters VALUES ('{w}', 'm', now())"),
        format!("INSERT INTO quota_plans VALUES ('{w}', 'p', 1) ON CONFLICT DO NOTHING"),
        format!("INSERT INTO quota_limits VALUES ('{w}', 'm', 1, 1)"),
        format!("INSERT INTO quota_slices VALUES ('{w}', 'm', now(), '{x}', 1, now())"),
        "INSERT INTO trigger_paths SELECT workspace_id, 'form', 'p', workflow_id, version_id, 'a' FROM workflow_versions"
            .into(),
        format!("INSERT INTO alert_rules (workspace_id, name, kind, after_s, is_mailed, is_enabled, updated_by) \
                 VALUES ('{w}', 'n', 'sla', 60, true, true, 'b')"),
        format!("INSERT INTO automation_rules (workspace_id, rule_id, workflow_id, name, definition, is_enabled, draft_revision, \
                 version, updated_by) SELECT '{w}', '{x}', workflow_id, 'n', '{{}}', true, 1, 1, 'b' FROM workflows"),
        format!("INSERT INTO alert_marks VALUES ('{w}', 'n', now(), '{x}')"),
        format!("INSERT INTO alerts VALUES ('{w}', '{x}', 'n', NULL, 'sla', NULL, 's', '{{}}', now(), NULL, NULL, NULL, true)"),
        format!("INSERT INTO workspace_daily_stats VALUES ('{w}', now(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, now())"),
        format!("INSERT INTO usage VALUES ('{x}', 1, 'm', '{w}', 1)"),
        format!("INSERT INTO lead_pipelines VALUES ('{w}', '{{}}', 1)"),
        format!("INSERT INTO leads (workspace_id, lead_id, name, status, source) VALUES ('{w}', '{x}', 'n', 's', 's')"),
        format!("INSERT INTO lead_fields VALUES ('{w}', 'n', 'l', 'text')"),
        format!("INSERT INTO lead_field_data VALUES ('{w}', '{x}', 'n', 't')"),
        format!("INSERT INTO lead_sources VALUES ('{w}', 's')"),
        format!("INSERT INTO lead_events VALUES ('{w}', '{x}', '{x}', 'note', 'key', 'n', NULL, NULL, '{{}}')"),
        format!("INSERT INTO record_types VALUES ('{w}', 'n', 'l', '{{}}', 1)"),
        format!("INSERT INTO records VALUES ('{w}', '{x}', 't', 's', '{{}}')"),
        format!("INSERT INTO record_history (workspace_id, record_id, entry_id, kind, by_kind, by_name) \
                 VALUES ('{w}', '{x}', '{x}', 'updated', 'key', 'n')"),
        format!("INSERT INTO outbox VALUES ('{x}', '{w}', 't', '{x}', '1')"),
        format!(
            "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, status, recorded_at) \
                 VALUES ('{x}', 1, '{w}', 1, 'settled', 'a', 'completed', now())"
        ),
        format!("INSERT INTO execution_logs VALUES ('{x}', '{x}', '{w}', 'a', '', 1, 'info', 'm', now())"),
        format!("INSERT INTO execution_words VALUES ('{w}', '{x}', '')"),
        format!("INSERT INTO approvals (workspace_id, approval_id, execution_id, node_id, title, fields, by_api_key, by_link) \
                 VALUES ('{w}', '{x}', '{x}', 'a', 't', '[]', true, true)"),
        format!("INSERT INTO link_keys VALUES ('{w}', 1, decode(repeat('00', 32), 'hex'))"),
        format!("INSERT INTO credentials (workspace_id, credential_id, name, type, allowed_hosts, fields_set, sealed, key_id, \
                 created_by, updated_by) VALUES ('{w}', '{x}', 'c', 'bearer', '{{h}}', '{{}}', '', 'k', 'b', 'b')"),
        format!("INSERT INTO credential_tokens (workspace_id, credential_id, revision) VALUES ('{w}', '{x}', 1)"),
        format!("INSERT INTO credential_tests (workspace_id, credential_id, test_id, revision) VALUES ('{w}', '{x}', '{x}', 1)"),
        format!("INSERT INTO sandbox_mails VALUES ('{w}', '{x}', 'm', 's', '{{}}', 's', 't')"),
        format!("INSERT INTO person_jobs (workspace_id, job_id, kind, address, address_hash, by_kind, by_name) \
                 VALUES ('{w}', '{x}', 'erase', 'a@b', decode(repeat('00', 32), 'hex'), 'key', 'k')"),
        format!("INSERT INTO person_lines VALUES ('{w}', '{x}', 1, 'l')"),
        format!("INSERT INTO person_marks VALUES ('{w}', '{x}', 'lead', '{x}')"),
        format!("INSERT INTO bulk_jobs (workspace_id, job_id, verb, filter, arguments, total, request_hash) \
                 VALUES ('{w}', '{x}', 'cancel', '1', '1', 1, 'r')"),
        format!("INSERT INTO children (child_id, workspace_id, parent_id, node_id, root_id, depth) \
                 VALUES ('{x}', '{w}', '{x}', 'n', '{x}', 1)"),
        format!("INSERT INTO bulk_items (workspace_id, job_id, execution_id) VALUES ('{w}', '{x}', '{x}')"),
        format!("INSERT INTO flow_rates VALUES ('{w}', '{x}', 'throttle', '', now())"),
        format!("INSERT INTO pending_starts (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, rule, lane, \
                 key, vt, first_at, due_at) VALUES ('{x}', '{w}', '{x}', '{x}', 'a', 'batch', 'a', '', 0, now(), now())"),
        format!("INSERT INTO pending_inputs VALUES ('{x}', 1, '{w}', '1')"),
        format!("INSERT INTO singletons VALUES ('{w}', '{x}', '', '{x}')"),
        format!("INSERT INTO prioritised VALUES ('{w}', 0, '{x}')"),
        format!("INSERT INTO request_keys (workspace_id, key_hash, request_hash, claim_id, changed) \
                 VALUES ('{w}', decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), '{x}', 'no')"),
        format!("INSERT INTO audit_log (workspace_id, audit_id, by_kind, by_id, by_name, action, subject, status, request_id) \
                 VALUES ('{w}', '{x}', 'key', '{x}', 'k', 'a', 's', 200, 'r')"),
        format!("INSERT INTO audit_begun (workspace_id, audit_id, by_kind, by_id, by_name, action, subject, request_id) \
                 VALUES ('{w}', '{x}', 'key', '{x}', 'k', 'a', 's', 'r')"),
        format!("INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) \
                 VALUES ('{w}', '{x}', 'e', 't', '', '1', 0)"),
        format!("INSERT INTO webhook_endpoints (workspace_id, endpoint_id, url, types, concurrency) VALUES ('{w}', '{x}', 'u', '{{*}}', 1)"),
        format!("INSERT INTO form_submissions VALUES ('{w}', '{x}', 'o', '{x}', 'n', 'p', 't', 'a@b', NULL, '1', now(), now())"),
        format!("INSERT INTO webhook_secrets VALUES ('{w}', '{x}', '{x}', '', 'k')"),
        format!("INSERT INTO webhook_lanes (workspace_id, endpoint_id) VALUES ('{w}', '{x}')"),
        format!("INSERT INTO schedules (workspace_id, schedule_id, workflow_id, node_id, version_id, rules) \
                 VALUES ('{w}', '{x}', '{x}', 'a', '{x}', '1')"),
        format!("INSERT INTO trigger_starts (workspace_id, workflow_id, node_id, subject, version_id, cause, at, input, due_at, \
                 until_at) VALUES ('{w}', '{x}', 'a', 's', '{x}', 'now', now(), '1', now(), now())"),
        format!("INSERT INTO event_triggers (workspace_id, workflow_id, node_id, version_id, type, start_within_ms) \
                 VALUES ('{w}', '{x}', 'a', '{x}', 't', 1)"),
        format!("INSERT INTO execution_triggers (workspace_id, workflow_id, node_id, version_id, outcomes, called, start_within_ms) \
                 VALUES ('{w}', '{x}', 'a', '{x}', '{{failed}}', false, 1)"),
        format!("INSERT INTO hook_secrets (workspace_id, hook_secret_id, name, sealed, key_id, created_by) \
                 VALUES ('{w}', '{x}', 'n', '', 'k', 'b')"),
        format!("INSERT INTO hook_listens (workspace_id, listen_id, workflow_id, node_id, config, until_at) \
                 VALUES ('{w}', '{x}', '{x}', 'a', '1', now())"),
        format!("INSERT INTO standings (workspace_id, state, revision) VALUES ('{w}', 'active', 1)"),
        format!("INSERT INTO notices (workspace_id, notice_key, kind, summary, page) VALUES ('{w}', 'k', 'quota.soft', 's', '')"),
        format!("INSERT INTO workspace_settings (workspace_id, time_zone, quiet, updated_by) VALUES ('{w}', 'UTC', '{{}}', 'b')"),
        format!("INSERT INTO event_arrivals (workspace_id, xid, events) VALUES ('{w}', '1', 1)"),
        format!("INSERT INTO webhook_events VALUES ('{w}', '{x}', 't', '1')"),
        format!("INSERT INTO webhook_deliveries (workspace_id, delivery_id, endpoint_id, event_id, type, deadline_at) \
                 VALUES ('{w}', '{x}', '{x}', '{x}', 't', now())"),
        format!("INSERT INTO webhook_attempts VALUES ('{w}', '{x}', 1, 1, now(), 1, 200, 'delivered')"),
        format!("INSERT INTO event_waits (workspace_id, wait_id, execution_id, node_id, type, key, since_at) \
                 VALUES ('{w}', '{x}', '{x}', 'a', 't', '', now())"),
    ] {
        sqlx::query(&statement).execute(&mut owner).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// Puts a row of `acme` into every tenant table of `control` that has none.
async fn fill_control(app: &App) {
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let user_id = access::create_user(&mut owner, "ada@example.com", "Ada", "$argon2id$none").await.unwrap();
    access::add_member(&mut owner, app.acme, user_id, access::Role::Owner).await.unwrap();
    capstan_domain::quotas::give_plan(&mut owner, app.acme, "free").await.unwrap();
    let by = access::KeyName { key_id: user_id, name: "ada".into() };
    access::invite(&mut owner, app.acme, "bob@example.com", access::Role::Viewer, &by).await.unwrap();
    let pending = "INSERT INTO audit_pending (workspace_id, audit_id, by_kind, by_id, by_name, action, subject, status, request_id) \
                   VALUES ($1, $1, 'key', $1, 'k', 'a', 's', 200, 'r')";
    sqlx::query(pending).bind(app.acme.0).execute(&mut owner).await.unwrap();
    let (to, mover) = (access::TenantState::Suspended, access::Mover { name: "x".into(), ..Default::default() });
    access::move_tenant(&mut owner, app.acme, to, None, &mover).await.unwrap();
    let statement = "INSERT INTO operations (operation_id, kind, requested_by, requested_by_name, idempotency_key, request_hash, \
                       request, workspace_id) VALUES ($1, 'workspace.create', $1, 'x', 'k', decode(repeat('00', 32), 'hex'), '1', $2)";
    sqlx::query(statement).bind(user_id).bind(app.acme.0).execute(&mut owner).await.unwrap();
    let pages = access::Pages::all();
    capstan_domain::platform::assign_pages(&mut owner, app.acme, Some(pages), "x").await.unwrap();
    let statement = "INSERT INTO notifications (user_id, notification_id, source, kind, workspace_id, summary, page) \
                     VALUES ($1, $1, 's', 'k', $2, 's', '')";
    sqlx::query(statement).bind(user_id).bind(app.acme.0).execute(&mut owner).await.unwrap();
    crate::billing_platform::fill(&mut owner, app.acme).await;
}

async fn rows(connection: &mut PgConnection, table: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(connection).await
}

fn is_denied(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).as_deref() == Some("42501")
}

async fn looked_at(place: &Place, workspace: Option<&str>) -> Vec<(String, Option<i64>)> {
    let mut owner = place.connect(Role::Owner).await.unwrap();
    let mut api = place.connect(Role::Api).await.unwrap();
    if let Some(workspace) = workspace {
        sqlx::query("SELECT set_config('app.workspace_id', $1, false)")
            .bind(workspace)
            .execute(&mut api)
            .await
            .unwrap();
    }
    let mut seen = Vec::new();
    for table in tenant_tables(&mut owner).await {
        assert!(rows(&mut owner, &table).await.unwrap() > 0, "{table} is empty: the test proves nothing of it");
        match rows(&mut api, &table).await {
            Ok(count) => seen.push((table, Some(count))),
            Err(error) if is_denied(&error) => seen.push((table, None)),
            Err(error) => panic!("{table}: {error}"),
        }
    }
    seen
}

#[tokio::test]
async fn without_a_workspace_the_api_role_sees_no_row_of_any_tenant_table() {
    let app = App::start().await;
    fill(&app).await;
    fill_control(&app).await;
    for place in [&app.cell, &app.control] {
        for stranger in [None, Some(""), Some("00000000-0000-0000-0000-000000000000")] {
            let seen = looked_at(place, stranger).await;
            assert!(seen.iter().all(|(_, rows)| rows.is_none_or(|rows| rows == 0)), "{stranger:?}: {seen:?}");
        }
        let own = looked_at(place, Some(&app.acme.to_string())).await;
        assert!(own.iter().filter(|(_, rows)| rows.is_some_and(|rows| rows > 0)).count() >= 1, "{own:?}");
    }
}

#[tokio::test]
async fn no_partition_is_open_to_the_api_role() {
    let app = App::start().await;
    fill(&app).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let mut api = app.cell.connect(Role::Api).await.unwrap();
    let partitions: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relispartition AND relkind = 'r'",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(partitions.len() >= 16, "{partitions:?}");
    for partition in partitions {
        assert!(is_denied(&rows(&mut api, &partition).await.unwrap_err()), "{partition}");
    }
}

#[tokio::test]
async fn a_row_for_another_workspace_is_refused_by_the_database() {
    let app = App::start().await;
    let mut api = app.cell.connect(Role::Api).await.unwrap();
    sqlx::query("SELECT set_config('app.workspace_id', gen_random_uuid()::text, false)")
        .execute(&mut api)
        .await
        .unwrap();
    let error =
        sqlx::query("INSERT INTO workflows (workspace_id, workflow_id, name) VALUES ($1, gen_random_uuid(), 'x')")
            .bind(app.acme.0)
            .execute(&mut api)
            .await
            .unwrap_err();
    assert!(error.to_string().contains("row-level security"), "{error}");
}

#[tokio::test]
async fn the_place_in_line_is_told_to_its_own_workspace_only() {
    let app = App::start().await;
    let id = app.begin(&app.publish(&simple()).await).await.parse().unwrap();
    let mut api = app.cell.connect(Role::Api).await.unwrap();
    for (workspace, place) in [(Some(app.acme), Some(0)), (Some(WorkspaceId::new()), None), (None, None)] {
        let mut transaction = api.begin().await.unwrap();
        sqlx::query("SELECT set_config('app.workspace_id', $1, true)")
            .bind(workspace.map(|workspace| workspace.to_string()).unwrap_or_default())
            .execute(&mut *transaction)
            .await
            .unwrap();
        let told = line(&mut transaction, id).await.unwrap();
        assert_eq!((told.ahead, told.ahead_of_workspace), (place, place), "{workspace:?}");
    }
}
