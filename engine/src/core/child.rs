//! Children: executions of other workflows that a step starts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::{ExecutionId, NodeId, VersionId, WorkflowId};

/// How the names of signals begin that tell of a child's end; nobody can send them by another way.
pub const CHILD_SIGNALS: &str = "$child:";
/// Most executions that may lie above one another's children: the first that was started has depth 0.
pub const DEPTH_MAX: u32 = 16;

/// An execution that a step has started, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Its id; see [`ExecutionId::of_child`].
    pub execution_id: ExecutionId,
    /// Its workflow.
    pub workflow_id: WorkflowId,
    /// The version that it keeps for life.
    pub version_id: VersionId,
    /// What becomes of it when the step gives up before it has ended.
    pub on_cancel: OnCancel,
}

/// What becomes of a child when its parent's step is cancelled, or has had its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnCancel {
    /// It is cancelled, too.
    #[default]
    Cancel,
    /// It goes on, and nobody hears of its end.
    Abandon,
}

/// A child that is to be started with the entry that journals the wait for it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewChild {
    /// What the journal keeps.
    pub child: Child,
    /// The trigger that it begins at.
    pub trigger: NodeId,
    /// What the trigger gives to its graph.
    pub input: Value,
    /// Longest time until its end, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// The execution that all of this began with.
    pub root_id: ExecutionId,
    /// How many executions lie above it, at most [`DEPTH_MAX`].
    pub depth: u32,
    /// Virtual time that the tenant's share asks for.
    pub vt: i64,
}
