//! Row-level security, table by table from the catalogue, with rows of two workspaces in every one.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::Role;
use sqlx::PgConnection;

use super::roles_rows::rows;
use super::support::{Cell, run};

/// A cell with a row of each of two workspaces in every tenant table.
struct Two {
    cell: Cell,
    other: WorkspaceId,
    tables: Vec<String>,
}

/// Tables and views with a `workspace_id`; partitions aside.
const TENANT_TABLES: &str = "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
    WHERE c.relnamespace = 'cell_1'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition \
    AND a.attname = 'workspace_id' ORDER BY 1";
const PARTITIONS: &str = "SELECT c.relname::text FROM pg_class c \
    WHERE c.relnamespace = 'cell_1'::regnamespace AND c.relkind = 'r' AND c.relispartition ORDER BY 1";
/// What only the API writes and reads.
const OF_THE_API: [&str; 2] = ["audit_begun", "audit_log"];
/// What steps that write to the domain have no part in.
const NOT_OF_STEPS: [&str; 1] = ["request_keys"];

impl Two {
    async fn new() -> Self {
        let cell = Cell::new().await;
        let other = WorkspaceId::new();
        for workspace in [cell.workspace, other] {
            cell.execute(&rows(&workspace.to_string())).await;
        }
        let tables = names(&cell, TENANT_TABLES).await;
        for table in &tables {
            let both = format!("SELECT count(DISTINCT workspace_id) FROM {table}");
            assert_eq!(cell.count(&both).await, 2, "{table} has no row of each workspace: add it to the test's rows");
        }
        Self { cell, other, tables }
    }

    /// Rows that each table shows to `role` in a transaction that names `workspace`, as if it had every grant.
    async fn seen(&self, role: &str, workspace: Option<WorkspaceId>, filter: &str) -> Vec<(String, i64)> {
        let mut owner = self.cell.connect(Role::Owner).await;
        run(
            &mut owner,
            &format!("BEGIN; GRANT SELECT ON ALL TABLES IN SCHEMA cell_1 TO {role}; SET LOCAL ROLE {role}"),
        )
        .await;
        set_workspace(&mut owner, workspace).await;
        let mut seen = Vec::new();
        for table in &self.tables {
            let sql = format!("SELECT count(*) FROM {table} WHERE {filter}");
            seen.push((table.clone(), sqlx::query_scalar(&sql).fetch_one(&mut owner).await.unwrap()));
        }
        run(&mut owner, "ROLLBACK").await;
        seen
    }

    /// That many rows of each table that `role` may see at all.
    fn each(&self, role: &str, rows: i64) -> Vec<(String, i64)> {
        let hidden = |table: &str| {
            role != "capstan_api" && OF_THE_API.contains(&table)
                || role == "capstan_tenant" && NOT_OF_STEPS.contains(&table)
        };
        self.tables.iter().map(|table| (table.clone(), if hidden(table) { 0 } else { rows })).collect()
    }
}

async fn names(cell: &Cell, sql: &str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(&mut cell.connect(Role::Owner).await).await.unwrap()
}

async fn set_workspace(connection: &mut PgConnection, workspace: Option<WorkspaceId>) {
    if let Some(workspace) = workspace {
        run(connection, &format!("SELECT set_config('app.workspace_id', '{workspace}', true)")).await;
    }
}

/// The SQLSTATE that a statement is refused with.
async fn refusal(connection: &mut PgConnection, sql: &str) -> String {
    let error = sqlx::raw_sql(sql).execute(connection).await.err().unwrap_or_else(|| panic!("{sql} is allowed"));
    error.as_database_error().unwrap().code().unwrap().into_owned()
}

#[tokio::test]
async fn without_a_workspace_no_row_of_any_tenant_table_is_seen() {
    let two = Two::new().await;
    assert!(two.tables.len() >= 20);
    for role in ["capstan_api", "capstan_tenant"] {
        assert_eq!(two.seen(role, None, "true").await, two.each(role, 0), "{role}");
    }
}

#[tokio::test]
async fn with_a_workspace_only_its_rows_are_seen() {
    let two = Two::new().await;
    for role in ["capstan_api", "capstan_tenant"] {
        assert_eq!(two.seen(role, Some(two.cell.workspace), "true").await, two.each(role, 1), "{role}");
        let theirs = format!("workspace_id = '{}'", two.other);
        assert_eq!(two.seen(role, Some(two.cell.workspace), &theirs).await, two.each(role, 0), "{role}");
    }
}

#[tokio::test]
async fn the_worker_sees_both() {
    let two = Two::new().await;
    let role = "capstan_worker";
    assert_eq!(two.seen(role, None, "true").await, two.each(role, 2));
}

#[tokio::test]
async fn a_workspace_is_forgotten_with_its_transaction() {
    let two = Two::new().await;
    let mut api = two.cell.connect(Role::Api).await;
    run(&mut api, "BEGIN").await;
    set_workspace(&mut api, Some(two.cell.workspace)).await;
    let count = "SELECT count(*) FROM executions";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut api).await.unwrap(), 1);
    run(&mut api, "COMMIT").await;
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut api).await.unwrap(), 0);
}

#[tokio::test]
async fn partitions_cannot_be_read_directly() {
    let two = Two::new().await;
    let partitions = names(&two.cell, PARTITIONS).await;
    assert_eq!(partitions.len(), 20);
    for role in [Role::Api, Role::Worker, Role::Starter] {
        let mut connection = two.cell.connect(role).await;
        for partition in &partitions {
            assert_eq!(refusal(&mut connection, &format!("SELECT FROM {partition}")).await, "42501", "{partition}");
        }
    }
    // Even with the right to, row-level security shows nothing.
    let mut owner = two.cell.connect(Role::Owner).await;
    run(&mut owner, "BEGIN; GRANT SELECT ON ALL TABLES IN SCHEMA cell_1 TO capstan_api; SET LOCAL ROLE capstan_api")
        .await;
    set_workspace(&mut owner, Some(two.cell.workspace)).await;
    for partition in &partitions {
        let sql = format!("SELECT count(*) FROM {partition}");
        assert_eq!(sqlx::query_scalar::<_, i64>(&sql).fetch_one(&mut owner).await.unwrap(), 0, "{partition}");
    }
}

#[tokio::test]
async fn every_tenant_table_has_its_policies_and_forces_them() {
    let cell = Cell::new().await;
    let bare = "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
        WHERE c.relnamespace = 'cell_1'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'workspace_id' \
        AND NOT (c.relrowsecurity AND c.relforcerowsecurity)";
    assert!(names(&cell, bare).await.is_empty());
    let other = "SELECT p.polname::text FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid \
        WHERE c.relnamespace = 'cell_1'::regnamespace AND NOT ( \
          p.polname = c.relname || '_worker' AND p.polroles = ARRAY['capstan_worker'::regrole::oid] \
          OR p.polname = c.relname || '_tenant' \
             AND p.polroles <@ ARRAY['capstan_api'::regrole::oid, 'capstan_tenant'::regrole::oid] \
             AND pg_get_expr(p.polqual, p.polrelid) = pg_get_expr(p.polwithcheck, p.polrelid) \
             AND pg_get_expr(p.polqual, p.polrelid) = \
               '(workspace_id = (NULLIF(current_setting(''app.workspace_id''::text, true), ''''::text))::uuid)')";
    assert!(names(&cell, other).await.is_empty(), "{:?}", names(&cell, other).await);
    let invoker = "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'cell_1'::regnamespace \
        AND c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)";
    assert!(names(&cell, invoker).await.is_empty());
}

#[tokio::test]
async fn nobody_writes_for_another_workspace() {
    let two = Two::new().await;
    let (ours, theirs) = (two.cell.workspace, two.other);
    let mut api = two.cell.connect(Role::Api).await;
    run(&mut api, &format!("SELECT set_config('app.workspace_id', '{ours}', false)")).await;
    let insert = |workspace: WorkspaceId| {
        format!(
            "INSERT INTO workflows (workspace_id, workflow_id, name) VALUES ('{workspace}', gen_random_uuid(), 'x')"
        )
    };
    run(&mut api, &insert(ours)).await;
    assert_eq!(refusal(&mut api, &insert(theirs)).await, "42501");
    assert_eq!(refusal(&mut api, &format!("UPDATE workflows SET workspace_id = '{theirs}'")).await, "42501");
    let update = format!("UPDATE workflow_drafts SET revision = 9 WHERE workspace_id = '{theirs}'");
    assert_eq!(sqlx::query(&update).execute(&mut api).await.unwrap().rows_affected(), 0);
    let token = format!("INSERT INTO queue VALUES (1, gen_random_uuid(), '{theirs}', false, 0)");
    assert_eq!(refusal(&mut api, &token).await, "42501");
}

#[tokio::test]
async fn a_signal_does_not_reach_an_execution_of_another_workspace() {
    let two = Two::new().await;
    let id = two.cell.start(1).await[0];
    let mut api = two.cell.connect(Role::Api).await;
    run(&mut api, &format!("SELECT set_config('app.workspace_id', '{}', false)", two.other)).await;
    for workspace in [two.other, two.cell.workspace] {
        let sent = super::support::send(&mut api, workspace, id.0).await;
        assert_eq!(sent, capstan_engine::store::signals::Sent::Unknown);
    }
    run(&mut api, &format!("SELECT set_config('app.workspace_id', '{}', false)", two.cell.workspace)).await;
    let sent = super::support::send(&mut api, two.cell.workspace, id.0).await;
    assert_eq!(sent, capstan_engine::store::signals::Sent::Accepted);
}
