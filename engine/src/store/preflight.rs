//! Whether the database can keep our promises at all.

use sqlx::{PgConnection, Row};
use thiserror::Error;

use super::error::StoreError;

/// Oldest server that the statements are written for.
pub const SERVER_VERSION_MIN: i32 = 150_000;

/// Why the server must not be used.
#[derive(Debug, Error)]
pub enum PreflightError {
    /// The server is too old.
    #[error("PostgreSQL {found} is too old: version 15 or later is needed; point DATABASE_URL at a newer server")]
    TooOld {
        /// What the server calls itself.
        found: String,
    },
    /// A setting would let acknowledged work be lost.
    #[error(
        "PostgreSQL runs with {setting} = off, so a crash may lose acknowledged work; turn it on, or accept the loss \
         with --allow-unsafe-database"
    )]
    Unsafe {
        /// The first such setting.
        setting: String,
    },
    /// The server cannot be asked.
    #[error("the database cannot be reached: {0}")]
    Store(#[from] StoreError),
}

/// Looks at version, `fsync`, `full_page_writes` and `synchronous_commit`.
///
/// # Errors
/// The first reason not to use the server.
pub async fn preflight(connection: &mut PgConnection) -> Result<(), PreflightError> {
    let row = sqlx::query(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version'), \
         current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')",
    )
    .fetch_one(connection)
    .await
    .map_err(StoreError::from)?;
    let text = |at: usize| row.try_get::<String, _>(at).map_err(StoreError::from);
    if row.try_get::<i32, _>(0).map_err(StoreError::from)? < SERVER_VERSION_MIN {
        return Err(PreflightError::TooOld { found: text(1)? });
    }
    for (at, setting) in [(2, "fsync"), (3, "full_page_writes"), (4, "synchronous_commit")] {
        if text(at)? == "off" {
            return Err(PreflightError::Unsafe { setting: setting.into() });
        }
    }
    Ok(())
}
