//! The stubs of a simulation, by node or by step.

use std::collections::HashMap;

use serde_json::Value;
use thiserror::Error;

use super::Runner;
use super::stub::{Ending, Stub};
use crate::core::catalogue::Role;
use crate::core::graph::{Graph, Node};
use crate::core::ids::{NodeId, StepKey};

/// Most nodes and steps that have stubs.
pub const STUBS_MAX: usize = 10_000;
/// Most outcomes of one of them.
pub const OUTCOMES_MAX: usize = 1_000;

/// Outcomes of successive attempts and waits; the last one is repeated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stubs {
    /// As written: `node`, or `scope/node` such as `each[0]/charge`.
    by_name: HashMap<String, Vec<Stub>>,
}

/// A stub that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the stub of {name:?} cannot be used: {reason}")]
pub struct StubError {
    /// Whose it is.
    pub name: String,
    /// What is wrong.
    pub reason: String,
}

impl StubError {
    fn new(name: &str, reason: impl Into<String>) -> Self {
        Self { name: name.chars().take(200).collect(), reason: reason.into() }
    }
}

impl Stubs {
    /// The stubs that `written` tells of, an object of one outcome or a list of them by node or step.
    ///
    /// # Errors
    /// The first one that cannot be read.
    pub fn read(written: &serde_json::Map<String, Value>) -> Result<Self, StubError> {
        if written.len() > STUBS_MAX {
            let reason = format!("there are {} stubs; at most {STUBS_MAX} are possible", written.len());
            return Err(StubError::new(written.keys().next().map_or("", String::as_str), reason));
        }
        let mut stubs = Self::default();
        for (name, outcomes) in written {
            let list = outcomes.as_array().map_or(std::slice::from_ref(outcomes), Vec::as_slice);
            if list.is_empty() || list.len() > OUTCOMES_MAX {
                let reason = format!("it has {} outcomes; 1 to {OUTCOMES_MAX} are possible", list.len());
                return Err(StubError::new(name, reason));
            }
            let read = list.iter().map(Stub::read).collect::<Result<Vec<_>, _>>();
            stubs.by_name.insert(name.clone(), read.map_err(|reason| StubError::new(name, reason))?);
        }
        Ok(stubs)
    }

    /// What is pinned in the nodes of a document: `data.pinned`, one output, with its port.
    ///
    /// # Errors
    /// The first one that is no output.
    pub fn pinned(document: &Value) -> Result<Self, StubError> {
        let mut stubs = Self::default();
        for node in document["nodes"].as_array().into_iter().flatten() {
            let (Some(id), pinned) = (node["id"].as_str(), &node["data"]["pinned"]) else { continue };
            if pinned.is_null() {
                continue;
            }
            let stub = Stub::read(pinned).and_then(|stub| match stub.ending {
                Ending::Output { .. } => Ok(stub),
                _ => Err("what is pinned is an output, such as {\"output\": 1, \"port\": \"out\"}".into()),
            });
            let stub = stub.map_err(|reason| StubError::new(id, format!("data.pinned: {reason}")))?;
            stubs.by_name.insert(id.to_owned(), vec![stub]);
        }
        Ok(stubs)
    }

    /// Sets the outcomes of a step.
    pub fn set(&mut self, step: &StepKey, outcomes: Vec<Stub>) {
        self.by_name.insert(step.to_string(), outcomes);
    }

    /// These, and `others` for what they say nothing of.
    #[must_use]
    pub fn or(mut self, others: Self) -> Self {
        for (name, outcomes) in others.by_name {
            let node = name.rsplit('/').next().unwrap_or_default();
            // What is said of a node holds for all of its steps.
            if !self.by_name.contains_key(node) {
                self.by_name.entry(name).or_insert(outcomes);
            }
        }
        self
    }

    pub(super) fn outcomes(&self) -> impl Iterator<Item = (&String, &[Stub])> {
        self.by_name.iter().map(|(name, outcomes)| (name, outcomes.as_slice()))
    }

    /// The first outcome of a node or step as it is written, if there is one.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&Stub> {
        self.by_name.get(name)?.first()
    }

    /// The outcome of a step after so many others; that of the step itself before that of its node.
    pub(super) fn get(&self, step: &StepKey, used: usize) -> Option<&Stub> {
        let own = self.by_name.get(&step.to_string());
        let outcomes = own.or_else(|| self.by_name.get(step.node_id.as_str()))?;
        outcomes.get(used.min(outcomes.len() - 1))
    }

    /// Whether all of them fit the graph.
    ///
    /// # Errors
    /// The first one, by name, that does not.
    pub fn check(&self, graph: &Graph, runner: &dyn Runner) -> Result<(), StubError> {
        let mut names: Vec<&String> = self.by_name.keys().collect();
        names.sort_unstable();
        names.into_iter().try_for_each(|name| check(name, &self.by_name[name], graph, runner))
    }

    /// Those of them that fit the graph.
    pub(super) fn fitting(mut self, graph: &Graph, runner: &dyn Runner) -> Self {
        self.by_name.retain(|name, outcomes| check(name, outcomes, graph, runner).is_ok());
        self
    }
}

fn check(name: &str, outcomes: &[Stub], graph: &Graph, runner: &dyn Runner) -> Result<(), StubError> {
    let id = name.rsplit('/').next().unwrap_or_default();
    let ix = graph.find(&NodeId::from(id)).ok_or_else(|| StubError::new(name, "the graph has no such node"))?;
    let fits = |stub| fits(stub, &graph.nodes[ix], runner);
    outcomes.iter().try_for_each(fits).map_err(|reason| StubError::new(name, reason))
}

fn fits(stub: &Stub, node: &Node, runner: &dyn Runner) -> Result<(), String> {
    if node.role == Role::Trigger {
        return Err("it is a trigger; give the input instead".into());
    }
    match &stub.ending {
        Ending::Output { port, more_ports, .. } => {
            match port.iter().chain(more_ports).find(|port| !node.ports.contains(port)) {
                Some(port) => Err(format!("the node has no output port {port:?}; it has {}", node.ports.join(", "))),
                None => Ok(()),
            }
        }
        Ending::Signal(_) | Ending::Timeout if !runner.runs(&node.type_name) => {
            Err("its attempts are not run, so that it waits for nothing; give an output".into())
        }
        Ending::Lost if !node.policy.at_most_once => {
            Err("only attempts of a node with at_most_once can be lost".into())
        }
        _ => Ok(()),
    }
}
