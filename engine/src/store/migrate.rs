//! Migrations: embedded, run per schema, re-entrant, safe when several processes start at once.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, Executor};
use thiserror::Error;

use super::connect::{Place, Role};
use super::error::StoreError;

static CONTROL: Migrator = sqlx::migrate!("../migrations/control");
static CELL: Migrator = sqlx::migrate!("../migrations/cell");
const ROLES: &str = include_str!("../../../migrations/roles.sql");
/// Advisory lock under which roles are made.
const ROLES_LOCK: i64 = 0x6361_7073_7461_6e01;

/// Migrating failed; what was done before stays, and running again continues there.
#[derive(Debug, Error)]
pub enum MigrationError {
    /// The database could not be reached or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration failed or differs from what was run before.
    #[error("migrating schema \"{schema}\" failed: {source}")]
    Migrate {
        /// The schema concerned.
        schema: String,
        /// Why.
        source: MigrateError,
    },
}

/// Which set of tables a schema holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Workspaces, keys, the cell map.
    Control,
    /// Everything of the workspaces of a cell.
    Cell,
}

/// Brings the schema at `place` to the newest version, with the roles it needs.
///
/// # Errors
/// [`MigrationError`]; nothing of a failed migration stays.
pub async fn migrate(place: &Place, kind: Kind) -> Result<(), MigrationError> {
    let mut connection = place.connect(Role::Owner).await?;
    let prepare = async {
        connection.execute(sqlx::query("SELECT pg_advisory_lock($1)").bind(ROLES_LOCK)).await?;
        let roles = connection.execute(ROLES).await;
        let schema = format!("CREATE SCHEMA IF NOT EXISTS \"{}\"", place.schema.replace('"', ""));
        let schema = connection.execute(schema.as_str()).await;
        connection.execute(sqlx::query("SELECT pg_advisory_unlock($1)").bind(ROLES_LOCK)).await?;
        roles.and(schema)
    };
    prepare.await.map_err(StoreError::from)?;
    let migrator = match kind {
        Kind::Control => &CONTROL,
        Kind::Cell => &CELL,
    };
    let result = migrator.run(&mut connection).await;
    connection.close().await.map_err(StoreError::from)?;
    result.map_err(|source| MigrationError::Migrate { schema: place.schema.clone(), source })
}
