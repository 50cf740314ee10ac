//! What happened to several executions of a workspace since one last looked: one statement for all of them.

use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::core::journal::Entry;
use capstan_engine::store::codec::JournalRow;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

/// Journal entries of watched executions after the position named for each, by execution and position; at most
/// `limit` of each. Each is one range of the journal's key in one partition.
///
/// # Errors
/// If the database does, or a row cannot be read.
pub async fn news(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    watched: &[(ExecutionId, i32)],
    limit: i64,
) -> Result<Vec<(ExecutionId, i32, Entry)>, StoreError> {
    let rows: Vec<JournalRow> = sqlx::query_as(
        "SELECT j.execution_id, j.position, j.kind, j.node_id, j.scope, j.status, j.port, j.attempts, j.output, \
         j.detail, j.recorded_at FROM unnest($2::uuid[], $3::int[]) AS w (execution_id, after) \
         CROSS JOIN LATERAL (SELECT * FROM journal n WHERE n.execution_id = w.execution_id AND n.workspace_id = $1 \
         AND n.position > w.after ORDER BY n.position LIMIT $4) AS j ORDER BY j.execution_id, j.position",
    )
    .bind(workspace_id.0)
    .bind(watched.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind(watched.iter().map(|&(_, after)| after).collect::<Vec<_>>())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((ExecutionId(row.execution_id), row.position, row.decode()?))).collect()
}

/// Those of the watched executions that have ended, with their status.
///
/// # Errors
/// If the database does.
pub async fn ended(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    watched: &[(ExecutionId, i32)],
) -> Result<Vec<(ExecutionId, String)>, StoreError> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT e.execution_id, e.status FROM unnest($2::uuid[]) AS w (execution_id) \
         JOIN executions e ON e.execution_id = w.execution_id \
         WHERE e.workspace_id = $1 AND e.ended_at IS NOT NULL",
    )
    .bind(workspace_id.0)
    .bind(watched.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(id, status)| (ExecutionId(id), status)).collect())
}
