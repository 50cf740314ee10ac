//! Approvals as people see them.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::step::ApprovalStep;

/// Most approvals of ended executions that one listing closes.
const CANCELLED_AT_ONCE_MAX: i64 = 500;

/// An approval.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct ApprovalRow {
    /// Orders the approvals of a workspace by time.
    pub approval_id: Uuid,
    /// Who asks.
    pub execution_id: Uuid,
    /// The node.
    pub node_id: String,
    /// Where in nested loops; empty at the top level.
    pub scope: String,
    /// One line; never show it unescaped.
    pub title: String,
    /// What there is to know; never show it unescaped.
    pub body: Option<String>,
    /// The fields to fill in.
    pub fields: Value,
    /// Whether any API key of the workspace may answer.
    pub by_api_key: bool,
    /// Whether holders of a signed link may answer.
    pub by_link: bool,
    /// From when on nobody may answer any more.
    pub deadline_at: Option<DateTime<Utc>>,
    /// `open`, `answered`, `expired` or `cancelled`; one whose time is over counts as expired at once.
    pub status: String,
    /// Who answered what, and when.
    pub answer: Option<Value>,
    /// The client's key of the answer.
    pub answer_key: Option<String>,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
    /// When it was answered or given up.
    pub closed_at: Option<DateTime<Utc>>,
}

/// Which approvals to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Those that wait for an answer.
    Open,
    /// All of them.
    All,
}

const COLUMNS: &str = "approval_id, execution_id, node_id, scope, title, body, fields, by_api_key, by_link, deadline_at, \
    CASE WHEN status = 'open' AND deadline_at <= clock_timestamp() THEN 'expired' ELSE status END AS status, \
    answer, answer_key, created_at, closed_at";

/// What a step asks.
///
/// # Errors
/// If the database does.
pub async fn find(connection: &mut PgConnection, asking: &ApprovalStep) -> Result<Option<ApprovalRow>, StoreError> {
    let row = sqlx::query_as(&format!(
        "SELECT {COLUMNS} FROM approvals WHERE workspace_id = $1 AND execution_id = $2 AND node_id = $3 AND scope = $4"
    ))
    .bind(asking.workspace_id.0)
    .bind(asking.execution_id.0)
    .bind(asking.step.node_id.as_str())
    .bind(asking.step.scope.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// A page of approvals of a workspace, newest first, older than `before`.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    filter: Filter,
    before: Uuid,
    limit: i64,
) -> Result<Vec<ApprovalRow>, StoreError> {
    let which = match filter {
        Filter::Open => "AND status = 'open' AND (deadline_at IS NULL OR deadline_at > clock_timestamp())",
        Filter::All => "",
    };
    let rows = sqlx::query_as(&format!(
        "SELECT {COLUMNS} FROM approvals WHERE workspace_id = $1 AND approval_id < $2 {which} \
         ORDER BY approval_id DESC LIMIT $3"
    ))
    .bind(workspace_id.0)
    .bind(before)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Closes open approvals of executions that have ended, the oldest first; nobody waits for their answers.
///
/// # Errors
/// If the database does.
pub async fn cancel_all_ended(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE approvals SET status = 'cancelled', closed_at = clock_timestamp() \
         WHERE workspace_id = $1 AND status = 'open' AND approval_id IN (\
           SELECT a.approval_id FROM approvals a \
             JOIN executions e ON e.execution_id = a.execution_id AND e.workspace_id = a.workspace_id \
            WHERE a.workspace_id = $1 AND a.status = 'open' AND e.ended_at IS NOT NULL \
            ORDER BY a.approval_id LIMIT $2)",
    )
    .bind(workspace_id.0)
    .bind(CANCELLED_AT_ONCE_MAX)
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes an approval whose step waits no more.
///
/// # Errors
/// If the database does.
pub async fn set_cancelled(connection: &mut PgConnection, asking: &ApprovalStep) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE approvals SET status = 'cancelled', closed_at = clock_timestamp() \
         WHERE workspace_id = $1 AND execution_id = $2 AND node_id = $3 AND scope = $4 AND status = 'open'",
    )
    .bind(asking.workspace_id.0)
    .bind(asking.execution_id.0)
    .bind(asking.step.node_id.as_str())
    .bind(asking.step.scope.as_str())
    .execute(connection)
    .await?;
    Ok(())
}
