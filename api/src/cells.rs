//! The cells that this process has met: a pool for reads and writes, and a starter, of each.
//!
//! Pooled cells are schemas of the fleet's own database; there are few, and they stay. Dedicated cells have databases of their own and
//! may be many: what leads to one goes when nobody has asked for it for a while, so that an idle one has no connection.

mod announced;
mod dedicated;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use capstan_domain::cells::{self, CellAddress, RuntimeServer, place_of};
use capstan_domain::events::{Bell, Room};
use capstan_domain::secrets::KeyRing;
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::transactions::Transactions;
use sqlx::{PgConnection, PgTransaction};
use tokio::sync::{Notify, Semaphore};
use tracing::debug;

use crate::problem::Problem;
use crate::replica::ReplicaSettings;
use crate::starter::Starter;
use crate::tenant;
use announced::Announced;
pub(crate) use dedicated::retire;
use dedicated::{DEDICATED_CONNECTIONS_MAX, Met};

/// Most connections of the API role to one pooled cell.
const CELL_CONNECTIONS_MAX: u32 = 16;
/// Connections for one look each that a process makes at a time.
const LOOKS_MAX: usize = 20;

/// One cell.
pub(crate) struct Cell {
    pub(crate) pool: Transactions,
    /// Its copy on the replica; dedicated cells have none.
    pub(crate) replica: Option<Transactions>,
    pub(crate) starter: Starter,
    pub(crate) room: Room,
    events: Bell,
    /// Of a dedicated cell: what `control` was told.
    announced: Option<Announced>,
}

impl Cell {
    /// Changes to the rows of a workspace that lives here; dropped without a commit, it changes nothing.
    pub(crate) async fn write(&self, workspace_id: WorkspaceId) -> Result<PgTransaction<'static>, Problem> {
        self.announce().await?;
        tenant::write(&self.pool, workspace_id).await
    }

    /// Before anything is written here: workers come to a dedicated cell only if they have heard of it.
    pub(crate) async fn announce(&self) -> Result<(), Problem> {
        match &self.announced {
            Some(announced) => announced.renew().await,
            None => Ok(()),
        }
    }

    /// Tells workers of new events. They poll, too.
    pub(crate) async fn ring(&self) {
        if self.events.has_just_rung() {
            return;
        }
        if let Err(problem) = self.ring_now().await {
            debug!(cause = problem.internal, "a hint at an event was not sent; workers poll");
        }
    }

    async fn ring_now(&self) -> Result<(), Problem> {
        let mut transaction = self.pool.begin().await?;
        self.events.ring(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }
}

/// Pooled cells by schema, dedicated ones by id. They come from the cell map only.
pub(crate) struct Cells {
    first: Place,
    /// Of the API's role.
    control: Transactions,
    keys: Arc<KeyRing>,
    replica: Option<ReplicaSettings>,
    waker: Option<Arc<Notify>>,
    met: Mutex<HashMap<String, Arc<Cell>>>,
    dedicated: Mutex<Met>,
    /// Who makes a connection for one look takes a turn, however many people ask.
    pub(crate) looks: Semaphore,
}

impl Cells {
    pub(crate) fn new(
        first: Place,
        control: Transactions,
        keys: Arc<KeyRing>,
        replica: Option<ReplicaSettings>,
        waker: Option<Arc<Notify>>,
    ) -> Self {
        let looks = Semaphore::new(LOOKS_MAX);
        Self { first, control, keys, replica, waker, met: Mutex::default(), dedicated: Mutex::default(), looks }
    }

    /// Writes the starts that wait, and takes no more.
    pub(crate) async fn close(&self) {
        let mut met: Vec<_> = self.met.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        met.extend(self.dedicated.lock().unwrap_or_else(PoisonError::into_inner).all());
        futures::future::join_all(met.iter().map(|cell| cell.starter.close())).await;
    }

    /// The cell at that address; connects when first used. One on another server may have to be asked for in `control`.
    pub(crate) async fn get(&self, address: &CellAddress) -> Result<Arc<Cell>, Problem> {
        if !address.is_dedicated() {
            return Ok(self.pooled(&address.schema_name));
        }
        if let Some(cell) = self.dedicated.lock().unwrap_or_else(PoisonError::into_inner).find(address.cell_id) {
            return Ok(cell);
        }
        let (place, server) = self.place(address).await?;
        let new = || {
            let announced = Announced::new(address.cell_id, self.control.clone());
            // What wakes the worker of this process is of its first cell; others hear of this one in its own database.
            Arc::new(Cell {
                replica: None,
                pool: Transactions::new(&place, Role::Api, DEDICATED_CONNECTIONS_MAX),
                room: Room::default(),
                events: Bell::new(&place),
                starter: Starter::spawn(place.clone(), None),
                announced: Some(announced),
            })
        };
        Ok(self.dedicated.lock().unwrap_or_else(PoisonError::into_inner).meet(address.cell_id, server, new))
    }

    /// A connection of the API's role to the cell at that address, for one look: nothing is kept of it, so that looking at many cells
    /// drives none out that requests go to, and one that hangs takes none of its connections.
    pub(crate) async fn connect(&self, address: &CellAddress) -> Result<PgConnection, Problem> {
        let (place, _) = self.place(address).await?;
        Ok(place.connect(Role::Api).await?)
    }

    /// Where the cell is, and its server if `control` had to be asked for it.
    async fn place(&self, address: &CellAddress) -> Result<(Place, Option<RuntimeServer>), Problem> {
        let server = match address.server_id {
            Some(id) => {
                let mut control = self.control.begin().await?;
                let server = cells::server_of(&mut control, id).await?;
                control.commit().await?;
                server
            }
            None => None,
        };
        let place = place_of(&self.first, address, server.as_ref(), &self.keys).map_err(|error| {
            let (detail, hint) =
                ("the database of this workspace cannot be reached", "ask whoever operates this server");
            Problem::unavailable("cell_unavailable", detail, hint).because(error.to_string())
        })?;
        Ok((place, server))
    }

    /// The pooled cell of that schema; connects when first used.
    pub(crate) fn pooled(&self, schema: &str) -> Arc<Cell> {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = met.get(schema) {
            return Arc::clone(cell);
        }
        let place = self.first.sibling(schema);
        let cell = Arc::new(Cell {
            replica: self.replica.as_ref().map(|replica| replica.copy_of(&place, CELL_CONNECTIONS_MAX)),
            pool: Transactions::new(&place, Role::Api, CELL_CONNECTIONS_MAX),
            room: Room::default(),
            events: Bell::new(&place),
            starter: Starter::spawn(place, self.waker.clone()),
            announced: None,
        });
        met.insert(schema.into(), Arc::clone(&cell));
        cell
    }
}
