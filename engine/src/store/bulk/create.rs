//! Making a job: it and its executions, in one transaction of the caller.

use sqlx::PgConnection;
use uuid::Uuid;

use super::matching::{bind, condition, source};
use super::model::{Filter, Onto, Work};
use super::read::{JobRow, find};
use crate::core::ids::WorkspaceId;
use crate::store::error::StoreError;
use crate::store::start::hash_of;

/// Most executions of a job.
pub const EXECUTIONS_MAX: i64 = 100_000;
/// Most jobs of a workspace that may run or wait for their turn.
pub const RUNNING_MAX: i64 = 10;

/// A job to be made.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id, made by the caller.
    pub job_id: Uuid,
    /// Which executions.
    pub filter: Filter,
    /// What is done with each.
    pub work: Work,
    /// Repetitions with the same key make nothing.
    pub idempotency_key: Option<String>,
}

/// What became of a job to be made. Only after [`Made::New`] the transaction is worth a commit.
#[derive(Clone, Debug)]
pub enum Made {
    /// A new job.
    New(JobRow),
    /// The job that the same key and request made before.
    Replayed(JobRow),
    /// The key was used before with another request.
    Conflict,
    /// More than [`EXECUTIONS_MAX`] executions fit the filter.
    TooMany,
    /// [`RUNNING_MAX`] jobs of the workspace run or wait already.
    Busy,
}

/// Makes a job with the executions that fit its filter now, in the transaction of the caller.
///
/// # Errors
/// If the database does.
pub async fn create(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: &NewJob,
) -> Result<Made, StoreError> {
    if !insert_job(connection, workspace_id, new).await? {
        return replayed(connection, workspace_id, new).await;
    }
    let running = sqlx::query_scalar("SELECT count(*) FROM bulk_jobs WHERE workspace_id = $1 AND status = 'running'");
    let running: i64 = running.bind(workspace_id.0).fetch_one(&mut *connection).await?;
    if running > RUNNING_MAX {
        return Ok(Made::Busy);
    }
    let total = insert_items(connection, workspace_id, new).await?;
    if total > EXECUTIONS_MAX {
        return Ok(Made::TooMany);
    }
    sqlx::query(
        "UPDATE bulk_jobs SET total = $3::bigint, status = CASE WHEN $3 = 0 THEN 'completed' ELSE status END, \
         ended_at = CASE WHEN $3 = 0 THEN clock_timestamp() END WHERE workspace_id = $1 AND job_id = $2",
    )
    .bind(workspace_id.0)
    .bind(new.job_id)
    .bind(total)
    .execute(&mut *connection)
    .await?;
    let made = find(connection, workspace_id, new.job_id).await?;
    made.map(Made::New).ok_or_else(|| StoreError::Corrupt(format!("bulk job {} is not there", new.job_id)))
}

/// Whether it is new: false if the workspace has used its key before.
async fn insert_job(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: &NewJob,
) -> Result<bool, StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO bulk_jobs (workspace_id, job_id, verb, filter, arguments, key_hash, request_hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(workspace_id.0)
    .bind(new.job_id)
    .bind(new.work.verb().as_str())
    .bind(sqlx::types::Json(&new.filter))
    .bind(new.work.arguments())
    .bind(new.key_hash())
    .bind(new.request_hash())
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

async fn replayed(connection: &mut PgConnection, workspace_id: WorkspaceId, new: &NewJob) -> Result<Made, StoreError> {
    let row: Option<(Uuid, Vec<u8>)> =
        sqlx::query_as("SELECT job_id, request_hash FROM bulk_jobs WHERE workspace_id = $1 AND key_hash = $2")
            .bind(workspace_id.0)
            .bind(new.key_hash())
            .fetch_optional(&mut *connection)
            .await?;
    let Some((job_id, request_hash)) = row else { return Ok(Made::Conflict) };
    let made = find(connection, workspace_id, job_id).await?;
    Ok(made.filter(|_| request_hash == new.request_hash()).map_or(Made::Conflict, Made::Replayed))
}

/// How many fit; one more than [`EXECUTIONS_MAX`] stands for more.
async fn insert_items(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: &NewJob,
) -> Result<i64, StoreError> {
    let sql = format!(
        "INSERT INTO bulk_items (workspace_id, job_id, execution_id, version_id) \
         SELECT e.workspace_id, $10, e.execution_id, {} FROM {} WHERE {} LIMIT $12",
        version(&new.work),
        source(&new.filter),
        condition(&new.filter)
    );
    let named = match new.work.onto() {
        Some(Onto::Named(version_id)) => Some(version_id.0),
        _ => None,
    };
    let inserted = bind(sqlx::query(&sql), workspace_id, &new.filter).bind(new.job_id).bind(named);
    let inserted = inserted.bind(EXECUTIONS_MAX + 1).execute(connection).await?;
    Ok(i64::try_from(inserted.rows_affected()).unwrap_or(i64::MAX))
}

/// The version that `executions e` comes to; $11 is the named one.
fn version(work: &Work) -> &'static str {
    match work.onto() {
        Some(Onto::Own) => "coalesce($11::uuid, e.version_id)",
        Some(Onto::Latest) => {
            "coalesce($11::uuid, (SELECT v.version_id FROM workflow_versions v WHERE v.workspace_id = e.workspace_id \
             AND v.workflow_id = e.workflow_id ORDER BY v.number DESC LIMIT 1))"
        }
        Some(Onto::Named(_)) | None => "$11::uuid",
    }
}

impl NewJob {
    fn key_hash(&self) -> Option<Vec<u8>> {
        self.idempotency_key.as_ref().map(|key| hash_of(&[key]))
    }

    /// What has to be the same for a repetition.
    fn request_hash(&self) -> Vec<u8> {
        let (filter, work) = (serde_json::json!(self.filter), serde_json::json!(self.work));
        hash_of(&[&filter.to_string(), &work.to_string()])
    }
}
