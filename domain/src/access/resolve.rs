//! From a key or a slug to one workspace: the only way across workspaces.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::api_keys::hash_key;
use super::lifecycle::TenantState;
use crate::cells::CellAddress;

/// Fewest and most bytes of a slug.
pub(crate) const SLUG_BYTES: std::ops::RangeInclusive<usize> = 3..=63;
/// What [`is_slug`] takes, but for the length, for those who tell before they ask.
pub(crate) const SLUG_PATTERN: &str = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$";

/// Whom a request acts for, and where the rows live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// Its part of addresses.
    pub slug: String,
    /// Where its rows live.
    pub cell: CellAddress,
    /// Where it is in its life.
    pub state: TenantState,
    /// Why it is there, for people.
    pub state_reason: Option<String>,
}

/// Which key somebody came with.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct KeyName {
    /// Its id.
    pub key_id: Uuid,
    /// What people call it.
    pub name: String,
}

/// A key that opens something, and what it may do there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmittedKey {
    /// Its workspace.
    pub tenant: Tenant,
    /// Which key.
    pub key: KeyName,
    /// As they are stored; absent for all.
    pub scopes: Option<Vec<String>>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it has to be noted that it is of use.
    pub is_stale: bool,
}

#[derive(FromRow)]
struct AdmittedRow {
    workspace_id: Uuid,
    slug: String,
    #[sqlx(flatten)]
    cell: CellAddress,
    state: String,
    state_reason: Option<String>,
    key_id: Uuid,
    name: String,
    scopes: Option<Vec<String>>,
    expires_at: Option<DateTime<Utc>>,
    is_stale: bool,
}

impl From<AdmittedRow> for AdmittedKey {
    fn from(row: AdmittedRow) -> Self {
        let tenant = Tenant {
            workspace_id: WorkspaceId(row.workspace_id),
            slug: row.slug,
            cell: row.cell,
            state: state(&row.state),
            state_reason: row.state_reason,
        };
        let key = KeyName { key_id: row.key_id, name: row.name };
        Self { tenant, key, scopes: row.scopes, expires_at: row.expires_at, is_stale: row.is_stale }
    }
}

#[derive(FromRow)]
struct TenantRow {
    workspace_id: Uuid,
    slug: String,
    #[sqlx(flatten)]
    cell: CellAddress,
    state: String,
    state_reason: Option<String>,
}

/// As it is stored. One of a later release lets nobody in here.
pub(super) fn state(text: &str) -> TenantState {
    text.parse().unwrap_or(TenantState::Suspended)
}

/// Whether `slug` can be that of a workspace.
#[must_use]
pub fn is_slug(slug: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    SLUG_BYTES.contains(&slug.len())
        && slug.bytes().all(|byte| word(byte) || byte == b'-')
        && slug.bytes().next().is_some_and(word)
        && slug.bytes().last().is_some_and(word)
}

/// The workspace that the key `plain` opens, unless it is unknown or revoked.
///
/// # Errors
/// If the database does.
pub async fn resolve_key(connection: &mut PgConnection, plain: &str) -> Result<Option<Tenant>, StoreError> {
    resolve(connection, Some(&hash_key(plain)), None, None).await
}

/// The key `plain`, unless it is unknown, revoked or has expired.
///
/// # Errors
/// If the database does.
pub async fn admit_key(connection: &mut PgConnection, plain: &str) -> Result<Option<AdmittedKey>, StoreError> {
    let row: Option<AdmittedRow> = sqlx::query_as(
        "SELECT workspace_id, slug, cell_id, schema_name, database_name, server_id, state, state_reason, key_id, name, \
                scopes, expires_at, is_stale FROM admit_key_3($1)",
    )
    .bind(hash_key(plain).as_slice())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Into::into))
}

/// The key that a token names, as it is now, unless it is unknown, revoked or has expired. The token's signature has to be
/// known to be good.
///
/// # Errors
/// If the database does.
pub async fn admit_key_by_id(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    key_id: Uuid,
) -> Result<Option<AdmittedKey>, StoreError> {
    let row: Option<AdmittedRow> = sqlx::query_as(
        "SELECT workspace_id, slug, cell_id, schema_name, database_name, server_id, state, state_reason, key_id, name, \
                scopes, expires_at, is_stale FROM admit_key_by_id_2($1, $2)",
    )
    .bind(workspace_id.0)
    .bind(key_id)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Into::into))
}

/// Notes that the key of a token is of use, at most once a minute.
///
/// # Errors
/// If the database does.
pub async fn touch_key_by_id(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    key_id: Uuid,
) -> Result<(), StoreError> {
    sqlx::query("SELECT touch_key_by_id_1($1, $2)").bind(workspace_id.0).bind(key_id).execute(connection).await?;
    Ok(())
}

/// Notes that the key `plain` is of use, at most once a minute.
///
/// # Errors
/// If the database does.
pub async fn touch_key(connection: &mut PgConnection, plain: &str) -> Result<(), StoreError> {
    sqlx::query("SELECT touch_key_1($1)").bind(hash_key(plain).as_slice()).execute(connection).await?;
    Ok(())
}

/// Which key it is that `plain` is the text of, unless it is unknown or revoked.
///
/// # Errors
/// If the database does.
pub async fn name_key(connection: &mut PgConnection, plain: &str) -> Result<Option<KeyName>, StoreError> {
    let row = sqlx::query_as("SELECT key_id, name FROM name_key_1($1)");
    Ok(row.bind(hash_key(plain).as_slice()).fetch_optional(connection).await?)
}

/// The workspace of that slug.
///
/// # Errors
/// If the database does.
pub async fn resolve_slug(connection: &mut PgConnection, slug: &str) -> Result<Option<Tenant>, StoreError> {
    if is_slug(slug) { resolve(connection, None, Some(slug), None).await } else { Ok(None) }
}

/// The workspace of that id, which the caller has proof of.
///
/// # Errors
/// If the database does.
pub async fn tenant_of(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Option<Tenant>, StoreError> {
    resolve(connection, None, None, Some(workspace_id)).await
}

/// By exactly one of them.
async fn resolve(
    connection: &mut PgConnection,
    key_hash: Option<&[u8]>,
    slug: Option<&str>,
    workspace_id: Option<WorkspaceId>,
) -> Result<Option<Tenant>, StoreError> {
    let row: Option<TenantRow> = sqlx::query_as(
        "SELECT workspace_id, slug, cell_id, schema_name, database_name, server_id, state, state_reason \
         FROM resolve_workspace_3($1, $2, $3)",
    )
    .bind(key_hash)
    .bind(slug)
    .bind(workspace_id.map(|id| id.0))
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Tenant {
        workspace_id: WorkspaceId(row.workspace_id),
        slug: row.slug,
        cell: row.cell,
        state: state(&row.state),
        state_reason: row.state_reason,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_fit_in_addresses() {
        for (slug, good) in [
            ("demo", true),
            ("a-1", true),
            ("ab", false),
            ("-ab", false),
            ("ab-", false),
            ("Abc", false),
            ("a b", false),
            (&"x".repeat(64), false),
        ] {
            assert_eq!(is_slug(slug), good, "{slug}");
        }
    }
}
