//! API keys: shown once, kept as a hash.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use rand::distr::{Alphanumeric, SampleString};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::{AccessError, check_name, violates};

/// How every key begins, so that scanners for leaked secrets find it.
const PREFIX: &str = "cap_";
/// Random base62 characters after the prefix: 256 bits.
const RANDOM_CHARS: usize = 43;
/// Characters of a key that listings show.
const SHOWN_CHARS: usize = 8;
/// Fewest and most characters of a key's name.
pub(crate) const NAME_CHARS: (usize, usize) = (1, 100);
/// Most keys of a workspace that open something.
const KEYS_MAX: i64 = 500;
/// Most keys that a listing shows.
const KEYS_LISTED_MAX: i64 = 1_000;
/// Length of a key.
pub const KEY_BYTES: usize = PREFIX.len() + RANDOM_CHARS;

/// One API key; not the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct KeyId(pub Uuid);

/// A key as listings show it, without the secret.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct KeyRow {
    /// Its id.
    #[serde(rename = "id")]
    pub key_id: Uuid,
    /// Its first characters.
    pub prefix: String,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it opens nothing.
    pub revoked_at: Option<DateTime<Utc>>,
    /// What it may do; absent for all.
    pub scopes: Option<Vec<String>>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// The user or key that made it; absent if it was the command line.
    pub created_by: Option<Uuid>,
}

/// A key to be made.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// What people call it.
    pub name: String,
    /// Words of permissions; absent for all.
    pub scopes: Option<Vec<String>>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// The user or key that makes it.
    pub created_by: Option<Uuid>,
}

const COLUMNS: &str = "key_id, prefix, name, created_at, revoked_at, scopes, expires_at, last_used_at, created_by";

/// The hash that is kept of a key. No salt: the key itself is 256 random bits.
#[must_use]
pub fn hash_key(plain: &str) -> [u8; 32] {
    Sha256::digest(plain.as_bytes()).into()
}

/// Whether `plain` has the form of a key; a look-up of anything else is in vain.
#[must_use]
pub fn is_key(plain: &str) -> bool {
    let random = plain.strip_prefix(PREFIX).unwrap_or_default();
    random.len() == RANDOM_CHARS && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Makes a key of a workspace that may do all that keys can. The text is the secret, and is never shown again.
///
/// # Errors
/// See [`make_key`].
pub async fn create_key(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<(KeyId, String), AccessError> {
    let new = NewKey { name: name.into(), ..NewKey::default() };
    let (row, plain) = make_key(connection, workspace_id, &new).await?;
    Ok((KeyId(row.key_id), plain))
}

/// Makes a key of a workspace. The text is the secret, and is never shown again.
///
/// # Errors
/// [`AccessError::BadName`], [`AccessError::UnknownWorkspace`], [`AccessError::TooMany`], or if the database does.
pub async fn make_key(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: &NewKey,
) -> Result<(KeyRow, String), AccessError> {
    let name = check_name(&new.name, NAME_CHARS.0, NAME_CHARS.1)?;
    let of_use = "SELECT count(*) FROM api_keys WHERE workspace_id = $1 AND revoked_at IS NULL \
                  AND (expires_at IS NULL OR expires_at > clock_timestamp())";
    let count: i64 = sqlx::query_scalar(of_use).bind(workspace_id.0).fetch_one(&mut *connection).await?;
    if count >= KEYS_MAX {
        return Err(AccessError::TooMany { what: "API keys", most: KEYS_MAX });
    }
    let plain = format!("{PREFIX}{}", Alphanumeric.sample_string(&mut rand::rng(), RANDOM_CHARS));
    let row = sqlx::query_as(&format!(
        "INSERT INTO api_keys (workspace_id, key_id, key_hash, prefix, name, scopes, expires_at, created_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {COLUMNS}"
    ))
    .bind(workspace_id.0)
    .bind(Uuid::now_v7())
    .bind(hash_key(&plain).as_slice())
    .bind(&plain[..SHOWN_CHARS])
    .bind(name)
    .bind(&new.scopes)
    .bind(new.expires_at)
    .bind(new.created_by)
    .fetch_one(connection)
    .await
    .map_err(|error| match error {
        error if violates(&error, "api_keys_workspace_id_fkey") => AccessError::UnknownWorkspace(workspace_id),
        error => error.into(),
    })?;
    Ok((row, plain))
}

/// The keys of a workspace: those that are not revoked first, each the newest at the top.
///
/// # Errors
/// If the database does.
pub async fn list_keys(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Vec<KeyRow>, AccessError> {
    let statement = format!(
        "SELECT {COLUMNS} FROM api_keys WHERE workspace_id = $1 \
         ORDER BY (revoked_at IS NOT NULL), key_id DESC LIMIT $2"
    );
    let rows = sqlx::query_as(&statement).bind(workspace_id.0).bind(KEYS_LISTED_MAX).fetch_all(connection).await?;
    Ok(rows)
}

/// One key of a workspace.
///
/// # Errors
/// If the database does.
pub async fn find_key(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    key_id: KeyId,
) -> Result<Option<KeyRow>, AccessError> {
    let statement = format!("SELECT {COLUMNS} FROM api_keys WHERE workspace_id = $1 AND key_id = $2");
    Ok(sqlx::query_as(&statement).bind(workspace_id.0).bind(key_id.0).fetch_optional(connection).await?)
}

/// Whether a key is not revoked; it stays so until the transaction has ended.
///
/// # Errors
/// If the database does.
pub async fn hold_key(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    key_id: KeyId,
) -> Result<bool, StoreError> {
    let held =
        sqlx::query("SELECT FROM api_keys WHERE workspace_id = $1 AND key_id = $2 AND revoked_at IS NULL FOR SHARE");
    Ok(held.bind(workspace_id.0).bind(key_id.0).fetch_optional(connection).await?.is_some())
}

/// Revokes a key; false if the workspace has no such key in use. Processes notice within a few seconds.
///
/// # Errors
/// If the database does.
pub async fn revoke_key(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    key_id: KeyId,
) -> Result<bool, AccessError> {
    let revoked = sqlx::query(
        "UPDATE api_keys SET revoked_at = clock_timestamp() \
         WHERE workspace_id = $1 AND key_id = $2 AND revoked_at IS NULL",
    )
    .bind(workspace_id.0)
    .bind(key_id.0)
    .execute(connection)
    .await?;
    Ok(revoked.rows_affected() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_of_the_form_of_a_key_is_looked_up() {
        let key = format!("cap_{}", "aZ9".repeat(15).split_at(RANDOM_CHARS).0);
        assert!(is_key(&key));
        assert_eq!(key.len(), KEY_BYTES);
        for wrong in ["", "cap_", &key[1..], &key[..key.len() - 1], &format!("{key}a"), &key.replace('Z', "-")] {
            assert!(!is_key(wrong), "{wrong}");
        }
    }
}
