//! Enter: an execution with limits takes its slots before it is at work, or waits for them without a worker.

use capstan_engine::core::gate::Gate;
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::store::commit::Then;
use capstan_engine::store::gates::{Entered, Entering};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Exit;
use super::drive::Drive;
use super::write::Flushed;

/// Whether it may be at work.
pub(super) enum Pass {
    /// It may.
    In,
    /// There is news: look again.
    Again,
    /// The activation is over.
    Exit(Exit),
}

impl Drive<'_> {
    /// Takes its slots, if it needs some and has none. What it waits for is journaled first. Clean-up is not held up.
    pub(super) async fn enter(&mut self) -> Pass {
        if self.gates.is_empty() || self.is_at_work || self.state.is_ending() {
            self.is_at_work = true;
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
                self.is_at_work = true;
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
        let news = *self.limit_news.borrow_and_update();
        if news == self.limits_seen {
            return None;
        }
        self.limits_seen = news;
        let new: Vec<Gate> = self.gates_now().into_iter().filter(|gate| !self.gates.contains(gate)).collect();
        if new.is_empty() {
            return None;
        }
        self.gates.extend(new);
        if !self.is_at_work {
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
            gates: self.gates.clone(),
            key_max: self.graph.concurrency.as_ref().map(|concurrency| concurrency.limit),
            due_at: self.due_at_gate(),
            is_at_work: self.is_at_work,
        };
        Box::pin(self.engine.gates.enter(self.life, WorkspaceId(self.claimed.workspace_id), entering)).await
    }

    /// When it has to be looked at though it waits: what could run already need not be.
    fn due_at_gate(&self) -> Option<DateTime<Utc>> {
        self.next_look_after(self.life.clock.now())
    }

    /// What it has to pass, the narrowest first. Where there are no limits this is a look into an empty map.
    pub(super) fn gates_now(&self) -> Vec<Gate> {
        let of_key = self.graph.concurrency.as_ref().map(|concurrency| {
            let input = self.trigger.map_or(&Value::Null, |step| &self.state.step(step).output);
            let id = ExecutionId(self.claimed.execution_id);
            Gate::key(self.workflow_id, &concurrency.value(input, id, self.claimed.created_at))
        });
        let workspace_id = WorkspaceId(self.claimed.workspace_id);
        of_key.into_iter().chain(self.engine.gates.of(workspace_id, self.workflow_id)).collect()
    }

    /// Tells that it has left, once its slots are given back.
    pub(super) fn has_left(&self) {
        if !self.gates.is_empty() {
            self.engine.gates.left(WorkspaceId(self.claimed.workspace_id), self.gates.clone());
        }
    }
}
