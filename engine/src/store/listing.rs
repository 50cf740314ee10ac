//! Lists of executions that meet conditions, with bounded work.

use sqlx::PgConnection;
use uuid::Uuid;

use super::error::StoreError;
use super::executions::{ExecutionRow, HEAD, OF_WORKSPACE, STATUS};
use super::trials::IS_TRIAL;
use crate::core::ids::{ExecutionId, VersionId, WorkflowId, WorkspaceId};

/// Statuses that [`looked_for`] can be asked for; those that are pending are listed by [`super::flow::list_pending`].
pub const STATUSES_LISTED: [&str; 8] =
    ["queued", "running", "waiting", "paused", "incident", "completed", "failed", "cancelled"];
/// How many executions are looked at for one page: what bounds the work where what is looked for is rare.
pub const LOOKED_AT_MAX: i64 = 5_000;

/// Which executions are wanted; all of what is said has to be so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Of that workflow.
    pub workflow_id: Option<WorkflowId>,
    /// Of that version.
    pub version_id: Option<VersionId>,
    /// Whether only trials, or none.
    pub trial: Option<bool>,
    /// In that status, one of [`STATUSES_LISTED`].
    pub status: Option<&'a str>,
    /// With an error of that class.
    pub error_class: Option<&'a str>,
}

impl Wanted<'_> {
    /// Whether most executions are wanted: all but trials, or all.
    #[must_use]
    pub fn is_most(&self) -> bool {
        let Self { workflow_id, version_id, trial, status, error_class } = self;
        workflow_id.is_none()
            && version_id.is_none()
            && *trial != Some(true)
            && status.is_none()
            && error_class.is_none()
    }
}

/// The columns of [`ExecutionRow`], of `executions e` or of what was looked at of it.
fn columns() -> String {
    format!("{HEAD}, {IS_TRIAL} AS trial, {STATUS} AS status, 'null'::jsonb AS input, NULL::jsonb AS output")
}

/// What [`Wanted`] says of `executions e`, with its five fields as `$3` to `$7`.
fn meets() -> String {
    format!(
        "($3::uuid IS NULL OR e.workflow_id = $3) AND ($4::uuid IS NULL OR e.version_id = $4) \
         AND ($5::boolean IS NULL OR {IS_TRIAL} = $5) AND ($6::text IS NULL OR {STATUS} = $6) \
         AND ($7::text IS NULL OR e.error ->> 'class' = $7)"
    )
}

/// As [`super::executions::list`], of those that are wanted: among the newest [`LOOKED_AT_MAX`] of the workspace that are older than
/// `before`. Where fewer than `limit` were found and there are older ones, the id to go on before.
///
/// # Errors
/// If the database does.
pub async fn looked_for(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    wanted: &Wanted<'_>,
    before: ExecutionId,
    limit: i64,
) -> Result<(Vec<ExecutionRow>, Option<ExecutionId>), StoreError> {
    let rows: Vec<ExecutionRow> = sqlx::query_as(&format!(
        "WITH looked_at AS MATERIALIZED (SELECT {HEAD}, e.status FROM executions e \
         WHERE {OF_WORKSPACE} AND e.execution_id < $2 ORDER BY e.execution_id DESC LIMIT $8) \
         SELECT {} FROM looked_at e WHERE {} ORDER BY e.execution_id DESC LIMIT $9",
        columns(),
        meets()
    ))
    .bind(workspace_id.0)
    .bind(before.0)
    .bind(wanted.workflow_id.map(|id| id.0))
    .bind(wanted.version_id.map(|id| id.0))
    .bind(wanted.trial)
    .bind(wanted.status)
    .bind(wanted.error_class)
    .bind(LOOKED_AT_MAX)
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    if i64::try_from(rows.len()).is_ok_and(|found| found >= limit) {
        return Ok((rows, None));
    }
    let last: Option<Uuid> = sqlx::query_scalar(&format!(
        "SELECT e.execution_id FROM executions e WHERE {OF_WORKSPACE} AND e.execution_id < $2 \
         ORDER BY e.execution_id DESC OFFSET $3 LIMIT 1"
    ))
    .bind(workspace_id.0)
    .bind(before.0)
    .bind(LOOKED_AT_MAX - 1)
    .fetch_optional(connection)
    .await?;
    Ok((rows, last.map(ExecutionId)))
}

/// Those of these executions of a workspace that are wanted, newest first. Each is looked up by its key, whatever a planner knows
/// of the table.
///
/// # Errors
/// If the database does.
pub async fn of_ids(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    wanted: &Wanted<'_>,
    execution_ids: &[Uuid],
) -> Result<Vec<ExecutionRow>, StoreError> {
    if execution_ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as(&format!(
        "SELECT {} FROM (SELECT DISTINCT n.id FROM unnest($2::uuid[]) AS n (id)) AS named \
           CROSS JOIN LATERAL (SELECT {HEAD}, e.status FROM executions e \
             WHERE e.execution_id = named.id AND e.workspace_id = $1 LIMIT 1) AS e \
          WHERE {} ORDER BY e.execution_id DESC",
        columns(),
        meets()
    ))
    .bind(workspace_id.0)
    .bind(execution_ids)
    .bind(wanted.workflow_id.map(|id| id.0))
    .bind(wanted.version_id.map(|id| id.0))
    .bind(wanted.trial)
    .bind(wanted.status)
    .bind(wanted.error_class)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
