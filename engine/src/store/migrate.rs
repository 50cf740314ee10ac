//! Migrations: embedded, run per schema, re-entrant, safe when several processes start at once.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, Executor, PgConnection};
use thiserror::Error;

use super::ahead;
use super::connect::{Place, Role};
use super::error::{StoreError, is_lock_taken};
use super::upkeep::make_months;

static CONTROL: Migrator = sqlx::migrate!("../migrations/control");
static CELL: Migrator = sqlx::migrate!("../migrations/cell");
const ROLES: &str = include_str!("../../../migrations/roles.sql");
/// Advisory lock under which roles are made.
const ROLES_LOCK: i64 = 0x6361_7073_7461_6e01;
/// Advisory lock under which a database is migrated.
const MIGRATE_LOCK: i64 = 0x6361_7073_7461_6e02;
/// Pause between two looks for [`MIGRATE_LOCK`] while another process has it.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How often a migration is tried that does not get its locks, and the pause between two tries: a quarter of an hour.
const LOCK_TRIES_MAX: u32 = 300;
const LOCK_PAUSE: Duration = Duration::from_secs(3);
/// The migration of a cell that was edited for a day after databases had it, and its sum in those that met it then.
const LOSSES: i64 = 11;
const LOSSES_EDITED: &str = "bdc6e2939c73f23f7213ef71050fbe2fd70e79c8a083229f029df06986c9280e\
                             e674bc27e8fc9b3085936471bf84ff6c";

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

impl Kind {
    fn migrator(self) -> &'static Migrator {
        match self {
            Self::Control => &CONTROL,
            Self::Cell => &CELL,
        }
    }

    /// The number and the sum of each of its migrations.
    pub(super) fn sums(self) -> impl Iterator<Item = (i64, &'static [u8])> {
        self.migrator().iter().map(|migration| (migration.version, &*migration.checksum))
    }
}

/// Brings the schema at `place` to the newest version, with the roles it needs. A cell has the tables of the months around now
/// then, too: where no worker was for months, nobody else has made them.
///
/// # Errors
/// [`MigrationError`]; nothing of a failed migration stays, but for an invalid index, which the next run removes.
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
    be_alone(&mut connection).await?;
    if kind == Kind::Cell {
        restore_losses(&mut connection).await?;
        ahead::prepare(&mut connection, &CELL).await?;
    }
    let result = run_through(&mut connection, kind.migrator()).await;
    if result.is_ok() && kind == Kind::Cell {
        make_months(&mut connection).await?;
    }
    connection.close().await.map_err(StoreError::from)?;
    result.map_err(|source| MigrationError::Migrate { schema: place.schema.clone(), source })
}

/// Runs what is missing. A file that changes a hot table gives its locks up after a moment, so that nobody has to queue behind it
/// while it waits for a long transaction; it is tried again then, [`LOCK_TRIES_MAX`] times.
async fn run_through(connection: &mut PgConnection, migrator: &Migrator) -> Result<(), MigrateError> {
    let mut tries = 1;
    loop {
        match migrator.run(&mut *connection).await {
            Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _))
                if is_lock_taken(&error) && tries < LOCK_TRIES_MAX =>
            {
                if tries == 1 {
                    tracing::warn!("a migration waits for long transactions on a table that it changes");
                }
                tries += 1;
                tokio::time::sleep(LOCK_PAUSE).await;
            }
            result => return result,
        }
    }
}

/// A short word that says what [`migrate`] brings schemas of these kinds to; another set of migrations has another one.
#[must_use]
pub fn fingerprint(kinds: &[Kind]) -> String {
    let mut sum = Sha256::new();
    for (_, of_one) in kinds.iter().flat_map(|kind| kind.sums()) {
        sum.update(of_one);
    }
    sum.update(ROLES);
    sum.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Waits until no other process migrates this database. The end of the connection lets the next one in. It looks again and
/// again: whoever waits within a statement for a lock of one that makes an index concurrently is waited for by that in turn.
async fn be_alone(connection: &mut PgConnection) -> Result<(), StoreError> {
    const TRY: &str = "SELECT pg_try_advisory_lock($1)";
    while !sqlx::query_scalar::<_, bool>(TRY).bind(MIGRATE_LOCK).fetch_one(&mut *connection).await? {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Tells a database that ran the edited [`LOSSES`] that it has the restored one: what they differ in, the next one does.
async fn restore_losses(connection: &mut PgConnection) -> Result<(), StoreError> {
    let known = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    let (Some(restored), true) =
        (CELL.iter().find(|one| one.version == LOSSES), known.fetch_one(&mut *connection).await?)
    else {
        return Ok(());
    };
    let restore = "UPDATE _sqlx_migrations SET checksum = $1 WHERE version = $2 AND encode(checksum, 'hex') = $3";
    let restore = sqlx::query(restore).bind(&*restored.checksum).bind(LOSSES).bind(LOSSES_EDITED);
    restore.execute(connection).await?;
    Ok(())
}
