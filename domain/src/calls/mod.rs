//! Calls: what a step needs to know to start an execution of another workflow, and whether its workspace may.

mod desk;
mod find;
mod lineage;

pub use desk::{CallDesk, Refused};
pub use find::{Callee, Trigger, find};
pub use lineage::{Lineage, Started, lineage, names_above, started};

use capstan_engine::core::child::CHILD_SIGNALS;
use capstan_engine::core::ids::{ExecutionId, StepKey, WorkspaceId};
use capstan_engine::core::outcome::signal_of;

/// A step that starts a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calling {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The execution.
    pub execution_id: ExecutionId,
    /// The step.
    pub step: StepKey,
}

impl Calling {
    /// The signal that tells it of the child's end.
    #[must_use]
    pub fn signal(&self) -> String {
        signal_of(CHILD_SIGNALS, &self.step)
    }
}
