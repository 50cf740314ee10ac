//! Removing old exports. Erasures are kept: they are the proof of what was done, without the address.

use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

/// For how many days what an export found can be read.
pub(super) const EXPORTS_KEPT_DAYS: i32 = 7;
/// Rows that one call removes at most of each kind.
const BITE: i64 = 5_000;

/// Removes exports that ended long ago: first their lines, of the oldest one a bite at a time, then themselves. Answers how
/// many rows; come again while it is not zero.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let lines = sqlx::query(
        "DELETE FROM person_lines WHERE ctid = ANY (ARRAY(SELECT l.ctid FROM person_lines l JOIN ( \
           SELECT j.workspace_id, j.job_id FROM person_jobs j WHERE j.kind = 'export' \
           AND j.ended_at < clock_timestamp() - make_interval(days => $1) \
           AND EXISTS (SELECT FROM person_lines l WHERE l.workspace_id = j.workspace_id AND l.job_id = j.job_id) \
           ORDER BY j.ended_at LIMIT 1) AS old USING (workspace_id, job_id) LIMIT $2))",
    );
    let lines = lines.bind(EXPORTS_KEPT_DAYS).bind(BITE).execute(&mut *connection).await?;
    let jobs = sqlx::query(
        "DELETE FROM person_jobs WHERE ctid = ANY (ARRAY(SELECT j.ctid FROM person_jobs j WHERE j.kind = 'export' \
           AND j.ended_at < clock_timestamp() - make_interval(days => $1) \
           AND NOT EXISTS (SELECT FROM person_lines l WHERE l.workspace_id = j.workspace_id AND l.job_id = j.job_id) \
           ORDER BY j.ended_at LIMIT $2))",
    );
    let jobs = jobs.bind(EXPORTS_KEPT_DAYS).bind(BITE).execute(connection).await?;
    Ok(lines.rows_affected() + jobs.rows_affected())
}
