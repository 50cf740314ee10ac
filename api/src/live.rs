//! News of executions, for live events and for requests that wait. One task for all that are watched reads their
//! journals at least every 200 ms, and only while someone watches; each watcher folds what it gets by itself.

mod poller;
mod seats;
mod story;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::core::journal::Entry;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use crate::cells::Cell;
pub(crate) use seats::{LISTENERS, Seat, Seats};
use seats::{WAITERS, WATCHERS};
pub(crate) use story::{Story, Told};

/// Most news that wait for one client; a slower one is dropped and resumes where it was.
const NEWS_WAITING_MAX: usize = 256;

/// Something that happened to a watched execution.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// A journal entry and its position.
    Entry(i32, Arc<Entry>),
    /// The execution has ended with this status; nothing follows.
    Ended(String),
}

/// Whose journal is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Topic {
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
}

/// A watched execution.
struct Feed {
    cell: Arc<Cell>,
    /// All entries up to here were sent, or lie before the first watcher.
    position: i32,
    news: broadcast::Sender<News>,
    /// Cancelled once the execution has ended, also while there still are entries to send.
    over: CancellationToken,
}

#[derive(Default)]
struct Watched {
    feeds: HashMap<Topic, Feed>,
    is_polling: bool,
}

/// All watched executions of the process.
pub(crate) struct Hub {
    watched: Arc<Mutex<Watched>>,
    /// Told when one more is watched.
    arrived: Arc<Notify>,
    /// Places of live streams.
    pub(crate) watchers: Arc<Seats>,
    /// Places of requests that wait.
    pub(crate) waiters: Arc<Seats>,
}

/// A watcher's place; news come until it is dropped.
pub(crate) struct Watch {
    /// What comes after `position`.
    pub(crate) news: broadcast::Receiver<News>,
    /// Entries up to here are in the database already, and may not come as news.
    pub(crate) position: i32,
    /// Cancelled once the execution has ended; news may still come.
    pub(crate) over: CancellationToken,
    _seat: Seat,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self {
            watched: Arc::default(),
            arrived: Arc::default(),
            watchers: Seats::of(WATCHERS),
            waiters: Seats::of(WAITERS),
        }
    }

    /// Watches, from a seat of either kind, an execution whose journal the caller has read up to `position`.
    pub(crate) fn watch(
        &self,
        seat: Seat,
        cell: &Arc<Cell>,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        position: i32,
    ) -> Watch {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = watched.feeds.entry(Topic { workspace_id, execution_id }).or_insert_with(|| Feed {
            cell: Arc::clone(cell),
            position,
            news: broadcast::Sender::new(NEWS_WAITING_MAX),
            over: CancellationToken::new(),
        });
        let (news, over) = (feed.news.subscribe(), feed.over.clone());
        let watch = Watch { news, position: feed.position, over, _seat: seat };
        if !watched.is_polling {
            watched.is_polling = true;
            tokio::spawn(poller::poll(Arc::clone(&self.watched), Arc::clone(&self.arrived)));
        }
        self.arrived.notify_one();
        watch
    }
}
