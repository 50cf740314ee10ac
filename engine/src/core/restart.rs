//! Restart from a step: which entries of an execution's journal another one may begin with.
//!
//! What is kept is put through [`decide`] anew, so a journal that begins with it is one that could have come about.

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use super::catalogue::{Effect, Role};
use super::decide::{IllegalEvent, begin, decide};
use super::graph::{Graph, Node, NodeIx, Part};
use super::ids::{NodeId, StepKey};
use super::journal::{Entry, Event};
use super::state::{End, Phase, State, Step, StepStatus};

/// What a restart keeps, and what runs again. `kept`, `changed` and `redone` name steps outside of containers, the
/// others also what lies within; of what is wholly new only the outermost. Undos are not told: whether they run hangs on
/// how it ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// Steps that count as done.
    pub kept: Vec<NodeId>,
    /// Those of them whose node, or something within, is another one in the version to restart on: of another type,
    /// with another config, or not there. What they came to stands as it was.
    pub changed: Vec<NodeId>,
    /// Steps that had begun and run again, if the graph comes to them; what runs at last, too.
    pub redone: Vec<NodeId>,
    /// Effects that may have happened and then happen again.
    pub repeated_effects: Vec<NodeId>,
    /// Steps that had not begun, and now run if the graph comes to them.
    pub new: Vec<NodeId>,
    /// Steps that had begun, and are not in the graph any more.
    pub dropped: Vec<NodeId>,
    /// What the new journal begins with.
    #[serde(skip)]
    pub entries: Vec<Entry>,
}

/// Why an execution cannot be restarted there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// No such node at the top level of the graph.
    #[error("there is no step {0} outside of containers in the version to restart on")]
    UnknownStep(NodeId),
    /// A trigger, or what undoes or runs at last.
    #[error("an execution cannot be restarted at {0}: it is a trigger, or runs only when something ends")]
    NoBeginning(NodeId),
    /// The step was never come to.
    #[error("step {0} never ran in this execution, so there is nothing to restart it with")]
    NeverRan(NodeId),
    /// It runs items of another execution.
    #[error("this execution is a chunk: it runs items of {0} for another execution, and is restarted with that one")]
    Chunk(NodeId),
    /// The graph has no such trigger.
    #[error("the version to restart on cannot begin as this execution did: {0}")]
    OtherTrigger(IllegalEvent),
}

/// An execution as it was.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// Its graph.
    pub graph: &'a Graph,
    /// How it stood in the end.
    pub state: &'a State,
    /// Its journal.
    pub entries: &'a [Entry],
    /// The trigger it began at.
    pub trigger: &'a StepKey,
    /// What it was started with.
    pub input: &'a Value,
}

/// What a restart at `from` on `graph`, which may be another version, comes to.
///
/// Runs again: `from` and what lies behind it, what was undone, what had not settled, and what lies behind these.
///
/// # Errors
/// [`Unfit`].
pub fn plan(past: Past<'_>, graph: &Graph, from: &NodeId) -> Result<Plan, Unfit> {
    if let Some(container) = past.graph.chunk_of {
        return Err(Unfit::Chunk(past.graph.nodes[container].id.clone()));
    }
    let begins =
        graph.find(from).filter(|&ix| graph.nodes[ix].home == 0).ok_or_else(|| Unfit::UnknownStep(from.clone()))?;
    if graph.nodes[begins].role == Role::Trigger || graph.nodes[begins].part != Part::Main {
        return Err(Unfit::NoBeginning(from.clone()));
    }
    let known = past.of(from).filter(|step| !matches!(step.status, StepStatus::Pending | StepStatus::Skipped));
    known.ok_or_else(|| Unfit::NeverRan(from.clone()))?;
    let mut begin = past.lost(graph, begins);
    loop {
        let (state, entries) = past.kept(graph, &behind(graph, &begin)).map_err(Unfit::OtherTrigger)?;
        let stuck: Vec<NodeIx> = past.stuck(graph, &state).filter(|node| !begin.contains(node)).collect();
        if stuck.is_empty() {
            return Ok(past.told(graph, &state, entries));
        }
        begin.extend(stuck);
    }
}

/// The step outside of containers at which an execution failed, or with which it is about to; none if it did not, or ran
/// out of time.
#[must_use]
pub fn failed_step(state: &State) -> Option<NodeId> {
    match state.end().or(state.frames()[0].ending.as_ref())? {
        End::Failed { step, .. } => step.as_ref().map(home),
        End::Completed | End::Cancelled { .. } => None,
    }
}

impl Plan {
    /// Where the kept entries stand in the old journal, `entries` with their positions: they are some of these, in
    /// their order.
    #[must_use]
    pub fn positions(&self, entries: &[(i32, Entry)]) -> Vec<i32> {
        let mut kept = self.entries.iter().peekable();
        let is_kept = |(_, entry): &&(i32, Entry)| kept.next_if_eq(&entry).is_some();
        entries.iter().filter(is_kept).map(|(position, _)| *position).collect()
    }
}

impl Past<'_> {
    /// The step of a node outside of containers.
    fn of(&self, id: &NodeId) -> Option<&Step> {
        let ix = self.state.find(self.graph, &StepKey::root(id.clone()))?;
        Some(self.state.step(ix))
    }

    /// The entries that are kept where the steps of `again` run again, and the state after them. What the graph does
    /// not come to any more is left out, and so is whatever followed from it.
    fn kept(&self, graph: &Graph, again: &HashSet<NodeIx>) -> Result<(State, Vec<Entry>), IllegalEvent> {
        let at = self.entries.first().map_or_else(Default::default, |entry| entry.at);
        let (mut state, _) = begin(graph, self.trigger, self.input.clone(), at)?;
        let mut entries = Vec::new();
        for entry in self.entries {
            let Some(node) = outermost(&entry.event).and_then(|id| graph.find(&id)) else { continue };
            if again.contains(&node) || state.end().is_some() {
                continue;
            }
            if let Ok(decision) = decide(graph, &state, entry) {
                state.apply(graph, entry.clone(), &decision);
                entries.push(entry.clone());
            }
        }
        Ok((state, entries))
    }

    /// Nodes outside of containers that would wait for what only the old execution is told: a person had said there what
    /// became of a step that waited.
    fn stuck<'a>(&'a self, graph: &'a Graph, state: &'a State) -> impl Iterator<Item = NodeIx> + 'a {
        let waits = (0..state.steps().len()).filter(|&ix| matches!(state.step(ix).phase, Phase::Waiting(_)));
        let had_settled =
            |key: &StepKey| self.state.find(self.graph, key).is_some_and(|ix| self.state.step(ix).settled_at.is_some());
        waits.map(|ix| state.key(graph, ix)).filter(had_settled).filter_map(|key| graph.find(&home(&key)))
    }

    /// Nodes of the new graph whose steps have to run again, whatever lies before them.
    fn lost(&self, graph: &Graph, from: NodeIx) -> BTreeSet<NodeIx> {
        let is_undone = |step: &Step| {
            let undo = self.graph.nodes[step.node].undo.map(|undo| self.graph.nodes[undo].id.clone());
            undo.and_then(|undo| self.of(&undo)).is_some_and(|undo| undo.status != StepStatus::Pending)
        };
        let holds = |step: &Step| match step.status {
            StepStatus::Pending | StepStatus::Skipped => true,
            StepStatus::Completed => !is_undone(step) && !self.holds_undone(step),
            StepStatus::Failed | StepStatus::OutcomeUnknown => {
                step.error.as_ref().is_some_and(|error| self.graph.handles_error(step.node, &error.class))
            }
            StepStatus::Running | StepStatus::Waiting | StepStatus::Cancelled => false,
        };
        let is_lost = |node: &NodeIx| self.of(&graph.nodes[*node].id).is_some_and(|step| !holds(step));
        let outside = graph.bodies[0].nodes.iter().copied();
        outside.filter(|node| *node == from || is_lost(node)).collect()
    }

    /// Whether something that was done within a container is undone.
    fn holds_undone(&self, container: &Step) -> bool {
        let name = self.graph.nodes[container.node].id.as_str();
        let lies_within = |step: &Step| self.state.frames()[step.frame].scope.as_str().starts_with(&format!("{name}["));
        let undone = |step: &Step| self.graph.nodes[step.node].part == Part::Undo && step.status != StepStatus::Pending;
        self.graph.nodes[container.node].container.is_some()
            && self.state.steps().iter().any(|step| undone(step) && lies_within(step))
    }

    fn told(&self, graph: &Graph, state: &State, entries: Vec<Entry>) -> Plan {
        let mut plan = Plan { entries, ..Plan::default() };
        for &node in graph.bodies[0].nodes.iter().filter(|&&node| is_told(&graph.nodes[node])) {
            let id = &graph.nodes[node].id;
            let step = state.find(graph, &StepKey::root(id.clone())).map(|ix| state.step(ix));
            match step {
                Some(step) if step.settled_at.is_some() => {
                    plan.kept.push(id.clone());
                    plan.changed.extend((!self.is_same(graph, node)).then(|| id.clone()));
                }
                Some(step) if step.status == StepStatus::Skipped => {}
                _ => {
                    plan.redone.extend(self.has_begun(id).then(|| id.clone()));
                    self.tell_again(graph, node, false, &mut plan);
                }
            }
        }
        let gone = self.graph.nodes.iter().filter(|old| is_told(old) && graph.find(&old.id).is_none());
        plan.dropped.extend(gone.filter(|old| self.has_begun(&old.id)).map(|old| old.id.clone()));
        plan
    }

    /// Tells what happens again, and what for the first time, if a node runs that was not kept. Of what lies in a
    /// container that is told as new (`in_new`) only what is not.
    fn tell_again(&self, graph: &Graph, node: NodeIx, in_new: bool, plan: &mut Plan) {
        let own = &graph.nodes[node];
        let has_begun = self.has_begun(&own.id);
        plan.new.extend((!has_begun && !in_new).then(|| own.id.clone()));
        let Some((body, _)) = own.container else {
            let repeats = has_begun && own.effect != Effect::Pure;
            return plan.repeated_effects.extend(repeats.then(|| own.id.clone()));
        };
        for &inner in graph.bodies[body].nodes.iter().filter(|&&inner| is_told(&graph.nodes[inner])) {
            self.tell_again(graph, inner, !has_begun, plan);
        }
    }

    /// Whether a step of a node was come to in any frame. What was handed over to chunks is taken to have begun, as
    /// they have journals of their own.
    fn has_begun(&self, id: &NodeId) -> bool {
        let Some(node) = self.graph.find(id) else { return false };
        let owner = |&node: &NodeIx| self.graph.bodies[self.graph.nodes[node].home].owner;
        let mut around = std::iter::successors(owner(&node), owner);
        self.steps(node).any(|step| !matches!(step.status, StepStatus::Pending | StepStatus::Skipped))
            || around.any(|container| self.has_handed_over(container))
    }

    fn has_handed_over(&self, container: NodeIx) -> bool {
        self.steps(container).any(|step| step.round.as_ref().is_some_and(|round| round.spill.is_some()))
    }

    /// The steps of a node, in all frames.
    fn steps(&self, node: NodeIx) -> impl Iterator<Item = &Step> {
        self.state.steps().iter().filter(move |step| step.node == node)
    }

    /// Whether a node of the new graph, with all that lies within, is what it was.
    fn is_same(&self, graph: &Graph, node: NodeIx) -> bool {
        let new = &graph.nodes[node];
        let Some(old) = self.graph.find(&new.id).map(|ix| &self.graph.nodes[ix]) else { return false };
        let within = |graph: &Graph, node: &Node| node.container.map(|(body, _)| graph.bodies[body].nodes.clone());
        let (inner, before) = (within(graph, new).unwrap_or_default(), within(self.graph, old).unwrap_or_default());
        (&new.type_name, &new.config, inner.len()) == (&old.type_name, &old.config, before.len())
            && inner.iter().all(|&inner| {
                let is_there = before.iter().any(|&ix| self.graph.nodes[ix].id == graph.nodes[inner].id);
                is_there && self.is_same(graph, inner)
            })
    }
}

/// Whether a plan tells of a node.
fn is_told(node: &Node) -> bool {
    node.role != Role::Trigger && node.part != Part::Undo && !node.is_chunk
}

/// These nodes, and those that lie behind them.
fn behind(graph: &Graph, begin: &BTreeSet<NodeIx>) -> HashSet<NodeIx> {
    let is_behind = |node: &NodeIx| begin.iter().any(|it| graph.nodes[*node].ancestors.binary_search(it).is_ok());
    (0..graph.nodes.len()).filter(|node| begin.contains(node) || is_behind(node)).collect()
}

/// The node outside of containers that an event is about, or lies in.
fn outermost(event: &Event) -> Option<NodeId> {
    event.step().map(home)
}

/// The node outside of containers that a step is of, or lies in.
fn home(step: &StepKey) -> NodeId {
    let scope = step.scope.as_str();
    scope.split_once('[').map_or_else(|| step.node_id.clone(), |(container, _)| NodeId::from(container))
}
