//! The cells that this process has met: a pool for reads and writes, and a starter, of each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use capstan_domain::events::{Bell, Room};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::transactions::Transactions;
use tokio::sync::Notify;
use tracing::debug;

use crate::problem::Problem;
use crate::replica::ReplicaSettings;
use crate::starter::Starter;

/// Most connections of the API role to one cell.
const CELL_CONNECTIONS_MAX: u32 = 16;

/// One cell.
pub(crate) struct Cell {
    pub(crate) pool: Transactions,
    /// Its copy on the replica.
    pub(crate) replica: Option<Transactions>,
    pub(crate) starter: Starter,
    pub(crate) room: Room,
    events: Bell,
}

impl Cell {
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

/// Cells by schema. They come from the cell map only, so there are few.
pub(crate) struct Cells {
    first: Place,
    replica: Option<ReplicaSettings>,
    waker: Option<Arc<Notify>>,
    met: Mutex<HashMap<String, Arc<Cell>>>,
}

impl Cells {
    pub(crate) fn new(first: Place, replica: Option<ReplicaSettings>, waker: Option<Arc<Notify>>) -> Self {
        Self { first, replica, waker, met: Mutex::default() }
    }

    /// Writes the starts that wait, and takes no more.
    pub(crate) async fn close(&self) {
        let met: Vec<_> = self.met.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        futures::future::join_all(met.iter().map(|cell| cell.starter.close())).await;
    }

    /// The cell of that schema; connects when first used.
    pub(crate) fn get(&self, schema: &str) -> Arc<Cell> {
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
        });
        met.insert(schema.into(), Arc::clone(&cell));
        cell
    }
}
