//! Where two executions took other ways.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::core::graph::Graph;
use crate::core::ids::StepKey;
use crate::core::state::{State, StepStatus};

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its status.
    pub status: StepStatus,
    /// The port it emitted on.
    pub port: Option<String>,
    /// The class of its error.
    pub error_class: Option<String>,
}

/// A step that did not end alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Its address.
    pub step: String,
    /// How it had ended; none if it did not run.
    pub recorded: Option<Standing>,
    /// How it ends now; none if it does not run.
    pub simulated: Option<Standing>,
}

/// The steps that did not end alike, what comes first in the graph first. Times, attempts and outputs are not compared.
#[must_use]
pub fn differences(recorded: (&Graph, &State), simulated: (&Graph, &State)) -> Vec<Difference> {
    let (before, now) = (standings(recorded), standings(simulated));
    let keys = before.keys().chain(now.keys().filter(|key| !before.contains_key(*key)));
    let mut found: Vec<(usize, Difference)> = Vec::new();
    for key in keys {
        let (recorded_standing, simulated_standing) = (before.get(key), now.get(key));
        if recorded_standing != simulated_standing {
            let step = key.to_string();
            let (recorded_standing, simulated_standing) = (recorded_standing.cloned(), simulated_standing.cloned());
            let place = place(simulated.0, key).or_else(|| place(recorded.0, key)).unwrap_or_default();
            found.push((place, Difference { step, recorded: recorded_standing, simulated: simulated_standing }));
        }
    }
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, difference)| difference).collect()
}

/// Grows along every path.
fn place(graph: &Graph, key: &StepKey) -> Option<usize> {
    graph.find(&key.node_id).map(|ix| graph.nodes[ix].ancestors.len())
}

/// Of the steps that ran.
fn standings((graph, state): (&Graph, &State)) -> BTreeMap<StepKey, Standing> {
    let ran = |status: StepStatus| !matches!(status, StepStatus::Pending | StepStatus::Skipped);
    let steps = state.steps().iter().enumerate().filter(|(_, step)| ran(step.status));
    steps
        .map(|(ix, step)| {
            let error_class = step.error.as_ref().map(|error| error.class.clone());
            (state.key(graph, ix), Standing { status: step.status, port: step.port.clone(), error_class })
        })
        .collect()
}
