//! Removing old jobs.

use sqlx::PgConnection;

use crate::store::error::StoreError;

/// For how many days an ended job is kept.
const JOBS_KEPT_DAYS: i32 = 30;
/// Rows that one call removes at most of each kind.
const BITE: i64 = 5_000;

/// Removes jobs that ended long ago: first their items, of the oldest one a bite at a time, then themselves. Answers
/// how many rows; come again while it is not zero.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let items = sqlx::query(
        "DELETE FROM bulk_items WHERE ctid = ANY (ARRAY(SELECT i.ctid FROM bulk_items i JOIN ( \
           SELECT j.workspace_id, j.job_id FROM bulk_jobs j WHERE j.ended_at < clock_timestamp() - make_interval(days => $1) \
           AND EXISTS (SELECT FROM bulk_items i WHERE i.workspace_id = j.workspace_id AND i.job_id = j.job_id) \
           ORDER BY j.ended_at LIMIT 1) AS old USING (workspace_id, job_id) LIMIT $2))",
    );
    let items = items.bind(JOBS_KEPT_DAYS).bind(BITE).execute(&mut *connection).await?;
    let jobs = sqlx::query(
        "DELETE FROM bulk_jobs WHERE ctid = ANY (ARRAY(SELECT j.ctid FROM bulk_jobs j \
           WHERE j.ended_at < clock_timestamp() - make_interval(days => $1) \
           AND NOT EXISTS (SELECT FROM bulk_items i WHERE i.workspace_id = j.workspace_id AND i.job_id = j.job_id) \
           ORDER BY j.ended_at LIMIT $2))",
    );
    let jobs = jobs.bind(JOBS_KEPT_DAYS).bind(BITE).execute(connection).await?;
    Ok(items.rows_affected() + jobs.rows_affected())
}
