//! The audit log: who changed what through the API, and how it differs then. Rows are added, and never changed.

mod begun;
mod difference;
mod export;
mod pending;
mod veil;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

pub use begun::{UNKNOWN, are_left, begin, end, take_over, tell};
pub use difference::{CHANGED, DIFFERENCE_BYTES_MAX, Difference, VALUE_BYTES_MAX};
pub use export::{EXPORT_ROWS, export_page};
pub use pending::{forget, note, pending, take_in};

/// How many changes are looked at for one page of some: what bounds the work where they are rare.
pub const LOOKED_AT_MAX: i64 = 2_000;
/// Most characters of a path that are kept.
const SUBJECT_CHARS_MAX: usize = 1_000;

const COLUMNS: &str = "audit_id, recorded_at, by_kind, by_id, by_name, action, subject, status, address, request_id, \
                       changes";

/// A change that was made.
#[derive(Clone, Debug)]
pub struct NewAudit<'a> {
    /// `key`, `user`, `operator` for the command line, or `billing` for the provider of payments.
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
    /// See [`Difference::into_json`]; absent if nobody tells.
    pub changes: Option<Value>,
}

/// A change as it is listed.
#[derive(Clone, Debug, FromRow)]
pub struct AuditRow {
    /// Its id.
    pub audit_id: Uuid,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// As in [`NewAudit`].
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
    /// How it differs then: `{path, before, after}` of each member; absent if nobody told.
    pub changes: Option<Value>,
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
           (workspace_id, audit_id, by_kind, by_id, by_name, action, subject, status, address, request_id, \
            changes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (workspace_id, audit_id) DO NOTHING"
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
    .bind(&new.changes)
    .execute(connection)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Has changes of one thing take turns until their transactions have ended, so that the before of one is the after of the other. `thing`
/// is any name that is its own in the workspace; take it before its rows.
///
/// # Errors
/// If the database does.
pub async fn hold(connection: &mut PgConnection, workspace_id: WorkspaceId, thing: &str) -> Result<(), StoreError> {
    sqlx::query(
        "SELECT pg_advisory_xact_lock(hashtextextended('audited ' || current_schema() || ' ' || $1::text || ' ' || $2, 0))",
    )
    .bind(workspace_id.0)
    .bind(thing.replace('\0', ""))
    .execute(connection)
    .await?;
    Ok(())
}

/// Which changes are wanted; all of what is said has to be so.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Made by who has that name.
    pub by: Option<String>,
    /// Of that method and route.
    pub action: Option<String>,
}

/// The changes of a workspace before `before`, newest first. With a filter they are looked for among [`LOOKED_AT_MAX`]; where fewer than
/// `limit` were found and there are older ones, the id to go on before.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    filter: &Filter,
    before: Uuid,
    limit: i64,
) -> Result<(Vec<AuditRow>, Option<Uuid>), StoreError> {
    let is_all = filter.by.is_none() && filter.action.is_none();
    let looked_at = if is_all { limit } else { LOOKED_AT_MAX.max(limit) };
    // What differs, which may be long, is read of those that are shown.
    let rows: Vec<AuditRow> = sqlx::query_as(&format!(
        "SELECT {COLUMNS} FROM audit_log WHERE workspace_id = $1 AND audit_id = ANY (ARRAY( \
           SELECT l.audit_id FROM (SELECT a.audit_id, a.by_name, a.action FROM audit_log a \
             WHERE a.workspace_id = $1 AND a.audit_id < $2 ORDER BY a.audit_id DESC LIMIT $3) l \
           WHERE ($4::text IS NULL OR l.by_name = $4) AND ($5::text IS NULL OR l.action = $5) \
           ORDER BY l.audit_id DESC LIMIT $6)) ORDER BY audit_id DESC"
    ))
    .bind(workspace_id.0)
    .bind(before)
    .bind(looked_at)
    .bind(&filter.by)
    .bind(&filter.action)
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    if is_all || i64::try_from(rows.len()).is_ok_and(|found| found >= limit) {
        return Ok((rows, None));
    }
    let last: Option<Uuid> = sqlx::query_scalar(
        "SELECT audit_id FROM audit_log WHERE workspace_id = $1 AND audit_id < $2 ORDER BY audit_id DESC OFFSET $3 LIMIT 1",
    )
    .bind(workspace_id.0)
    .bind(before)
    .bind(looked_at - 1)
    .fetch_optional(connection)
    .await?;
    Ok((rows, last))
}

fn shortened(subject: &str) -> String {
    subject.chars().take(SUBJECT_CHARS_MAX).collect()
}
