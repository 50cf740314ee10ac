//! The result of an execution for programs: the last line of `--json`.

use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::core::outcome::StepError;
use capstan_engine::core::state::{State, StepStatus};
use serde::Serialize;

/// An execution and its steps, in graph order. Nodes that nothing was decided about are left out.
#[derive(Debug, Serialize)]
pub(crate) struct Summary<'a> {
    id: ExecutionId,
    status: &'a str,
    steps: Vec<Step<'a>>,
}

#[derive(Debug, Serialize)]
struct Step<'a> {
    node_id: &'a str,
    scope: &'a str,
    status: StepStatus,
    port: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    more_ports: &'a [String],
    attempts: u32,
    error: Option<&'a StepError>,
}

impl<'a> Summary<'a> {
    /// The summary of `state`.
    pub(crate) fn new(id: ExecutionId, status: &'a str, graph: &'a Graph, state: &'a State) -> Self {
        let steps = state.steps().iter().filter(|step| step.status != StepStatus::Pending).map(|step| Step {
            node_id: graph.nodes[step.node].id.as_str(),
            scope: state.frames()[step.frame].scope.as_str(),
            status: step.status,
            port: step.port.as_deref(),
            more_ports: &step.more_ports,
            attempts: step.attempts,
            error: step.error.as_ref(),
        });
        Self { id, status, steps: steps.collect() }
    }
}
