//! Approvals as people see them.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::step::ApprovalStep;

/// How often a listing closes approvals that nobody waits for, and looks again.
const LOOKS_MAX: usize = 10;

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

/// A page of approvals of a workspace, newest first, older than `before`. Those of the page whose executions have ended, or are not
/// kept any more, are closed first; nobody waits for their answers.
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
    let mut rows = page(connection, workspace_id, filter, before, limit).await?;
    for _ in 0..LOOKS_MAX {
        let over = over(connection, workspace_id, &rows).await?;
        if over.is_empty() {
            break;
        }
        cancel(connection, workspace_id, &over).await?;
        rows = page(connection, workspace_id, filter, before, limit).await?;
    }
    Ok(rows)
}

async fn page(
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

/// The open ones of a page whose executions do not go on, found by key within the months of the page. One that has ended may be gone
/// with its month.
async fn over(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    rows: &[ApprovalRow],
) -> Result<Vec<Uuid>, StoreError> {
    let open = || rows.iter().filter(|row| row.status == "open");
    let executions: Vec<Uuid> = open().map(|row| row.execution_id).collect();
    let live: Vec<Uuid> = sqlx::query_scalar(
        "SELECT e.execution_id FROM unnest($2::uuid[]) AS n (id) \
         CROSS JOIN LATERAL (SELECT x.execution_id, x.ended_at FROM executions x \
           WHERE x.execution_id = n.id AND x.workspace_id = $1 LIMIT 1) AS e WHERE e.ended_at IS NULL",
    )
    .bind(workspace_id.0)
    .bind(&executions)
    .fetch_all(connection)
    .await?;
    Ok(open().filter(|row| !live.contains(&row.execution_id)).map(|row| row.approval_id).collect())
}

/// Closes approvals that nobody waits for, but those that somebody else is just closing.
async fn cancel(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    approval_ids: &[Uuid],
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE approvals SET status = 'cancelled', closed_at = clock_timestamp() \
         WHERE workspace_id = $1 AND approval_id IN (SELECT approval_id FROM approvals \
           WHERE workspace_id = $1 AND approval_id = ANY ($2) AND status = 'open' FOR UPDATE SKIP LOCKED)",
    )
    .bind(workspace_id.0)
    .bind(approval_ids)
    .execute(connection)
    .await?;
    Ok(())
}
