//! Emptying records that were deleted long ago.

use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

/// For how many days after its deletion the data of a record is kept.
pub const DELETED_KEPT_DAYS: i32 = 90;
/// Records that one call empties at most; each may have 32 KiB.
const RECORDS_BITE: i64 = 500;

/// Empties records that were deleted long ago; their rows stay, as their history is theirs. Found among those of `records_deleted`, an
/// index of nothing but what was deleted and is not emptied. Answers how many; come again while it is not zero. For the workers' role;
/// two that do it at once do not wait for each other.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let emptied = sqlx::query(
        "UPDATE records SET data = '{}', emptied_at = clock_timestamp() \
          WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM records r \
            WHERE r.deleted_at IS NOT NULL AND r.emptied_at IS NULL \
              AND r.deleted_at < statement_timestamp() - make_interval(days => $1) LIMIT $2 FOR UPDATE SKIP LOCKED))",
    );
    Ok(emptied.bind(DELETED_KEPT_DAYS).bind(RECORDS_BITE).execute(connection).await?.rows_affected())
}
