//! Migration of an execution that stands still to another version: whether that version's graph folds its journal to the same
//! state. What has not run may differ freely.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::decide::{begin, decide};
use super::graph::{Edge, EdgeKind, Graph, NodeIx};
use super::ids::{NodeId, StepKey};
use super::journal::Entry;
use super::restart::Past;
use super::state::{Frame, Phase, State, Step, StepIx, StepStatus};

/// Most reasons that are told.
pub const REASONS_MAX: usize = 100;

/// Why an execution cannot go on with the other version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Misfit {
    /// The node that it is about; none if it is about the execution.
    pub node_id: Option<NodeId>,
    /// Where in nested loops; empty at the top level.
    pub scope: String,
    /// What differs, for people.
    pub text: String,
}

impl Misfit {
    fn of(key: &StepKey, text: impl Into<String>) -> Self {
        Self { node_id: Some(key.node_id.clone()), scope: key.scope.as_str().to_owned(), text: text.into() }
    }

    fn whole(text: impl Into<String>) -> Self {
        Self { node_id: None, scope: String::new(), text: text.into() }
    }
}

/// A sentence without a full stop: `step b: it has run, and is not there any more`.
impl Display for Misfit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (&self.node_id, self.scope.as_str()) {
            (Some(node_id), "") => write!(f, "step {node_id}: ")?,
            (Some(node_id), scope) => write!(f, "step {node_id} in {scope}: ")?,
            (None, "") => {}
            (None, scope) => write!(f, "{scope}: ")?,
        }
        f.write_str(&self.text)
    }
}

/// Why the execution cannot go on with `graph`, at most [`REASONS_MAX`] reasons; none if it can.
#[must_use]
pub fn misfits(past: Past<'_>, graph: &Graph) -> Vec<Misfit> {
    let (state, stuck) = match refold(past, graph) {
        Ok(folded) => folded,
        Err(misfit) => return vec![misfit],
    };
    // Where the fold cannot go on, the rest would all differ: the entry is reason enough.
    let mut found: BTreeSet<Misfit> = stuck.into_iter().collect();
    let pair = Pair { old: past, graph, state: &state };
    if found.is_empty() {
        found.extend(pair.whole());
        found.extend(pair.frames());
        found.extend((0..past.state.steps().len()).filter_map(|ix| pair.known(ix)));
        found.extend((0..state.steps().len()).filter_map(|ix| pair.fresh(ix)));
    }
    found.extend((0..past.state.steps().len()).flat_map(|ix| pair.types(ix)));
    found.extend((0..past.state.steps().len()).flat_map(|ix| pair.conditions(ix)));
    found.into_iter().take(REASONS_MAX).collect()
}

/// The state that `graph` folds the journal to, as far as it can, and where it cannot go on.
fn refold(past: Past<'_>, graph: &Graph) -> Result<(State, Option<Misfit>), Misfit> {
    let begun_at = past.state.find(past.graph, past.trigger).and_then(|trigger| past.state.step(trigger).fired_at);
    let begun = begin(graph, past.trigger, past.input.clone(), begun_at.unwrap_or_default());
    let (mut state, _) =
        begun.map_err(|illegal| Misfit::of(past.trigger, format!("it cannot begin as it did: {illegal}")))?;
    for (position, entry) in (1..).zip(past.entries) {
        match decide(graph, &state, entry) {
            Ok(decision) => state.apply(graph, entry.clone(), &decision),
            Err(illegal) => return Ok((state, Some(cannot_follow(position, entry, &illegal.to_string())))),
        }
    }
    Ok((state, None))
}

fn cannot_follow(position: u32, entry: &Entry, illegal: &str) -> Misfit {
    let text = format!("journal entry {position} could not have come about: {illegal}");
    entry.event.step().map_or_else(|| Misfit::whole(&text), |key| Misfit::of(key, &text))
}

/// An execution as it is, and as the other version has it.
struct Pair<'a> {
    old: Past<'a>,
    graph: &'a Graph,
    state: &'a State,
}

impl Pair<'_> {
    /// The step of the same address in the other version.
    fn twin(&self, key: &StepKey) -> Option<&Step> {
        self.state.find(self.graph, key).map(|ix| self.state.step(ix))
    }

    /// What is about the whole execution.
    fn whole(&self) -> Vec<Misfit> {
        let (old, new) = (self.old.state, self.state);
        let same = [
            (old.end() == new.end(), "it would have ended otherwise"),
            (old.incident() == new.incident(), "it would be an incident for another reason, or none"),
            (old.paused() == new.paused(), "it would not be paused in the same way"),
        ];
        same.into_iter().filter(|(is_same, _)| !is_same).map(|(_, text)| Misfit::whole(text)).collect()
    }

    /// Frames that are open, or end, otherwise.
    fn frames(&self) -> Vec<Misfit> {
        let (old, new) = (self.old.state, self.state);
        let stands = |frame: &Frame| (frame.stage, frame.ending.clone(), frame.index);
        let differs = |frame: &&Frame| {
            let twin = new.frame_of(&frame.scope).map(stands);
            twin != Some(stands(frame))
        };
        let is_new = |frame: &&Frame| old.frame_of(&frame.scope).is_none();
        let told = |frame: &Frame, text: &str| Misfit {
            node_id: None,
            scope: frame.scope.as_str().to_owned(),
            text: text.to_owned(),
        };
        let lost =
            old.frames.iter().filter(differs).map(|frame| told(frame, "this run of a graph would stand otherwise"));
        let more =
            new.frames.iter().filter(is_new).map(|frame| told(frame, "this run of a graph would be open already"));
        lost.chain(more).collect()
    }

    /// A step of the execution that would stand otherwise.
    fn known(&self, ix: StepIx) -> Option<Misfit> {
        let (step, key) = (self.old.state.step(ix), self.old.state.key(self.old.graph, ix));
        let has_run = !matches!(step.status, StepStatus::Pending | StepStatus::Skipped);
        let Some(twin) = self.twin(&key) else {
            return has_run.then(|| Misfit::of(&key, "it has run, and is not there any more"));
        };
        if step.status != twin.status {
            return Some(Misfit::of(
                &key,
                format!("it is {}, and would be {}", step.status.word(), twin.status.word()),
            ));
        }
        let round = |step: &Step| {
            step.round
                .as_deref()
                .map(|round| (round.first, round.turn, round.items.len(), round.frames.len(), round.closing))
        };
        let is_same = (&step.phase, step.attempts, step.settled_at, step.orphan())
            == (&twin.phase, twin.attempts, twin.settled_at, twin.orphan())
            && step.ports().eq(twin.ports())
            && (round(step), step.expires_at()) == (round(twin), twin.expires_at());
        (has_run && !is_same).then(|| Misfit::of(&key, "it would not stand where it does"))
    }

    /// A step that only the other version has, and that would be under way, or done.
    fn fresh(&self, ix: StepIx) -> Option<Misfit> {
        let (step, key) = (self.state.step(ix), self.state.key(self.graph, ix));
        let is_known = self.old.state.find(self.old.graph, &key).is_some();
        let has_run = !matches!(step.status, StepStatus::Pending | StepStatus::Skipped);
        let text = "it is new, and would already have begun: what leads to it has ended";
        (!is_known && has_run).then(|| Misfit::of(&key, text))
    }

    /// That a step which has run is of another type, or in another part of the graph.
    fn types(&self, ix: StepIx) -> Option<Misfit> {
        let (step, key) = (self.old.state.step(ix), self.old.state.key(self.old.graph, ix));
        if matches!(step.status, StepStatus::Pending | StepStatus::Skipped) {
            return None;
        }
        let old = &self.old.graph.nodes[step.node];
        let new = &self.graph.nodes[self.graph.find(&key.node_id)?];
        if old.type_name != new.type_name {
            return Some(Misfit::of(&key, format!("it has run as {}, and is now {}", old.type_name, new.type_name)));
        }
        let owner = |graph: &Graph, home: usize| -> Option<NodeId> {
            graph.bodies[home].owner.map(|owner: NodeIx| graph.nodes[owner].id.clone())
        };
        let moved = owner(self.old.graph, old.home) != owner(self.graph, new.home) || old.part != new.part;
        let is_closed = matches!(step.phase, Phase::Started) && old.policy.at_most_once != new.policy.at_most_once;
        (moved || is_closed)
            .then(|| Misfit::of(&key, "it has run in another part of the graph, or under another promise"))
    }

    /// Conditions of edges behind a step that has ended: they were judged then, and a new one never was.
    fn conditions(&self, ix: StepIx) -> Vec<Misfit> {
        let (step, key) = (self.old.state.step(ix), self.old.state.key(self.old.graph, ix));
        let Some(node) = self.graph.find(&key.node_id).filter(|_| step.port.is_some()) else { return Vec::new() };
        let old: Vec<&Edge> = edges(self.old.graph, step.node);
        let is_judged = |edge: &&Edge| -> bool {
            let before = old.iter().find(|before| before.id == edge.id);
            match &edge.kind {
                EdgeKind::Flow { port, .. } if step.ports().all(|emitted| emitted != port) => true,
                EdgeKind::Flow { when: Some(_), .. } => before.is_some_and(|before| before.kind == edge.kind),
                // One whose condition did not hold stays closed.
                EdgeKind::Flow { when: None, .. } => before.is_none_or(|before| !has_condition(before)),
                EdgeKind::Error { .. } | EdgeKind::Undo => true,
            }
        };
        let unjudged = edges(self.graph, node).into_iter().filter(|edge| !is_judged(edge));
        let text =
            |edge: &Edge| format!("the condition of edge \"{}\" behind it was not judged when it ended", edge.id);
        unjudged.map(|edge| Misfit::of(&key, text(edge))).collect()
    }
}

fn edges(graph: &Graph, node: NodeIx) -> Vec<&Edge> {
    graph.nodes[node].out_edges.iter().map(|&edge| &graph.edges[edge]).collect()
}

fn has_condition(edge: &Edge) -> bool {
    matches!(&edge.kind, EdgeKind::Flow { when: Some(_), .. })
}
