//! The audit log: who changed what through the API. Rows are added, and never changed.

mod begun;
mod pending;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

pub use begun::{UNKNOWN, are_left, begin, end, take_over};
pub use pending::{forget, note, pending, take_in};

/// Most characters of a path that are kept.
const SUBJECT_CHARS_MAX: usize = 1_000;

const COLUMNS: &str = "audit_id, recorded_at, by_kind, by_id, by_name, action, subject, status, address, request_id";

/// A change that was made.
#[derive(Clone, Debug)]
pub struct NewAudit<'a> {
    /// `key`, `user` or `billing`.
    pub by_kind: &'a str,
    /// Of the key or user.
    pub by_id: Uuid,
    /// Name of the key, or address of the user.
    pub by_name: &'a str,
    /// Method and route.
    pub action: &'a str,
    /// The path with its ids.
    pub subject: &'a str,
    /// Of the answer.
    pub status: i32,
    /// Of the client.
    pub address: Option<&'a str>,
    /// As the answer tells it.
    pub request_id: &'a str,
}

/// A change as it is listed.
#[derive(Clone, Debug, FromRow)]
pub struct AuditRow {
    /// Its id.
    pub audit_id: Uuid,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// `key`, `user` or `billing`.
    pub by_kind: String,
    /// Of the key or user; all zeros for billing.
    pub by_id: Uuid,
    /// Name of the key, or address of the user.
    pub by_name: String,
    /// Method and route.
    pub action: String,
    /// The path with its ids.
    pub subject: String,
    /// Of the answer.
    pub status: i32,
    /// Of the client.
    pub address: Option<String>,
    /// As the answer told it.
    pub request_id: String,
}

/// Records a change, once; whether it was not there yet. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn record(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    audit_id: Uuid,
    new: &NewAudit<'_>,
) -> Result<bool, StoreError> {
    add(connection, "audit_log", workspace_id, audit_id, new).await
}

/// Adds a row to `audit_log`, or to `audit_pending`, which has the same columns; false if it is there.
async fn add(
    connection: &mut PgConnection,
    table: &'static str,
    workspace_id: WorkspaceId,
    audit_id: Uuid,
    new: &NewAudit<'_>,
) -> Result<bool, StoreError> {
    let added = sqlx::query(&format!(
        "INSERT INTO {table} \
           (workspace_id, audit_id, by_kind, by_id, by_name, action, subject, status, address, request_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (workspace_id, audit_id) DO NOTHING"
    ))
    .bind(workspace_id.0)
    .bind(audit_id)
    .bind(new.by_kind)
    .bind(new.by_id)
    .bind(new.by_name)
    .bind(new.action)
    .bind(shortened(new.subject))
    .bind(new.status)
    .bind(new.address)
    .bind(new.request_id)
    .execute(connection)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// The changes of a workspace before `before`, newest first.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<AuditRow>, StoreError> {
    let rows = sqlx::query_as(&format!(
        "SELECT {COLUMNS} FROM audit_log WHERE workspace_id = $1 AND audit_id < $2 ORDER BY audit_id DESC LIMIT $3"
    ))
    .bind(workspace_id.0)
    .bind(before)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

fn shortened(subject: &str) -> String {
    subject.chars().take(SUBJECT_CHARS_MAX).collect()
}
