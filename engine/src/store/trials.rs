//! Trials: graphs of drafts that are executed and never published. An execution of one of them is a trial.

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::StoreError;
use super::start::hash_of;
use super::workflows::VersionGraph;
use crate::core::ids::{VersionId, WorkflowId, WorkspaceId};

/// Most different graphs of one workflow that are kept as trials. One more takes the place of the one that was not used for
/// longest and of which nothing runs.
pub const TRIALS_MAX: i64 = 500;
/// For how long a trial was not used that gives way to another one, in seconds: nothing of it is about to start.
const UNUSED_S: i32 = 300;
/// Trials that are looked at for one that gives way.
const CANDIDATES_MAX: i32 = 20;
/// Executions of its time that are looked at for each of them.
const LOOK_MAX: i32 = 5_000;
/// For how many days a graph is kept after it was last used. No trial runs longer than that.
pub const KEPT_DAYS: i32 = 30;
/// How precise the time of last use is, in seconds: so often a row is updated at most.
const USED_WITHIN_S: i32 = 60;
/// Rows that one call of [`tidy`] treats at most.
const BITE: i32 = 500;

/// Whether `executions e` is a trial, as a condition of SQL: one look-up by key.
pub(super) const IS_TRIAL: &str = "EXISTS (SELECT FROM trial_versions tv \
    WHERE tv.workspace_id = e.workspace_id AND tv.version_id = e.version_id)";

/// Keeps `document` as a trial of the workflow; the same document is the same version. None if the workflow has
/// [`TRIALS_MAX`] others, of which none gives way.
///
/// # Errors
/// If the database does.
pub async fn freeze(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    document: &Value,
    semantics: i32,
) -> Result<Option<VersionId>, StoreError> {
    let digest = hash_of(&[&semantics.to_string(), &document.to_string()]);
    let known: Option<Uuid> = sqlx::query_scalar(
        "SELECT version_id FROM trial_versions \
         WHERE workspace_id = $1 AND workflow_id = $2 AND digest = $3 AND graph IS NOT NULL",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(&digest)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(version_id) = known.map(VersionId)
        && touch(connection, workspace_id, version_id).await?
    {
        return Ok(Some(version_id));
    }
    let made = make(connection, workspace_id, workflow_id, (document, semantics), &digest).await?;
    if made.is_some() || !forget_one(connection, workflow_id).await? {
        return Ok(made);
    }
    make(connection, workspace_id, workflow_id, (document, semantics), &digest).await
}

/// None if there are [`TRIALS_MAX`] others.
async fn make(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    (document, semantics): (&Value, i32),
    digest: &[u8],
) -> Result<Option<VersionId>, StoreError> {
    let made: Option<Uuid> = sqlx::query_scalar(
        "INSERT INTO trial_versions (workspace_id, version_id, workflow_id, digest, graph, semantics) \
         SELECT $1, $2, $3, $4, $5, $6 WHERE $7 > ( \
           SELECT count(*) FROM trial_versions WHERE workspace_id = $1 AND workflow_id = $3 AND graph IS NOT NULL) \
         ON CONFLICT (workspace_id, workflow_id, digest) WHERE graph IS NOT NULL \
         DO UPDATE SET used_at = clock_timestamp() RETURNING version_id",
    )
    .bind(workspace_id.0)
    .bind(VersionId::new().0)
    .bind(workflow_id.0)
    .bind(digest)
    .bind(document)
    .bind(semantics)
    .bind(TRIALS_MAX)
    .fetch_optional(connection)
    .await?;
    Ok(made.map(VersionId))
}

/// Lets go of a trial that was not used for long and of which nothing runs; whether there was one.
async fn forget_one(connection: &mut PgConnection, workflow_id: WorkflowId) -> Result<bool, StoreError> {
    let forgotten = sqlx::query_scalar("SELECT forget_trial_1($1, $2, $3, $4)");
    let forgotten = forgotten.bind(workflow_id.0).bind(UNUSED_S).bind(CANDIDATES_MAX).bind(LOOK_MAX);
    Ok(forgotten.fetch_one(connection).await?)
}

/// Records that a trial is used now. False if its graph is no longer kept.
///
/// # Errors
/// If the database does.
pub async fn touch(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    version_id: VersionId,
) -> Result<bool, StoreError> {
    let is_fresh = "used_at > clock_timestamp() - make_interval(secs => $3)";
    let fresh: Option<bool> = sqlx::query_scalar(&format!(
        "SELECT {is_fresh} FROM trial_versions WHERE workspace_id = $1 AND version_id = $2 AND graph IS NOT NULL"
    ))
    .bind(workspace_id.0)
    .bind(version_id.0)
    .bind(USED_WITHIN_S)
    .fetch_optional(&mut *connection)
    .await?;
    if fresh != Some(false) {
        return Ok(fresh.is_some());
    }
    let touched = sqlx::query(
        "UPDATE trial_versions SET used_at = clock_timestamp() \
         WHERE workspace_id = $1 AND version_id = $2 AND graph IS NOT NULL",
    );
    let touched = touched.bind(workspace_id.0).bind(version_id.0).execute(connection).await?;
    Ok(touched.rows_affected() > 0)
}

/// The graph document of a trial and the number of its rules; none if there is no such trial, or it is no longer kept.
///
/// # Errors
/// If the database does.
pub(super) async fn graph(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    version_id: VersionId,
) -> Result<Option<VersionGraph>, StoreError> {
    let row = sqlx::query_as(
        "SELECT workflow_id, graph, semantics FROM trial_versions \
         WHERE workspace_id = $1 AND version_id = $2 AND graph IS NOT NULL",
    );
    Ok(row.bind(workspace_id.0).bind(version_id.0).fetch_optional(connection).await?)
}

/// Lets go of graphs that were not used for [`KEPT_DAYS`], and of marks of executions that are gone; answers how many.
/// Come again while it is not zero. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<i32, StoreError> {
    let tidied = sqlx::query_scalar("SELECT tidy_trials_1(clock_timestamp() - make_interval(days => $1), $2)");
    Ok(tidied.bind(KEPT_DAYS).bind(BITE).fetch_one(connection).await?)
}
