//! What was loaded becomes part of the history, all of it in one transaction.

use std::time::Duration;

use chrono::NaiveDate;
use sqlx::{Connection, PgConnection};
use tokio::time::sleep;

use super::super::error::StoreError;
use super::super::retention::BY_MONTH;
use super::{HAS_ENDED, OF_MONTH, RestoreError, beside, bounds, check, name_of, owner_of, there};

/// Longest wait for a lock while the month is made part of the history: others queue behind it.
const LOCK_MAX: &str = "200ms";
/// How often that is tried, and the pause between two tries.
const LOCK_TRIES_MAX: u32 = 60;
const LOCK_PAUSE: Duration = Duration::from_secs(1);
/// What is made of the history, and so is in no archive.
const WORDS: &str = "execution_words";

/// Makes what was loaded part of the history, all of it in one transaction, with what else belongs to a month: the other tables without
/// rows, and a table for words, which workers then write anew. Empty tables of the month make room.
///
/// # Errors
/// [`RestoreError::Refused`] as by [`check`]; [`StoreError::LockTimeout`] if others were at the tables for a minute; else if the database
/// does.
pub async fn attach(
    connection: &mut PgConnection,
    month: NaiveDate,
    tables: &[&'static str],
) -> Result<(), RestoreError> {
    for table in tables {
        sqlx::query(&format!("ANALYZE {}", beside(table, month))).execute(&mut *connection).await?;
    }
    let mut tries = 1;
    loop {
        match attach_once(connection, month, tables).await {
            Err(RestoreError::Store(StoreError::LockTimeout)) if tries < LOCK_TRIES_MAX => {
                tries += 1;
                sleep(LOCK_PAUSE).await;
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
    let wait = sqlx::query("SELECT set_config('lock_timeout', $1, true)").bind(LOCK_MAX);
    wait.execute(&mut *transaction).await?;
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
    sqlx::query("DELETE FROM history_months WHERE month = $1").bind(month).execute(&mut *transaction).await?;
    have_words_written(&mut transaction, month).await?;
    transaction.commit().await?;
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
    let place = [
        format!("ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{from}') TO ('{to}')"),
        format!("DROP POLICY loading ON {name}"),
        format!("ALTER TABLE {name} DROP CONSTRAINT {OF_MONTH}, DROP CONSTRAINT IF EXISTS {HAS_ENDED}"),
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
