//! Events that have started executions: their depth counts for what those send.

use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// An event that has started an execution.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What it has started.
    pub execution_id: ExecutionId,
    /// The trigger.
    pub node_id: String,
    /// As the execution has it; of it the type and the key say what it was.
    pub event: Value,
    /// How many events led to it.
    pub depth: i32,
}

/// Records that executions were started by events, as if their triggers had waited for them. In the transaction that starts
/// them, for the worker's role.
///
/// # Errors
/// If the database does.
pub async fn taken_by_starts(connection: &mut PgConnection, taken: &[Taken]) -> Result<(), StoreError> {
    if taken.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO event_waits (workspace_id, wait_id, execution_id, node_id, type, key, since_at, status, event, depth, \
           closed_at) \
         SELECT n.workspace_id, n.wait_id, n.execution_id, n.node_id, coalesce(n.event ->> 'type', ''), coalesce(n.event ->> 'key', ''), \
           clock_timestamp(), 'matched', n.event, n.depth, clock_timestamp() \
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::jsonb[], $6::int[]) \
             AS n (workspace_id, wait_id, execution_id, node_id, event, depth) ON CONFLICT DO NOTHING",
    )
    .bind(taken.iter().map(|taken| taken.workspace_id.0).collect::<Vec<_>>())
    .bind(taken.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind(taken.iter().map(|taken| taken.execution_id.0).collect::<Vec<_>>())
    .bind(taken.iter().map(|taken| taken.node_id.as_str()).collect::<Vec<_>>())
    .bind(taken.iter().map(|taken| &taken.event).collect::<Vec<_>>())
    .bind(taken.iter().map(|taken| taken.depth).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
