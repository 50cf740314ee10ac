//! What becomes of the deliveries of an endpoint, written by whoever holds the lease of its queue.

use std::time::Duration;

use capstan_engine::store::error::StoreError;
use sqlx::{Connection, PgConnection};

use super::answer::Attempt;
use super::lane::{Due, Lane, Next, millis};
use super::lines::hold;
use super::telling::tell_of_failed;

/// Deliveries of a disabled or deleted endpoint that are cancelled at a time.
const CANCEL_BITE: i64 = 1_000;
/// An endpoint that answers with it is disabled, and its owner told of that.
const GONE: u16 = 410;
/// Longest detail of an attempt, in characters.
const DETAIL_CHARS_MAX: usize = 500;

/// Writes what an attempt came to, and tells the owner of a delivery that has used up its attempts; whether the lease was
/// still held.
///
/// # Errors
/// If the database does.
pub async fn settle(
    connection: &mut PgConnection,
    lane: &Lane,
    due: &Due,
    attempt: &Attempt,
    error: Option<&str>,
    next: &Next,
) -> Result<bool, StoreError> {
    let (status, reason, pause) = match next {
        Next::Delivered => ("delivered", None, Duration::ZERO),
        Next::Retry(pause) => ("pending", None, *pause),
        Next::Failed(reason) => ("failed", Some(*reason), Duration::ZERO),
    };
    let detail: Option<String> = attempt.detail.as_ref().map(|text| text.chars().take(DETAIL_CHARS_MAX).collect());
    let kept =
        sqlx::query_scalar("SELECT settle_delivery_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)")
            .bind(lane.workspace_id)
            .bind(lane.endpoint_id)
            .bind(lane.lease_no)
            .bind(due.delivery_id)
            .bind(due.tried)
            .bind(status)
            .bind(reason)
            .bind(millis(pause))
            .bind(due.now)
            .bind(millis(attempt.duration))
            .bind(attempt.status.map(i32::from))
            .bind(error)
            .bind(detail)
            .bind(&attempt.response);
    if status != "failed" || attempt.status == Some(GONE) {
        return Ok(kept.fetch_one(connection).await?);
    }
    let mut transaction = connection.begin().await?;
    let kept: bool = kept.fetch_one(&mut *transaction).await?;
    if kept {
        tell_of_failed(&mut transaction, lane, due).await?;
    }
    transaction.commit().await?;
    Ok(kept)
}

/// Gives a delivery up whose time is over, and tells the owner; whether the lease was still held.
///
/// # Errors
/// If the database does.
pub async fn give_up(connection: &mut PgConnection, lane: &Lane, due: &Due) -> Result<bool, StoreError> {
    let mut transaction = connection.begin().await?;
    let kept: bool = sqlx::query_scalar("SELECT give_up_delivery_1($1, $2, $3, $4, $5)")
        .bind(lane.workspace_id)
        .bind(lane.endpoint_id)
        .bind(lane.lease_no)
        .bind(due.delivery_id)
        .bind("it could not be delivered in time")
        .fetch_one(&mut *transaction)
        .await?;
    if kept {
        tell_of_failed(&mut transaction, lane, due).await?;
    }
    transaction.commit().await?;
    Ok(kept)
}

/// Cancels some of what waits for an endpoint that gets nothing any more; answers how many.
///
/// # Errors
/// If the database does.
pub async fn cancel(connection: &mut PgConnection, lane: &Lane, status: &str) -> Result<u64, StoreError> {
    let mut transaction = connection.begin().await?;
    hold(&mut transaction, lane).await?;
    let cancelled = sqlx::query(
        "UPDATE webhook_deliveries SET status = 'cancelled', reason = $3, settled_at = clock_timestamp() \
         WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM webhook_deliveries d \
           WHERE d.workspace_id = $1 AND d.endpoint_id = $2 AND d.status = 'pending' ORDER BY d.due_at LIMIT $4 \
           FOR UPDATE SKIP LOCKED))",
    );
    let cancelled = cancelled.bind(lane.workspace_id).bind(lane.endpoint_id).bind(format!("the endpoint is {status}"));
    let cancelled = cancelled.bind(CANCEL_BITE).execute(&mut *transaction).await?.rows_affected();
    transaction.commit().await?;
    Ok(cancelled)
}
