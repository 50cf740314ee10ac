//! Which version a call means.

use capstan_engine::core::ids::{NodeId, VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// What is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Callee {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// Its version that was asked for; none if it has no such version.
    pub version_id: Option<VersionId>,
    /// Longest time of its executions, if the version says so.
    pub timeout_ms: Option<u64>,
    /// The triggers of the version, by id.
    pub triggers: Vec<Trigger>,
}

/// A trigger of a version.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// The node.
    pub id: NodeId,
    /// Its type.
    pub type_name: String,
    /// Its config.
    pub config: Value,
}

#[derive(FromRow)]
struct Row {
    workflow_id: Uuid,
    version_id: Option<Uuid>,
    timeout_ms: Option<i64>,
}

/// The workflow of that id or, failing that, the newest of that name, and its newest version or the one of that number.
/// None if there is no such workflow. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow: &str,
    number: Option<i32>,
) -> Result<Option<Callee>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT w.workflow_id, v.version_id, (v.graph #>> '{settings,timeout_ms}')::bigint AS timeout_ms \
         FROM workflows w LEFT JOIN LATERAL ( \
           SELECT x.version_id, x.graph FROM workflow_versions x \
            WHERE x.workspace_id = w.workspace_id AND x.workflow_id = w.workflow_id \
              AND ($4::int IS NULL OR x.number = $4) ORDER BY x.number DESC LIMIT 1) AS v ON true \
         WHERE w.workspace_id = $1 AND w.deleted_at IS NULL AND (w.workflow_id = $2 OR $2 IS NULL AND w.name = $3) \
         ORDER BY w.workflow_id DESC LIMIT 1",
    )
    .bind(workspace_id.0)
    .bind(Uuid::parse_str(workflow).ok())
    .bind(workflow)
    .bind(number)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let triggers = match row.version_id {
        Some(version_id) => triggers(connection, workspace_id, version_id).await?,
        None => Vec::new(),
    };
    Ok(Some(Callee {
        workflow_id: WorkflowId(row.workflow_id),
        version_id: row.version_id.map(VersionId),
        timeout_ms: row.timeout_ms.and_then(|ms| u64::try_from(ms).ok()),
        triggers,
    }))
}

async fn triggers(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    version_id: Uuid,
) -> Result<Vec<Trigger>, StoreError> {
    let rows: Vec<(String, String, Value)> = sqlx::query_as(
        "SELECT node_id, type, config FROM workflow_nodes \
         WHERE workspace_id = $1 AND version_id = $2 AND type LIKE 'trigger.%' ORDER BY node_id",
    )
    .bind(workspace_id.0)
    .bind(version_id)
    .fetch_all(connection)
    .await?;
    let trigger = |(id, type_name, config): (String, _, _)| Trigger { id: id.as_str().into(), type_name, config };
    Ok(rows.into_iter().map(trigger).collect())
}
