//! What steps wait for, for people.

use std::collections::HashMap;

use capstan_engine::core::explain::Awaited;
use capstan_engine::core::ids::{ExecutionId, NodeId, Scope, StepKey, WorkspaceId};
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

/// Which events these steps of an execution wait for.
///
/// # Errors
/// If the database does.
pub async fn awaited(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    steps: &[StepKey],
) -> Result<HashMap<StepKey, Awaited>, StoreError> {
    let rows: Vec<(String, String, String, String)> = sqlx::query_as(
        "SELECT w.node_id, w.scope, w.type, w.key FROM unnest($3::text[], $4::text[]) AS s (node_id, scope) \
         JOIN event_waits w ON w.workspace_id = $1 AND w.execution_id = $2 AND w.node_id = s.node_id AND w.scope = s.scope",
    )
    .bind(workspace_id.0)
    .bind(execution_id.0)
    .bind(steps.iter().map(|step| step.node_id.as_str()).collect::<Vec<_>>())
    .bind(steps.iter().map(|step| step.scope.as_str()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let of = |(node, scope, event, key): (String, String, String, String)| {
        let step = StepKey { node_id: NodeId::from(node.as_str()), scope: Scope(scope.into()) };
        (step, Awaited { event, key })
    };
    Ok(rows.into_iter().map(of).collect())
}
