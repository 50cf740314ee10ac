//! What happened to several executions of a workspace since one last looked: one statement for all of them.

use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::core::journal::Entry;
use capstan_engine::store::codec::JournalRow;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::history::OUTLINE;

/// A journal entry of a watched execution, and its position; an error if the row cannot be read.
pub type Read = (ExecutionId, i32, Result<Entry, StoreError>);

/// Journal entries of watched executions after the position named for each, by execution and position, without
/// outputs; at most `limit` of each. Each is one range of the journal's key in one partition.
///
/// # Errors
/// If the database does.
pub async fn news(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    watched: &[(ExecutionId, i32)],
    limit: i64,
) -> Result<Vec<Read>, StoreError> {
    let rows: Vec<JournalRow> = sqlx::query_as(&format!(
        "SELECT n.* FROM unnest($2::uuid[], $3::int[]) AS w (execution_id, after) \
         CROSS JOIN LATERAL (SELECT {OUTLINE} FROM journal j WHERE j.execution_id = w.execution_id \
         AND j.workspace_id = $1 AND j.position > w.after ORDER BY j.position LIMIT $4) AS n \
         ORDER BY n.execution_id, n.position",
    ))
    .bind(workspace_id.0)
    .bind(watched.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind(watched.iter().map(|&(_, after)| after).collect::<Vec<_>>())
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (ExecutionId(row.execution_id), row.position, row.decode())).collect())
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
