//! Write: how what was decided becomes durable, and how an execution ends.

use capstan_engine::core::attempt::storable;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::core::journal::{BYTES_MAX, ENTRIES_MAX, WORK_BYTES_MAX, WORK_ENTRIES_MAX};
use capstan_engine::core::result::result;
use capstan_engine::core::state::End;
use capstan_engine::faults::{Point, pass};
use capstan_engine::store::activations::Taken;
use capstan_engine::store::commit::Then;
use capstan_engine::store::workers::losses;
use chrono::SecondsFormat;
use serde_json::json;
use tracing::debug;

use super::drive::{Drive, LOSSES_MAX};
use super::{Exit, commit_of};
use crate::committer::Committed;

/// What a flush tells the loop.
pub(super) enum Flushed {
    /// Durable, and the lease is still held.
    Durable,
    /// The activation is over.
    Exit(Exit),
}

impl Drive<'_> {
    /// What a person is told of an execution that kills its workers.
    pub(super) async fn how_workers_were_lost(&self) -> String {
        let said = format!("{LOSSES_MAX} workers in a row were lost while they ran this execution");
        let id = ExecutionId(self.claimed.execution_id);
        let read = self.engine.side.run(async |connection| losses(connection, id, LOSSES_MAX).await);
        let losses = match Box::pin(read).await {
            Ok(losses) => losses,
            Err(error) => {
                debug!(%error, execution_id = %id, "its losses could not be read");
                return said;
            }
        };
        let told = losses
            .iter()
            .rev()
            .map(|(worker, at)| format!("{worker} at {}", at.to_rfc3339_opts(SecondsFormat::Millis, true)));
        format!("{said}: {}", told.collect::<Vec<_>>().join(", "))
    }

    /// Whether it holds as much as one execution may: [`WORK_BYTES_MAX`], or [`BYTES_MAX`] once it is settled how it ends.
    pub(super) fn is_too_heavy(&self) -> bool {
        self.held_bytes >= if self.state.is_ending() { BYTES_MAX } else { WORK_BYTES_MAX }
    }

    /// Whether it holds less than was counted: what signals brought, and errors of attempts, do not stay in memory.
    pub(super) fn is_lighter(&mut self) -> bool {
        self.held_bytes = self.state.bytes();
        !self.state.is_full() && !self.is_too_heavy()
    }

    /// What a person is told of an execution whose journal has no room for what comes next.
    pub(super) fn how_it_is_full(&self) -> String {
        let (entries, held) = (self.state.position(), self.held_bytes >> 20);
        let has = format!("its journal has {entries} entries, and it holds {held} MiB of outputs");
        if self.state.is_ending() {
            let mib_max = BYTES_MAX >> 20;
            format!(
                "{has}; work, undoing and what runs at last may write {ENTRIES_MAX} entries, and hold {mib_max} MiB. Only a forced \
                 cancel ends it; what is not undone then is to be undone by hand"
            )
        } else {
            let mib_max = WORK_BYTES_MAX >> 20;
            format!(
                "{has}; the work of one execution may write {WORK_ENTRIES_MAX} entries, and hold {mib_max} MiB. To try again cannot \
                 help. Fail it as a whole or cancel it, and what undoes and what runs at last still runs; or restart it on a version \
                 that writes less, with \"spill\" for long lists or a child workflow for what a container holds"
            )
        }
    }

    /// Writes the end of the execution, or sets it aside as an incident.
    pub(super) async fn finish(&mut self) -> Exit {
        self.tasks.abort_all();
        let (status, output, error) = match (self.state.end(), self.state.incident()) {
            (Some(End::Completed), _) => ("completed", Some(self.output()), None),
            (Some(End::Failed { step, error }), _) => {
                let node_id = step.as_ref().map(|step| step.node_id.as_str());
                ("failed", None, Some(json!({ "class": error.class, "reason": error.reason, "node_id": node_id })))
            }
            (Some(End::Cancelled { reason }), _) => {
                ("cancelled", None, Some(json!({ "class": "cancelled", "reason": reason })))
            }
            (None, reason) => ("incident", None, Some(json!({ "class": "incident", "reason": reason }))),
        };
        let error = error.map(|error| error.to_string());
        metrics::counter!("capstan_executions_total", "status" => status).increment(1);
        self.tell_end(status);
        match self.flush(Then::End { status, output, error, leftovers: self.leftovers }).await {
            Flushed::Durable => {
                if self.state.end().is_some() {
                    // An error only says that nobody listens.
                    let _ = self.engine.ended.send(ExecutionId(self.claimed.execution_id));
                }
                Exit::Gone
            }
            Flushed::Exit(exit) => exit,
        }
    }

    /// The result of a completed execution: the output of its one last step, or all of theirs by node id. Its steps
    /// keep what is too much for one value.
    fn output(&self) -> String {
        let all = result(&self.graph, &self.state, 0);
        match storable(&all) {
            Ok(_) => all.to_string(),
            Err(reason) => json!({ "left_out": reason }).to_string(),
        }
    }

    /// Tells that the execution has got on, in case that it had lost workers before: others may come now.
    fn clear(&self) {
        if self.claimed.is_suspect() {
            self.life.clear(ExecutionId(self.claimed.execution_id), self.claimed.lease_no);
            self.engine.freed.notify_one();
            self.engine.pace.sooner.notify_one();
        }
    }

    /// Makes everything decided so far durable, with what becomes of the lease.
    pub(super) async fn flush(&mut self, then: Then) -> Flushed {
        let held = matches!(then, Then::Hold);
        let parked = if let Then::Park { due_at } = then { Some(due_at) } else { None };
        let mut commit = commit_of(self.claimed, then);
        commit.rows = std::mem::take(&mut self.pending);
        if let Some(first) = commit.rows.first_mut().filter(|_| !self.has_said) {
            let (worker, worker_no) = (self.engine.name.as_str(), self.life.worker_no);
            first.say_taken(&Taken { worker, worker_no, at: self.claimed.claimed_at });
            self.has_said = true;
        }
        commit.usage = std::mem::take(&mut self.usage).into_iter().collect();
        commit.family = std::mem::take(&mut self.family);
        commit.position = self.state.position() + 1 - u32::try_from(commit.rows.len()).unwrap_or_default();
        commit.leaves = self.way.has_gates();
        commit.dropped = std::mem::take(&mut self.dropped);
        let wanted = self.engine.facts.wanted(commit.workspace_id);
        if !wanted.is_empty() {
            commit.tell(wanted, self.first);
        }
        self.pending_since = None;
        commit.bytes = std::mem::take(&mut self.pending_bytes);
        metrics::counter!("capstan_journal_entries_total").increment(commit.rows.len() as u64);
        if parked.is_some() {
            pass(Point::BeforePark);
        }
        let (has_rows, has_family) = (!commit.rows.is_empty(), commit.has_family());
        let committed = self.life.committers.commit(commit).await;
        if has_rows && matches!(committed, Committed::Written { .. }) {
            self.clear();
        }
        if has_family {
            self.engine.waker.notify_one();
        }
        match committed {
            Committed::Lost => Flushed::Exit(Exit::Gone),
            Committed::Refused(reason) => {
                Flushed::Exit(Exit::Quarantine(format!("a result could not be stored: {reason}")))
            }
            Committed::Written { woken: true } if held || parked.is_some() => {
                self.heed().await;
                Flushed::Durable
            }
            Committed::Written { .. } => {
                if !held {
                    self.has_left();
                }
                let Some(due_at) = parked else { return Flushed::Durable };
                pass(Point::AfterPark);
                if let Some(due_at) = due_at {
                    self.engine.pace.due_in(due_at - self.life.clock.now());
                }
                Flushed::Exit(Exit::Gone)
            }
        }
    }
}
