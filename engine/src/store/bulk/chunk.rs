//! Working on jobs: one chunk of one job in one transaction of the caller, with whatever is done to its executions.

use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::model::ItemStatus;
use crate::core::ids::{ExecutionId, WorkspaceId};
use crate::store::error::StoreError;

/// Longest reason that is kept, in characters.
const REASON_CHARS_MAX: usize = 500;

/// The next items of a job. Nobody else works on the job until the transaction ends.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Whose job it is; the transaction acts for it from now on.
    pub workspace_id: WorkspaceId,
    /// The job.
    pub job_id: Uuid,
    /// See [`super::Verb`].
    pub verb: String,
    /// What the verb needs.
    pub arguments: Value,
    reached: Uuid,
    /// In execution order.
    pub items: Vec<Item>,
}

#[derive(FromRow)]
struct Turn {
    workspace_id: Uuid,
    job_id: Uuid,
    verb: String,
    arguments: Value,
    reached: Uuid,
}

/// One execution to work on.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Item {
    /// The execution.
    pub execution_id: Uuid,
    /// The version that it is restarted on.
    pub version_id: Option<Uuid>,
}

/// What became of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemEnd {
    /// The verb was done; a restart started that execution.
    Done(Option<ExecutionId>),
    /// It could not be done.
    Failed(String),
    /// There was nothing to do.
    Skipped(String),
}

/// The next chunk of the job whose turn it is, if there is one that nobody works on: the oldest of each workspace, the
/// workspaces by when they last had their turn. Walks the running jobs by turn, and locks the one that it answers.
///
/// # Errors
/// If the database does.
pub async fn pick(connection: &mut PgConnection, items_max: i64) -> Result<Option<Chunk>, StoreError> {
    let turn: Option<Turn> = sqlx::query_as(
        "SELECT j.workspace_id, j.job_id, j.verb, j.arguments, j.reached FROM bulk_jobs j WHERE j.status = 'running' \
         AND NOT EXISTS (SELECT FROM bulk_jobs older WHERE older.workspace_id = j.workspace_id \
         AND older.status = 'running' AND older.job_id < j.job_id) \
         ORDER BY j.turn_at LIMIT 1 FOR UPDATE OF j SKIP LOCKED",
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(turn) = turn else { return Ok(None) };
    sqlx::query("SELECT set_config('app.workspace_id', $1, true)")
        .bind(turn.workspace_id.to_string())
        .execute(&mut *connection)
        .await?;
    let items = sqlx::query_as(
        "SELECT execution_id, version_id FROM bulk_items \
         WHERE workspace_id = $1 AND job_id = $2 AND execution_id > $3 ORDER BY execution_id LIMIT $4",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(turn.reached)
    .bind(items_max)
    .fetch_all(connection)
    .await?;
    let Turn { workspace_id, job_id, verb, arguments, reached } = turn;
    Ok(Some(Chunk { workspace_id: WorkspaceId(workspace_id), job_id, verb, arguments, reached, items }))
}

/// Records what became of the first items of a chunk, `ends` in their order; the job has had its turn.
///
/// # Errors
/// If the database does.
pub async fn finish(connection: &mut PgConnection, chunk: &Chunk, ends: &[ItemEnd]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = chunk.items.iter().map(|item| item.execution_id).take(ends.len()).collect();
    // Without the range, the plan from when the table looked empty would compare all items of the job with these.
    sqlx::query(
        "UPDATE bulk_items i SET status = u.status, reason = u.reason, new_execution_id = u.new_execution_id \
         FROM unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[]) \
           AS u (execution_id, status, reason, new_execution_id) \
         WHERE i.workspace_id = $1 AND i.job_id = $2 AND i.execution_id BETWEEN $7 AND $8 \
           AND i.execution_id = u.execution_id",
    )
    .bind(chunk.workspace_id.0)
    .bind(chunk.job_id)
    .bind(&ids)
    .bind(ends.iter().map(|end| end.status().as_str()).collect::<Vec<_>>())
    .bind(ends.iter().map(ItemEnd::reason).collect::<Vec<_>>())
    .bind(ends.iter().map(ItemEnd::started).collect::<Vec<_>>())
    .bind(ids.first())
    .bind(ids.last())
    .execute(&mut *connection)
    .await?;
    let count = |status| ends.iter().filter(|end| end.status() == status).count() as i64;
    sqlx::query(
        "UPDATE bulk_jobs SET done = done + $3, failed = failed + $4, skipped = skipped + $5, reached = $6, \
         turn_at = clock_timestamp(), \
         status = CASE WHEN done + failed + skipped + $3 + $4 + $5 = total THEN 'completed' ELSE status END, \
         ended_at = CASE WHEN done + failed + skipped + $3 + $4 + $5 = total THEN clock_timestamp() END \
         WHERE workspace_id = $1 AND job_id = $2",
    )
    .bind(chunk.workspace_id.0)
    .bind(chunk.job_id)
    .bind(count(ItemStatus::Done))
    .bind(count(ItemStatus::Failed))
    .bind(count(ItemStatus::Skipped))
    .bind(ids.last().copied().unwrap_or(chunk.reached))
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets others have their turn before a job whose chunk could not be worked on.
///
/// # Errors
/// If the database does.
pub async fn give_up_turn(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    job_id: Uuid,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE bulk_jobs SET turn_at = clock_timestamp() WHERE workspace_id = $1 AND job_id = $2")
        .bind(workspace_id.0)
        .bind(job_id)
        .execute(connection)
        .await?;
    Ok(())
}

impl ItemEnd {
    fn status(&self) -> ItemStatus {
        match self {
            Self::Done(_) => ItemStatus::Done,
            Self::Failed(_) => ItemStatus::Failed,
            Self::Skipped(_) => ItemStatus::Skipped,
        }
    }

    fn reason(&self) -> Option<String> {
        match self {
            Self::Done(_) => None,
            Self::Failed(reason) | Self::Skipped(reason) => Some(reason.chars().take(REASON_CHARS_MAX).collect()),
        }
    }

    fn started(&self) -> Option<Uuid> {
        match self {
            Self::Done(started) => started.map(|id| id.0),
            Self::Failed(_) | Self::Skipped(_) => None,
        }
    }
}
