//! Duties of upkeep: one worker at a time is at each, by a lease that it puts off while it goes on.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};

use super::error::StoreError;

/// By how much a duty is late that nobody is at, in seconds: what is told as late, and what is bad.
pub const LATE_S: (f64, f64) = (1_800.0, 86_400.0);
/// Longest text of an outcome, in characters.
const OUTCOME_CHARS_MAX: usize = 1_000;

/// A duty that was taken. Who takes it after the lease has run out has another number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    name: &'static str,
    take_no: i64,
}

/// A duty as operators see it.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct DutyRow {
    /// Which one.
    pub name: String,
    /// The worker that took it last.
    pub holder: String,
    /// Until when it is that worker's; none while nobody is at it.
    pub leased_until: Option<DateTime<Utc>>,
    /// When it was taken last.
    pub last_begun_at: DateTime<Utc>,
    /// When it was last ended.
    pub last_ended_at: Option<DateTime<Utc>>,
    /// Whether it then did what it should; none before the first end.
    pub is_done: Option<bool>,
    /// What came of it then.
    pub outcome: Option<String>,
    /// When it is due next.
    pub next_due_at: DateTime<Utc>,
    /// Whether that worker is at it now, by the database's clock: one that died leaves a lease that runs out.
    pub is_held: bool,
    /// Seconds by which it is late and nobody is at it, by the database's clock; 0 if it is not.
    pub late_s: f64,
    /// Whether that is more than what is told ([`LATE_S`]).
    pub is_late: bool,
}

/// Which of `names` may be taken now. It only reads: most looks find nothing.
///
/// # Errors
/// If the database does.
pub async fn free(connection: &mut PgConnection, names: &[&str]) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT n.name FROM unnest($1) AS n (name) \
                WHERE NOT EXISTS (SELECT FROM duties d WHERE d.name = n.name \
                        AND (d.next_due_at > clock_timestamp() OR d.leased_until > clock_timestamp()))";
    Ok(sqlx::query_scalar(sql).bind(names).fetch_all(connection).await?)
}

/// Takes a duty if it is due and nobody is at it. A duty that was never done is due.
///
/// # Errors
/// If the database does.
pub async fn take(
    connection: &mut PgConnection,
    name: &'static str,
    holder: &str,
    lease: Duration,
) -> Result<Option<Taken>, StoreError> {
    let sql = "INSERT INTO duties AS d (name, holder, take_no, leased_until, last_begun_at, next_due_at) \
               VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3), clock_timestamp(), clock_timestamp()) \
               ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, take_no = d.take_no + 1, \
                 leased_until = EXCLUDED.leased_until, last_begun_at = EXCLUDED.last_begun_at \
                WHERE d.next_due_at <= clock_timestamp() \
                  AND (d.leased_until IS NULL OR d.leased_until <= clock_timestamp()) \
               RETURNING d.take_no";
    let take_no = sqlx::query_scalar(sql).bind(name).bind(holder).bind(lease.as_secs_f64());
    Ok(take_no.fetch_optional(connection).await?.map(|take_no| Taken { name, take_no }))
}

/// Puts the lease off, from now on; whether the duty is still the taker's.
///
/// # Errors
/// If the database does.
pub async fn put_off(connection: &mut PgConnection, taken: &Taken, lease: Duration) -> Result<bool, StoreError> {
    let sql = "UPDATE duties SET leased_until = clock_timestamp() + make_interval(secs => $3) \
                WHERE name = $1 AND take_no = $2 AND leased_until IS NOT NULL";
    let put = sqlx::query(sql).bind(taken.name).bind(taken.take_no).bind(lease.as_secs_f64());
    Ok(put.execute(connection).await?.rows_affected() > 0)
}

/// Notes what came of a duty and when it is due again; false, and nothing, if another worker has taken it since.
///
/// # Errors
/// If the database does.
pub async fn note(
    connection: &mut PgConnection,
    taken: &Taken,
    outcome: Result<&str, &str>,
    next: Duration,
) -> Result<bool, StoreError> {
    let (is_done, text) = match outcome {
        Ok(text) => (true, text),
        Err(text) => (false, text),
    };
    let text: String = text.chars().filter(|c| *c != '\0').take(OUTCOME_CHARS_MAX).collect();
    let sql = "UPDATE duties SET leased_until = NULL, last_ended_at = clock_timestamp(), is_done = $3, outcome = $4, \
                 next_due_at = clock_timestamp() + make_interval(secs => $5) \
                WHERE name = $1 AND take_no = $2 AND leased_until IS NOT NULL";
    let noted = sqlx::query(sql).bind(taken.name).bind(taken.take_no).bind(is_done).bind(text);
    Ok(noted.bind(next.as_secs_f64()).execute(connection).await?.rows_affected() > 0)
}

/// Gives a duty back that was not ended, so that another worker goes on at once.
///
/// # Errors
/// If the database does.
pub async fn give_back(connection: &mut PgConnection, taken: &Taken) -> Result<(), StoreError> {
    let sql = "UPDATE duties SET leased_until = NULL WHERE name = $1 AND take_no = $2";
    sqlx::query(sql).bind(taken.name).bind(taken.take_no).execute(connection).await?;
    Ok(())
}

/// All duties that were ever taken, by name: a handful.
///
/// # Errors
/// If the database does.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<DutyRow>, StoreError> {
    let sql = "SELECT d.name, d.holder, d.leased_until, d.last_begun_at, d.last_ended_at, d.is_done, d.outcome, d.next_due_at, \
                      h.is_held, l.late_s, l.late_s > $1 AS is_late \
                 FROM duties d \
                CROSS JOIN LATERAL (SELECT coalesce(d.leased_until > clock_timestamp(), false) AS is_held) AS h \
                CROSS JOIN LATERAL (SELECT CASE WHEN h.is_held THEN 0 \
                  ELSE greatest(0, extract(epoch FROM clock_timestamp() - d.next_due_at)) END::float8 AS late_s) AS l \
                ORDER BY d.name";
    Ok(sqlx::query_as(sql).bind(LATE_S.0).fetch_all(connection).await?)
}
