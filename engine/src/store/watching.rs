//! What alerts look at: executions as they ended, or by their time, a page at a time, and the front of the queue.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
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

/// Ends of executions that were told by some transactions, summed up: of each workflow, and under the nil id of each workspace;
/// by five minutes. One entry of each list for each sum.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct EndsPage {
    /// The last transaction that was looked at.
    pub xid: String,
    /// The last event of it that was.
    pub event_id: Uuid,
    /// How many events were looked at.
    pub looked_at: i64,
    /// Whose.
    pub workspaces: Vec<Uuid>,
    /// Of which workflow.
    pub workflows: Vec<Uuid>,
    /// Of the five minutes that begin then.
    pub begins: Vec<DateTime<Utc>>,
    /// How many completed.
    pub completed: Vec<i64>,
    /// How many failed or became incidents.
    pub failed: Vec<i64>,
}

/// Sums up the ends among the next `rows` events behind a transaction and an event of it, in the order of transactions, as far as
/// none can be committed before them any more; none if there is no event. Trials are not counted. Uses `outbox_xid`, and the key of
/// each execution.
///
/// # Errors
/// If the database does.
pub async fn ends_page(
    connection: &mut PgConnection,
    (xid, event_id): (&str, Uuid),
    rows: i64,
) -> Result<Option<EndsPage>, StoreError> {
    const IN_ORDER: &str = "FROM ends n ORDER BY n.workspace_id, n.workflow_id, n.bucket_at";
    let sql = format!(
        "WITH facts AS MATERIALIZED ( \
           SELECT o.xid, o.event_id, o.workspace_id, o.type, o.aggregate_id, \
                  date_bin('5 minutes', o.created_at, 'epoch'::timestamptz) AS bucket_at FROM outbox o \
            WHERE o.xid >= $1::text::xid8 AND (o.xid, o.event_id) > ($1::text::xid8, $2) \
              AND o.xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY o.xid, o.event_id LIMIT $3 \
         ), ends AS MATERIALIZED ( \
           SELECT f.workspace_id, coalesce(x.workflow_id, '00000000-0000-0000-0000-000000000000') AS workflow_id, f.bucket_at, \
                  count(*) FILTER (WHERE f.type = 'execution.completed') AS completed, \
                  count(*) FILTER (WHERE f.type <> 'execution.completed') AS failed \
             FROM facts f CROSS JOIN LATERAL ( \
                  SELECT e.workflow_id FROM executions e WHERE e.execution_id = f.aggregate_id AND NOT {IS_TRIAL} LIMIT 1) AS x \
            WHERE f.type IN ('execution.completed', 'execution.failed', 'execution.incident') \
            GROUP BY GROUPING SETS ((f.workspace_id, f.bucket_at, x.workflow_id), (f.workspace_id, f.bucket_at)) \
         ) \
         SELECT f.xid::text AS xid, f.event_id, (SELECT count(*) FROM facts) AS looked_at, \
                ARRAY(SELECT n.workspace_id {IN_ORDER}) AS workspaces, ARRAY(SELECT n.workflow_id {IN_ORDER}) AS workflows, \
                ARRAY(SELECT n.bucket_at {IN_ORDER}) AS begins, ARRAY(SELECT n.completed {IN_ORDER}) AS completed, \
                ARRAY(SELECT n.failed {IN_ORDER}) AS failed \
           FROM facts f ORDER BY f.xid DESC, f.event_id DESC LIMIT 1"
    );
    Ok(sqlx::query_as(&sql).bind(xid).bind(event_id).bind(rows).fetch_optional(connection).await?)
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
            WHERE e.workspace_id = $1 AND e.execution_id > $3 ORDER BY e.execution_id DESC LIMIT $4 \
         ) \
         SELECT (SELECT count(*) FROM page) AS looked_at, \
                (SELECT p.execution_id FROM page p ORDER BY p.execution_id DESC LIMIT 1) AS last, \
                (SELECT e.execution_id FROM page e WHERE e.workflow_id = $2 AND NOT {IS_TRIAL} \
                  ORDER BY e.execution_id DESC LIMIT 1) AS found"
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
            WHERE e.workspace_id = $1 AND e.execution_id > $3 AND e.execution_id < $4 ORDER BY e.execution_id LIMIT $5 \
         ) \
         SELECT count(*) AS looked_at, \
                (SELECT l.execution_id FROM page l ORDER BY l.execution_id DESC LIMIT 1) AS last, \
                ARRAY(SELECT e.execution_id FROM page e \
                       WHERE e.ended_at IS NULL AND ($2::uuid IS NULL OR e.workflow_id = $2) AND NOT {IS_TRIAL} \
                       ORDER BY e.execution_id) AS open \
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
        "SELECT e.execution_id FROM executions e WHERE e.execution_id = ANY ($1) AND e.execution_id BETWEEN $2 AND $3 \
            AND e.workspace_id = $4 AND e.ended_at IS NULL ORDER BY e.execution_id",
    );
    let open = open.bind(ids).bind(ids.iter().min()).bind(ids.iter().max()).bind(workspace_id.0);
    Ok(open.fetch_all(connection).await?)
}

/// Of each workspace the execution that has waited longest for its first worker, among the first `rows` of the queue; with how
/// many of these there are.
///
/// # Errors
/// If the database does.
pub async fn oldest_waiting(connection: &mut PgConnection, rows: i64) -> Result<Vec<(Uuid, Uuid, i64)>, StoreError> {
    let oldest = sqlx::query_as(
        "WITH front AS MATERIALIZED ( \
           SELECT q.workspace_id, q.execution_id FROM queue q WHERE q.fresh ORDER BY q.vt LIMIT $1 \
         ) \
         SELECT DISTINCT ON (f.workspace_id) f.workspace_id, f.execution_id, (SELECT count(*) FROM front) FROM front f \
          ORDER BY f.workspace_id, f.execution_id",
    );
    Ok(oldest.bind(rows).fetch_all(connection).await?)
}
