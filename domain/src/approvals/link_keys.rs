//! The keys that sign links: 32 random bytes of a workspace, made when they are first needed.
//!
//! They lie in the table as they are, as long as nothing encrypts stored secrets.

use std::fmt;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A key of a workspace.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkKey {
    /// Its number, which links carry.
    pub key_no: i32,
    pub(super) secret: Vec<u8>,
}

impl LinkKey {
    pub(crate) fn secret(&self) -> &[u8] {
        &self.secret
    }

    #[cfg(test)]
    pub(crate) fn of_tests(byte: u8) -> Self {
        Self { key_no: 1, secret: vec![byte; 32] }
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkKey {{ key_no: {}, secret: [redacted] }}", self.key_no)
    }
}

/// The key that signs new links; the first one is made now. For the roles of workers and of the API.
///
/// # Errors
/// If the database does.
pub async fn newest_key(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<LinkKey, StoreError> {
    if let Some(key) = find_newest(connection, workspace_id).await? {
        return Ok(key);
    }
    let secret: [u8; 32] = rand::random();
    sqlx::query("INSERT INTO link_keys (workspace_id, key_no, secret) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING")
        .bind(workspace_id.0)
        .bind(secret.as_slice())
        .execute(&mut *connection)
        .await?;
    // Another process may have been first.
    let key = find_newest(connection, workspace_id).await?;
    key.ok_or_else(|| StoreError::Corrupt("the key of links that was just made is gone".into()))
}

async fn find_newest(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Option<LinkKey>, StoreError> {
    let row: Option<(i32, Vec<u8>)> =
        sqlx::query_as("SELECT key_no, secret FROM link_keys WHERE workspace_id = $1 ORDER BY key_no DESC LIMIT 1")
            .bind(workspace_id.0)
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|(key_no, secret)| LinkKey { key_no, secret }))
}

/// The key of that number, and the time by the database's clock. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn verifying_key(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    key_no: i32,
) -> Result<Option<(LinkKey, DateTime<Utc>)>, StoreError> {
    let row: Option<(Vec<u8>, DateTime<Utc>)> =
        sqlx::query_as("SELECT secret, clock_timestamp() FROM link_keys WHERE workspace_id = $1 AND key_no = $2")
            .bind(workspace_id.0)
            .bind(key_no)
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|(secret, now)| (LinkKey { key_no, secret }, now)))
}
