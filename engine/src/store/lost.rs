//! What is known of workers that are lost.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::error::StoreError;
use crate::core::ids::ExecutionId;

/// Notes of a fenced worker that its process is dead, which is more than that it may write nothing: nothing that it began
/// outside of the database is under way any more. Repeating it changes nothing.
///
/// # Errors
/// If the database does.
pub async fn note_death(connection: &mut PgConnection, lost: i32) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE workers SET dead = true, fenced_at = coalesce(fenced_at, clock_timestamp()) \
         WHERE worker_no = $1 AND fenced AND NOT dead",
    )
    .bind(lost)
    .execute(connection)
    .await?;
    Ok(())
}

/// The workers that were lost with an execution and counted against it, the latest first, with the time of the loss.
///
/// # Errors
/// If the database does.
pub async fn losses(
    connection: &mut PgConnection,
    execution_id: ExecutionId,
    count: i16,
) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
    let losses = sqlx::query_as(
        "SELECT worker_name, lost_at FROM losses WHERE execution_id = $1 AND blamed ORDER BY lost_at DESC LIMIT $2",
    );
    Ok(losses.bind(execution_id.0).bind(i64::from(count)).fetch_all(connection).await?)
}
