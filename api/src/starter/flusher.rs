//! The one task that writes starts.

use std::time::{Duration, Instant};

use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::start::{Start, Started, start};
use sqlx::PgConnection;
use tokio::sync::{mpsc, oneshot};

use super::error::StartError;
use super::hints::Hints;
use super::shares::Shares;

/// Most starts of one round trip.
const BATCH_MAX: usize = 500;
/// How long a batch waits for a database that is away.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two attempts to reach the database.
const RECONNECT_EVERY: Duration = Duration::from_millis(200);

/// One start and who waits for it.
pub(super) struct Item {
    pub(super) start: Start,
    pub(super) answer: oneshot::Sender<Result<Started, StartError>>,
}

/// Starts of one round trip and who waits for them, in step.
#[derive(Default)]
struct Batch {
    starts: Vec<Start>,
    answers: Vec<oneshot::Sender<Result<Started, StartError>>>,
}

impl Batch {
    fn push(&mut self, start: Start, answer: oneshot::Sender<Result<Started, StartError>>) {
        self.starts.push(start);
        self.answers.push(answer);
    }

    fn split_in_half(mut self) -> [Self; 2] {
        let half = self.starts.len() / 2;
        let second = Self { starts: self.starts.split_off(half), answers: self.answers.split_off(half) };
        [self, second]
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

    fn fail(self, error: &StartError) {
        for answer in self.answers {
            reply(answer, Err(error.clone()));
        }
    }
}

/// A client that has gone does not hear the answer; its execution is started all the same.
fn reply(answer: oneshot::Sender<Result<Started, StartError>>, result: Result<Started, StartError>) {
    let _ = answer.send(result);
}

pub(super) struct Flusher {
    place: Place,
    hints: Hints,
    shares: Shares,
    connection: Option<PgConnection>,
}

impl Flusher {
    pub(super) fn new(place: Place, hints: Hints) -> Self {
        Self { place, hints, shares: Shares::default(), connection: None }
    }

    /// Runs until nobody can send any more.
    pub(super) async fn run(mut self, mut items: mpsc::Receiver<Item>) {
        let mut room = Vec::with_capacity(BATCH_MAX);
        while items.recv_many(&mut room, BATCH_MAX).await > 0 {
            let mut batch = Batch::default();
            for Item { mut start, answer } in room.drain(..) {
                start.vt = self.shares.stamp(start.workspace_id);
                batch.push(start, answer);
            }
            self.flush(batch).await;
            self.hints.wake();
        }
    }

    /// Writes a batch; halves it as long as the database refuses some of its data.
    async fn flush(&mut self, batch: Batch) {
        let until = Instant::now() + PATIENCE;
        let mut left = vec![batch];
        let mut asked_in_vain = false;
        while let Some(batch) = left.pop() {
            if batch.starts.is_empty() {
                continue;
            }
            let Some(connection) = self.connected(until).await else {
                batch.fail(if asked_in_vain { &StartError::Unknown } else { &StartError::Unavailable });
                continue;
            };
            match start(connection, &batch.starts).await {
                Ok(reply) => {
                    self.shares.advance(reply.front);
                    answer_all(batch, reply.started);
                }
                Err(StoreError::Data(error)) if batch.starts.len() == 1 => {
                    batch.fail(&StartError::Refused(error.to_string()));
                }
                Err(StoreError::Data(_)) => left.extend(batch.split_in_half()),
                Err(error) if was_refused(&error) => {
                    tracing::error!(%error, "the database refuses to start executions");
                    batch.fail(&StartError::Unavailable);
                }
                Err(error) => {
                    tracing::warn!(%error, "the database was lost while executions were being started");
                    self.connection = None;
                    asked_in_vain = true;
                    left.push(batch.repeatable());
                }
            }
        }
    }

    async fn connected(&mut self, until: Instant) -> Option<&mut PgConnection> {
        while self.connection.is_none() {
            match self.place.connect(Role::Starter).await {
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

fn answer_all(batch: Batch, started: Vec<Started>) {
    for (answer, started) in batch.answers.into_iter().zip(started) {
        reply(answer, Ok(started));
    }
}

/// Whether the server itself said no, so that nothing was started. Class 57 may come from a server that goes down.
fn was_refused(error: &StoreError) -> bool {
    let (StoreError::Database(error) | StoreError::Data(error)) = error else { return true };
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| !code.starts_with("57"))
}
