//! What of a graph starts executions by itself.

use capstan_domain::triggers::Triggers;
use capstan_engine::core::graph::Graph;

use crate::types::{event_triggers, execution_triggers, schedules};

/// The triggers of a graph, for publishing it.
#[must_use]
pub fn triggers_of(graph: &Graph) -> Triggers {
    Triggers {
        nodes: graph.triggers().map(|ix| graph.nodes[ix].id.to_string()).collect(),
        schedules: schedules(graph),
        events: event_triggers(graph),
        executions: execution_triggers(graph),
    }
}
