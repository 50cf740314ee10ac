//! Months that come back out of an archive: loaded into tables beside the history, and made part of it all at once. What
//! [`retention`](super::retention) does, the other way round, as the owner of the tables.
//!
//! The tables beside are found by their names. So whoever is killed at it leaves something that nobody sees, and that the next load of
//! the month drops before it begins anew.

mod attach;
mod reason;
mod rows;

use chrono::NaiveDate;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

pub use self::attach::attach;
pub use self::rows::{LINE_BYTES_MAX, Loaded, load};
use super::error::StoreError;
use super::retention::BY_MONTH;

/// Longest wait for another process that loads the same month, or for the end of a connection that was given up.
const OTHERS_MAX: &str = "10s";
/// Constraints of the tables beside; none of them stays. Rows are of the month, so that attaching them reads nothing, executions have
/// ended, rows are of the one workspace of the cell, and times are such as can be shown, the name of the column after the word.
const OF_MONTH: &str = "loading_month";
const HAS_ENDED: &str = "loading_ended";
const OF_WORKSPACE: &str = "loading_workspace";
const TIME_OF: &str = "loading_time_of_";

/// Why a month does not come back. Nothing of it is seen then.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lines cannot be read.
    #[error("the rows of {table} cannot be read: {error}")]
    Source {
        /// Of [`BY_MONTH`].
        table: &'static str,
        /// What reading said.
        #[source]
        error: std::io::Error,
    },
    /// A line is no row that may be there.
    #[error("line {line} of {table} cannot be taken: {reason}")]
    BadLine {
        /// Of [`BY_MONTH`].
        table: &'static str,
        /// From 1 on.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// It was to stop.
    #[error("it was stopped before the month was part of the history")]
    Stopped,
    /// The month may not come back here, or not now; the text says what to do.
    #[error("{0}")]
    Refused(String),
}

impl From<sqlx::Error> for RestoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Fails unless these tables of a month could become part of the history now: the month is over, would not be dropped at once, and no
/// row of them is there.
///
/// # Errors
/// [`RestoreError::Refused`]; else if the database does.
pub async fn check(
    connection: &mut PgConnection,
    month: NaiveDate,
    tables: &[&'static str],
) -> Result<(), RestoreError> {
    let sql = "SELECT m.until <= clock_timestamp(), \
                      CASE WHEN m.until <= clock_timestamp() - make_interval(days => r.keep_days) THEN r.keep_days END \
                 FROM retention r, (SELECT ($1::date + interval '1 month') AT TIME ZONE 'UTC' AS until) AS m";
    let (is_over, keep_days): (bool, Option<i32>) = sqlx::query_as(sql).bind(month).fetch_one(&mut *connection).await?;
    let named = month.format("%Y-%m");
    let refused = |text: String| Err(RestoreError::Refused(text));
    if !is_over {
        return refused(format!("{named} is not over: its rows are in no archive yet"));
    }
    if let Some(days) = keep_days {
        return refused(format!(
            "history is kept for {days} days here, so workers would drop {named} again: load it into a database beside, or keep more \
             (`capstan retention set`, `capstan retention off`)"
        ));
    }
    for (table, is_part) in there(connection, month, tables).await? {
        let name = name_of(&table, month);
        if !is_part {
            return refused(format!("there is a table {name} that is no part of {table}: drop it, or rename it"));
        }
        if holds(connection, &table, month).await? {
            return refused(format!("{name} has rows: {table} of {named} is part of the history already"));
        }
    }
    Ok(())
}

/// Makes empty tables beside the history, for [`load`]. What an earlier load of the month has left is dropped. The month is this
/// connection's until it ends. With `only`, rows of another workspace are refused: a dedicated cell holds no other.
///
/// # Errors
/// [`RestoreError::Refused`] if another process is loading the month; else if the database does.
pub async fn begin(
    connection: &mut PgConnection,
    month: NaiveDate,
    tables: &[&'static str],
    only: Option<Uuid>,
) -> Result<(), RestoreError> {
    let wait = sqlx::query("SELECT set_config('lock_timeout', $1, false)").bind(OTHERS_MAX);
    wait.execute(&mut *connection).await?;
    let hold = "SELECT pg_advisory_lock(hashtext(current_schema() || '#restore'), to_char($1::date, 'YYYYMM')::int)";
    match sqlx::query(hold).bind(month).execute(&mut *connection).await.map_err(StoreError::from) {
        Ok(_) => {}
        Err(StoreError::LockTimeout) => {
            let text = format!("another process is loading {}: wait for it, or end it", month.format("%Y-%m"));
            return Err(RestoreError::Refused(text));
        }
        Err(error) => return Err(error.into()),
    }
    discard(connection, month).await?;
    for table in tables {
        make(connection, table, month, only).await?;
    }
    Ok(())
}

/// Fails if tables that were loaded do not go together: executions have a journal. A command that was cut off may have ended well.
///
/// # Errors
/// [`RestoreError::Refused`].
pub fn check_whole(loaded: &[(&'static str, Loaded)]) -> Result<(), RestoreError> {
    let rows_of = |name: &str| loaded.iter().find(|(table, _)| *table == name).map(|(_, loaded)| loaded.rows);
    let is_all = BY_MONTH.into_iter().all(|table| rows_of(table).is_some());
    if !is_all || rows_of("executions") == Some(0) || rows_of("journal") != Some(0) {
        return Ok(());
    }
    let others = BY_MONTH.into_iter().filter(|table| *table != "journal").map(|table| format!("--table {table}"));
    let others: Vec<String> = others.collect();
    Err(RestoreError::Refused(format!(
        "the archive gave executions, but not one row of their journal: was the command cut off (has a pipe `set -o pipefail`)? Load \
         what there is without it by {}",
        others.join(" ")
    )))
}

/// Rows of one of the tables beside by workspace, however many these are. It reads them all.
///
/// # Errors
/// If the database does.
pub async fn workspaces(
    connection: &mut PgConnection,
    table: &'static str,
    month: NaiveDate,
) -> Result<Vec<(Uuid, i64)>, StoreError> {
    let sql = format!("SELECT workspace_id, count(*) FROM {} GROUP BY workspace_id", beside(table, month));
    Ok(sqlx::query_as(&sql).fetch_all(connection).await?)
}

/// Drops what was loaded and is not part of the history.
///
/// # Errors
/// If the database does.
pub async fn discard(connection: &mut PgConnection, month: NaiveDate) -> Result<(), StoreError> {
    let names = BY_MONTH.map(|table| beside(table, month)).join(", ");
    sqlx::query(&format!("DROP TABLE IF EXISTS {names}")).execute(connection).await?;
    Ok(())
}

/// Those of these tables that have a table of the month, and whether it is part of them.
async fn there(
    connection: &mut PgConnection,
    month: NaiveDate,
    tables: &[&'static str],
) -> Result<Vec<(String, bool)>, StoreError> {
    let sql = "SELECT t.name, i.inhparent IS NOT NULL FROM unnest($1) AS t (name) \
                 JOIN pg_class c ON c.oid = to_regclass(t.name || to_char($2::date, '_YYYY_MM')) \
                 LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND i.inhparent = to_regclass(t.name) ORDER BY t.name";
    Ok(sqlx::query_as(sql).bind(tables).bind(month).fetch_all(connection).await?)
}

/// Whether a table has rows of the month. Asked as the role of workers, whose policy shows all rows; with the rollback it is the owner
/// again.
async fn holds(connection: &mut PgConnection, table: &str, month: NaiveDate) -> Result<bool, StoreError> {
    let mut looking = connection.begin().await?;
    sqlx::query("SELECT set_config('role', 'capstan_worker', true)").execute(&mut *looking).await?;
    let sql = format!(
        "SELECT EXISTS (SELECT FROM {table} WHERE execution_id >= month_floor_1($1::date) \
                           AND execution_id < month_floor_1(($1::date + interval '1 month')::date))"
    );
    let held = sqlx::query_scalar(&sql).bind(month).fetch_one(&mut *looking).await?;
    looking.rollback().await?;
    Ok(held)
}

/// Makes the table beside. Row-level security is as strict as it will be, but for whoever loads it. No autovacuum takes it up before it is
/// part of the history: one that is at a large table would be at it for hours, and nothing can be attached meanwhile.
async fn make(
    connection: &mut PgConnection,
    table: &str,
    month: NaiveDate,
    only: Option<Uuid>,
) -> Result<(), StoreError> {
    let ((from, to), owner) = (bounds(connection, month).await?, owner_of(connection, table).await?);
    let name = beside(table, month);
    let mut limits = times(connection, table, month).await?;
    if table == BY_MONTH[0] {
        limits += &format!(", CONSTRAINT {HAS_ENDED} CHECK (ended_at IS NOT NULL)");
    }
    if let Some(workspace_id) = only {
        limits += &format!(", CONSTRAINT {OF_WORKSPACE} CHECK (workspace_id = '{workspace_id}')");
    }
    let mut transaction = connection.begin().await?;
    for sql in [
        format!(
            "CREATE TABLE {name} (LIKE {table} INCLUDING ALL, \
             CONSTRAINT {OF_MONTH} CHECK (execution_id >= '{from}' AND execution_id < '{to}'){limits}) \
             WITH (autovacuum_enabled = false)"
        ),
        format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"),
        format!("CREATE POLICY loading ON {name} TO CURRENT_USER USING (true) WITH CHECK (true)"),
        format!("ALTER TABLE {name} OWNER TO {owner}"),
    ] {
        sqlx::query(&sql).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// What times of rows are held to, a constraint for each column: what is not finite or is thousands of years away cannot be shown.
///
/// The month of an execution is that of its id, which is drawn before it is begun: a start may be held for days, and as long as its
/// workspace is suspended. So `created_at` of an execution is not before the month, but for a day by which clocks may differ, and may be
/// after it, but not in the future.
async fn times(connection: &mut PgConnection, table: &str, month: NaiveDate) -> Result<String, StoreError> {
    let sql = "SELECT coalesce(string_agg(format(', CONSTRAINT %I CHECK (%I >= %L AND %I < %L)', $3::text || c.name, c.name, \
                                                 CASE WHEN c.is_birth THEN ($2::date - 1)::timestamp AT TIME ZONE 'UTC' \
                                                      ELSE '2000-01-01T00:00:00Z'::timestamptz END, c.name, \
                                                 now() + CASE WHEN c.is_birth THEN interval '1 day' ELSE interval '10 years' END), \
                                          '' ORDER BY c.name), '') \
                 FROM (SELECT a.attname::text AS name, $1::text = 'executions' AND a.attname = 'created_at' AS is_birth \
                         FROM pg_attribute a WHERE a.attrelid = to_regclass($1::text) AND a.atttypid = 'timestamptz'::regtype \
                          AND a.attnum > 0 AND NOT a.attisdropped) AS c";
    Ok(sqlx::query_scalar(sql).bind(table).bind(month).bind(TIME_OF).fetch_one(connection).await?)
}

/// The lowest id of a month and that of the next one.
async fn bounds(connection: &mut PgConnection, month: NaiveDate) -> Result<(String, String), StoreError> {
    let sql = "SELECT month_floor_1($1::date)::text, month_floor_1(($1::date + interval '1 month')::date)::text";
    Ok(sqlx::query_as(sql).bind(month).fetch_one(connection).await?)
}

/// Who owns a table, quoted: whoever drops its months. A superuser may load, too.
async fn owner_of(connection: &mut PgConnection, table: &str) -> Result<String, StoreError> {
    let sql = "SELECT quote_ident(pg_get_userbyid(c.relowner)) FROM pg_class c WHERE c.oid = to_regclass($1)";
    Ok(sqlx::query_scalar(sql).bind(table).fetch_one(connection).await?)
}

/// The table of a month.
fn name_of(table: &str, month: NaiveDate) -> String {
    format!("{table}{}", month.format("_%Y_%m"))
}

/// The one beside the history that it is loaded into. An export knows them by this name, too, and leaves them out.
fn beside(table: &str, month: NaiveDate) -> String {
    format!("loading_{}", name_of(table, month))
}
