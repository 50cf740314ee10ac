//! Records of changes in a cell: begun in the transaction of the change, and taken over to the log once its answer is known. Who
//! dies in between leaves them for the next one; taken over twice, they are there once.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{NewAudit, shortened};

/// Seconds after which nobody answers any more: twice as long as a request may take.
const ANSWERED_WITHIN_S: i32 = 60;
/// Most records that are taken over at a time without an answer.
const TAKEN_MAX: i64 = 200;
/// The status of a record whose answer nobody knows.
pub const UNKNOWN: i32 = 0;

/// Begins the record of a change in the transaction that makes it; again, it changes nothing. The status does not count yet. For the
/// API's role.
///
/// # Errors
/// If the database does.
pub async fn begin(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    audit_id: Uuid,
    new: &NewAudit<'_>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_begun (workspace_id, audit_id, by_kind, by_id, by_name, action, subject, address, request_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (workspace_id, audit_id) DO NOTHING",
    )
    .bind(workspace_id.0)
    .bind(audit_id)
    .bind(new.by_kind)
    .bind(new.by_id)
    .bind(new.by_name)
    .bind(new.action)
    .bind(shortened(new.subject))
    .bind(new.address)
    .bind(new.request_id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Tells how what it changes differs, in the same transaction; again, the last word counts.
///
/// # Errors
/// If the database does.
pub async fn tell(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    audit_id: Uuid,
    changes: &Value,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE audit_begun SET changes = $3 WHERE workspace_id = $1 AND audit_id = $2")
        .bind(workspace_id.0)
        .bind(audit_id)
        .bind(changes)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets one that was begun: it is in the log, or nothing was changed.
///
/// # Errors
/// If the database does.
pub async fn end(connection: &mut PgConnection, workspace_id: WorkspaceId, audit_id: Uuid) -> Result<bool, StoreError> {
    let gone = sqlx::query("DELETE FROM audit_begun WHERE workspace_id = $1 AND audit_id = $2")
        .bind(workspace_id.0)
        .bind(audit_id)
        .execute(connection)
        .await?;
    Ok(gone.rows_affected() > 0)
}

/// Whether there are some that nobody will answer. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn are_left(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<bool, StoreError> {
    let left = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM audit_begun \
         WHERE workspace_id = $1 AND recorded_at < clock_timestamp() - make_interval(secs => $2))",
    )
    .bind(workspace_id.0)
    .bind(f64::from(ANSWERED_WITHIN_S))
    .fetch_one(connection)
    .await?;
    Ok(left)
}

/// Takes over those that nobody will answer, with [`UNKNOWN`] for the status.
///
/// # Errors
/// If the database does.
pub async fn take_over(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<(), StoreError> {
    sqlx::query(
        "WITH left_behind AS ( \
           DELETE FROM audit_begun WHERE workspace_id = $1 AND audit_id = ANY(ARRAY( \
             SELECT b.audit_id FROM audit_begun b \
             WHERE b.workspace_id = $1 AND b.recorded_at < clock_timestamp() - make_interval(secs => $2) \
             ORDER BY b.audit_id LIMIT $3)) \
           RETURNING workspace_id, audit_id, recorded_at, by_kind, by_id, by_name, action, subject, address, request_id, changes) \
         INSERT INTO audit_log (workspace_id, audit_id, recorded_at, by_kind, by_id, by_name, action, subject, status, address, \
           request_id, changes) \
         SELECT workspace_id, audit_id, recorded_at, by_kind, by_id, by_name, action, subject, $4, address, request_id, changes \
         FROM left_behind ON CONFLICT (workspace_id, audit_id) DO NOTHING",
    )
    .bind(workspace_id.0)
    .bind(f64::from(ANSWERED_WITHIN_S))
    .bind(TAKEN_MAX)
    .bind(UNKNOWN)
    .execute(connection)
    .await?;
    Ok(())
}
