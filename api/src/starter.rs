//! Starting executions: requests of many clients go to the database together, over a few connections.
//!
//! There is no timer: a batch leaves as soon as a connection has its last answer, so that idle means at once and busy
//! means large batches.

mod error;
mod flow;
mod flusher;
mod hints;

use std::sync::Arc;

use capstan_domain::quotas::Till;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::flow::{FlowStarted, Ruled};
use capstan_engine::store::start::{Start, Started};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use error::StartError;
use flow::RuledItem;
use flusher::{Books, Flusher, Item, Waiter};
use hints::Hints;

/// Most starts that may wait for the database; beyond that clients are asked to come again.
pub const STARTS_WAITING_MAX: usize = 10_000;
/// Connections that write: while the database works on one batch, the next is read and the last is answered.
const LANES: usize = 2;
/// Most KiB of input that may wait for the database.
const INPUT_WAITING_KIB_MAX: usize = 64 * 1024;

/// Starts executions in one cell. Cheap to clone; its task ends with the last clone, or when one is closed.
#[derive(Clone)]
pub struct Starter {
    waiting: mpsc::Sender<Item>,
    ruled: mpsc::Sender<RuledItem>,
    room: Arc<Semaphore>,
    hints: Hints,
    till: Arc<Till>,
    closing: CancellationToken,
    task: TaskTracker,
}

impl Starter {
    /// Spawns the task that writes. `waker` is told of new work for a worker in the same process.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn spawn(place: Place, waker: Option<Arc<Notify>>) -> Self {
        let (waiting, items) = mpsc::channel(STARTS_WAITING_MAX);
        let (ruled, ruled_items) = mpsc::channel(STARTS_WAITING_MAX);
        let hints = Hints::spawn(place.clone(), waker);
        let (closing, task) = (CancellationToken::new(), TaskTracker::new());
        let till = Till::new(&place, Role::Starter);
        till.tend_from_now();
        let books = Arc::new(Books::new(place, hints.clone(), Arc::clone(&till)));
        task.spawn(write(books, items, ruled_items, closing.clone()));
        task.close();
        Self { waiting, ruled, room: Arc::new(Semaphore::new(INPUT_WAITING_KIB_MAX)), hints, till, closing, task }
    }

    /// Takes no more starts, of no clone; returns once those that wait are answered and what is left of the quotas is
    /// given back.
    pub async fn close(&self) {
        self.closing.cancel();
        self.task.wait().await;
    }

    /// Starts an execution; answers once it is durable. `vt` is filled in here. A closed starter is overloaded.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(&self, start: Start) -> Result<Started, StartError> {
        let (answer, answered) = oneshot::channel();
        let bytes = start.input.to_string().len();
        let room = self.room_for(bytes)?;
        let answer = Waiter { answer, bytes, _room: room };
        self.waiting.try_send(Item { start, answer }).map_err(|_| StartError::Overloaded)?;
        answered.await.unwrap_or(Err(StartError::Unknown))
    }

    /// Starts an execution as its flow control says; answers once that is durable. `vt` is filled in here.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_ruled(&self, ruled: Ruled) -> Result<FlowStarted, StartError> {
        let (answer, answered) = oneshot::channel();
        let bytes = ruled.start.input.to_string().len();
        let item = RuledItem { ruled, bytes, answer, _room: self.room_for(bytes)? };
        self.ruled.try_send(item).map_err(|_| StartError::Overloaded)?;
        answered.await.unwrap_or(Err(StartError::Unknown))
    }

    /// What starts spend, for executions that begin in another way.
    #[must_use]
    pub fn till(&self) -> &Arc<Till> {
        &self.till
    }

    fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, StartError> {
        let kib = u32::try_from(bytes.div_ceil(1024)).map_err(|_| StartError::Overloaded)?;
        Arc::clone(&self.room).try_acquire_many_owned(kib).map_err(|_| StartError::Overloaded)
    }

    /// Tells workers, here and elsewhere, that there is something to do.
    pub fn wake(&self) {
        self.hints.wake(1);
    }
}

/// Writes until there is no more to write, then gives back what is left of the quotas.
async fn write(
    books: Arc<Books>,
    items: mpsc::Receiver<Item>,
    ruled: mpsc::Receiver<RuledItem>,
    closing: CancellationToken,
) {
    let items = Arc::new(tokio::sync::Mutex::new(items));
    let lanes = (0..LANES).map(|_| Flusher::new(Arc::clone(&books)).run(Arc::clone(&items), closing.clone()));
    let mut lanes: JoinSet<()> = lanes.collect();
    lanes.spawn(Flusher::new(Arc::clone(&books)).run_ruled(ruled, closing));
    lanes.join_all().await;
    books.till.close().await;
}
