//! What a simulation came to, in words, and as expressions see it.

use std::fmt;

use serde::Serialize;

use super::{Case, Simulated, Stopped};
use crate::core::expression::{Names, Seen, Steps, holds};
use crate::core::graph::Graph;
use crate::core::ids::{NodeId, StepKey};
use crate::core::journal::{Event, Settlement};
use crate::core::outcome::StepError;
use crate::core::state::{End, State, Step, StepStatus};

/// Why an execution did not complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// That of the step that failed, or `cancelled`, or `incident`.
    pub class: String,
    /// For people.
    pub reason: String,
    /// The node that failed; absent if none did.
    pub node_id: Option<NodeId>,
}

impl Simulated {
    /// Why it did not complete; none if it did, or was stopped.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let whole = |class: &str, reason: &str| Failure { class: class.into(), reason: reason.into(), node_id: None };
        match self.state.end() {
            Some(End::Completed) => None,
            Some(End::Failed { step, error }) => Some(Failure {
                class: error.class.clone(),
                reason: error.reason.clone(),
                node_id: step.as_ref().map(|step| step.node_id.clone()),
            }),
            Some(End::Cancelled { reason }) => Some(whole("cancelled", reason)),
            None => self.state.incident().map(|reason| whole("incident", reason)),
        }
    }

    /// The steps that settled, in that order, without the trigger.
    pub fn settled(&self) -> impl Iterator<Item = (&StepKey, &Settlement)> {
        self.journal.iter().filter_map(|entry| match &entry.event {
            Event::Settled { step, settlement } => Some((step, settlement)),
            _ => None,
        })
    }

    /// Whether a condition holds at the end of `case`. It may name every step; of one in a container it sees the last.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn holds(&self, case: &Case<'_>, condition: &str) -> Result<bool, String> {
        let steps = AtTheEnd { graph: case.graph, state: &self.state };
        let names = Names::new(&case.input, &steps, case.execution_id, self.ended_at).under(case.graph);
        holds(condition, &names).map_err(|error| error.to_string())
    }
}

impl Stopped {
    /// Stable, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing_stub",
            Self::Waits(_) => "waits",
            Self::Limit(_) => "limit",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => "give a stub for each of them, pin an output, or ask for \"unstubbed\": \"null\"",
            Self::Waits(_) => "give each of them a stub such as {\"signal\": {}}",
            Self::Limit(_) => "simulate with a smaller input",
        }
    }

    /// The steps that it is about.
    #[must_use]
    pub fn steps(&self) -> &[StepKey] {
        match self {
            Self::Missing(steps) | Self::Waits(steps) => steps,
            Self::Limit(_) => &[],
        }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(_) => f.write_str("these steps have effects and no stub"),
            Self::Waits(_) => f.write_str("these steps wait for a signal, and no stub sends it"),
            Self::Limit(limit) => write!(f, "the simulation was stopped: {limit}"),
        }
    }
}

/// All steps, as they stand in the end.
struct AtTheEnd<'a> {
    graph: &'a Graph,
    state: &'a State,
}

impl AtTheEnd<'_> {
    fn find(&self, id: &str) -> Option<&Step> {
        self.state.latest(self.graph, self.graph.find(&NodeId::from(id))?)
    }
}

impl Steps for AtTheEnd<'_> {
    fn step(&self, id: &str) -> Seen<'_> {
        match self.find(id) {
            Some(step) if step.status == StepStatus::Completed => Seen::Output(&step.output),
            Some(_) => Seen::Null("did not complete"),
            None if self.graph.find(&NodeId::from(id)).is_some() => Seen::Null("did not run"),
            None => Seen::Unknown,
        }
    }

    fn error(&self, id: &str) -> Option<&StepError> {
        self.find(id)?.error.as_ref()
    }

    fn ids(&self) -> Vec<&str> {
        self.graph.nodes.iter().map(|node| node.id.as_str()).collect()
    }
}
