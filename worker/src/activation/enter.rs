//! Enter: an execution with limits takes its slots before it is at work, or waits for them without a worker.

use capstan_engine::core::concurrency::Concurrency;
use capstan_engine::core::gate::Gate;
use capstan_engine::core::ids::{ExecutionId, WorkflowId, WorkspaceId};
use capstan_engine::store::claim::Claimed;
use capstan_engine::store::commit::Then;
use capstan_engine::store::gates::{Entered, Entering};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::watch;

use super::Exit;
use super::drive::Drive;
use super::write::Flushed;
use crate::versions::Version;
use crate::worker::Engine;

/// Whether it may be at work.
pub(super) enum Pass {
    /// It may.
    In,
    /// There is news: look again.
    Again,
    /// The activation is over.
    Exit(Exit),
}

/// An activation's way through the gates.
pub(super) struct Way {
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    /// That of its key, if its version has one.
    of_key: Option<Gate>,
    /// What it has to pass, the narrowest first.
    gates: Vec<Gate>,
    /// Whether it has passed, or had nothing to.
    is_at_work: bool,
    /// Tells of limits that are new.
    pub(super) news: watch::Receiver<u64>,
    /// The last of it that was heeded.
    seen: u64,
}

impl Way {
    /// Where there are no limits this is a look into an empty map.
    pub(super) fn new(engine: &Engine, claimed: &Claimed, version: &Version, input: &Value) -> Self {
        let (workspace_id, workflow_id) = (WorkspaceId(claimed.workspace_id), version.workflow_id);
        let key = |concurrency: &Concurrency| {
            let value = concurrency.value(input);
            Gate::key(workflow_id, &value)
        };
        let of_key = version.graph.concurrency.as_ref().map(key);
        let news = engine.gates.news();
        let seen = *news.borrow();
        let gates = engine.gates.of(workspace_id, workflow_id, of_key.as_ref());
        Self { workspace_id, workflow_id, of_key, gates, is_at_work: false, news, seen }
    }

    /// Whether there are slots, or a place in line, to be given back.
    pub(super) fn has_gates(&self) -> bool {
        !self.gates.is_empty()
    }

    /// Gates that were not there before.
    fn new_gates(&self, engine: &Engine) -> Vec<Gate> {
        let now = engine.gates.of(self.workspace_id, self.workflow_id, self.of_key.as_ref());
        now.into_iter().filter(|gate| !self.gates.contains(gate)).collect()
    }
}

impl Drive<'_> {
    /// Takes its slots, if it needs some and has none. What it waits for is journaled first. Clean-up is not held up.
    pub(super) async fn enter(&mut self) -> Pass {
        if !self.way.has_gates() || self.way.is_at_work || self.state.is_ending() {
            self.way.is_at_work = true;
            return Pass::In;
        }
        if self.engine.stop.is_cancelled() {
            return Pass::Exit(Exit::GiveBack);
        }
        if !self.pending.is_empty() {
            return match self.flush(Then::Hold).await {
                Flushed::Durable => Pass::Again,
                Flushed::Exit(exit) => Pass::Exit(exit),
            };
        }
        match self.pass().await {
            Ok(Entered::In) => {
                self.way.is_at_work = true;
                Pass::In
            }
            Ok(Entered::Woken) => {
                self.heed().await;
                Pass::Again
            }
            Ok(Entered::Waits) => {
                if let Some(due) = self.due_at_gate() {
                    self.engine.pace.due_in(due - self.life.clock.now());
                }
                Pass::Exit(Exit::Gone)
            }
            Ok(Entered::Lost) => Pass::Exit(Exit::Gone),
            Err(reason) => Pass::Exit(Exit::Quarantine(reason)),
        }
    }

    /// Takes slots of limits that are new, though there may be no room: what is at work goes on, and counts.
    pub(super) async fn heed_limits(&mut self) -> Option<Exit> {
        let news = *self.way.news.borrow_and_update();
        if std::mem::replace(&mut self.way.seen, news) == news {
            return None;
        }
        let new = self.way.new_gates(self.engine);
        let is_nothing_new = new.is_empty();
        self.way.gates.extend(new);
        if is_nothing_new || !self.way.is_at_work {
            return None;
        }
        match self.pass().await {
            Ok(Entered::Lost) => Some(Exit::Gone),
            Ok(Entered::In | Entered::Waits | Entered::Woken) => None,
            Err(reason) => Some(Exit::Quarantine(reason)),
        }
    }

    async fn pass(&self) -> Result<Entered, String> {
        let entering = Entering {
            execution_id: ExecutionId(self.claimed.execution_id),
            lease_no: self.claimed.lease_no,
            vt: self.claimed.vt,
            gates: self.way.gates.clone(),
            key_max: self.graph.concurrency.as_ref().map(|concurrency| concurrency.limit),
            due_at: self.due_at_gate(),
            is_at_work: self.way.is_at_work,
            unbegun: self.is_unbegun(),
        };
        Box::pin(self.engine.gates.enter(self.life, self.way.workspace_id, entering)).await
    }

    /// When it has to be looked at though it waits: what could run already need not be.
    fn due_at_gate(&self) -> Option<DateTime<Utc>> {
        self.next_look_after(self.life.clock.now())
    }

    /// Tells that it has left, once its slots are given back.
    pub(super) fn has_left(&self) {
        if self.way.has_gates() {
            self.engine.gates.left(self.way.workspace_id, self.way.gates.clone());
        }
    }
}
