//! Months of history that are older than what is kept: closed, handed to an archive, dropped.

use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use futures::TryStreamExt;
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::error::StoreError;

/// Fewest days that history may be kept: counts of quotas and of days read the facts of this month and of the last one.
pub const KEEP_DAYS_MIN: i32 = 31;
/// Most days, a hundred years. Who wants more keeps all.
pub const KEEP_DAYS_MAX: i32 = 36_500;
/// Tables that hold rows by month, in the order in which they are archived and dropped.
pub const BY_MONTH: [&str; 4] = ["executions", "journal", "execution_logs", "usage"];

/// Rows of each kind beside the history that one call removes at most.
const BITE: i32 = 5_000;

/// Executions that one call ends at most. Each call reads the month up to them.
const ENDS_MAX: i32 = 50_000;

/// For how long history is kept.
#[derive(Clone, Copy, Debug, FromRow, PartialEq, Eq, Serialize)]
pub struct Retention {
    /// Days; none is for good.
    pub keep_days: Option<i32>,
    /// Whether a month is dropped only once it was archived.
    pub is_archived: bool,
}

/// A month on its way out, or gone.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct MonthRow {
    /// Its first day.
    pub month: NaiveDate,
    /// Since when all of it has ended.
    pub closed_at: DateTime<Utc>,
    /// When it was in the archive.
    pub archived_at: Option<DateTime<Utc>>,
    /// When the last of its tables was dropped.
    pub dropped_at: Option<DateTime<Utc>>,
}

/// What is set.
///
/// # Errors
/// If the database does.
pub async fn retention(connection: &mut PgConnection) -> Result<Retention, StoreError> {
    Ok(sqlx::query_as("SELECT keep_days, is_archived FROM retention").fetch_one(connection).await?)
}

/// Sets it, as the owner.
///
/// # Errors
/// [`StoreError::Data`] if there are too few or too many days; else if the database does.
pub async fn set(connection: &mut PgConnection, wish: Retention) -> Result<(), StoreError> {
    let sql = "UPDATE retention SET keep_days = $1, is_archived = $2, updated_at = clock_timestamp()";
    sqlx::query(sql).bind(wish.keep_days).bind(wish.is_archived).execute(connection).await?;
    Ok(())
}

/// The newest `most` months that are on their way out or gone, newest first.
///
/// # Errors
/// If the database does.
pub async fn months(connection: &mut PgConnection, most: i64) -> Result<Vec<MonthRow>, StoreError> {
    let sql = "SELECT month, closed_at, archived_at, dropped_at FROM history_months ORDER BY month DESC LIMIT $1";
    Ok(sqlx::query_as(sql).bind(most).fetch_all(connection).await?)
}

/// Lets statements of this connection run as long: reading a month takes its time. Before [`close`] and [`archive`].
///
/// # Errors
/// If the database does.
pub async fn take_time(connection: &mut PgConnection, longest: Duration) -> Result<(), StoreError> {
    let sql = "SELECT set_config('statement_timeout', $1, false), set_config('enable_seqscan', 'on', false)";
    sqlx::query(sql).bind(longest.as_millis().to_string()).execute(connection).await?;
    Ok(())
}

/// Months that are older than what is kept and still there, oldest first.
///
/// # Errors
/// If the database does.
pub async fn old_months(connection: &mut PgConnection) -> Result<Vec<NaiveDate>, StoreError> {
    Ok(sqlx::query_scalar("SELECT old_months_1()").fetch_all(connection).await?)
}

/// Closes a month so that it may be dropped; if it cannot be closed, why, with the execution that keeps it. What a workspace that is
/// archived for a day has left undone keeps none. Months behind one that is kept can be closed.
///
/// # Errors
/// If the database does.
pub async fn close(connection: &mut PgConnection, month: NaiveDate) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT close_month_2($1)").bind(month).fetch_one(connection).await?)
}

/// Whether all rows of a closed month are in an archive.
///
/// # Errors
/// If the database does.
pub async fn is_archived(connection: &mut PgConnection, month: NaiveDate) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT FROM history_months WHERE month = $1 AND archived_at IS NOT NULL)";
    Ok(sqlx::query_scalar(sql).bind(month).fetch_one(connection).await?)
}

/// Notes that they are.
///
/// # Errors
/// If the database does.
pub async fn note_archived(connection: &mut PgConnection, month: NaiveDate) -> Result<(), StoreError> {
    sqlx::query("SELECT note_archived_1($1)").bind(month).execute(connection).await?;
    Ok(())
}

/// Ends some of what archived workspaces have left undone in a closed month, as cancelled. Answers how many; come again while it is not
/// zero. Before [`archive`]: what it writes has ended.
///
/// # Errors
/// If the database does.
pub async fn end_parked(connection: &mut PgConnection, month: NaiveDate) -> Result<i32, StoreError> {
    Ok(sqlx::query_scalar("SELECT end_parked_1($1, $2)").bind(month).bind(ENDS_MAX).fetch_one(connection).await?)
}

/// Removes some of the rows beside the history that belong to a closed month, or to those that are gone between it and the last one before
/// that is there: calls, approvals, slots, and what executions of archived workspaces waited for. Answers how many; come again while it is
/// not zero.
///
/// # Errors
/// If the database does.
pub async fn take_along(connection: &mut PgConnection, month: NaiveDate) -> Result<i32, StoreError> {
    Ok(sqlx::query_scalar("SELECT take_along_2($1, $2)").bind(month).bind(BITE).fetch_one(connection).await?)
}

/// Drops the next table of a closed month and answers its name; none once all are gone.
///
/// # Errors
/// [`StoreError::LockTimeout`] if others were at the table: try again. Else if the database does.
pub async fn drop_next(connection: &mut PgConnection, month: NaiveDate) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT drop_month_1($1)").bind(month).fetch_one(connection).await?)
}

/// The tables of a month that are still there, of [`BY_MONTH`] and in its order.
///
/// # Errors
/// If the database does.
pub async fn tables_of(connection: &mut PgConnection, month: NaiveDate) -> Result<Vec<&'static str>, StoreError> {
    let sql = "SELECT i.inhparent::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
                WHERE i.inhparent = ANY (SELECT to_regclass(t.name)::oid FROM unnest($1) AS t (name)) \
                  AND right(c.relname, 8) = to_char($2::date, '_YYYY_MM')";
    let found: Vec<String> = sqlx::query_scalar(sql).bind(&BY_MONTH[..]).bind(month).fetch_all(connection).await?;
    Ok(BY_MONTH.into_iter().filter(|table| found.iter().any(|name| name == table)).collect())
}

/// Why rows did not come to where they should.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The database did not give them.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They were not taken.
    #[error("{0}")]
    Sink(#[from] std::io::Error),
}

/// Writes the rows of one of [`BY_MONTH`] of a month to `sink`, as lines of JSON; how many bytes. They are read by days, each with a
/// view of its own: nothing is written to a closed month, and what a view keeps from being cleared away is let go after each. No more
/// than a piece of them is held at a time. After a failure the connection is in doubt: drop it.
///
/// # Errors
/// [`ArchiveError`].
pub async fn archive(
    connection: &mut PgConnection,
    table: &'static str,
    month: NaiveDate,
    sink: &mut (impl AsyncWrite + Send + Unpin),
) -> Result<u64, ArchiveError> {
    let mut bytes = 0;
    for day in month.iter_days().take_while(|day| (day.year(), day.month()) == (month.year(), month.month())) {
        // JSON has no raw control characters, so nothing is ever quoted or escaped with these.
        let sql = format!(
            "COPY (SELECT row_to_json(t) FROM {table} t \
                    WHERE t.execution_id >= month_floor_1('{day}') AND t.execution_id < month_floor_1('{day}'::date + 1)) \
             TO STDOUT (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')"
        );
        let mut rows = connection.copy_out_raw(&sql).await.map_err(StoreError::from)?;
        while let Some(piece) = rows.try_next().await.map_err(StoreError::from)? {
            sink.write_all(&piece).await?;
            bytes += piece.len() as u64;
        }
    }
    sink.flush().await?;
    Ok(bytes)
}
