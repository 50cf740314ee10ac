//! Upkeep that the fleet does on the side: partitions ahead of time, and old rows out.

use sqlx::PgConnection;

use super::error::StoreError;

/// For how many days idempotency keys are kept.
const KEYS_KEPT_DAYS: i32 = 7;
/// For how many days events stay in the outbox.
const OUTBOX_KEPT_DAYS: i32 = 7;
/// Rows that one call removes at most of each kind.
const BITE: i32 = 5_000;

/// Makes the partitions of the months around now; answers how many tables it made.
///
/// # Errors
/// If the database does.
pub async fn make_months(connection: &mut PgConnection) -> Result<i32, StoreError> {
    Ok(sqlx::query_scalar("SELECT make_months_2()").fetch_one(connection).await?)
}

/// Removes what is past its time, by the database's clock; answers how many rows. Come again while it is not zero.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<i32, StoreError> {
    let sql = "SELECT tidy_1(clock_timestamp() - make_interval(days => $1), \
                             clock_timestamp() - make_interval(days => $2), $3)";
    let tidied = sqlx::query_scalar(sql).bind(KEYS_KEPT_DAYS).bind(OUTBOX_KEPT_DAYS).bind(BITE);
    Ok(tidied.fetch_one(connection).await?)
}
