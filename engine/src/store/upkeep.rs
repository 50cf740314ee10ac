//! Upkeep that the fleet does on the side: partitions ahead of time, and old rows out.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::error::StoreError;

/// How long idempotency keys are kept.
const KEYS_KEPT: TimeDelta = TimeDelta::days(7);
/// How long events stay in the outbox.
const OUTBOX_KEPT: TimeDelta = TimeDelta::days(7);
/// Rows that one call removes at most of each kind.
const BITE: i32 = 5_000;

/// Makes the partitions of the months around now; answers how many tables it made.
///
/// # Errors
/// If the database does.
pub async fn make_months(connection: &mut PgConnection) -> Result<i32, StoreError> {
    Ok(sqlx::query_scalar("SELECT make_months_2()").fetch_one(connection).await?)
}

/// Removes what is past its time; answers how many rows. Come again while it is not zero.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<i32, StoreError> {
    let removed = sqlx::query_scalar("SELECT tidy_1($1, $2, $3)")
        .bind(now - KEYS_KEPT)
        .bind(now - OUTBOX_KEPT)
        .bind(BITE)
        .fetch_one(connection)
        .await?;
    Ok(removed)
}
