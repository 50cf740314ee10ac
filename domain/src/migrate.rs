//! Executions that go on with another version: whether it fits.

use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, VersionId};
use capstan_engine::core::journal::Entry;
use capstan_engine::core::migrate::{Misfit, misfits};
use capstan_engine::core::restart::Past;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::migration::Migration;

use crate::history;
use crate::restart::Recorded;

impl Recorded<'_> {
    /// Why it cannot go on with `graph`, that of another version; nothing if it can.
    ///
    /// # Errors
    /// If it cannot be read back.
    pub fn misfits(&self, graph: &Graph) -> Result<Vec<Misfit>, StoreError> {
        let entries: Vec<Entry> = self.entries.iter().map(|(_, entry)| entry.clone()).collect();
        let state = history::state(self.row, self.graph, &entries)?;
        let trigger = StepKey::root(NodeId::from(self.row.trigger_node_id.as_str()));
        let input = &self.row.input;
        Ok(misfits(Past { graph: self.graph, state: &state, entries: &entries, trigger: &trigger, input }, graph))
    }

    /// The migration to a version that fits it as it stands.
    #[must_use]
    pub fn migration(&self, to: VersionId, by: &str, reason: Option<&str>) -> Migration {
        let position = self.entries.last().map_or(0, |(position, _)| *position);
        Migration {
            execution_id: ExecutionId(self.row.execution_id),
            from: VersionId(self.row.version_id),
            to,
            position: position.unsigned_abs(),
            by: by.to_owned(),
            reason: reason.map(str::to_owned),
        }
    }
}
