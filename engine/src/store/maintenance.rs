//! What the owner of the tables does to them now and then: vacuum and analyse where it pays, build bloated indexes anew. Nothing here holds
//! up who reads or writes.

use std::time::Duration;

use sqlx::{Executor, PgConnection};

use super::error::StoreError;

/// Rows that are dead, or came since a table was looked at last, from which on it pays to vacuum it.
const ROWS_MIN: i64 = 1_000;
/// What an entry of a full index takes, in bytes, on the large side.
const ENTRY_BYTES: i64 = 64;
/// What an index takes in any case, in bytes.
const BASE_BYTES: i64 = 256 << 10;
/// How many times larger than full a bloated index is.
const BLOAT: i64 = 4;

/// Has statements of this connection end after so long, take little of the disk, and wait for no lock for more than five seconds.
///
/// # Errors
/// If the database does.
pub async fn be_gentle(connection: &mut PgConnection, longest: Duration) -> Result<(), StoreError> {
    let sql = "SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', '5s', false), \
                      set_config('vacuum_cost_delay', '2ms', false)";
    sqlx::query(sql).bind(longest.as_millis().max(1).to_string()).execute(connection).await?;
    Ok(())
}

/// Tables of the schema that it pays to vacuum and analyse, as quoted names; the ones with most dead rows first. None that a month out of
/// an archive is being loaded into: [`restore`](super::restore) could not make it part of the history meanwhile.
///
/// # Errors
/// If the database does.
pub async fn worth_vacuum(connection: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT quote_ident(s.relname) FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid \
                WHERE s.schemaname = current_schema() AND c.relkind = 'r' AND NOT starts_with(s.relname, 'loading_') \
                  AND s.n_dead_tup + greatest(s.n_mod_since_analyze, s.n_ins_since_vacuum) >= $1 \
                ORDER BY s.n_dead_tup DESC, s.relname";
    Ok(sqlx::query_scalar(sql).bind(ROWS_MIN).fetch_all(connection).await?)
}

/// Vacuums and analyses one of them, unless somebody else is at it; whether it is there still: a month may have been dropped since.
///
/// # Errors
/// If the database does.
pub async fn vacuum(connection: &mut PgConnection, table: &str) -> Result<bool, StoreError> {
    match connection.execute(format!("VACUUM (ANALYZE, SKIP_LOCKED) {table}").as_str()).await {
        Ok(_) => Ok(true),
        Err(error) if is_gone(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether what a statement names is not there, or not any more.
fn is_gone(error: &sqlx::Error) -> bool {
    const UNDEFINED_TABLE: &str = "42P01";
    const UNDEFINED_OBJECT: &str = "42704";
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| [UNDEFINED_TABLE, UNDEFINED_OBJECT].contains(&&*code))
}

/// B-tree indexes of the schema of at least `bytes_min` that are several times larger than their entries need, as quoted names, the largest
/// first. Tables whose rows were never counted have none. It is an estimate: what is named wrongly is built anew in vain, and harms nobody.
///
/// # Errors
/// If the database does.
pub async fn bloated(connection: &mut PgConnection, bytes_min: i64) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT quote_ident(c.relname) FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid \
                 JOIN pg_class t ON t.oid = i.indrelid JOIN pg_am a ON a.oid = c.relam \
                WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'i' AND a.amname = 'btree' \
                  AND i.indisvalid AND t.reltuples >= 0 AND pg_relation_size(c.oid) >= $1 \
                  AND pg_relation_size(c.oid) > $2 * ($3 + $4 * c.reltuples::bigint) \
                ORDER BY pg_relation_size(c.oid) DESC, c.relname";
    let names = sqlx::query_scalar(sql).bind(bytes_min).bind(BLOAT).bind(BASE_BYTES).bind(ENTRY_BYTES);
    Ok(names.fetch_all(connection).await?)
}

/// Builds one of them anew while rows go on being written; whether it is there still.
///
/// # Errors
/// If the database does; an invalid index may be left then, which [`drop_leftovers`] removes.
pub async fn reindex(connection: &mut PgConnection, index: &str) -> Result<bool, StoreError> {
    match connection.execute(format!("REINDEX INDEX CONCURRENTLY {index}").as_str()).await {
        Ok(_) => Ok(true),
        Err(error) if is_gone(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Drops invalid indexes that an interrupted [`reindex`] has left; how many.
///
/// # Errors
/// If the database does.
pub async fn drop_leftovers(connection: &mut PgConnection) -> Result<usize, StoreError> {
    let sql = "SELECT quote_ident(c.relname) FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid \
                WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisvalid \
                  AND c.relname ~ '_cc(new|old)[0-9]*$' ORDER BY c.relname";
    let left: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *connection).await?;
    for index in &left {
        connection.execute(format!("DROP INDEX CONCURRENTLY IF EXISTS {index}").as_str()).await?;
    }
    Ok(left.len())
}
