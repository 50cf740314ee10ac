//! Removing what is past its time: old history, and who leads were that were deleted long ago.

use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

use crate::persons::ERASED;

/// For how many days what was done to leads is kept.
pub const HISTORY_KEPT_DAYS: i32 = 730;
/// For how many days after its deletion it is known who a lead was, and what was done to it.
pub const DELETED_KEPT_DAYS: i32 = 90;
/// Rows of history that one call removes at most.
const HISTORY_BITE: i64 = 5_000;
/// Deleted leads that one call empties at most: each goes with its values and history.
const LEADS_BITE: i64 = 200;

/// Removes history that is too old (by `lead_events_old`), and empties leads that were deleted long ago (by `leads_deleted`): the row
/// stays, as what counts leads counts it. Answers how many rows of history and leads; come again while it is not zero. For the
/// workers' role; two that do it at once do not wait for each other.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let leads = sqlx::query_scalar(
        "WITH gone AS ( \
           UPDATE leads SET email = NULL, email_key = NULL, name = $3, phone = NULL, company = NULL, words = '' \
            WHERE ctid = ANY (ARRAY(SELECT l.ctid FROM leads l \
              WHERE l.deleted_at < statement_timestamp() - make_interval(days => $1) \
                AND coalesce(l.email, l.phone, l.company, nullif(l.name, '[erased]')) IS NOT NULL \
              ORDER BY l.deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED)) \
            RETURNING workspace_id, lead_id \
         ), data AS ( \
           DELETE FROM lead_field_data d USING gone g WHERE d.workspace_id = g.workspace_id AND d.lead_id = g.lead_id \
         ), history AS ( \
           DELETE FROM lead_events e USING gone g WHERE e.workspace_id = g.workspace_id AND e.lead_id = g.lead_id \
         ) SELECT count(*) FROM gone",
    );
    let leads: i64 = leads.bind(DELETED_KEPT_DAYS).bind(LEADS_BITE).bind(ERASED).fetch_one(&mut *connection).await?;
    let history = sqlx::query(
        "DELETE FROM lead_events WHERE ctid = ANY (ARRAY(SELECT e.ctid FROM lead_events e \
           WHERE e.created_at < statement_timestamp() - make_interval(days => $1) ORDER BY e.created_at LIMIT $2 \
           FOR UPDATE SKIP LOCKED))",
    );
    let history = history.bind(HISTORY_KEPT_DAYS).bind(HISTORY_BITE).execute(connection).await?;
    Ok(leads.unsigned_abs() + history.rows_affected())
}
