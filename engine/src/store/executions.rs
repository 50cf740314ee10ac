//! Reading executions: one with its journal, or a page of them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::codec::{JOURNAL_COLUMNS, JournalRow};
use super::error::StoreError;
use super::trials::IS_TRIAL;
use crate::core::ids::{ExecutionId, WorkflowId, WorkspaceId};
use crate::core::journal::Entry;
use crate::core::trace::Trace;

/// An execution as it is recorded, with the status that leases and journal tell.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct ExecutionRow {
    /// Its id.
    pub execution_id: Uuid,
    /// Its tenant.
    #[serde(skip)]
    pub workspace_id: Uuid,
    /// Its workflow.
    pub workflow_id: Uuid,
    /// Its version; it keeps it unless a person migrates it.
    pub version_id: Uuid,
    /// The trigger it began at.
    pub trigger_node_id: String,
    /// `queued, running, waiting, paused, incident, completed, failed, cancelled`.
    pub status: String,
    /// What it was started with.
    pub input: Value,
    /// Its result, once completed.
    pub output: Option<Value>,
    /// Why it failed.
    pub error: Option<Value>,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it was let begin that was held back; else when it was started. Its first steps count from then.
    #[serde(skip)]
    pub begun_at: DateTime<Utc>,
    /// When it runs out of time, if ever.
    pub deadline_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether it tries a draft out.
    pub trial: bool,
    /// What it belongs to, as it is stored; none if that is itself.
    #[serde(skip)]
    #[sqlx(default)]
    pub trace: Option<String>,
}

impl ExecutionRow {
    /// What it belongs to.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.trace.as_deref().and_then(Trace::parse).unwrap_or(Trace::of(self.execution_id))
    }

    /// Whether another execution can go on from it: it has ended, or waits for a person.
    #[must_use]
    pub fn can_restart(&self) -> bool {
        self.ended_at.is_some() || self.status == "incident"
    }
}

/// The status of `executions e`: one that has not ended is running while someone holds its lease, waiting once it has a
/// journal or a timer, and queued before.
pub(super) const STATUS: &str = "CASE WHEN e.status <> 'queued' THEN e.status \
         WHEN EXISTS (SELECT FROM leases l WHERE l.execution_id = e.execution_id) THEN 'running' \
         WHEN EXISTS (SELECT FROM timers t WHERE t.execution_id = e.execution_id) THEN 'waiting' \
         WHEN EXISTS (SELECT FROM journal j WHERE j.execution_id = e.execution_id) THEN 'waiting' \
         ELSE 'queued' END";
/// Of workspace `$1`, as a condition on `executions e`. It is said three times: else, in a cell of few workspaces, the planner takes each
/// to have a large part of all rows, and reads the rows of all in the order of their key until a page is full. So wherever a page of a
/// workspace's executions is read, also where it is written out.
pub(super) const OF_WORKSPACE: &str = "e.workspace_id = $1 AND e.workspace_id >= $1 AND e.workspace_id <= $1";
/// Which `executions e` a list has: of workspace `$1`, before `$2`, of workflow `$3` if it is given, trials or none as
/// `$4` says, all if it is null.
fn of_list() -> String {
    format!(
        "{OF_WORKSPACE} AND e.execution_id < $2 AND ($3::uuid IS NULL OR e.workflow_id = $3) \
         AND ($4::boolean IS NULL OR {IS_TRIAL} = $4)"
    )
}
/// The columns of [`ExecutionRow`] but status, input, output and whether it is a trial.
pub(super) const HEAD: &str = "e.execution_id, e.workspace_id, e.workflow_id, e.version_id, e.trigger_node_id, e.error, \
    e.created_at, coalesce(nullif(e.begun_at, 'infinity'), e.created_at) AS begun_at, e.deadline_at, e.ended_at, e.trace";

/// One execution of a workspace.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Option<ExecutionRow>, StoreError> {
    let row = sqlx::query_as(&format!(
        "SELECT {HEAD}, {IS_TRIAL} AS trial, {STATUS} AS status, e.input, e.output FROM executions e \
         WHERE e.execution_id = $1 AND e.workspace_id = $2"
    ))
    .bind(execution_id.0)
    .bind(workspace_id.0)
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// A page of executions of a workspace, newest first, older than `before`; input and output are left out as null,
/// since together they may be large. `trial` says whether only trials are listed, or none; all without it.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: Option<WorkflowId>,
    trial: Option<bool>,
    before: ExecutionId,
    limit: i64,
) -> Result<Vec<ExecutionRow>, StoreError> {
    let rows = sqlx::query_as(&format!(
        "SELECT {HEAD}, {IS_TRIAL} AS trial, {STATUS} AS status, 'null'::jsonb AS input, NULL::jsonb AS output FROM executions e \
         WHERE {} ORDER BY e.execution_id DESC LIMIT $5",
        of_list()
    ))
    .bind(workspace_id.0)
    .bind(before.0)
    .bind(workflow_id.map(|id| id.0))
    .bind(trial)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// Journal entries of an execution after position `after`, in order, with their positions.
///
/// # Errors
/// If the database does, or a row cannot be read.
pub async fn journal(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    after: i32,
    limit: i64,
) -> Result<Vec<(i32, Entry)>, StoreError> {
    let rows: Vec<JournalRow> = sqlx::query_as(&format!(
        "SELECT {JOURNAL_COLUMNS} FROM journal WHERE execution_id = $1 AND workspace_id = $2 AND position > $3 \
         ORDER BY position LIMIT $4"
    ))
    .bind(execution_id.0)
    .bind(workspace_id.0)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((row.position, row.decode()?))).collect()
}

/// When the timer of a parked execution fires, if it has one.
///
/// # Errors
/// If the database does.
pub async fn due_at(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let due = sqlx::query_scalar("SELECT due_at FROM timers WHERE execution_id = $1 AND workspace_id = $2");
    Ok(due.bind(execution_id.0).bind(workspace_id.0).fetch_optional(connection).await?)
}

/// Who holds an execution's lease.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Holder {
    /// The number of the worker.
    pub worker_no: i32,
    /// Since when.
    pub claimed_at: DateTime<Utc>,
}

/// Who holds the lease of an execution, if anybody does.
///
/// # Errors
/// If the database does.
pub async fn holder(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Option<Holder>, StoreError> {
    let row = sqlx::query_as("SELECT worker_no, claimed_at FROM leases WHERE execution_id = $1 AND workspace_id = $2");
    Ok(row.bind(execution_id.0).bind(workspace_id.0).fetch_optional(connection).await?)
}
