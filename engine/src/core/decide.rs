//! The one place that says what follows from what happened.
//!
//! [`begin`] and [`decide`] are functions of the graph, the state and one entry, and of nothing else.
//! They change nothing: [`State::apply`] folds an entry and its decision in.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use thiserror::Error;

use super::graph::{EdgeIx, EdgeKind, Graph, NodeIx};
use super::ids::StepKey;
use super::journal::{Entry, Event, SettledStatus, Settlement};
use super::outcome::StepError;
use super::policy::Policy;
use super::state::{EdgeState, End, Inbound, Phase, State, Step, StepStatus};

/// What follows from one entry.
#[must_use = "a decision that is not committed is lost"]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Steps that may run now, ascending: fired, or woken by a signal.
    pub start: Vec<NodeIx>,
    /// Nodes that will never run, ascending.
    pub skipped: Vec<NodeIx>,
    /// Steps that are ended by the end of the execution, or by a join that needs them no more, ascending.
    pub cancelled: Vec<NodeIx>,
    /// Edges that got resolved.
    pub edges: Vec<(EdgeIx, EdgeState)>,
    /// Set if the execution has ended.
    pub end: Option<End>,
}

/// An entry that cannot follow the state. Nothing is changed; a duplicate ends here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IllegalEvent {
    /// The graph has no such node, or the step is in another scope.
    #[error("step {0} does not exist in this graph")]
    UnknownStep(StepKey),
    /// The node to begin with is no trigger.
    #[error("node {0} is not a trigger")]
    NotATrigger(StepKey),
    /// The execution has ended; nothing follows.
    #[error("the execution has already ended")]
    Ended,
    /// The execution waits for a person; only a cancel may follow.
    #[error("the execution is an incident and only a cancel may follow")]
    Incident,
    /// The step neither runs nor waits: not fired, settled, skipped or cancelled.
    #[error("step {0} is not active")]
    NotActive(StepKey),
    /// The step is active but cannot take this event now.
    #[error("step {0} cannot take this event now")]
    WrongPhase(StepKey),
}

/// The state and decision that the start of an execution at `trigger` leads to.
///
/// The trigger settles at once with the execution's input as its output; other triggers are skipped.
pub fn begin(
    graph: &Graph,
    trigger: &StepKey,
    input: Value,
    at: DateTime<Utc>,
) -> Result<(State, Decision), IllegalEvent> {
    let node = find(graph, trigger)?;
    if !graph.triggers().any(|ix| ix == node) {
        return Err(IllegalEvent::NotATrigger(trigger.clone()));
    }
    let mut state = State::empty(graph);
    state.steps[node].settle_trigger(graph.nodes[node].ports.first().cloned(), input, at);
    let mut draft = Draft::new(graph, &state);
    for other in graph.triggers().filter(|&ix| ix != node) {
        draft.skip(other);
    }
    draft.emit(node, graph.nodes[node].ports.first().map(String::as_str), &[]);
    let decision = draft.finish(0);
    state.absorb(graph, &decision, at);
    Ok((state, decision))
}

/// What `entry` leads to in `state`.
pub fn decide(graph: &Graph, state: &State, entry: &Entry) -> Result<Decision, IllegalEvent> {
    if state.end.is_some() {
        return Err(IllegalEvent::Ended);
    }
    match &entry.event {
        Event::Cancelled { reason } => Ok(stop(state, None, End::Cancelled { reason: reason.clone() })),
        _ if state.incident.is_some() => Err(IllegalEvent::Incident),
        Event::TimedOut => Ok(stop(state, None, timed_out())),
        Event::Poisoned { .. } => Ok(Decision::default()),
        Event::Waiting { step, .. } => quiet(graph, state, step, may_run),
        Event::Started { step } => quiet(graph, state, step, |step| may_run(step) && step.phase != Phase::Started),
        Event::AttemptFailed { step, attempt, .. } => {
            quiet(graph, state, step, |step| may_run(step) && step.attempts + 1 == *attempt)
        }
        Event::Signalled { step, .. } => {
            let node = active(graph, state, step)?;
            let waits = matches!(&state.steps[node].phase, Phase::Waiting(until) if until.signal.is_some());
            if !waits {
                return Err(IllegalEvent::WrongPhase(step.clone()));
            }
            Ok(Decision { start: vec![node], ..Decision::default() })
        }
        Event::Settled { step, settlement } => {
            let node = active(graph, state, step)?;
            if !may_run(&state.steps[node]) {
                return Err(IllegalEvent::WrongPhase(step.clone()));
            }
            settle(graph, state, node, settlement)
        }
    }
}

fn settle(graph: &Graph, state: &State, node: NodeIx, settlement: &Settlement) -> Result<Decision, IllegalEvent> {
    let mut draft = Draft::new(graph, state);
    draft.decided.push(node);
    match settlement.status {
        SettledStatus::Completed => {
            draft.emit(node, settlement.port.as_deref(), &settlement.closed_edges);
        }
        SettledStatus::Failed | SettledStatus::OutcomeUnknown => {
            let error = settlement.error.clone().unwrap_or_else(unexplained);
            if !graph.handles_error(node, &error.class) {
                let step = Some(StepKey::root(graph.nodes[node].id.clone()));
                return Ok(stop(state, Some(node), End::Failed { step, error }));
            }
            draft.fail(node, &error.class);
        }
    }
    Ok(draft.finish(state.active - 1))
}

/// The decision for an event that changes one step and starts nothing.
fn quiet(
    graph: &Graph,
    state: &State,
    step: &StepKey,
    legal: impl Fn(&Step) -> bool,
) -> Result<Decision, IllegalEvent> {
    let node = active(graph, state, step)?;
    if legal(&state.steps[node]) { Ok(Decision::default()) } else { Err(IllegalEvent::WrongPhase(step.clone())) }
}

/// Whether an attempt of the step may have run: all phases but an untouched signal wait.
fn may_run(step: &Step) -> bool {
    !matches!(&step.phase, Phase::Waiting(until) if until.time.is_none())
}

fn find(graph: &Graph, step: &StepKey) -> Result<NodeIx, IllegalEvent> {
    let node = graph.find(&step.node_id).filter(|_| step.scope.as_str().is_empty());
    node.ok_or_else(|| IllegalEvent::UnknownStep(step.clone()))
}

fn active(graph: &Graph, state: &State, step: &StepKey) -> Result<NodeIx, IllegalEvent> {
    let node = find(graph, step)?;
    if state.steps[node].is_active() { Ok(node) } else { Err(IllegalEvent::NotActive(step.clone())) }
}

/// The end of the execution: everything active but `settled` is cancelled.
fn stop(state: &State, settled: Option<NodeIx>, end: End) -> Decision {
    let cancelled = (0..state.steps.len()).filter(|&ix| state.steps[ix].is_active() && Some(ix) != settled).collect();
    Decision { cancelled, end: Some(end), ..Decision::default() }
}

fn timed_out() -> End {
    let reason = "the execution ran longer than its workflow allows".into();
    End::Failed { step: None, error: StepError { class: "execution_timeout".into(), reason } }
}

fn unexplained() -> StepError {
    StepError { class: "unknown".into(), reason: "the step failed without a reason".into() }
}

impl Graph {
    /// Whether an error edge of `node` takes a failure of `class`.
    #[must_use]
    pub fn handles_error(&self, node: NodeIx, class: &str) -> bool {
        self.nodes[node].out_edges.iter().any(|&edge| self.edges[edge].kind.takes_error(class))
    }
}

impl EdgeKind {
    fn takes_error(&self, class: &str) -> bool {
        matches!(self, Self::Error { classes } if classes.is_empty() || classes.iter().any(|known| known == class))
    }
}

/// The edges that resolve and the nodes that get decided, while one decision is being made.
struct Draft<'a> {
    graph: &'a Graph,
    state: &'a State,
    inbound: HashMap<NodeIx, Inbound>,
    decided: Vec<NodeIx>,
    decision: Decision,
}

enum Verdict {
    Undecided,
    Fire,
    Skip,
}

impl<'a> Draft<'a> {
    fn new(graph: &'a Graph, state: &'a State) -> Self {
        Self { graph, state, inbound: HashMap::new(), decided: Vec::new(), decision: Decision::default() }
    }

    /// Resolves the out-edges of a node that completed on `port`.
    fn emit(&mut self, node: NodeIx, port: Option<&str>, closed: &[String]) {
        for &edge in &self.graph.nodes[node].out_edges {
            let taken = match &self.graph.edges[edge].kind {
                EdgeKind::Flow { port: from, .. } => {
                    Some(from.as_str()) == port && !closed.contains(&self.graph.edges[edge].id)
                }
                EdgeKind::Error { .. } => false,
            };
            self.resolve(edge, taken);
        }
    }

    /// Resolves the out-edges of a node that failed with `class`.
    fn fail(&mut self, node: NodeIx, class: &str) {
        for &edge in &self.graph.nodes[node].out_edges {
            self.resolve(edge, self.graph.edges[edge].kind.takes_error(class));
        }
    }

    /// Skips a node and, through it, whatever can no longer be reached.
    fn skip(&mut self, node: NodeIx) {
        let mut doomed = vec![node];
        while let Some(node) = doomed.pop() {
            self.decided.push(node);
            self.decision.skipped.push(node);
            for &edge in &self.graph.nodes[node].out_edges {
                if let Some(target) = self.record(edge, EdgeState::Skipped) {
                    doomed.push(target);
                }
            }
        }
    }

    fn resolve(&mut self, edge: EdgeIx, taken: bool) {
        let to = if taken { EdgeState::Taken } else { EdgeState::Skipped };
        if let Some(target) = self.record(edge, to) {
            self.skip(target);
        }
    }

    /// Resolves one edge; fires its target if that is due, and returns it if it is to be skipped.
    fn record(&mut self, edge: EdgeIx, to: EdgeState) -> Option<NodeIx> {
        let target = self.graph.edges[edge].target;
        self.decision.edges.push((edge, to));
        let inbound = self.inbound.entry(target).or_insert(self.state.steps[target].inbound);
        inbound.resolve(to);
        let inbound = *inbound;
        if self.state.steps[target].status != StepStatus::Pending || self.decided.contains(&target) {
            return None;
        }
        match verdict(&self.graph.nodes[target].policy, inbound) {
            Verdict::Undecided => None,
            Verdict::Skip => Some(target),
            Verdict::Fire => {
                self.decided.push(target);
                self.decision.start.push(target);
                self.cut(target);
                None
            }
        }
    }

    /// Cancels, or skips, what a join that fires needs no more.
    fn cut(&mut self, join: NodeIx) {
        let mut losers = Vec::new();
        for &loser in &self.graph.nodes[join].feeders {
            let (is_active, is_pending) = (self.state.steps[loser].is_active(), self.state.steps[loser].is_pending());
            let started = self.decision.start.iter().position(|&started| started == loser);
            if let Some(place) = started {
                self.decision.start.swap_remove(place);
            } else if self.decided.contains(&loser) || !(is_active || is_pending) {
                continue;
            }
            self.decided.push(loser);
            if is_active { &mut self.decision.cancelled } else { &mut self.decision.skipped }.push(loser);
            losers.push(loser);
        }
        // All of them are decided by now, and so is whatever they lead to.
        for edge in losers.into_iter().flat_map(|loser| &self.graph.nodes[loser].out_edges) {
            self.record(*edge, EdgeState::Skipped);
        }
    }

    /// The decision, given how many steps stay active besides those that it starts.
    fn finish(self, active: usize) -> Decision {
        let mut decision = self.decision;
        decision.start.sort_unstable();
        decision.skipped.sort_unstable();
        decision.cancelled.sort_unstable();
        if active + decision.start.len() == decision.cancelled.len() {
            decision.end = Some(End::Completed);
        }
        decision
    }
}

/// The firing rule.
fn verdict(policy: &Policy, inbound: Inbound) -> Verdict {
    match policy.wanted() {
        Some(wanted) if inbound.taken >= wanted => Verdict::Fire,
        Some(wanted) if inbound.taken + inbound.open < wanted => Verdict::Skip,
        None if inbound.open == 0 && inbound.taken > 0 => Verdict::Fire,
        None if inbound.open == 0 => Verdict::Skip,
        Some(_) | None => Verdict::Undecided,
    }
}
