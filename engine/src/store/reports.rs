//! What the database says of how it is used: statements that take long, and indexes that nobody reads.

use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};

use super::error::StoreError;

/// A statement of the product, without values, and the time that it took.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SlowStatement {
    /// Its text, at most 500 characters.
    pub statement: String,
    /// How often it ran since the statistics were reset.
    pub calls: i64,
    /// Time of all calls together, in milliseconds.
    pub total_ms: i64,
    /// Time of a call, in milliseconds.
    pub mean_ms: f64,
    /// Time of the longest call, in milliseconds.
    pub max_ms: i64,
}

/// An index that was not read since the statistics of its table began.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct UnusedIndex {
    /// Its name.
    pub index: String,
    /// The table that it is of.
    pub table: String,
    /// What it takes on disk.
    pub bytes: i64,
}

/// The statements that took most time in all, as the API's role; none where `pg_stat_statements` is not there, or tells nothing to
/// the owner of the schema.
///
/// # Errors
/// If the database does.
pub async fn slow_statements(
    connection: &mut PgConnection,
    most: i32,
) -> Result<Option<Vec<SlowStatement>>, StoreError> {
    let told: Option<Json<Vec<SlowStatement>>> =
        sqlx::query_scalar("SELECT slow_statements_1($1)").bind(most).fetch_one(connection).await?;
    Ok(told.map(|told| told.0))
}

/// The largest indexes of the schema of at least `bytes_min` that nobody has read; those that keep rows unique are of use without
/// that, and those of partitions are told one by one.
///
/// # Errors
/// If the database does.
pub async fn unused_indexes(
    connection: &mut PgConnection,
    bytes_min: i64,
    most: i64,
) -> Result<Vec<UnusedIndex>, StoreError> {
    let sql = "SELECT s.indexrelname::text AS index, s.relname::text AS \"table\", \
                      pg_relation_size(s.indexrelid) AS bytes \
                 FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid \
                WHERE s.schemaname = current_schema() AND s.idx_scan = 0 AND NOT i.indisunique \
                  AND pg_relation_size(s.indexrelid) >= $1 \
                ORDER BY bytes DESC, s.indexrelname LIMIT $2";
    Ok(sqlx::query_as(sql).bind(bytes_min).bind(most).fetch_all(connection).await?)
}
