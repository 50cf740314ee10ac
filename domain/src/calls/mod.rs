//! Calls: what a step needs to know to start an execution of another workflow, and whether its workspace may.

mod desk;
mod find;
mod lineage;

pub use desk::{CallDesk, Refused};
pub use find::{Callee, Trigger, find};
pub use lineage::{Lineage, Started, lineage, names_above, own, started};

use capstan_engine::core::ids::{ExecutionId, StepKey, WorkspaceId};
use capstan_engine::core::outcome::child_signal;

/// A step that starts a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calling {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The execution.
    pub execution_id: ExecutionId,
    /// The step.
    pub step: StepKey,
    /// How often a person had it begin anew: each round has a child of its own.
    pub round: u32,
}

impl Calling {
    /// The signal that tells it of the child's end.
    #[must_use]
    pub fn signal(&self) -> String {
        child_signal(&self.step, self.round)
    }
}
