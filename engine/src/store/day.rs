//! What became of the executions that a workspace began within a stretch of time, page by page. The ids of executions carry
//! their time, so that a stretch is a range of the index `executions_workspace`.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use super::executions::OF_WORKSPACE;
use super::trials::IS_TRIAL;
use crate::core::ids::WorkspaceId;

/// Durations are sorted into classes, of which so many lie between one length and its double: each is 9 % wide.
pub const CLASSES_PER_DOUBLING: u32 = 8;
/// Bits of an id behind its milliseconds.
const BITS_BELOW_TIME: u32 = 80;

/// The counts of one page. Trials of drafts are looked at and not counted.
#[derive(Clone, Debug, Default, FromRow)]
pub struct DayPage {
    /// How many executions the page has.
    pub looked_at: i64,
    /// The last of them.
    pub last: Option<Uuid>,
    /// How many were started.
    pub started: i64,
    /// How many of those have completed.
    pub completed: i64,
    /// How many have failed.
    pub failed: i64,
    /// How many were cancelled.
    pub cancelled: i64,
    /// What those that completed or failed took in all, in milliseconds.
    pub ms_sum: i64,
    /// The longest of those.
    pub ms_max: Option<i64>,
    /// Classes of durations: `n` holds those from `2^(n/8) - 1` ms on.
    pub classes: Vec<i32>,
    /// How many each of them holds.
    pub class_counts: Vec<i64>,
}

/// The lowest id of a moment, or of one of before 1970 the lowest of all.
#[must_use]
pub fn id_floor(at: DateTime<Utc>) -> Uuid {
    let ms = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(u128::from(ms) << BITS_BELOW_TIME)
}

/// Counts the next `rows` executions of a workspace with ids behind `after` and before `end`. Looks at no other rows, and
/// once for each at the key of `trial_versions`.
///
/// # Errors
/// If the database does.
pub async fn count_page(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    after: Uuid,
    end: Uuid,
    rows: i64,
) -> Result<DayPage, StoreError> {
    let sql = format!(
        "WITH page AS MATERIALIZED ( \
           SELECT e.execution_id, e.status, {IS_TRIAL} AS is_trial, \
                  CASE WHEN e.status IN ('completed', 'failed') \
                       THEN greatest(extract(epoch FROM e.ended_at - e.created_at) * 1000, 0)::bigint END AS ms \
             FROM executions e \
            WHERE {OF_WORKSPACE} AND e.execution_id > $2 AND e.execution_id < $3 \
            ORDER BY e.execution_id LIMIT $4 \
         ), spread AS ( \
           SELECT floor(ln((p.ms + 1)::float8) / ln(2::float8) * {CLASSES_PER_DOUBLING})::int AS class, count(*) AS held \
             FROM page p WHERE NOT p.is_trial AND p.ms IS NOT NULL GROUP BY 1 \
         ) \
         SELECT count(*) AS looked_at, \
                (SELECT l.execution_id FROM page l ORDER BY l.execution_id DESC LIMIT 1) AS last, \
                count(*) FILTER (WHERE NOT p.is_trial) AS started, \
                count(*) FILTER (WHERE NOT p.is_trial AND p.status = 'completed') AS completed, \
                count(*) FILTER (WHERE NOT p.is_trial AND p.status = 'failed') AS failed, \
                count(*) FILTER (WHERE NOT p.is_trial AND p.status = 'cancelled') AS cancelled, \
                coalesce(sum(p.ms) FILTER (WHERE NOT p.is_trial), 0)::bigint AS ms_sum, \
                max(p.ms) FILTER (WHERE NOT p.is_trial) AS ms_max, \
                ARRAY(SELECT s.class FROM spread s ORDER BY s.class) AS classes, \
                ARRAY(SELECT s.held FROM spread s ORDER BY s.class) AS class_counts \
           FROM page p"
    );
    let page = sqlx::query_as(&sql).bind(workspace_id.0).bind(after).bind(end).bind(rows);
    Ok(page.fetch_one(connection).await?)
}

/// The workspace behind `after` that comes first among those with an execution of a month, given by its first moment and
/// the first one behind it, or with a row of usage. One step into an index of each month that is looked at.
///
/// # Errors
/// If the database does.
pub async fn next_workspace(
    connection: &mut PgConnection,
    after: Uuid,
    month: (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<WorkspaceId>, StoreError> {
    let next: Option<Uuid> = sqlx::query_scalar(
        "SELECT least( \
           (SELECT e.workspace_id FROM executions e \
             WHERE e.workspace_id > $1 AND e.execution_id >= $2 AND e.execution_id < $3 \
             ORDER BY e.workspace_id, e.execution_id LIMIT 1), \
           (SELECT u.workspace_id FROM usage u \
             WHERE u.workspace_id > $1 ORDER BY u.workspace_id, u.execution_id, u.position LIMIT 1))",
    )
    .bind(after)
    .bind(id_floor(month.0))
    .bind(id_floor(month.1))
    .fetch_one(connection)
    .await?;
    Ok(next.map(WorkspaceId))
}

/// The first days of the months whose executions are held, the oldest first.
///
/// # Errors
/// If the database does.
pub async fn held_months(connection: &mut PgConnection) -> Result<Vec<NaiveDate>, StoreError> {
    let months = sqlx::query_scalar(
        "SELECT to_date(right(c.relname, 7), 'YYYY_MM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
          WHERE i.inhparent = to_regclass('executions') AND c.relname ~ '_[0-9]{4}_[0-9]{2}$' ORDER BY 1",
    );
    Ok(months.fetch_all(connection).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_id_of_a_moment_is_below_all_others_of_it_and_above_those_before() {
        let at = DateTime::from_timestamp(1_700_000_000, 5_000_000).unwrap_or_default();
        let floor = id_floor(at);
        assert_eq!(floor.to_string(), "018bcfe5-6805-0000-0000-000000000000");
        assert!(super::super::moment::id_at(at) > floor);
        assert!(super::super::moment::id_at(at - chrono::TimeDelta::milliseconds(1)) < floor);
        assert_eq!(id_floor(DateTime::<Utc>::MIN_UTC), Uuid::nil());
    }
}
