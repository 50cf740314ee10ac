//! What the senders of hooks sign with, sealed. A name has several secrets while one is changed for another.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::secrets::Sealed;

/// What the envelopes are bound to, beside workspace and id.
pub const HOOK_SECRET: &str = "hook_secret";
/// Most secrets of a name that are good at the same time.
pub const LIVE_MAX: i64 = 5;
/// Most secrets of a workspace.
pub const SECRETS_MAX: i64 = 500;
/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 100;

/// A hook secret, without itself.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct HookSecretRow {
    /// Its id.
    pub id: Uuid,
    /// What triggers call it.
    pub name: String,
    /// Until when it is good; for good if absent.
    pub until: Option<DateTime<Utc>>,
    /// Who gave it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct SealedRow {
    hook_secret_id: Uuid,
    sealed: Vec<u8>,
    key_id: String,
}

const ROW: &str = "hook_secret_id AS id, name, until_at AS until, created_by, created_at";

/// Whether a hook secret can have that name: letters, digits, `-`, `_` and `.`.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// The secrets of that name that are good now, with their ids, the newest first.
///
/// # Errors
/// If the database does.
pub async fn live(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<Vec<(Uuid, Sealed)>, StoreError> {
    let rows: Vec<SealedRow> = sqlx::query_as(
        "SELECT hook_secret_id, sealed, key_id FROM hook_secrets WHERE workspace_id = $1 AND name = $2 \
           AND (until_at IS NULL OR until_at > clock_timestamp()) ORDER BY hook_secret_id DESC LIMIT $3",
    )
    .bind(workspace_id.0)
    .bind(name)
    .bind(LIVE_MAX)
    .fetch_all(connection)
    .await?;
    let sealed = |row: SealedRow| (row.hook_secret_id, Sealed { bytes: row.sealed, key_id: row.key_id });
    Ok(rows.into_iter().map(sealed).collect())
}

/// Those of the names that no secret has.
///
/// # Errors
/// If the database does.
pub async fn unknown(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    names: &[&str],
) -> Result<Vec<String>, StoreError> {
    let unknown = sqlx::query_scalar(
        "SELECT n FROM unnest($2::text[]) AS n WHERE NOT EXISTS (SELECT FROM hook_secrets s \
           WHERE s.workspace_id = $1 AND s.name = n AND (s.until_at IS NULL OR s.until_at > clock_timestamp()))",
    );
    Ok(unknown.bind(workspace_id.0).bind(names).fetch_all(connection).await?)
}

/// Secrets of a workspace, newest first, older than `before`.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<HookSecretRow>, StoreError> {
    let sql = format!(
        "SELECT {ROW} FROM hook_secrets WHERE workspace_id = $1 AND hook_secret_id < $2 \
         ORDER BY hook_secret_id DESC LIMIT $3"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(before).bind(limit).fetch_all(connection).await?)
}

/// Adds a secret. Others of its name are good for `overlap_s` seconds more. None if the workspace has [`SECRETS_MAX`]. In
/// a transaction.
///
/// # Errors
/// If the database does.
pub async fn add(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    id: Uuid,
    name: &str,
    sealed: &Sealed,
    by: &str,
    overlap_s: i64,
) -> Result<Option<HookSecretRow>, StoreError> {
    sqlx::query("DELETE FROM hook_secrets WHERE workspace_id = $1 AND until_at < clock_timestamp() - interval '1 day'")
        .bind(workspace_id.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "UPDATE hook_secrets SET until_at = least(until_at, clock_timestamp() + $3 * interval '1 second') \
         WHERE workspace_id = $1 AND name = $2",
    )
    .bind(workspace_id.0)
    .bind(name)
    .bind(overlap_s)
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query_as(&format!(
        "INSERT INTO hook_secrets (workspace_id, hook_secret_id, name, sealed, key_id, created_by) \
         SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT count(*) FROM hook_secrets WHERE workspace_id = $1) < $7 RETURNING {ROW}"
    ))
    .bind(workspace_id.0)
    .bind(id)
    .bind(name)
    .bind(&sealed.bytes)
    .bind(&sealed.key_id)
    .bind(by)
    .bind(SECRETS_MAX)
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Removes a secret; what it was, if it was there.
///
/// # Errors
/// If the database does.
pub async fn remove(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    id: Uuid,
) -> Result<Option<HookSecretRow>, StoreError> {
    let sql = format!("DELETE FROM hook_secrets WHERE workspace_id = $1 AND hook_secret_id = $2 RETURNING {ROW}");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(id).fetch_optional(connection).await?)
}
