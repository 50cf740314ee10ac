//! Restarting executions: how one is planned, for a person who looks at it and for jobs that do many.

use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, VersionId};
use capstan_engine::core::journal::Entry;
use capstan_engine::core::restart::{Past, Plan, Unfit, failed_step, plan};
use capstan_engine::core::state::State;
use capstan_engine::store::bulk::Beginning;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::executions::ExecutionRow;
use capstan_engine::store::restart::Restart;
use capstan_engine::store::start::IdempotencyKey;
use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::{history, trace};

/// An execution as it is recorded, with the graph of its version.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// Its row.
    pub row: &'a ExecutionRow,
    /// Its graph.
    pub graph: &'a Graph,
    /// Its journal, without outputs.
    pub entries: &'a [(i32, Entry)],
}

/// Why an execution cannot be restarted.
#[derive(Debug, Error)]
pub enum Refused {
    /// See [`Unfit`].
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It should begin at the step that failed, and none did.
    #[error("no step of it has failed")]
    NothingFailed,
    /// It cannot be read back.
    #[error(transparent)]
    Unreadable(#[from] StoreError),
}

impl Recorded<'_> {
    /// What a restart on `graph`, which may be that of another version, comes to.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn plan(&self, graph: &Graph, from: &Beginning) -> Result<Plan, Refused> {
        let entries: Vec<Entry> = self.entries.iter().map(|(_, entry)| entry.clone()).collect();
        let state = history::state(self.row, self.graph, &entries)?;
        let trigger = StepKey::root(NodeId::from(self.row.trigger_node_id.as_str()));
        let input = &self.row.input;
        let past = Past { graph: self.graph, state: &state, entries: &entries, trigger: &trigger, input };
        Ok(plan(past, graph, &begins(&state, from)?)?)
    }

    /// The restart that a plan asks for; the new execution gets as much time as the old one had.
    #[must_use]
    pub fn restart(&self, plan: &Plan, version_id: VersionId, idempotency_key: Option<IdempotencyKey>) -> Restart {
        let row = self.row;
        let given = |deadline: DateTime<Utc>| u64::try_from((deadline - row.created_at).num_milliseconds()).ok();
        Restart {
            execution_id: ExecutionId::new(),
            of: ExecutionId(row.execution_id),
            version_id,
            timeout_ms: row.deadline_at.and_then(given),
            positions: plan.positions(self.entries),
            trace: trace::current(),
            idempotency_key,
        }
    }
}

fn begins(state: &State, from: &Beginning) -> Result<NodeId, Refused> {
    match from {
        Beginning::Step(node_id) => Ok(node_id.clone()),
        Beginning::Failed => failed_step(state).ok_or(Refused::NothingFailed),
    }
}
