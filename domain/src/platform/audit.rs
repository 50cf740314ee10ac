//! What administrators of the platform changed of it. Rows are added, and never changed.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::access::Mover;
use crate::audit::Difference;

/// A change of the platform.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct PlatformAuditRow {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Address of who made it.
    pub by: String,
    /// Method and route.
    pub action: String,
    /// What it is about.
    pub subject: String,
    /// Of the client.
    pub address: Option<String>,
    /// As the answer told it.
    pub request_id: String,
    /// `{path, before, after}` of each member that differs.
    pub changes: Value,
}

/// Records a change in the transaction that makes it. For the access role.
///
/// # Errors
/// If the database does.
pub async fn record(
    connection: &mut PgConnection,
    by: &Mover,
    action: &str,
    subject: &str,
    difference: Difference,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO platform_audit (audit_id, by_id, by_name, action, subject, address, request_id, changes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(Uuid::now_v7())
    .bind(by.user_id.unwrap_or_default())
    .bind(&by.name)
    .bind(action)
    .bind(subject)
    .bind(&by.address)
    .bind(&by.request_id)
    .bind(difference.into_json())
    .execute(connection)
    .await?;
    Ok(())
}

/// Changes before `before`, newest first. For the access role.
///
/// # Errors
/// If the database does.
pub async fn list_audit(
    connection: &mut PgConnection,
    before: Uuid,
    limit: i64,
) -> Result<Vec<PlatformAuditRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT audit_id AS id, recorded_at AS at, by_name AS by, action, subject, address, request_id, changes \
         FROM platform_audit WHERE audit_id < $1 ORDER BY audit_id DESC LIMIT $2",
    );
    Ok(rows.bind(before).bind(limit).fetch_all(connection).await?)
}

/// What the newest change of a member of a subject came to, by its path; null if there is none. For a command of the owner's, as no
/// index leads there.
///
/// # Errors
/// If the database does.
pub async fn last_change(
    connection: &mut PgConnection,
    action: &str,
    subject: &str,
    path: &str,
) -> Result<Value, StoreError> {
    let after: Option<Value> = sqlx::query_scalar(
        "SELECT c.member->'after' FROM platform_audit a CROSS JOIN LATERAL jsonb_array_elements(a.changes) AS c (member) \
          WHERE a.action = $1 AND a.subject = $2 AND c.member->>'path' = $3 ORDER BY a.audit_id DESC LIMIT 1",
    )
    .bind(action)
    .bind(subject)
    .bind(path)
    .fetch_optional(connection)
    .await?;
    Ok(after.unwrap_or_default())
}
