//! Which executions have used a credential: read from what they are anyway, so that no use writes a row of its own. A step's entry in
//! the journal and the graph that it walked say it, for as long as the execution is kept.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Executions, the newest before a place, that are looked through for those that have used it.
pub const LOOKED_THROUGH_MAX: i64 = 200;

/// An execution that has used a credential.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct UseRow {
    /// The execution.
    pub execution_id: Uuid,
    /// Its workflow.
    pub workflow_id: Uuid,
    /// Its version; that of a trial is of no list.
    pub version_id: Uuid,
    /// Whether it was a trial of a draft.
    pub is_trial: bool,
    /// The nodes that name it, of which a step has ended.
    pub node_ids: Vec<String>,
    /// Attempts of these steps: each has opened it at most once.
    pub attempts: i64,
    /// When the first of these steps ended.
    pub first_at: DateTime<Utc>,
    /// When the last one did.
    pub last_at: DateTime<Utc>,
}

/// Executions before `before` with ended steps whose nodes name the credential `name`, newest first; and where to go on, if there are
/// older executions than the [`LOOKED_THROUGH_MAX`] that were looked through. Reads the executions of a workspace by their index, the nodes of
/// their versions and their journals by key.
///
/// # Errors
/// If the database does.
pub async fn used(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
    before: Uuid,
    limit: i64,
) -> Result<(Vec<UseRow>, Option<Uuid>), StoreError> {
    let rows: Vec<UseRow> = sqlx::query_as(
        "WITH looked AS MATERIALIZED ( \
           SELECT e.execution_id, e.workflow_id, e.version_id FROM executions e \
            WHERE e.workspace_id = $1 AND e.workspace_id >= $1 AND e.workspace_id <= $1 AND e.execution_id < $3 \
            ORDER BY e.execution_id DESC LIMIT $4), \
         versions AS MATERIALIZED (SELECT DISTINCT l.version_id FROM looked l), \
         named AS MATERIALIZED ( \
           SELECT v.version_id, n.node_id, false AS is_trial FROM versions v \
             JOIN workflow_nodes n ON n.workspace_id = $1 AND n.version_id = v.version_id \
            WHERE n.config ? 'credential' AND n.config ->> 'credential' = $2 \
           UNION ALL \
           SELECT v.version_id, node.value ->> 'id', true FROM versions v \
             JOIN trial_versions t ON t.workspace_id = $1 AND t.version_id = v.version_id, \
             jsonb_array_elements(CASE WHEN jsonb_typeof(t.graph -> 'nodes') = 'array' THEN t.graph -> 'nodes' ELSE '[]' END) AS node \
            WHERE node.value #>> '{data,config,credential}' = $2) \
         SELECT l.execution_id, l.workflow_id, l.version_id, bool_or(n.is_trial) AS is_trial, \
           array_agg(DISTINCT n.node_id ORDER BY n.node_id) AS node_ids, sum(greatest(j.attempts, 1))::bigint AS attempts, \
           min(j.recorded_at) AS first_at, max(j.recorded_at) AS last_at \
         FROM looked l JOIN named n ON n.version_id = l.version_id \
           JOIN journal j ON j.workspace_id = $1 AND j.execution_id = l.execution_id AND j.node_id = n.node_id AND j.kind = 'settled' \
         GROUP BY l.execution_id, l.workflow_id, l.version_id ORDER BY l.execution_id DESC LIMIT $5",
    )
    .bind(workspace_id.0)
    .bind(name)
    .bind(before)
    .bind(LOOKED_THROUGH_MAX)
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    if i64::try_from(rows.len()).is_ok_and(|found| found >= limit) {
        return Ok((rows, None));
    }
    let last: Option<Uuid> = sqlx::query_scalar(
        "SELECT execution_id FROM executions \
          WHERE workspace_id = $1 AND workspace_id >= $1 AND workspace_id <= $1 AND execution_id < $2 \
          ORDER BY execution_id DESC OFFSET $3 LIMIT 1",
    )
    .bind(workspace_id.0)
    .bind(before)
    .bind(LOOKED_THROUGH_MAX - 1)
    .fetch_optional(connection)
    .await?;
    Ok((rows, last))
}
