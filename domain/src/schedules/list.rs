//! Schedules, for people.

use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::rules::Rules;

/// Most waiting starts that are counted.
const WAITING_MAX: i64 = 1_000;

/// A schedule, and how it stands.
#[derive(Clone, Debug, FromRow)]
pub struct ScheduleRow {
    /// Its id.
    pub schedule_id: Uuid,
    /// Its workflow.
    pub workflow_id: Uuid,
    /// What people call that.
    pub workflow_name: String,
    /// Its trigger.
    pub node_id: String,
    /// The version that it starts.
    pub version_id: Uuid,
    /// When it fires.
    pub rules: Json<Rules>,
    /// The next fire time.
    pub next_at: Option<DateTime<Utc>>,
    /// Fire times that nothing was started for.
    pub missed: i64,
    /// Since when it is paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// By whom.
    pub paused_by: Option<String>,
    /// Why.
    pub paused_reason: Option<String>,
    /// Starts that wait, at most [`WAITING_MAX`] of them.
    pub waiting: i64,
    /// When it was published first.
    pub created_at: DateTime<Utc>,
    /// When it last changed or fired.
    pub updated_at: DateTime<Utc>,
    /// Now, by the database's clock.
    pub now: DateTime<Utc>,
}

const SCHEDULES: &str = "SELECT s.schedule_id, s.workflow_id, w.name AS workflow_name, s.node_id, s.version_id, s.rules, \
      s.next_at, s.missed, s.paused_at, s.paused_by, s.paused_reason, s.created_at, s.updated_at, clock_timestamp() AS now, \
      (SELECT count(*) FROM (SELECT FROM trigger_starts t WHERE t.workspace_id = s.workspace_id \
          AND t.workflow_id = s.workflow_id AND t.node_id = s.node_id AND t.settled_at IS NULL LIMIT $2) AS c) AS waiting \
    FROM schedules s JOIN workflows w ON w.workspace_id = s.workspace_id AND w.workflow_id = s.workflow_id \
    WHERE s.workspace_id = $1";

/// Now, by the database's clock.
///
/// # Errors
/// If the database does.
pub async fn now(connection: &mut PgConnection) -> Result<DateTime<Utc>, StoreError> {
    Ok(sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(connection).await?)
}

/// One schedule of a workspace.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    schedule_id: Uuid,
) -> Result<Option<ScheduleRow>, StoreError> {
    let row = sqlx::query_as(&format!("{SCHEDULES} AND s.schedule_id = $3"))
        .bind(workspace_id.0)
        .bind(WAITING_MAX)
        .bind(schedule_id)
        .fetch_optional(connection)
        .await?;
    Ok(row)
}

/// Schedules of a workspace, or of one workflow of it, newest first, older than `before`.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: Option<WorkflowId>,
    before: Uuid,
    limit: i64,
) -> Result<Vec<ScheduleRow>, StoreError> {
    let rows = sqlx::query_as(&format!(
        "{SCHEDULES} AND s.schedule_id < $3 AND ($4::uuid IS NULL OR s.workflow_id = $4) \
         ORDER BY s.schedule_id DESC LIMIT $5"
    ))
    .bind(workspace_id.0)
    .bind(WAITING_MAX)
    .bind(before)
    .bind(workflow_id.map(|id| id.0))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
