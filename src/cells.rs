//! Cells as commands reach them: that of a workspace, or all dedicated ones.

use anyhow::{Context, bail};
use capstan_domain::access;
use capstan_domain::cells::{CellAddress, creator_place, place_of, ready_cells, server_of};
use capstan_domain::secrets::KeyRing;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::migrate::{Kind, migrate};
use clap::Args;
use sqlx::{Connection, PgConnection};

use crate::database::Database;
use crate::provision::CreatorArgs;
use crate::secret_keys::SecretArgs;

/// Which cell a command is about.
#[derive(Args, Debug)]
pub(crate) struct CellArgs {
    /// Slug of the workspace whose cell it is; the cell of CAPSTAN_CELL_SCHEMA if absent.
    #[arg(long, value_name = "SLUG")]
    workspace: Option<String>,
    #[command(flatten)]
    creator: CreatorArgs,
    #[command(flatten)]
    secrets: SecretArgs,
}

impl CellArgs {
    /// A connection of the owner of its tables.
    pub(crate) async fn owner(&self, database: &Database) -> anyhow::Result<PgConnection> {
        let place = match &self.workspace {
            None => database.cell.clone(),
            Some(slug) => {
                let (mut control, address) = (database.owner().await?, address_of(database, slug).await?);
                owned(&database.control, &mut control, &self.creator, &address, self.secrets.ring_or_empty()?.as_ref())
                    .await?
            }
        };
        place.connect(Role::Owner).await.context("the cell cannot be reached as its owner (see CAPSTAN_CREATOR_URL)")
    }

    /// A connection as the fleet has it.
    pub(crate) async fn worker(&self, database: &Database) -> anyhow::Result<PgConnection> {
        let place = match &self.workspace {
            None => database.cell.clone(),
            Some(slug) => {
                let (mut control, address) = (database.owner().await?, address_of(database, slug).await?);
                used(&database.control, &mut control, &address, self.secrets.ring_or_empty()?.as_ref()).await?
            }
        };
        place.connect(Role::Worker).await.context("the cell cannot be reached")
    }
}

async fn address_of(database: &Database, slug: &str) -> anyhow::Result<CellAddress> {
    let tenant = access::resolve_slug(&mut database.owner().await?, slug).await?;
    Ok(tenant.with_context(|| format!("there is no workspace {slug:?}"))?.cell)
}

/// The cell at `address` as the login of the fleet reaches it. `control` is a place in the fleet's own database, `owner` a connection to
/// it.
pub(crate) async fn used(
    control: &Place,
    owner: &mut PgConnection,
    address: &CellAddress,
    keys: &KeyRing,
) -> anyhow::Result<Place> {
    let server = match address.server_id {
        Some(server_id) => server_of(owner, server_id).await?,
        None => None,
    };
    place_of(control, address, server.as_ref(), keys).context("nobody knows how the cell is reached")
}

/// The same as the owner of its tables reaches it; the login of the fleet, if no creator is set for the home server.
pub(crate) async fn owned(
    control: &Place,
    owner: &mut PgConnection,
    creator: &CreatorArgs,
    address: &CellAddress,
    keys: &KeyRing,
) -> anyhow::Result<Place> {
    if !address.is_dedicated() {
        return Ok(control.sibling(&address.schema_name));
    }
    let home = creator.place()?.unwrap_or_else(|| control.clone());
    creator_place(owner, Some(&home), address, keys).await.context("nobody knows how the cell is reached as its owner")
}

/// What came of migrating all dedicated cells.
#[derive(Debug, Default)]
pub(crate) struct Migrated {
    /// How many are at the newest schema now.
    pub(crate) cells: usize,
    /// Which are not, and why.
    pub(crate) failed: Vec<String>,
}

/// Brings all dedicated cells to the newest schema, one after the other; one that cannot be reached holds up no other.
pub(crate) async fn migrate_all(
    database: &Database,
    creator: &CreatorArgs,
    keys: &KeyRing,
) -> anyhow::Result<Migrated> {
    let mut control = database.owner().await?;
    let mut done = Migrated::default();
    for address in ready_cells(&mut control).await? {
        let migrated = async {
            let place = owned(&database.control, &mut control, creator, &address, keys).await?;
            require_owner(&place).await?;
            Ok::<_, anyhow::Error>(migrate(&place, Kind::Cell).await?)
        };
        match migrated.await {
            Ok(()) => done.cells += 1,
            Err(error) => {
                let name = address.database_name.as_deref().unwrap_or(&address.schema_name);
                done.failed.push(format!("cell {} (database {name}): {error:#}", address.cell_id));
            }
        }
    }
    Ok(done)
}

/// What another login makes in a cell, as a superuser may, would be out of its owner's reach from then on.
async fn require_owner(place: &Place) -> anyhow::Result<()> {
    let mut connection = place.connect(Role::Owner).await?;
    let sql = "SELECT current_user::text, pg_get_userbyid(d.datdba)::text FROM pg_database d \
               WHERE d.datname = current_database()";
    let (login, owner): (String, String) =
        sqlx::query_as(sql).fetch_one(&mut connection).await.map_err(StoreError::from)?;
    connection.close().await.map_err(StoreError::from)?;
    if login != owner {
        bail!(
            "it belongs to {owner}, not to {login}: set CAPSTAN_CREATOR_URL to its owner, or creator_login of its database server"
        );
    }
    Ok(())
}
