//! Workflows as lists show them: without their graphs, which may be large.

use std::collections::HashMap;

use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// A workflow without its draft.
#[derive(Clone, Debug, FromRow)]
pub struct WorkflowSummary {
    /// Its id.
    pub workflow_id: Uuid,
    /// What people call it.
    pub name: String,
    /// Rises by one with each save of the draft.
    pub revision: i32,
    /// Number of the newest version, if one was published.
    pub published: Option<i32>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When name or draft last changed.
    pub updated_at: DateTime<Utc>,
}

/// Workflows of a workspace, newest first, older than `before`; if `only` is given, those of them.
///
/// # Errors
/// If the database does.
pub async fn summaries(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    only: Option<&[Uuid]>,
    before: WorkflowId,
    limit: i64,
) -> Result<Vec<WorkflowSummary>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT w.workflow_id, w.name, d.revision, \
         (SELECT max(v.number) FROM workflow_versions v \
           WHERE v.workspace_id = w.workspace_id AND v.workflow_id = w.workflow_id) AS published, \
         w.created_at, greatest(w.updated_at, d.updated_at) AS updated_at \
         FROM workflows w JOIN workflow_drafts d ON d.workspace_id = w.workspace_id AND d.workflow_id = w.workflow_id \
         WHERE w.workspace_id = $1 AND w.workflow_id < $2 AND w.deleted_at IS NULL \
           AND ($4::uuid[] IS NULL OR w.workflow_id = ANY ($4)) ORDER BY w.workflow_id DESC LIMIT $3",
    )
    .bind(workspace_id.0)
    .bind(before.0)
    .bind(limit)
    .bind(only)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// The newest workflow of that name, if there is one.
///
/// # Errors
/// If the database does.
pub async fn named(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<Option<WorkflowId>, StoreError> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "SELECT workflow_id FROM workflows WHERE workspace_id = $1 AND name = $2 AND deleted_at IS NULL \
         ORDER BY workflow_id DESC LIMIT 1",
    )
    .bind(workspace_id.0)
    .bind(name)
    .fetch_optional(connection)
    .await?;
    Ok(id.map(WorkflowId))
}

/// The names of those workflows, deleted ones too.
///
/// # Errors
/// If the database does.
pub async fn names(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_ids: &[Uuid],
) -> Result<HashMap<Uuid, String>, StoreError> {
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT workflow_id, name FROM workflows WHERE workspace_id = $1 AND workflow_id = ANY ($2)")
            .bind(workspace_id.0)
            .bind(workflow_ids)
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().collect())
}

/// Calls a workflow something else.
///
/// # Errors
/// If the database does.
pub async fn rename(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    name: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE workflows SET name = $3, updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND workflow_id = $2 AND name <> $3",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(name)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a workflow is there and not hidden.
///
/// # Errors
/// If the database does.
pub async fn is_there(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM workflows WHERE workspace_id = $1 AND workflow_id = $2 AND deleted_at IS NULL)",
    );
    Ok(found.bind(workspace_id.0).bind(workflow_id.0).fetch_one(connection).await?)
}

/// Keeps with a workflow what its triggers are like, before they are taken from it: whether it has any, and which schedules are paused.
/// See [`pause_again`].
///
/// # Errors
/// If the database does.
pub async fn remember_triggers(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE workflows w SET at_deletion = jsonb_build_object( \
           'off', NOT EXISTS (SELECT FROM schedules s WHERE s.workspace_id = $1 AND s.workflow_id = $2) \
             AND NOT EXISTS (SELECT FROM event_triggers e WHERE e.workspace_id = $1 AND e.workflow_id = $2) \
             AND NOT EXISTS (SELECT FROM execution_triggers x WHERE x.workspace_id = $1 AND x.workflow_id = $2) \
             AND NOT EXISTS (SELECT FROM trigger_paths p WHERE p.workspace_id = $1 AND p.workflow_id = $2), \
           'paused', (SELECT coalesce(jsonb_object_agg(s.node_id, jsonb_build_object( \
               'at', s.paused_at, 'by', s.paused_by, 'reason', s.paused_reason)), '{}') \
             FROM schedules s WHERE s.workspace_id = $1 AND s.workflow_id = $2 AND s.paused_at IS NOT NULL)) \
         WHERE w.workspace_id = $1 AND w.workflow_id = $2",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Has those schedules of a restored workflow be paused again that were when it was deleted, once it has its triggers, and forgets
/// what was remembered.
///
/// # Errors
/// If the database does.
pub async fn pause_again(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE schedules s SET paused_at = (p.value ->> 'at')::timestamptz, paused_by = p.value ->> 'by', \
           paused_reason = p.value ->> 'reason', next_at = NULL, updated_at = clock_timestamp() \
         FROM workflows w CROSS JOIN LATERAL jsonb_each(w.at_deletion -> 'paused') AS p (node_id, value) \
         WHERE w.workspace_id = $1 AND w.workflow_id = $2 \
           AND s.workspace_id = $1 AND s.workflow_id = $2 AND s.node_id = p.node_id",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .execute(&mut *connection)
    .await?;
    let forget = sqlx::query("UPDATE workflows SET at_deletion = NULL WHERE workspace_id = $1 AND workflow_id = $2");
    forget.bind(workspace_id.0).bind(workflow_id.0).execute(connection).await?;
    Ok(())
}

/// Hides a workflow: it is found and started no more, and its executions stay. Its triggers are to be taken from it in the same
/// transaction.
///
/// # Errors
/// If the database does.
pub async fn hide(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE workflows SET deleted_at = clock_timestamp(), updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND workflow_id = $2 AND deleted_at IS NULL",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// A workflow that a transaction has: nobody publishes, deletes or restores it until that ends.
#[derive(Clone, Debug, FromRow)]
pub struct Taken {
    /// What people call it.
    pub name: String,
    /// Whether it is hidden.
    pub is_deleted: bool,
    /// Whether it had no triggers when it was hidden, though its version has some: its rule was disabled.
    pub was_off: bool,
}

/// Takes a workflow, hidden or not, as others have left it. Nothing if there never was such a one.
///
/// # Errors
/// If the database does.
pub async fn take(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
) -> Result<Option<Taken>, StoreError> {
    let taken = sqlx::query_as(
        "SELECT name, deleted_at IS NOT NULL AS is_deleted, coalesce((at_deletion ->> 'off')::boolean, false) AS was_off FROM workflows \
         WHERE workspace_id = $1 AND workflow_id = $2 FOR UPDATE",
    );
    Ok(taken.bind(workspace_id.0).bind(workflow_id.0).fetch_optional(connection).await?)
}

/// Shows a hidden workflow again. Its triggers are to be given back to it in the same transaction.
///
/// # Errors
/// If the database does.
pub async fn restore(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE workflows SET deleted_at = NULL, updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND workflow_id = $2",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// A hidden workflow.
#[derive(Clone, Debug, FromRow)]
pub struct DeletedWorkflow {
    /// Its id.
    pub workflow_id: Uuid,
    /// What people called it.
    pub name: String,
    /// Number of the newest version, if one was published.
    pub published: Option<i32>,
    /// When it was hidden.
    pub deleted_at: DateTime<Utc>,
}

/// Hidden workflows of a workspace, the newest made first, made before `before`.
///
/// # Errors
/// If the database does.
pub async fn deleted(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    before: WorkflowId,
    limit: i64,
) -> Result<Vec<DeletedWorkflow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT w.workflow_id, w.name, w.deleted_at, (SELECT max(v.number) FROM workflow_versions v \
           WHERE v.workspace_id = w.workspace_id AND v.workflow_id = w.workflow_id) AS published \
         FROM workflows w WHERE w.workspace_id = $1 AND w.workflow_id < $2 AND w.deleted_at IS NOT NULL \
         ORDER BY w.workflow_id DESC LIMIT $3",
    );
    Ok(rows.bind(workspace_id.0).bind(before.0).bind(limit).fetch_all(connection).await?)
}
