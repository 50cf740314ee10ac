//! What lies above an execution, and what a step has started already.

use capstan_engine::core::child::{Child, DEPTH_MAX, OnCancel};
use capstan_engine::core::ids::{ExecutionId, VersionId, WorkflowId};
use capstan_engine::store::error::StoreError;
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::Calling;

/// Where an execution stands below the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The first.
    pub root_id: ExecutionId,
    /// How many executions lie above.
    pub depth: u32,
}

/// A child that a step has started already.
#[derive(Clone, Debug, PartialEq)]
pub struct Started {
    /// The child.
    pub child: Child,
    /// What its end comes to, as its signal tells it but with the whole output; none while it goes on.
    pub end: Option<Value>,
}

/// Where an execution stands. Nothing is looked up for one without a parent. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn lineage(connection: &mut PgConnection, calling: &Calling) -> Result<Lineage, StoreError> {
    if !calling.execution_id.is_child() {
        return Ok(Lineage { root_id: calling.execution_id, depth: 0 });
    }
    let sql = "SELECT root_id, depth FROM children WHERE child_id = $1 AND workspace_id = $2";
    let (root_id, depth): (Uuid, i16) =
        sqlx::query_as(sql).bind(calling.execution_id.0).bind(calling.workspace_id.0).fetch_one(connection).await?;
    Ok(Lineage { root_id: ExecutionId(root_id), depth: u32::try_from(depth).unwrap_or_default() })
}

/// The workflow of an execution, and its version. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn own(connection: &mut PgConnection, calling: &Calling) -> Result<(WorkflowId, VersionId), StoreError> {
    let sql = "SELECT workflow_id, version_id FROM executions WHERE execution_id = $1 AND workspace_id = $2";
    let (workflow_id, version_id): (Uuid, Uuid) =
        sqlx::query_as(sql).bind(calling.execution_id.0).bind(calling.workspace_id.0).fetch_one(connection).await?;
    Ok((WorkflowId(workflow_id), VersionId(version_id)))
}

/// The names of the workflows from the first execution down to this one, for messages. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn names_above(connection: &mut PgConnection, calling: &Calling) -> Result<Vec<String>, StoreError> {
    let names = sqlx::query_scalar(
        "WITH RECURSIVE up (id, n) AS ( \
           SELECT $1::uuid, 0 UNION ALL \
           SELECT c.parent_id, up.n + 1 FROM up JOIN children c ON c.child_id = up.id WHERE up.n < $3) \
         SELECT (SELECT w.name FROM executions e JOIN workflows w \
                     ON w.workspace_id = e.workspace_id AND w.workflow_id = e.workflow_id \
                  WHERE e.execution_id = up.id AND e.workspace_id = $2) FROM up ORDER BY up.n DESC",
    )
    .bind(calling.execution_id.0)
    .bind(calling.workspace_id.0)
    .bind(DEPTH_MAX.cast_signed())
    .fetch_all(connection)
    .await?;
    Ok(names.into_iter().map(|name: Option<String>| name.unwrap_or_else(|| "?".into())).collect())
}

#[derive(FromRow)]
struct Row {
    child_id: Uuid,
    workflow_id: Uuid,
    version_id: Uuid,
    status: String,
    output: Option<Value>,
    error: Option<Value>,
    is_over: bool,
}

/// The child of a step, if it has started one in this round. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn started(
    connection: &mut PgConnection,
    calling: &Calling,
    on_cancel: OnCancel,
) -> Result<Option<Started>, StoreError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT c.child_id, e.workflow_id, e.version_id, e.status, e.output, e.error, e.ended_at IS NOT NULL AS is_over \
         FROM children c JOIN executions e ON e.execution_id = c.child_id \
         WHERE c.parent_id = $1 AND c.node_id = $2 AND c.scope = $3 AND c.workspace_id = $4 \
           AND c.round = $5",
    )
    .bind(calling.execution_id.0)
    .bind(calling.step.node_id.as_str())
    .bind(calling.step.scope.as_str())
    .bind(calling.workspace_id.0)
    .bind(calling.round.cast_signed())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Started {
        child: Child {
            execution_id: ExecutionId(row.child_id),
            workflow_id: WorkflowId(row.workflow_id),
            version_id: VersionId(row.version_id),
            on_cancel,
        },
        end: row.is_over.then(
            || json!({ "execution_id": row.child_id, "status": row.status, "output": row.output, "error": row.error }),
        ),
    }))
}
