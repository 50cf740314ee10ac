//! What a workspace uses, and the facts that prove it.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Most quotas that are shown.
const QUOTAS_MAX: i64 = 100;
/// Past months that are shown.
const MONTHS_MAX: i32 = 12;

/// What is used of one quota.
#[derive(Clone, Debug, FromRow)]
pub struct Used {
    /// What is counted.
    pub meter: String,
    /// The limit, if there is one.
    pub units_max: Option<i64>,
    /// Beyond this, nothing is granted.
    pub hard_max: Option<i64>,
    /// How much is used, without what processes hold.
    pub used: i64,
}

/// What a workspace uses now.
#[derive(Clone, Debug)]
pub struct Usage {
    /// The plan that the limits are of.
    pub plan: Option<String>,
    /// Beginning and end of this month.
    pub period: (DateTime<Utc>, DateTime<Utc>),
    /// Each quota.
    pub quotas: Vec<Used>,
}

/// What was used of one quota in a past month.
#[derive(Clone, Debug, FromRow)]
pub struct History {
    /// The first of the month.
    pub period: NaiveDate,
    /// What is counted.
    pub meter: String,
    /// How much was used.
    pub used: i64,
}

/// A fact, before which a page of receipts ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptPlace {
    /// Its execution.
    pub execution_id: Uuid,
    /// Its place in the journal; 0 for the execution itself.
    pub position: i32,
}

/// One fact: an execution, or what a step used.
#[derive(Clone, Debug, FromRow)]
pub struct Receipt {
    /// The execution.
    pub execution_id: Uuid,
    /// Its place in the journal; 0 for the execution itself.
    pub position: i32,
    /// What is counted.
    pub meter: String,
    /// How much.
    pub units: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The step, where it is one.
    pub node_id: Option<String>,
    /// Its scope.
    pub scope: Option<String>,
}

/// What the workspace of the transaction uses, in the month in which that began: all that is read in it is of one month, also where
/// one ends meanwhile. Executions, mails and workflows are always among the quotas,
/// leads where they have a limit, others where they have one or were used this month.
///
/// # Errors
/// If the database does.
pub async fn usage(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Usage, StoreError> {
    let plan = sqlx::query_scalar("SELECT plan FROM quota_plans WHERE workspace_id = $1")
        .bind(workspace_id.0)
        .fetch_optional(&mut *connection)
        .await?;
    let period = sqlx::query_as(
        "SELECT period_floor_1(m.first), period_floor_1((m.first + interval '1 month')::date) \
         FROM (SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date AS first) AS m",
    )
    .fetch_one(&mut *connection)
    .await?;
    let quotas = sqlx::query_as(
        "WITH period AS (SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date AS first), \
         meters AS (SELECT l.meter FROM quota_limits l WHERE l.workspace_id = $1 \
                    UNION SELECT q.meter FROM quota_counters q, period p WHERE q.workspace_id = $1 AND q.period = p.first \
                    UNION SELECT unnest(ARRAY['executions', 'emails', 'workflows'])) \
         SELECT m.meter, l.units_max, l.hard_max, \
           CASE WHEN m.meter = 'workflows' THEN \
             (SELECT count(*) FROM workflows w WHERE w.workspace_id = $1 AND w.deleted_at IS NULL) \
           WHEN m.meter = 'leads' THEN \
             (SELECT count(*) FROM leads d WHERE d.workspace_id = $1 AND d.deleted_at IS NULL) \
           ELSE greatest(coalesce((SELECT q.granted FROM quota_counters q WHERE q.workspace_id = $1 \
                              AND q.meter = m.meter AND q.period = (SELECT first FROM period)), 0) \
                - coalesce((SELECT sum(s.units) FROM quota_slices s WHERE s.workspace_id = $1 \
                              AND s.meter = m.meter AND s.period = (SELECT first FROM period)), 0), 0)::bigint \
           END AS used \
         FROM meters m LEFT JOIN quota_limits l ON l.workspace_id = $1 AND l.meter = m.meter \
         ORDER BY m.meter LIMIT $2",
    )
    .bind(workspace_id.0)
    .bind(QUOTAS_MAX)
    .fetch_all(connection)
    .await?;
    Ok(Usage { plan, period, quotas })
}

/// What was used in past months, the newest first.
///
/// # Errors
/// If the database does.
pub async fn history(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Vec<History>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT q.period, q.meter, greatest(q.granted - coalesce((SELECT sum(s.units) FROM quota_slices s \
           WHERE s.workspace_id = q.workspace_id AND s.meter = q.meter AND s.period = q.period), 0), 0)::bigint AS used \
         FROM quota_counters q, (SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date AS first) AS m \
         WHERE q.workspace_id = $1 AND q.period < m.first AND q.period >= (m.first - make_interval(months => $2))::date \
         ORDER BY q.period DESC, q.meter",
    );
    Ok(rows.bind(workspace_id.0).bind(MONTHS_MAX).fetch_all(connection).await?)
}

/// Facts of a workspace, the newest first: of one meter, or of all. Uses executions_workspace and usage_workspace.
///
/// # Errors
/// If the database does.
pub async fn receipts(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    meter: Option<&str>,
    before: ReceiptPlace,
    limit: i64,
) -> Result<Vec<Receipt>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT f.execution_id, f.position, f.meter, f.units, f.at, j.node_id, j.scope \
         FROM ((SELECT e.execution_id, 0 AS position, 'executions' AS meter, 1::bigint AS units, e.created_at AS at \
                  FROM executions e WHERE e.workspace_id = $1 AND e.workspace_id >= $1 AND e.workspace_id <= $1 \
                   AND coalesce($2, 'executions') = 'executions' \
                   AND e.execution_id <= $3 AND (e.execution_id < $3 OR $4 > 0) ORDER BY e.execution_id DESC LIMIT $5) \
               UNION ALL \
               (SELECT u.execution_id, u.position, u.meter, u.units, u.created_at \
                  FROM usage u WHERE u.workspace_id = $1 AND u.workspace_id >= $1 AND u.workspace_id <= $1 \
                   AND coalesce($2, u.meter) = u.meter \
                   AND u.execution_id <= $3 AND (u.execution_id, u.position) < ($3, $4) \
                 ORDER BY u.execution_id DESC, u.position DESC LIMIT $5)) AS f \
         LEFT JOIN journal j ON f.position > 0 AND j.execution_id = f.execution_id AND j.position = f.position \
               AND j.workspace_id = $1 \
         ORDER BY f.execution_id DESC, f.position DESC LIMIT $5",
    )
    .bind(workspace_id.0)
    .bind(meter)
    .bind(before.execution_id)
    .bind(before.position)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
