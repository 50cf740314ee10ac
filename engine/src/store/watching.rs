//! What alerts look at: which workspaces failed, executions by their time, a page at a time, and the front of the queue.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::day::id_floor;
use super::error::StoreError;
use super::executions::OF_WORKSPACE;
use super::trials::IS_TRIAL;
use crate::core::ids::WorkspaceId;

/// Executions of which one was looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Newest {
    /// How many were looked at.
    pub looked_at: i64,
    /// The newest one of the workspace.
    pub last: Option<Uuid>,
    /// The newest one of the workflow, that is no trial.
    pub found: Option<Uuid>,
}

/// A page of executions.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct OpenPage {
    /// How many were looked at.
    pub looked_at: i64,
    /// The last of them.
    pub last: Option<Uuid>,
    /// Those of them that have not ended and are no trials, the oldest first.
    pub open: Vec<Uuid>,
}

/// What became of the newest executions of a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Sample {
    /// How many were looked at.
    pub looked_at: i64,
    /// How many of them completed within the time.
    pub completed: i64,
    /// How many failed, or were begun within the time and are incidents.
    pub failed: i64,
    /// How many have not ended, and are no incidents.
    pub open: i64,
}

/// How the types of events begin that tell of failures, as the index `outbox_failed` has them.
const FAILED: &str = "o.type IN ('execution.failed', 'execution.incident')";

/// The next workspaces behind one, of which events tell that an execution failed or became an incident, as long as these are
/// kept; with when the last one did. One step into `outbox_failed` for each.
///
/// # Errors
/// If the database does.
pub async fn failing_workspaces(
    connection: &mut PgConnection,
    after: Uuid,
    rows: i64,
) -> Result<Vec<(WorkspaceId, DateTime<Utc>)>, StoreError> {
    let next = |after: &str| {
        format!(
            "SELECT o.workspace_id, o.created_at FROM outbox o WHERE {FAILED} AND o.workspace_id > {after} \
              ORDER BY o.workspace_id, o.created_at DESC LIMIT 1"
        )
    };
    let sql = format!(
        "WITH RECURSIVE failing (workspace_id, created_at, nth) AS ( \
           SELECT n.workspace_id, n.created_at, 1::bigint FROM ({first}) AS n \
           UNION ALL SELECT n.workspace_id, n.created_at, f.nth + 1 FROM failing f CROSS JOIN LATERAL ({next}) AS n WHERE f.nth < $2 \
         ) SELECT f.workspace_id, f.created_at FROM failing f ORDER BY f.nth",
        first = next("$1"),
        next = next("f.workspace_id"),
    );
    let failing: Vec<(Uuid, DateTime<Utc>)> = sqlx::query_as(&sql).bind(after).bind(rows).fetch_all(connection).await?;
    Ok(failing.into_iter().map(|(id, at)| (WorkspaceId(id), at)).collect())
}

/// Of each of these workspaces, whether at least so many of its executions failed or became incidents since then. Reads so many
/// entries of `outbox_failed` for each. The lists are as long as each other.
///
/// # Errors
/// If the database does.
pub async fn often_failed(
    connection: &mut PgConnection,
    workspaces: &[Uuid],
    since: &[DateTime<Utc>],
    least: &[i64],
) -> Result<Vec<bool>, StoreError> {
    let sql = format!(
        "SELECT EXISTS (SELECT FROM outbox o WHERE {FAILED} AND o.workspace_id = w.workspace_id AND o.created_at >= w.since \
                         ORDER BY o.created_at DESC OFFSET w.least - 1 LIMIT 1) \
           FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) WITH ORDINALITY AS w (workspace_id, since, least, nth) \
          ORDER BY w.nth"
    );
    Ok(sqlx::query_scalar(&sql).bind(workspaces).bind(since).bind(least).fetch_all(connection).await?)
}

/// What became since then of the newest `rows` executions of a workspace that have ids behind `after`: of a workflow, if one is
/// named; without trials.
///
/// # Errors
/// If the database does.
pub async fn sample(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: Option<Uuid>,
    after: Uuid,
    since: DateTime<Utc>,
    rows: i64,
) -> Result<Sample, StoreError> {
    let sql = format!(
        "WITH page AS MATERIALIZED ( \
           SELECT e.execution_id, e.workspace_id, e.workflow_id, e.version_id, e.status, e.ended_at FROM executions e \
            WHERE {OF_WORKSPACE} AND e.execution_id > $3 ORDER BY e.execution_id DESC LIMIT $6 \
         ), ended AS MATERIALIZED ( \
           SELECT e.status, {IS_TRIAL} AS is_trial FROM page e \
            WHERE ($2::uuid IS NULL OR e.workflow_id = $2) \
              AND (e.status IN ('completed', 'failed') AND e.ended_at >= $4 OR e.status = 'incident' AND e.execution_id >= $5 \
                   OR e.status = 'queued') \
         ) \
         SELECT (SELECT count(*) FROM page) AS looked_at, \
                count(*) FILTER (WHERE NOT x.is_trial AND x.status = 'completed') AS completed, \
                count(*) FILTER (WHERE NOT x.is_trial AND x.status IN ('failed', 'incident')) AS failed, \
                count(*) FILTER (WHERE NOT x.is_trial AND x.status = 'queued') AS open \
           FROM ended x"
    );
    let sample = sqlx::query_as(&sql).bind(workspace_id.0).bind(workflow_id).bind(after);
    Ok(sample.bind(since).bind(id_floor(since)).bind(rows).fetch_one(connection).await?)
}

/// The time that an id was made at, to a millisecond.
#[must_use]
pub fn time_of(id: Uuid) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(i64::try_from(id.as_u128() >> 80).ok()?)
}

/// Looks for an execution of a workflow among the newest `rows` of its workspace that have ids behind `after`.
///
/// # Errors
/// If the database does.
pub async fn newest(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: Uuid,
    after: Uuid,
    rows: i64,
) -> Result<Newest, StoreError> {
    let sql = format!(
        "WITH page AS MATERIALIZED ( \
           SELECT e.execution_id, e.workspace_id, e.workflow_id, e.version_id FROM executions e \
            WHERE {OF_WORKSPACE} AND e.execution_id > $3 ORDER BY e.execution_id DESC LIMIT $4 \
         ), own AS MATERIALIZED ( \
           SELECT e.execution_id, {IS_TRIAL} AS is_trial FROM page e WHERE e.workflow_id = $2 \
         ) \
         SELECT (SELECT count(*) FROM page) AS looked_at, \
                (SELECT p.execution_id FROM page p ORDER BY p.execution_id DESC LIMIT 1) AS last, \
                (SELECT o.execution_id FROM own o WHERE NOT o.is_trial ORDER BY o.execution_id DESC LIMIT 1) AS found"
    );
    let newest = sqlx::query_as(&sql).bind(workspace_id.0).bind(workflow_id).bind(after).bind(rows);
    Ok(newest.fetch_one(connection).await?)
}

/// Looks at the next `rows` executions of a workspace with ids behind `after` and before `end`, for those that are open: of a
/// workflow, if one is named.
///
/// # Errors
/// If the database does.
pub async fn open_page(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: Option<Uuid>,
    after: Uuid,
    end: Uuid,
    rows: i64,
) -> Result<OpenPage, StoreError> {
    let sql = format!(
        "WITH page AS MATERIALIZED ( \
           SELECT e.execution_id, e.workspace_id, e.workflow_id, e.version_id, e.ended_at FROM executions e \
            WHERE {OF_WORKSPACE} AND e.execution_id > $3 AND e.execution_id < $4 ORDER BY e.execution_id LIMIT $5 \
         ), open AS MATERIALIZED ( \
           SELECT e.execution_id, {IS_TRIAL} AS is_trial FROM page e \
            WHERE e.ended_at IS NULL AND ($2::uuid IS NULL OR e.workflow_id = $2) \
         ) \
         SELECT count(*) AS looked_at, \
                (SELECT l.execution_id FROM page l ORDER BY l.execution_id DESC LIMIT 1) AS last, \
                ARRAY(SELECT o.execution_id FROM open o WHERE NOT o.is_trial ORDER BY o.execution_id) AS open \
           FROM page"
    );
    let page = sqlx::query_as(&sql).bind(workspace_id.0).bind(workflow_id).bind(after).bind(end).bind(rows);
    Ok(page.fetch_one(connection).await?)
}

/// Those of these executions that have not ended, in order.
///
/// # Errors
/// If the database does.
pub async fn still_open(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    ids: &[Uuid],
) -> Result<Vec<Uuid>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let open = sqlx::query_scalar(
        "SELECT e.execution_id FROM (SELECT DISTINCT n.id FROM unnest($1::uuid[]) AS n (id)) AS named \
          CROSS JOIN LATERAL (SELECT x.execution_id, x.ended_at FROM executions x \
            WHERE x.execution_id = named.id AND x.workspace_id = $2 LIMIT 1) AS e \
          WHERE e.ended_at IS NULL ORDER BY e.execution_id",
    );
    let open = open.bind(ids).bind(workspace_id.0);
    Ok(open.fetch_all(connection).await?)
}

/// Of each workspace the execution that has waited longest for its first worker, among the first `rows` of the queue from where
/// claims stand; with how many of these there are.
///
/// # Errors
/// If the database does.
pub async fn oldest_waiting(connection: &mut PgConnection, rows: i64) -> Result<Vec<(Uuid, Uuid, i64)>, StoreError> {
    let oldest = sqlx::query_as(
        "WITH front AS MATERIALIZED ( \
           SELECT q.workspace_id, q.execution_id FROM queue q \
            WHERE q.fresh AND q.vt >= (SELECT f.vt FROM queue_front f) ORDER BY q.vt LIMIT $1 \
         ) \
         SELECT DISTINCT ON (f.workspace_id) f.workspace_id, f.execution_id, (SELECT count(*) FROM front) FROM front f \
          ORDER BY f.workspace_id, f.execution_id",
    );
    Ok(oldest.bind(rows).fetch_all(connection).await?)
}
