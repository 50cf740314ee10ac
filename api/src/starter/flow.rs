//! The lane of starts under flow control. It is apart from the others, so that these pay nothing for it.

use std::collections::HashMap;
use std::time::Instant;

use capstan_domain::quotas::EXECUTIONS;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::flow::{FlowStarted, Ruled, Verdict, start_flow};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::error::StartError;
use super::flusher::{Flusher, PATIENCE, tell_of_missing_month, was_refused};
use crate::metrics;

/// Most starts of one round trip, which holds the locks of their keys.
const BATCH_MAX: usize = 50;
/// Most bytes of input of one round trip, unless one start alone has more.
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One start and who waits for it.
pub(super) struct RuledItem {
    pub(super) ruled: Ruled,
    /// Of the input, as JSON.
    pub(super) bytes: usize,
    pub(super) answer: oneshot::Sender<Result<FlowStarted, StartError>>,
    /// The input counts as waiting until the answer.
    pub(super) _room: OwnedSemaphorePermit,
}

impl RuledItem {
    /// A client that has gone does not hear the answer.
    fn reply(self, result: Result<FlowStarted, StartError>) {
        let _ = self.answer.send(result);
    }
}

impl Flusher {
    /// Runs until nobody can send any more, or, once `closing`, until what waits is written.
    pub(super) async fn run_ruled(mut self, mut items: mpsc::Receiver<RuledItem>, closing: CancellationToken) {
        let mut room = Vec::with_capacity(BATCH_MAX);
        loop {
            tokio::select! {
                biased;
                () = closing.cancelled(), if !items.is_closed() => items.close(),
                _ = items.recv_many(&mut room, BATCH_MAX) => {
                    if room.is_empty() {
                        return;
                    }
                    let batch = self.admit_ruled(room.drain(..)).await;
                    self.flush_ruled(in_portions(batch)).await;
                }
            }
        }
    }

    /// Lets in what the quotas of its workspaces allow.
    async fn admit_ruled(&mut self, items: impl Iterator<Item = RuledItem>) -> Vec<RuledItem> {
        let (mut batch, mut refused) = (Vec::new(), HashMap::new());
        for mut item in items {
            let workspace = item.ruled.start.workspace_id;
            match self.spend(workspace, 1, &mut refused).await {
                Ok(()) => {
                    item.ruled.start.vt = self.books.shares().stamp(workspace);
                    batch.push(item);
                }
                Err(error) => item.reply(Err(error)),
            }
        }
        batch
    }

    /// Writes portions, the last one first; one by one if the database refuses some of the data.
    async fn flush_ruled(&mut self, mut left: Vec<Vec<RuledItem>>) {
        let until = Instant::now() + PATIENCE;
        let mut failure = StartError::Unavailable;
        while let Some(batch) = left.pop() {
            if batch.is_empty() {
                continue;
            }
            let Some(connection) = self.connected(until).await else {
                self.fail_ruled(batch, &failure);
                continue;
            };
            let starts: Vec<Ruled> = batch.iter().map(|item| item.ruled.clone()).collect();
            match start_flow(connection, &starts).await {
                Ok(reply) => {
                    self.books.shares().advance(reply.front);
                    self.answer_ruled(batch, reply.started);
                }
                Err(error) if error.is_month_missing() => {
                    tell_of_missing_month(&error);
                    self.fail_ruled(batch, &StartError::Unavailable);
                }
                Err(StoreError::Data(error)) if batch.len() == 1 => {
                    self.fail_ruled(batch, &StartError::Refused(error.to_string()));
                }
                Err(StoreError::Data(_)) => left.extend(batch.into_iter().rev().map(|item| vec![item])),
                Err(error) if was_refused(&error) => {
                    tracing::error!(%error, "the database refuses to start executions");
                    self.connection = None;
                    self.fail_ruled(batch, &failure);
                }
                Err(error) => {
                    tracing::warn!(%error, "the database was lost while executions were being started");
                    self.connection = None;
                    failure = StartError::Unknown;
                    self.books.hints.wake(batch.len());
                    // Only a key makes repeating safe.
                    let (keyed, others): (Vec<_>, Vec<_>) =
                        batch.into_iter().partition(|item| item.ruled.start.idempotency_key.is_some());
                    self.fail_ruled(others, &failure);
                    left.push(keyed);
                }
            }
        }
    }

    /// Answers; what made no execution gets its unit back.
    fn answer_ruled(&self, batch: Vec<RuledItem>, started: Vec<FlowStarted>) {
        let (mut new, mut in_line) = (0, 0);
        for (item, mut started) in batch.into_iter().zip(started) {
            // Repeated after a lost reply, it finds itself: it is new to who waits for it.
            started.replayed &= started.execution_id != item.ruled.start.execution_id;
            if started.verdict.is_new() && !started.replayed {
                new += 1;
                self.books.till.confirm(item.ruled.start.workspace_id, EXECUTIONS);
            } else {
                self.books.till.give_back(item.ruled.start.workspace_id, EXECUTIONS);
            }
            in_line += usize::from(matches!(started.verdict, Verdict::Started | Verdict::Filled));
            item.reply(Ok(started));
        }
        if in_line > 0 {
            self.books.hints.wake(in_line);
        }
        metrics::started(new);
    }

    /// Answers an error; unless something may have been started, the units come back.
    fn fail_ruled(&self, batch: Vec<RuledItem>, error: &StartError) {
        for item in batch {
            if *error != StartError::Unknown {
                self.books.till.give_back(item.ruled.start.workspace_id, EXECUTIONS);
            }
            item.reply(Err(error.clone()));
        }
    }
}

/// In portions of at most [`BATCH_BYTES_MAX`], the last one first.
fn in_portions(batch: Vec<RuledItem>) -> Vec<Vec<RuledItem>> {
    let (mut portions, mut bytes) = (vec![Vec::new()], 0);
    for item in batch {
        bytes += item.bytes;
        if bytes > BATCH_BYTES_MAX {
            portions.push(Vec::new());
            bytes = item.bytes;
        }
        if let Some(portion) = portions.last_mut() {
            portion.push(item);
        }
    }
    portions.reverse();
    portions
}
