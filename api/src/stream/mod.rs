//! What changes in workspaces, told to whoever listens. One task for each cell looks once a second, with one statement for all
//! workspaces that somebody listens to, and only while somebody does. Whatever process a client is connected to, it is told the
//! same: what is told comes from the database, and so does the position that a client goes on from.
//!
//! See `docs/decisions/0076-live-updates-compare-snapshots.md`.

mod board;
mod news;
mod poller;
mod pump;
mod seen;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use capstan_domain::changes::Position;
use capstan_engine::core::ids::WorkspaceId;
use tokio::sync::broadcast;

use crate::cells::Cell;
use crate::live::{LISTENERS, Seat, Seats};
use board::Board;
use news::Batch;
pub(crate) use pump::{Allowed, EVENTS_WAITING_MAX, Listener};

/// Those of the cells that somebody listens to, by where the cell lies in memory.
type Boards = Arc<Mutex<HashMap<usize, Board>>>;

/// All who listen in this process.
pub(crate) struct Listeners {
    boards: Boards,
    /// Places of streams.
    pub(crate) seats: Arc<Seats>,
}

/// A listener's place; batches come until it is dropped.
pub(crate) struct Subscription {
    batches: broadcast::Receiver<Batch>,
    /// From where on batches tell, if that is known already; else the first of them is where.
    begun: Option<Arc<Position>>,
    boards: Boards,
    cell: usize,
    _seat: Seat,
}

/// Why no batch comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The listener was too slow, and some batches are gone.
    Slow,
    /// There are no more.
    Over,
}

impl Listeners {
    pub(crate) fn new() -> Self {
        Self { boards: Boards::default(), seats: Seats::of(LISTENERS) }
    }

    /// Listens to a workspace from a seat.
    pub(crate) fn subscribe(&self, seat: Seat, cell: &Arc<Cell>, workspace_id: WorkspaceId) -> Subscription {
        let key = Arc::as_ptr(cell) as usize;
        let mut boards = lock(&self.boards);
        let is_new = !boards.contains_key(&key);
        let (batches, begun) = boards.entry(key).or_default().subscribe(workspace_id);
        drop(boards);
        if is_new {
            tokio::spawn(poller::poll(Arc::clone(&self.boards), key, Arc::clone(cell)));
        }
        Subscription { batches, begun, boards: Arc::clone(&self.boards), cell: key, _seat: seat }
    }
}

impl Subscription {
    /// Waits until whatever is committed from now on will be told; from where on that is.
    pub(crate) async fn begun(&mut self) -> Result<Arc<Position>, Lost> {
        match self.begun.take() {
            Some(position) => Ok(position),
            None => Ok(self.next().await?.position),
        }
    }

    /// The next batch: one comes with each look, also where nothing has changed.
    pub(crate) async fn next(&mut self) -> Result<Batch, Lost> {
        self.batches.recv().await.map_err(|error| match error {
            broadcast::error::RecvError::Lagged(_) => Lost::Slow,
            broadcast::error::RecvError::Closed => Lost::Over,
        })
    }

    /// How far the last look came.
    pub(crate) fn latest(&self) -> Option<Arc<Position>> {
        lock(&self.boards).get(&self.cell).and_then(Board::position)
    }
}

fn lock(boards: &Boards) -> MutexGuard<'_, HashMap<usize, Board>> {
    boards.lock().unwrap_or_else(PoisonError::into_inner)
}
