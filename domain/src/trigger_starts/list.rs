//! What triggers have started, for people.

use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// A start of a trigger.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct StartRow {
    /// The trigger.
    pub node_id: String,
    /// What for.
    pub subject: String,
    /// The time that it stands for.
    pub at: DateTime<Utc>,
    /// Why.
    pub cause: String,
    /// `due`, `held`, `started`, `skipped` or `missed`.
    pub status: String,
    /// What it has started, or what was at work instead.
    pub execution_id: Option<Uuid>,
    /// Why it was refused, skipped or missed.
    pub reason: Option<String>,
    /// How often it was tried.
    pub tries: i32,
    /// When it is tried next.
    pub due_at: Option<DateTime<Utc>>,
    /// When it came to its end.
    pub settled_at: Option<DateTime<Utc>>,
}

const STARTS: &str = "SELECT node_id, subject, at, cause, status, execution_id, reason, tries, \
    CASE WHEN status = 'due' THEN due_at END AS due_at, settled_at FROM trigger_starts \
    WHERE workspace_id = $1 AND workflow_id = $2";

/// The newest starts of a trigger.
///
/// # Errors
/// If the database does.
pub async fn of_node(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    node_id: &str,
    limit: i64,
) -> Result<Vec<StartRow>, StoreError> {
    let sql = format!("{STARTS} AND node_id = $3 ORDER BY at DESC LIMIT $4");
    Ok(sqlx::query_as(&sql)
        .bind(workspace_id.0)
        .bind(workflow_id.0)
        .bind(node_id)
        .bind(limit)
        .fetch_all(connection)
        .await?)
}

/// The newest starts of all triggers of a workflow, of one status if it is given.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    status: Option<&str>,
    limit: i64,
) -> Result<Vec<StartRow>, StoreError> {
    let sql = format!("{STARTS} AND ($3::text IS NULL OR status = $3) ORDER BY at DESC LIMIT $4");
    Ok(sqlx::query_as(&sql)
        .bind(workspace_id.0)
        .bind(workflow_id.0)
        .bind(status)
        .bind(limit)
        .fetch_all(connection)
        .await?)
}
