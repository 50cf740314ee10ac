//! Looking at jobs, and stopping them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection, Row};
use uuid::Uuid;

use super::create::EXECUTIONS_MAX;
use super::matching::{bind, condition, source};
use super::model::{Filter, ItemStatus};
use crate::core::ids::{ExecutionId, WorkspaceId};
use crate::store::error::StoreError;

/// A job as it stands.
#[derive(Clone, Debug, FromRow)]
pub struct JobRow {
    /// Its id.
    pub job_id: Uuid,
    /// See [`super::Verb`].
    pub verb: String,
    /// See [`Filter`].
    pub filter: Value,
    /// What the verb needs.
    pub arguments: Value,
    /// `running, completed, cancelled`.
    pub status: String,
    /// All its executions.
    pub total: i32,
    /// Those with which the verb was done.
    pub done: i32,
    /// Those with which it could not be done.
    pub failed: i32,
    /// Those with which there was nothing to do.
    pub skipped: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When nothing was left to do, or it was cancelled.
    pub ended_at: Option<DateTime<Utc>>,
}

/// One execution of a job.
#[derive(Clone, Debug, FromRow)]
pub struct ItemRow {
    /// The execution.
    pub execution_id: Uuid,
    /// See [`ItemStatus`].
    pub status: String,
    /// Why it failed or was skipped.
    pub reason: Option<String>,
    /// What a restart started.
    pub new_execution_id: Option<Uuid>,
}

/// The executions that fit a filter.
#[derive(Clone, Debug)]
pub struct Match {
    /// How many; one more than [`EXECUTIONS_MAX`] stands for more.
    pub count: i64,
    /// The oldest.
    pub sample: Vec<ExecutionId>,
}

const JOB: &str = "job_id, verb, filter, arguments, status, total, done, failed, skipped, created_at, ended_at";
const ITEM: &str = "execution_id, status, reason, new_execution_id";

/// A job of a workspace.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    job_id: Uuid,
) -> Result<Option<JobRow>, StoreError> {
    let sql = format!("SELECT {JOB} FROM bulk_jobs WHERE workspace_id = $1 AND job_id = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(job_id).fetch_optional(connection).await?)
}

/// Jobs of a workspace, newest first, older than `before`.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<JobRow>, StoreError> {
    let sql =
        format!("SELECT {JOB} FROM bulk_jobs WHERE workspace_id = $1 AND job_id < $2 ORDER BY job_id DESC LIMIT $3");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(before).bind(limit).fetch_all(connection).await?)
}

/// Items of a job, those of the newest executions first, older than `before`; of one status if it is given.
///
/// # Errors
/// If the database does.
pub async fn items(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    job_id: Uuid,
    status: Option<ItemStatus>,
    before: ExecutionId,
    limit: i64,
) -> Result<Vec<ItemRow>, StoreError> {
    // The one or the other, so that each walks an index of its own.
    let of_status = if status.is_some() { "status = $5" } else { "$5::text IS NULL" };
    let sql = format!(
        "SELECT {ITEM} FROM bulk_items WHERE workspace_id = $1 AND job_id = $2 AND execution_id < $3 AND {of_status} \
         ORDER BY execution_id DESC LIMIT $4"
    );
    let rows = sqlx::query_as(&sql).bind(workspace_id.0).bind(job_id).bind(before.0).bind(limit);
    Ok(rows.bind(status.map(ItemStatus::as_str)).fetch_all(connection).await?)
}

/// Stops a job that runs, after the chunk that is being worked on; what is left of it is not done. Whether it ran.
///
/// # Errors
/// If the database does.
pub async fn cancel(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    job_id: Uuid,
) -> Result<bool, StoreError> {
    let cancelled = sqlx::query(
        "UPDATE bulk_jobs SET status = 'cancelled', ended_at = clock_timestamp() \
         WHERE workspace_id = $1 AND job_id = $2 AND status = 'running'",
    )
    .bind(workspace_id.0)
    .bind(job_id)
    .execute(connection)
    .await?;
    Ok(cancelled.rows_affected() == 1)
}

/// Ids that a filter names and that are no executions of the workspace, at most `limit`.
///
/// # Errors
/// If the database does.
pub async fn unknown_ids(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Uuid>, StoreError> {
    let Some(ids) = &filter.ids else { return Ok(Vec::new()) };
    // A look into the key for each: a join could be planned as a scan of all months.
    let unknown = sqlx::query_scalar(
        "SELECT n.id FROM unnest($2::uuid[]) AS n (id) WHERE (SELECT true FROM executions e \
         WHERE e.execution_id = n.id AND e.workspace_id = $1 LIMIT 1) IS NULL LIMIT $3",
    );
    Ok(unknown.bind(workspace_id.0).bind(ids).bind(limit).fetch_all(connection).await?)
}

/// Counts the executions that fit a filter, and names the `sample` oldest of them.
///
/// # Errors
/// If the database does.
pub async fn matching(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    filter: &Filter,
    sample: i64,
) -> Result<Match, StoreError> {
    let (from, fits) = (source(filter), condition(filter));
    let sql = format!("SELECT count(*) FROM (SELECT FROM {from} WHERE {fits} LIMIT $10) AS fitting");
    let count = bind(sqlx::query(&sql), workspace_id, filter).bind(EXECUTIONS_MAX + 1);
    let count = count.fetch_one(&mut *connection).await?.try_get(0)?;
    let sql = format!("SELECT e.execution_id FROM {from} WHERE {fits} ORDER BY e.execution_id LIMIT $10");
    let rows = bind(sqlx::query(&sql), workspace_id, filter).bind(sample).fetch_all(connection).await?;
    let ids = rows.iter().map(|row| Ok(ExecutionId(row.try_get(0)?)));
    Ok(Match { count, sample: ids.collect::<Result<_, sqlx::Error>>()? })
}
