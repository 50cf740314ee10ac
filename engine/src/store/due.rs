//! When there is something to do in a cell next.

use std::time::Duration;

use sqlx::PgConnection;

use super::error::StoreError;

/// Time until there is something to do in this cell, by its database's clock: nothing while something is under way or due, none
/// where nothing is planned. What only a request can bring is not planned. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn next_due(connection: &mut PgConnection) -> Result<Option<Duration>, StoreError> {
    let due_ms: Option<i64> = sqlx::query_scalar("SELECT next_due_1()").fetch_one(connection).await?;
    Ok(due_ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0))))
}
