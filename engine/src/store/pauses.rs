//! Pauses of workflows and of whole workspaces, and the executions that they hold up.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use super::shares::COST;
use crate::core::ids::{ExecutionId, WorkflowId, WorkspaceId};

/// Workflows that one look goes through at most.
const GROUPS_MAX: i32 = 200;
/// Executions that one transaction gives tokens to at most.
const BITE: i32 = 500;

/// What a person holds up.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct PauseRow {
    /// The nil id stands for the whole workspace.
    #[serde(skip)]
    pub workflow_id: Uuid,
    /// The name of the key.
    pub paused_by: String,
    /// Why, for people.
    pub reason: Option<String>,
    /// When.
    #[sqlx(rename = "created_at")]
    pub since: DateTime<Utc>,
}

impl PauseRow {
    /// The workflow; none if it is the whole workspace.
    #[must_use]
    pub fn workflow(&self) -> Option<WorkflowId> {
        Some(WorkflowId(self.workflow_id)).filter(|id| !id.0.is_nil())
    }
}

const COLUMNS: &str = "workflow_id, paused_by, reason, created_at";

/// As it is stored.
fn key(workflow_id: Option<WorkflowId>) -> Uuid {
    workflow_id.map_or(Uuid::nil(), |id| id.0)
}

/// Pauses a workflow, or the whole workspace. What is paused already stays as it is: the first one is answered.
///
/// # Errors
/// If the database does.
pub async fn pause(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: Option<WorkflowId>,
    by: &str,
    reason: Option<&str>,
) -> Result<PauseRow, StoreError> {
    // An update that changes nothing, so that the row is answered whoever made it.
    let sql = format!(
        "INSERT INTO pauses AS p (workspace_id, workflow_id, paused_by, reason) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace_id, workflow_id) DO UPDATE SET paused_by = p.paused_by RETURNING {COLUMNS}"
    );
    let row = sqlx::query_as(&sql).bind(workspace_id.0).bind(key(workflow_id)).bind(by).bind(reason);
    Ok(row.fetch_one(connection).await?)
}

/// Has a workflow, or the whole workspace, go on; whether it was paused.
///
/// # Errors
/// If the database does.
pub async fn resume(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: Option<WorkflowId>,
) -> Result<bool, StoreError> {
    let gone = sqlx::query("DELETE FROM pauses WHERE workspace_id = $1 AND workflow_id = $2");
    let gone = gone.bind(workspace_id.0).bind(key(workflow_id)).execute(connection).await?;
    Ok(gone.rows_affected() == 1)
}

/// The pause of a workflow, or of the whole workspace, if there is one.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: Option<WorkflowId>,
) -> Result<Option<PauseRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM pauses WHERE workspace_id = $1 AND workflow_id = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(key(workflow_id)).fetch_optional(connection).await?)
}

/// Pauses of a workspace by workflow, those before `before`; that of the whole workspace comes last.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    before: WorkflowId,
    limit: i64,
) -> Result<Vec<PauseRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pauses WHERE workspace_id = $1 AND workflow_id < $2 ORDER BY workflow_id DESC LIMIT $3"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(before.0).bind(limit).fetch_all(connection).await?)
}

/// What holds executions of a workflow up: the pause of the workspace, and its own.
///
/// # Errors
/// If the database does.
pub async fn of(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
) -> Result<Vec<PauseRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM pauses WHERE workspace_id = $1 AND workflow_id IN ($2, $3) ORDER BY workflow_id"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(Uuid::nil()).bind(workflow_id.0).fetch_all(connection).await?)
}

/// That a workspace is not active, as its cell knows it.
#[derive(Clone, Debug, FromRow)]
pub struct Closed {
    /// `suspended`, `archived`, or on its way to become active.
    pub state: String,
    /// Why, for people.
    pub reason: Option<String>,
    /// When the cell heard of it.
    #[sqlx(rename = "changed_at")]
    pub since: DateTime<Utc>,
}

/// What holds a workspace up as a whole though nobody has paused it; none while it is active.
///
/// # Errors
/// If the database does.
pub async fn closed(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Option<Closed>, StoreError> {
    let sql = "SELECT state, reason, changed_at FROM standings WHERE workspace_id = $1 AND state <> 'active'";
    Ok(sqlx::query_as(sql).bind(workspace_id.0).fetch_optional(connection).await?)
}

/// All pauses of a cell at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllPauses {
    /// How often they had changed.
    pub no: i64,
    /// No workflow stands for the whole workspace, which is paused, or not active.
    pub pauses: HashSet<(WorkspaceId, Option<WorkflowId>)>,
}

/// All pauses of the cell, with the number of changes in the same statement.
///
/// # Errors
/// If the database does.
pub async fn all(connection: &mut PgConnection) -> Result<AllPauses, StoreError> {
    let rows: Vec<(i64, Option<Uuid>, Option<Uuid>)> = sqlx::query_as(
        "SELECT c.no, a.workspace_id, a.workflow_id FROM pause_changes c LEFT JOIN ( \
               SELECT p.workspace_id, p.workflow_id FROM pauses p UNION ALL \
               SELECT s.workspace_id, '00000000-0000-0000-0000-000000000000'::uuid FROM standings s \
                WHERE s.state <> 'active') AS a ON true",
    )
    .fetch_all(connection)
    .await?;
    let no = rows.first().map_or(0, |&(no, ..)| no);
    let pause = |(_, workspace, workflow): (i64, Option<Uuid>, Option<Uuid>)| {
        Some((WorkspaceId(workspace?), workflow.map(WorkflowId).filter(|id| !id.0.is_nil())))
    };
    Ok(AllPauses { no, pauses: rows.into_iter().filter_map(pause).collect() })
}

/// Where a walk through the executions that are held up stands.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub struct Walk {
    /// Those that the last look gave tokens to.
    pub released: i64,
    /// The stamp of the last token.
    vt: i64,
    workspace_id: Option<Uuid>,
    workflow_id: Option<Uuid>,
}

impl Walk {
    /// Whether nothing is left to look at, or somebody else is at it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.workspace_id.is_none()
    }
}

/// Gives tokens to the next executions that are held up though nothing pauses them any more; those that go by a throttle get
/// the time of their next slot. Begin with the default, and go
/// on until it is over.
///
/// # Errors
/// If the database does.
pub async fn release(connection: &mut PgConnection, walk: Walk) -> Result<Walk, StoreError> {
    let next = sqlx::query_as(
        "SELECT released::bigint, vt, workspace_id, workflow_id FROM release_held_2($1, $2, $3, $4, $5, $6)",
    );
    let next = next.bind(walk.workspace_id.unwrap_or_default()).bind(walk.workflow_id.unwrap_or_default());
    Ok(next.bind(GROUPS_MAX).bind(BITE).bind(walk.vt).bind(COST).fetch_one(connection).await?)
}

/// Workers that an execution lost in a row, if it waits to be run alone for that.
///
/// # Errors
/// If the database does.
pub async fn apart(connection: &mut PgConnection, execution_id: ExecutionId) -> Result<Option<u32>, StoreError> {
    let losses: Option<i32> =
        sqlx::query_scalar("SELECT apart_1($1)").bind(execution_id.0).fetch_one(connection).await?;
    Ok(losses.and_then(|losses| losses.try_into().ok()))
}
