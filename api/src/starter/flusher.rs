//! The tasks that write starts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use capstan_domain::quotas::{EXECUTIONS, Till};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::faults::{Bug, Point, pass, planted};
use capstan_engine::store::connect::{Place, Role, answered};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::shares::Shares;
use capstan_engine::store::start::{Start, Started, start};
use sqlx::{Connection, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::error::StartError;
use super::hints::Hints;
use crate::metrics;

/// Most starts of one round trip.
const BATCH_MAX: usize = 500;
/// Most bytes of input of one round trip, unless one start alone has more.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a batch waits for a database that is away.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// A connection that was not used for so long is asked whether it still is one, before a start is given to it.
const TRUSTED: Duration = Duration::from_secs(1);
/// Longest wait for the answer; nothing was given to the connection yet, so another one may be made instead.
const PING_MAX: Duration = Duration::from_secs(1);
/// Pause between two attempts to reach the database.
const RECONNECT_EVERY: Duration = Duration::from_millis(200);

/// One start and who waits for it.
pub(super) struct Item {
    pub(super) start: Start,
    pub(super) answer: Waiter,
}

/// Who waits for a start.
pub(super) struct Waiter {
    pub(super) answer: oneshot::Sender<Result<Started, StartError>>,
    /// Of the input, as JSON.
    pub(super) bytes: usize,
    /// The input counts as waiting until the answer.
    pub(super) _room: OwnedSemaphorePermit,
}

/// Starts of one round trip and who waits for them, in step.
#[derive(Default)]
struct Batch {
    starts: Vec<Start>,
    answers: Vec<Waiter>,
}

impl Batch {
    fn push(&mut self, start: Start, answer: Waiter) {
        self.starts.push(start);
        self.answers.push(answer);
    }

    fn split_in_half(mut self) -> [Self; 2] {
        let half = self.starts.len() / 2;
        let second = Self { starts: self.starts.split_off(half), answers: self.answers.split_off(half) };
        [self, second]
    }

    /// The same in portions of at most [`BATCH_BYTES_MAX`], the last one first.
    fn in_portions(self) -> Vec<Self> {
        let (mut portions, mut bytes) = (vec![Self::default()], 0);
        for (start, answer) in self.starts.into_iter().zip(self.answers).rev() {
            bytes += answer.bytes;
            if bytes > BATCH_BYTES_MAX {
                portions.push(Self::default());
                bytes = answer.bytes;
            }
            if let Some(portion) = portions.last_mut() {
                portion.push(start, answer);
            }
        }
        portions
    }

    /// Part of a planted bug: everybody has an answer already.
    fn acknowledged(mut self) -> Self {
        for (start, waiter) in self.starts.iter().zip(&mut self.answers) {
            let answer = std::mem::replace(&mut waiter.answer, oneshot::channel().0);
            let _ = answer.send(Ok(Started::New(start.execution_id)));
        }
        self
    }

    /// Those that may be repeated after a lost reply; the others are told that nobody knows.
    fn repeatable(self) -> Self {
        let mut kept = Self::default();
        for (start, answer) in self.starts.into_iter().zip(self.answers) {
            if start.idempotency_key.is_some() {
                kept.push(start, answer);
            } else {
                reply(answer, Err(StartError::Unknown));
            }
        }
        kept
    }
}

/// A client that has gone does not hear the answer; its execution is started all the same.
fn reply(waiter: Waiter, result: Result<Started, StartError>) {
    let _ = waiter.answer.send(result);
}

/// What the lanes have in common.
pub(super) struct Books {
    pub(super) place: Place,
    pub(super) hints: Hints,
    pub(super) till: Arc<Till>,
    shares: Mutex<Shares>,
}

impl Books {
    pub(super) fn new(place: Place, hints: Hints, till: Arc<Till>) -> Self {
        Self { place, hints, till, shares: Mutex::default() }
    }

    pub(super) fn shares(&self) -> MutexGuard<'_, Shares> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts that wait, for whichever lane is free.
pub(super) type Items = Arc<tokio::sync::Mutex<mpsc::Receiver<Item>>>;

/// One connection that writes one batch after the other.
pub(super) struct Flusher {
    pub(super) books: Arc<Books>,
    pub(super) connection: Option<PgConnection>,
    used_at: Instant,
}

impl Flusher {
    pub(super) fn new(books: Arc<Books>) -> Self {
        Self { books, connection: None, used_at: Instant::now() }
    }

    /// Runs until nobody can send any more, or, once `closing`, until what waits is written.
    pub(super) async fn run(mut self, items: Items, closing: CancellationToken) {
        let mut room = Vec::with_capacity(BATCH_MAX);
        loop {
            receive(&mut *items.lock().await, &mut room, &closing).await;
            if room.is_empty() {
                return;
            }
            let batch = self.admit(room.drain(..)).await;
            self.flush(batch).await;
        }
    }

    /// Lets in what the quotas of its workspaces allow. A refusal comes only after a fresh ask, one for each
    /// workspace and batch.
    async fn admit(&mut self, items: std::vec::Drain<'_, Item>) -> Batch {
        let (mut batch, mut refused, mut demand) = (Batch::default(), HashMap::new(), HashMap::<_, i64>::new());
        items.as_slice().iter().for_each(|item| *demand.entry(item.start.workspace_id).or_default() += 1);
        for Item { start, answer } in items {
            let need = demand.entry(start.workspace_id).or_default();
            let spent = self.spend(start.workspace_id, *need, &mut refused).await;
            *need -= 1;
            match spent {
                Ok(()) => batch.push(start, answer),
                Err(error) => reply(answer, Err(error)),
            }
        }
        let mut shares = self.books.shares();
        for start in &mut batch.starts {
            start.vt = shares.stamp(start.workspace_id);
        }
        drop(shares);
        batch
    }

    /// Spends one unit of a workspace's quota, or says why there is none; `need` more wait for one, and `refused` holds what
    /// this batch was told already.
    pub(super) async fn spend(
        &mut self,
        workspace: WorkspaceId,
        need: i64,
        refused: &mut HashMap<WorkspaceId, StartError>,
    ) -> Result<(), StartError> {
        if self.books.till.purses().spend((workspace, EXECUTIONS)) {
            return Ok(());
        }
        if let Some(error) = refused.get(&workspace) {
            return Err(error.clone());
        }
        self.refill(workspace, need).await.inspect_err(|error| _ = refused.insert(workspace, error.clone()))
    }

    /// Takes a slice and spends one unit of it.
    async fn refill(&mut self, workspace: WorkspaceId, need: i64) -> Result<(), StartError> {
        let till = Arc::clone(&self.books.till);
        let until = Instant::now() + PATIENCE;
        while let Some(connection) = self.connected(until).await {
            match answered(till.purses().refill(connection, (workspace, EXECUTIONS), need)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(refused)) => return Err(StartError::QuotaExceeded { resets_in_s: refused.resets_in_s }),
                Err(error) if was_refused(&error) => {
                    tracing::error!(%error, "the database refuses to grant quota");
                    self.connection = None;
                    return Err(StartError::Unavailable);
                }
                Err(_) => self.connection = None,
            }
        }
        Err(StartError::Unavailable)
    }

    /// Writes a batch; halves it as long as the database refuses some of its data.
    async fn flush(&mut self, batch: Batch) {
        let until = Instant::now() + PATIENCE;
        let mut left = batch.in_portions();
        let mut asked_in_vain = false;
        while let Some(batch) = left.pop() {
            if batch.starts.is_empty() {
                continue;
            }
            let batch = if planted(Bug::AcknowledgeEarly) { batch.acknowledged() } else { batch };
            let Some(connection) = self.connected(until).await else {
                self.fail(batch, if asked_in_vain { &StartError::Unknown } else { &StartError::Unavailable });
                continue;
            };
            match start(connection, &batch.starts).await {
                Ok(reply) => {
                    self.books.shares().advance(reply.front);
                    pass(Point::BeforeReply);
                    self.answer(batch, reply.started);
                    pass(Point::AfterReply);
                }
                Err(error) if error.is_month_missing() => {
                    tell_of_missing_month(&error);
                    self.fail(batch, &StartError::Unavailable);
                }
                Err(StoreError::Data(error)) if batch.starts.len() == 1 => {
                    self.fail(batch, &StartError::Refused(error.to_string()));
                }
                Err(StoreError::Data(_)) => left.extend(batch.split_in_half()),
                Err(error) if was_refused(&error) => {
                    tracing::error!(%error, "the database refuses to start executions");
                    // The next one may lead elsewhere: a standby refuses until it is promoted. What its primary was asked
                    // before may have been done there.
                    self.connection = None;
                    self.fail(batch, if asked_in_vain { &StartError::Unknown } else { &StartError::Unavailable });
                }
                Err(error) => {
                    tracing::warn!(%error, "the database was lost while executions were being started");
                    self.connection = None;
                    asked_in_vain = true;
                    // They may have been started all the same.
                    self.books.hints.wake(batch.starts.len());
                    left.push(batch.repeatable());
                }
            }
        }
    }

    /// Answers; what started nothing gets its unit back. Units of what nobody knows of stay spent: facts will tell.
    fn answer(&self, batch: Batch, started: Vec<Started>) {
        let mut new = 0;
        for ((start, waiter), started) in batch.starts.iter().zip(batch.answers).zip(started) {
            let started = as_seen_by(start, started);
            match started {
                Started::New(_) => {
                    new += 1;
                    self.books.till.confirm(start.workspace_id, EXECUTIONS);
                }
                Started::Replayed(_) | Started::Conflict => self.books.till.give_back(start.workspace_id, EXECUTIONS),
            }
            reply(waiter, Ok(started));
        }
        if new > 0 {
            self.books.hints.wake(new);
        }
        metrics::started(new);
    }

    /// Answers an error; unless something may have been started, the units come back.
    fn fail(&self, batch: Batch, error: &StartError) {
        for (start, waiter) in batch.starts.iter().zip(batch.answers) {
            if *error != StartError::Unknown {
                self.books.till.give_back(start.workspace_id, EXECUTIONS);
            }
            reply(waiter, Err(error.clone()));
        }
    }

    pub(super) async fn connected(&mut self, until: Instant) -> Option<&mut PgConnection> {
        if self.used_at.elapsed() > TRUSTED
            && let Some(connection) = &mut self.connection
            && !matches!(timeout(PING_MAX, connection.ping()).await, Ok(Ok(())))
        {
            self.connection = None;
        }
        self.used_at = Instant::now();
        while self.connection.is_none() {
            match self.books.place.connect(Role::Starter).await {
                Ok(connection) => self.connection = Some(connection),
                Err(error) if Instant::now() >= until => {
                    tracing::error!(%error, "the database cannot be reached to start executions");
                    return None;
                }
                Err(_) => tokio::time::sleep(RECONNECT_EVERY).await,
            }
        }
        self.connection.as_mut()
    }
}

/// Waits for starts and takes all that there are, at most [`BATCH_MAX`]; none once there will be no more.
async fn receive(items: &mut mpsc::Receiver<Item>, room: &mut Vec<Item>, closing: &CancellationToken) {
    tokio::select! {
        biased;
        () = closing.cancelled(), if !items.is_closed() => items.close(),
        _ = items.recv_many(room, BATCH_MAX) => return,
    }
    items.recv_many(room, BATCH_MAX).await;
}

/// A start that was repeated after a lost reply finds its own execution: it is new to who waits for it.
fn as_seen_by(start: &Start, started: Started) -> Started {
    match started {
        Started::Replayed(id) if id == start.execution_id => Started::New(id),
        started => started,
    }
}

/// Says what to do about a month that has no tables. Nothing was started.
pub(super) fn tell_of_missing_month(error: &StoreError) {
    tracing::error!(
        %error,
        "this month has no tables to start executions in: start a worker, or run `capstan migrate`, which make them; \
         if they are there, the clock of this machine is wrong"
    );
}

/// Whether the server itself said no, so that nothing was started. Class 57 may come from a server that goes down.
pub(super) fn was_refused(error: &StoreError) -> bool {
    let (StoreError::Database(error) | StoreError::Data(error)) = error else { return true };
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| !code.starts_with("57"))
}

#[cfg(test)]
mod tests {
    use capstan_engine::core::ids::{ExecutionId, NodeId, VersionId, WorkflowId};

    use super::*;

    #[test]
    fn a_start_that_finds_itself_after_a_lost_reply_is_new() {
        let start = Start {
            execution_id: ExecutionId::new(),
            workspace_id: WorkspaceId::new(),
            workflow_id: WorkflowId::new(),
            version_id: VersionId::new(),
            trigger: NodeId::from("start"),
            input: serde_json::Value::Null,
            timeout_ms: None,
            idempotency_key: Some("k".to_owned().into()),
            trace: None,
            vt: 0,
        };
        let (own, other) = (start.execution_id, ExecutionId::new());
        assert_eq!(as_seen_by(&start, Started::Replayed(own)), Started::New(own));
        assert_eq!(as_seen_by(&start, Started::Replayed(other)), Started::Replayed(other));
        assert_eq!(as_seen_by(&start, Started::Conflict), Started::Conflict);
    }
}
