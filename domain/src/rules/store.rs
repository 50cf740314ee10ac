//! The rules of a workspace. For the API's role.

use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::rule::Definition;

/// Most rules of a workspace.
pub const RULES_MAX: i64 = 500;

/// A rule as it is kept.
#[derive(Clone, Debug, FromRow)]
pub struct RuleRow {
    /// Its id.
    pub rule_id: Uuid,
    /// The workflow that does what it says.
    pub workflow_id: Uuid,
    /// What people call it.
    pub name: String,
    /// What it says.
    #[sqlx(json)]
    pub definition: Definition,
    /// Whether its workflow starts by itself.
    pub is_enabled: bool,
    /// Rises by one with each change.
    pub revision: i32,
    /// The draft that it was compiled to.
    pub draft_revision: i32,
    /// The version that it was compiled to.
    pub version: i32,
    /// Whether the workflow has another draft or version by now: then it is not compiled any more.
    pub is_by_hand: bool,
    /// Who changed it last.
    pub updated_by: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed.
    pub updated_at: DateTime<Utc>,
}

/// A rule to be made, with the first draft and the first version of its workflow.
#[derive(Clone, Copy, Debug)]
pub struct NewRule<'a> {
    /// Its id.
    pub rule_id: Uuid,
    /// Its workflow, which is there.
    pub workflow_id: WorkflowId,
    /// What people call it: 1 to 200 characters.
    pub name: &'a str,
    /// What it says.
    pub definition: &'a Definition,
    /// Whether its workflow starts by itself.
    pub is_enabled: bool,
    /// Who makes it.
    pub by: &'a str,
}

/// The rule that a workflow was made by.
#[derive(Clone, Debug, FromRow)]
pub struct OfWorkflow {
    /// Its id.
    pub rule_id: Uuid,
    /// What people call it.
    pub name: String,
    /// As in [`RuleRow`].
    pub is_enabled: bool,
    /// As in [`RuleRow`].
    pub is_by_hand: bool,
}

/// Whoever saves a draft or publishes one by hand need not know of rules: it shows.
const IS_BY_HAND: &str = "(d.revision <> r.draft_revision OR r.version IS DISTINCT FROM (SELECT max(v.number) \
    FROM workflow_versions v WHERE v.workspace_id = r.workspace_id AND v.workflow_id = r.workflow_id)) AS is_by_hand";
const FROM: &str = "FROM automation_rules r \
    JOIN workflow_drafts d ON d.workspace_id = r.workspace_id AND d.workflow_id = r.workflow_id \
    WHERE r.workspace_id = $1";

fn select(rest: &str) -> String {
    format!(
        "SELECT r.rule_id, r.workflow_id, r.name, r.definition, r.is_enabled, r.revision, r.draft_revision, r.version, \
         {IS_BY_HAND}, r.updated_by, r.created_at, r.updated_at {FROM} {rest}"
    )
}

/// Makes a rule; false if there are [`RULES_MAX`] already. Its workflow has its first draft, and gets its first version in this
/// transaction.
///
/// # Errors
/// If the database does.
pub async fn create(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: NewRule<'_>,
) -> Result<bool, StoreError> {
    // Who makes rules of one workspace at the same time does so in turns: else both may be the last one.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#rules'), hashtext($1::text))")
        .bind(workspace_id.0)
        .execute(&mut *connection)
        .await?;
    let made = sqlx::query(
        "INSERT INTO automation_rules (workspace_id, rule_id, workflow_id, name, definition, is_enabled, draft_revision, \
           version, updated_by) \
         SELECT $1, $2, $3, $4, $5, $6, 1, 1, $7 \
          WHERE (SELECT count(*) FROM automation_rules r WHERE r.workspace_id = $1) < $8",
    )
    .bind(workspace_id.0)
    .bind(new.rule_id)
    .bind(new.workflow_id.0)
    .bind(new.name)
    .bind(Json(new.definition))
    .bind(new.is_enabled)
    .bind(new.by)
    .bind(RULES_MAX)
    .execute(connection)
    .await?;
    Ok(made.rows_affected() > 0)
}

/// Rules of a workspace, newest first, older than `before`.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<RuleRow>, StoreError> {
    let sql = select("AND r.rule_id < $2 ORDER BY r.rule_id DESC LIMIT $3");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(before).bind(limit).fetch_all(connection).await?)
}

/// One rule.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    rule_id: Uuid,
) -> Result<Option<RuleRow>, StoreError> {
    let sql = select("AND r.rule_id = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(rule_id).fetch_optional(connection).await?)
}

/// The same, for who changes it: nobody else does, or publishes its workflow, until the transaction ends.
///
/// # Errors
/// If the database does.
pub async fn lock(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    rule_id: Uuid,
) -> Result<Option<RuleRow>, StoreError> {
    // Looked at in a statement of its own, which sees what was committed while this one waited.
    sqlx::query("SELECT FROM automation_rules WHERE workspace_id = $1 AND rule_id = $2 FOR UPDATE")
        .bind(workspace_id.0)
        .bind(rule_id)
        .execute(&mut *connection)
        .await?;
    find(connection, workspace_id, rule_id).await
}

/// The rule that a workflow was made by, if one did.
///
/// # Errors
/// If the database does.
pub async fn of_workflow(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
) -> Result<Option<OfWorkflow>, StoreError> {
    let sql = format!("SELECT r.rule_id, r.name, r.is_enabled, {IS_BY_HAND} {FROM} AND r.workflow_id = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(workflow_id.0).fetch_optional(connection).await?)
}

/// Whether a workflow was made by a rule that is disabled, so that no version of it starts by itself. It stays so until the
/// transaction ends: for who publishes, before anything else of the workflow is locked.
///
/// # Errors
/// If the database does.
pub async fn is_off(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
) -> Result<bool, StoreError> {
    let is_enabled: Option<bool> = sqlx::query_scalar(
        "SELECT is_enabled FROM automation_rules WHERE workspace_id = $1 AND workflow_id = $2 FOR SHARE",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .fetch_optional(connection)
    .await?;
    Ok(is_enabled == Some(false))
}

/// Replaces what a locked rule says; its workflow gets its next draft and its next version in this transaction.
///
/// # Errors
/// If the database does.
pub async fn rewrite(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    rule_id: Uuid,
    (name, definition): (&str, &Definition),
    is_enabled: bool,
    by: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE automation_rules SET name = $3, definition = $4, is_enabled = $5, updated_by = $6, revision = revision + 1, \
           draft_revision = draft_revision + 1, version = version + 1, updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND rule_id = $2",
    )
    .bind(workspace_id.0)
    .bind(rule_id)
    .bind(name)
    .bind(Json(definition))
    .bind(is_enabled)
    .bind(by)
    .execute(connection)
    .await?;
    Ok(())
}

/// Enables or disables a locked rule; what its workflow starts by itself is to be told in this transaction.
///
/// # Errors
/// If the database does.
pub async fn switch(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    rule_id: Uuid,
    is_enabled: bool,
    by: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE automation_rules SET is_enabled = $3, updated_by = $4, revision = revision + 1, \
           updated_at = clock_timestamp() WHERE workspace_id = $1 AND rule_id = $2",
    )
    .bind(workspace_id.0)
    .bind(rule_id)
    .bind(is_enabled)
    .bind(by)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes a locked rule.
///
/// # Errors
/// If the database does.
pub async fn remove(connection: &mut PgConnection, workspace_id: WorkspaceId, rule_id: Uuid) -> Result<(), StoreError> {
    let gone = sqlx::query("DELETE FROM automation_rules WHERE workspace_id = $1 AND rule_id = $2");
    gone.bind(workspace_id.0).bind(rule_id).execute(connection).await?;
    Ok(())
}
