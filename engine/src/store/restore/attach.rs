//! What was loaded becomes part of the history, all of it in one transaction.

use std::time::Duration;

use chrono::NaiveDate;
use sqlx::{Connection, PgConnection};
use tokio::time::sleep;

use super::super::error::StoreError;
use super::super::retention::BY_MONTH;
use super::{RestoreError, beside, bounds, check, name_of, owner_of, there};

/// Longest wait for a lock while the month is made part of the history: others queue behind it.
const LOCK_MAX: &str = "200ms";
/// Longest statement of that: whatever takes longer, as making an index does that a migration has brought meanwhile, would hold others up.
const STATEMENT_MAX: &str = "10s";
/// How often that is tried, and the pause between two tries: a quarter of an hour. What was loaded is lost then.
const LOCK_TRIES_MAX: u32 = 300;
const LOCK_PAUSE: Duration = Duration::from_secs(3);
/// What is made of the history, and so is in no archive.
const WORDS: &str = "execution_words";

/// Makes what was loaded part of the history, all of it in one transaction, with what else belongs to a month: the other tables without
/// rows, and a table for words, which workers then write anew. Empty tables of the month make room. Its days are not counted anew.
///
/// # Errors
/// [`RestoreError::Refused`] as by [`check`], and if others were at the tables for a quarter of an hour; [`RestoreError::Stopped`] if
/// `is_stopped` says so before a try, and nothing was changed then; else if the database does.
pub async fn attach(
    connection: &mut PgConnection,
    month: NaiveDate,
    tables: &[&'static str],
    is_stopped: impl Fn() -> bool + Send + Sync,
) -> Result<(), RestoreError> {
    for table in tables {
        sqlx::query(&format!("ANALYZE {}", beside(table, month))).execute(&mut *connection).await?;
    }
    let mut tries = 1;
    loop {
        if is_stopped() {
            return Err(RestoreError::Stopped);
        }
        match attach_once(connection, month, tables).await {
            Err(RestoreError::Store(StoreError::LockTimeout)) if tries < LOCK_TRIES_MAX => {
                if tries == 1 {
                    tracing::warn!("the month waits for a migration, a vacuum, a backup or another long transaction");
                }
                tries += 1;
                sleep(LOCK_PAUSE).await;
            }
            Err(RestoreError::Store(StoreError::LockTimeout)) => {
                let text = "the history was locked for a quarter of an hour, by a migration, a vacuum, a backup or another long transaction: \
                            load the month again once that is over";
                return Err(RestoreError::Refused(text.into()));
            }
            done => return done,
        }
    }
}

/// Locks: who makes and drops months, who writes words and how far they are, then empty tables of the month with their parents. It gives
/// up after 200 ms.
async fn attach_once(
    connection: &mut PgConnection,
    month: NaiveDate,
    tables: &[&'static str],
) -> Result<(), RestoreError> {
    let mut transaction = connection.begin().await?;
    let limits = "SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true)";
    sqlx::query(limits).bind(LOCK_MAX).bind(STATEMENT_MAX).execute(&mut *transaction).await?;
    for others in ["#months", "#words"] {
        let lock = sqlx::query("SELECT pg_advisory_xact_lock(hashtext(current_schema() || $1), 0)").bind(others);
        lock.execute(&mut *transaction).await?;
    }
    let empty = there(&mut transaction, month, tables).await?;
    for (table, _) in &empty {
        let lock = format!("LOCK TABLE ONLY {table}, {} IN ACCESS EXCLUSIVE MODE", name_of(table, month));
        sqlx::query(&lock).execute(&mut *transaction).await?;
    }
    check(&mut transaction, month, tables).await?;
    for (table, _) in &empty {
        let name = name_of(table, month);
        sqlx::query(&format!("ALTER TABLE {table} DETACH PARTITION {name}")).execute(&mut *transaction).await?;
        sqlx::query(&format!("DROP TABLE {name}")).execute(&mut *transaction).await?;
    }
    for table in tables {
        join(&mut transaction, table, month).await?;
    }
    for table in BY_MONTH.into_iter().chain([WORDS]) {
        make_missing(&mut transaction, table, month).await?;
    }
    note_back(&mut transaction, month, tables).await?;
    keep_sums(&mut transaction, month).await?;
    have_words_written(&mut transaction, month).await?;
    transaction.commit().await?;
    Ok(())
}

/// A whole month goes as any other, into the archive again. Some tables of one stay as what the archive has: else those that were not loaded
/// would be written over without a row.
async fn note_back(connection: &mut PgConnection, month: NaiveDate, tables: &[&'static str]) -> Result<(), StoreError> {
    let sql = if BY_MONTH.iter().all(|table| tables.contains(table)) {
        "DELETE FROM history_months WHERE month = $1"
    } else {
        "INSERT INTO history_months AS m (month, archived_at) VALUES ($1, clock_timestamp()) ON CONFLICT (month) \
             DO UPDATE SET archived_at = coalesce(m.archived_at, excluded.archived_at), dropped_at = NULL"
    };
    sqlx::query(sql).bind(month).execute(connection).await?;
    Ok(())
}

/// Sums of days were made when all was there: mails of a day may be of executions of the month before, and marks of trials are gone. So
/// days of which nobody knows any more that they were counted are not counted again by themselves.
async fn keep_sums(connection: &mut PgConnection, month: NaiveDate) -> Result<(), StoreError> {
    let sql = "INSERT INTO stats_days (day, due_at) SELECT d.day::date, NULL \
                 FROM generate_series($1::timestamp, $1::timestamp + interval '1 month -1 day', '1 day') AS d (day) \
               ON CONFLICT (day) DO NOTHING";
    sqlx::query(sql).bind(month).execute(connection).await?;
    Ok(())
}

/// Gives the table beside its name and its place.
async fn join(connection: &mut PgConnection, table: &str, month: NaiveDate) -> Result<(), StoreError> {
    let (from, to) = bounds(connection, month).await?;
    let name = name_of(table, month);
    sqlx::query(&format!("ALTER TABLE {} RENAME TO {name}", beside(table, month))).execute(&mut *connection).await?;
    let indexes = "SELECT format('ALTER INDEX %I RENAME TO %I', c.relname, substr(c.relname, length('loading_') + 1)) \
                     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                    WHERE i.indrelid = to_regclass($1) AND starts_with(c.relname, 'loading_')";
    let renames: Vec<String> = sqlx::query_scalar(indexes).bind(&name).fetch_all(&mut *connection).await?;
    let limits = "SELECT coalesce(string_agg(format('DROP CONSTRAINT %I, ', c.conname), ''), '') FROM pg_constraint c \
                   WHERE c.conrelid = to_regclass($1) AND c.contype = 'c' AND starts_with(c.conname, 'loading_')";
    let limits: String = sqlx::query_scalar(limits).bind(&name).fetch_one(&mut *connection).await?;
    let place = [
        format!("ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{from}') TO ('{to}')"),
        format!("DROP POLICY loading ON {name}"),
        format!("ALTER TABLE {name} {limits}RESET (autovacuum_enabled)"),
    ];
    for sql in renames.into_iter().chain(place) {
        sqlx::query(&sql).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn make_missing(connection: &mut PgConnection, table: &str, month: NaiveDate) -> Result<(), StoreError> {
    let name = name_of(table, month);
    let sql = "SELECT make_month_1($1, $2, $3::date::timestamp AT TIME ZONE 'UTC') WHERE to_regclass($2) IS NULL";
    let made = sqlx::query(sql).bind(table).bind(&name).bind(month).execute(&mut *connection).await?;
    if made.rows_affected() > 0 {
        let owner = owner_of(connection, table).await?;
        sqlx::query(&format!("ALTER TABLE {name} OWNER TO {owner}")).execute(connection).await?;
    }
    Ok(())
}

/// Has workers walk from the end of the month on once more, to write words of what has none.
async fn have_words_written(connection: &mut PgConnection, month: NaiveDate) -> Result<(), StoreError> {
    let sql = "UPDATE word_cursor \
                  SET walked_to = greatest(walked_to, month_floor_1(($1::date + interval '1 month')::date)) WHERE one";
    sqlx::query(sql).bind(month).execute(connection).await?;
    Ok(())
}
