//! Events that have started executions: their depth counts for what those send.

use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Records that an execution was started by an event, as if its trigger had waited for it. In the transaction that starts
/// it, for the worker's role.
///
/// # Errors
/// If the database does.
pub async fn taken_by_start(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    node_id: &str,
    event: &Value,
    depth: i32,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO event_waits (workspace_id, wait_id, execution_id, node_id, type, key, since_at, status, event, depth, \
           closed_at) \
         VALUES ($1, $2, $3, $4, coalesce($5::jsonb ->> 'type', ''), coalesce($5::jsonb ->> 'key', ''), clock_timestamp(), \
           'matched', $5, $6, clock_timestamp()) ON CONFLICT DO NOTHING",
    )
    .bind(workspace_id.0)
    .bind(Uuid::now_v7())
    .bind(execution_id.0)
    .bind(node_id)
    .bind(event)
    .bind(depth)
    .execute(connection)
    .await?;
    Ok(())
}
