//! Which step asks, the signal that it waits for, and what can be decided.

use capstan_engine::core::ids::{ExecutionId, StepKey, WorkspaceId};
use capstan_engine::core::outcome::{APPROVAL_SIGNALS, signal_of};
use serde::{Deserialize, Serialize};

/// A step that asks a person, within all workspaces of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalStep {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The execution.
    pub execution_id: ExecutionId,
    /// The step.
    pub step: StepKey,
}

impl ApprovalStep {
    /// The signal that an answer comes as.
    #[must_use]
    pub fn signal(&self) -> String {
        signal_of(APPROVAL_SIGNALS, &self.step)
    }
}

/// What a person decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Yes.
    #[serde(rename(deserialize = "approve"))]
    Approved,
    /// No.
    #[serde(rename(deserialize = "reject"))]
    Rejected,
}

impl Decision {
    /// As stored and shown; also the port.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// From `approve` or `reject`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "approve" => Some(Self::Approved),
            "reject" => Some(Self::Rejected),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use capstan_engine::core::ids::{NodeId, Scope};

    use super::*;

    #[test]
    fn every_step_has_a_signal_of_its_own_that_fits_and_is_reserved() {
        let steps = [("ok", ""), ("ok", "each[1]"), ("ok", "each[2]"), ("ok", &"a[1]/".repeat(80)), ("o", "")];
        let signals: HashSet<String> = steps
            .map(|(node, scope)| ApprovalStep {
                workspace_id: WorkspaceId::new(),
                execution_id: ExecutionId::new(),
                step: StepKey { node_id: NodeId::from(node), scope: Scope(scope.into()) },
            })
            .iter()
            .map(ApprovalStep::signal)
            .collect();
        assert_eq!(signals.len(), steps.len());
        assert!(signals.iter().all(|name| name.starts_with("$approval:") && name.len() <= 200));
    }
}
