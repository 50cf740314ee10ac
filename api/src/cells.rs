//! The cells that this process has met: a pool for reads and writes, and a starter, of each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use capstan_domain::events::{Bell, Room};
use capstan_engine::store::connect::{Place, Role};
use sqlx::PgPool;
use tokio::sync::Notify;
use tracing::debug;

use crate::starter::Starter;

/// Most connections of the API role to one cell.
const CELL_CONNECTIONS_MAX: u32 = 16;

/// One cell.
pub(crate) struct Cell {
    pub(crate) pool: PgPool,
    pub(crate) starter: Starter,
    pub(crate) room: Room,
    events: Bell,
}

impl Cell {
    /// Tells workers of new events. They poll, too.
    pub(crate) async fn ring(&self) {
        let rung = async { self.events.ring(&mut *self.pool.acquire().await?).await };
        if let Err(error) = rung.await {
            debug!(%error, "a hint at an event was not sent; workers poll");
        }
    }
}

/// Cells by schema. They come from the cell map only, so there are few.
pub(crate) struct Cells {
    first: Place,
    waker: Option<Arc<Notify>>,
    met: Mutex<HashMap<String, Arc<Cell>>>,
}

impl Cells {
    pub(crate) fn new(first: Place, waker: Option<Arc<Notify>>) -> Self {
        Self { first, waker, met: Mutex::default() }
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
            pool: place.pool(Role::Api, CELL_CONNECTIONS_MAX),
            room: Room::default(),
            events: Bell::new(&place),
            starter: Starter::spawn(place, self.waker.clone()),
        });
        met.insert(schema.into(), Arc::clone(&cell));
        cell
    }
}
