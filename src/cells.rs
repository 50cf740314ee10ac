//! Cells as commands reach them: that of a workspace, or all dedicated ones.

use anyhow::{Context, bail};
use capstan_domain::access;
use capstan_domain::cells::{
    CellAddress, ServedCell, announce, creator_place, place_of, ready_cells, served_page, server_of,
};
use capstan_domain::secrets::KeyRing;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::migrate::{Kind, migrate};
use clap::Args;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::database::Database;
use crate::provision::CreatorArgs;
use crate::secret_keys::SecretArgs;

/// Which cell a command is about.
#[derive(Args, Debug)]
pub(crate) struct CellArgs {
    /// Slug of the workspace whose cell it is; the cell of CAPSTAN_CELL_SCHEMA if absent, for `duties` all that are awake.
    #[arg(long, value_name = "SLUG")]
    workspace: Option<String>,
    #[command(flatten)]
    creator: CreatorArgs,
    #[command(flatten)]
    secrets: SecretArgs,
}

impl CellArgs {
    /// Where it is, as the owner of its tables reaches it.
    pub(crate) async fn owned(&self, database: &Database) -> anyhow::Result<Place> {
        let Some(slug) = &self.workspace else { return Ok(database.cell.clone()) };
        let (mut control, address) = (database.owner().await?, address_of(database, slug).await?);
        owned(&database.control, &mut control, &self.creator, &address, self.secrets.ring_or_empty()?.as_ref()).await
    }

    /// The one workspace that a dedicated cell holds, whose id it has; none for a pooled one.
    pub(crate) async fn only(&self, database: &Database) -> anyhow::Result<Option<Uuid>> {
        let Some(slug) = &self.workspace else { return Ok(None) };
        let address = address_of(database, slug).await?;
        Ok(address.is_dedicated().then_some(address.cell_id))
    }

    /// Has a worker come, if nobody looks into the cell by himself: a dedicated one may be asleep.
    pub(crate) async fn announce(&self, database: &Database) -> anyhow::Result<()> {
        let Some(slug) = &self.workspace else { return Ok(()) };
        let address = address_of(database, slug).await?;
        if address.is_dedicated() {
            announce(&mut database.owner().await?, address.cell_id).await?;
        }
        Ok(())
    }

    /// A connection of the owner of its tables.
    pub(crate) async fn owner(&self, database: &Database) -> anyhow::Result<PgConnection> {
        let place = self.owned(database).await?;
        place.connect(Role::Owner).await.context("the cell cannot be reached as its owner (see CAPSTAN_CREATOR_URL)")
    }

    /// The cells that can be looked into as the fleet reaches them: that of the workspace, if one is named; else all pooled ones, that of
    /// the settings first, and the newest `most` of the dedicated ones that a worker serves. Nobody looks into one that is asleep.
    pub(crate) async fn seen(&self, database: &Database, most: i64) -> anyhow::Result<Vec<Seen>> {
        let keys = self.secrets.ring_or_empty()?;
        let mut owner = database.owner().await?;
        let cells = match &self.workspace {
            Some(slug) => {
                let address = address_of(database, slug).await?;
                vec![ServedCell { address, slug: Some(slug.clone()) }]
            }
            None => all(&mut owner, &database.cell.schema, most).await?,
        };
        let mut seen = Vec::with_capacity(cells.len());
        for ServedCell { address, slug } in cells {
            let place = used(&database.control, &mut owner, &address, &keys).await;
            seen.push(Seen { cell: address.name().to_owned(), workspace: slug, place });
        }
        Ok(seen)
    }
}

/// A cell that can be looked into, unless nobody knows how it is reached.
pub(crate) struct Seen {
    /// Its schema, or its database.
    pub(crate) cell: String,
    /// Slug of the workspace that was named, or whose own cell it is.
    pub(crate) workspace: Option<String>,
    pub(crate) place: anyhow::Result<Place>,
}

async fn all(owner: &mut PgConnection, home: &str, most: i64) -> anyhow::Result<Vec<ServedCell>> {
    let mut schemas = access::cell_schemas(owner).await?;
    schemas.retain(|schema| schema != home);
    schemas.insert(0, home.to_owned());
    let pooled = |schema: &String| ServedCell { address: CellAddress::pooled(schema), slug: None };
    let mut cells: Vec<ServedCell> = schemas.iter().map(pooled).collect();
    cells.extend(served_page(owner, Uuid::max(), most).await?);
    Ok(cells)
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
    let (mut done, mut ownerless) = (Migrated::default(), 0_usize);
    for address in ready_cells(&mut control).await? {
        let reached = async {
            let place = owned(&database.control, &mut control, creator, &address, keys).await?;
            require_owner(&place).await?;
            Ok::<_, anyhow::Error>(place)
        };
        let migrated = match reached.await {
            Err(_) if lacks_creator(creator, &address) => {
                ownerless += 1;
                continue;
            }
            Err(error) => Err(error),
            Ok(place) => migrate(&place, Kind::Cell).await.map_err(anyhow::Error::from),
        };
        match migrated {
            Ok(()) => done.cells += 1,
            Err(error) => {
                let (id, name) = (address.cell_id, address.name());
                done.failed.push(format!("cell {id} (database {name}): {}", cause(&error)));
            }
        }
    }
    if ownerless > 0 {
        done.failed.push(format!(
            "{ownerless} dedicated cells, as CAPSTAN_CREATOR_URL is not set, and the login of DATABASE_URL does not own them: run this \
             with the login that `capstan provision` has"
        ));
    }
    Ok(done)
}

/// Whether a cell is one of the home server, and nobody says who made it.
pub(crate) fn lacks_creator(creator: &CreatorArgs, address: &CellAddress) -> bool {
    address.is_dedicated() && address.server_id.is_none() && !creator.is_set()
}

/// An error with what it comes from, each said once.
pub(crate) fn cause(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for part in error.chain().map(|part| part.to_string()).filter(|part| !part.is_empty()) {
        if said.is_empty() {
            said = part;
        } else if !said.contains(&part) {
            said = format!("{said}: {part}");
        }
    }
    said
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_comes_from_is_said_once() {
        let refused = || anyhow::anyhow!("permission denied for database x");
        let twice = refused().context("error returned from database: permission denied for database x");
        assert_eq!(cause(&twice), "error returned from database: permission denied for database x");
        assert_eq!(
            cause(&twice.context("it is away")),
            "it is away: error returned from database: permission denied for database x"
        );
        assert_eq!(cause(&refused()), "permission denied for database x");
    }

    #[test]
    fn who_made_a_cell_is_asked_for_on_the_home_server_only() {
        #[derive(clap::Parser)]
        struct Command {
            #[command(flatten)]
            creator: CreatorArgs,
        }
        let creator = |url: &str| <Command as clap::Parser>::parse_from(["capstan", "--creator-url", url]).creator;
        let address = |database: Option<&str>, server_id| CellAddress {
            cell_id: Uuid::now_v7(),
            schema_name: "capstan".into(),
            database_name: database.map(Into::into),
            server_id,
        };
        let (home, far) = (address(Some("one"), None), address(Some("two"), Some(Uuid::now_v7())));
        assert!(lacks_creator(&creator(" "), &home));
        for (url, address) in [("postgres://creator@host/postgres", &home), (" ", &far), (" ", &address(None, None))] {
            assert!(!lacks_creator(&creator(url), address), "{url:?} {address:?}");
        }
    }
}
