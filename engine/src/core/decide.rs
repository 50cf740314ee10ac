//! The one place that says what follows from what happened.
//!
//! [`begin`] and [`decide`] are functions of the graph, the state and one entry, and of nothing else.
//! They change nothing: [`State::apply`] folds an entry and its decision in.

use chrono::{DateTime, Utc};
use serde_json::Value;
use thiserror::Error;

use super::chunk::Given;
use super::draft::Draft;
use super::frame::{Closing, Stage};
use super::graph::{EdgeIx, EdgeKind, Graph, NodeIx, Part};
use super::ids::StepKey;
use super::journal::{Entry, Event, SettledStatus, Settlement};
use super::outcome::StepError;
use super::resolve::resolve;
use super::state::{EdgeState, End, FrameIx, Incident, Phase, State, Step, StepIx};

/// What follows from one entry.
#[must_use = "a decision that is not committed is lost"]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Frames that open, each of a container's step and with its index among the items of the round. They take the places
    /// behind the last frame, and their steps those behind the last step.
    pub opened: Vec<(StepIx, usize)>,
    /// Steps that may run now, ascending: fired, or woken by a signal.
    pub start: Vec<StepIx>,
    /// Steps that will never run, ascending.
    pub skipped: Vec<StepIx>,
    /// Steps that are ended by the end of what is around them, or by a join that needs them no more, ascending.
    pub cancelled: Vec<StepIx>,
    /// Chunks that are needed no more: they are cancelled, and awaited until they have ended.
    pub recalled: Vec<StepIx>,
    /// Edges that got resolved, each in its frame.
    pub edges: Vec<(FrameIx, EdgeIx, EdgeState)>,
    /// How frames will end, from when that is settled.
    pub endings: Vec<(FrameIx, End)>,
    /// Parts of frames that begin, in that order.
    pub stages: Vec<(FrameIx, Stage)>,
    /// Containers of which no more frames open.
    pub closing: Vec<(StepIx, Closing)>,
    /// Containers whose frames have all ended, ascending.
    pub closed: Vec<StepIx>,
    /// Set if the execution has to wait for a person, with the reason.
    pub incident: Option<Incident>,
    /// Set if the execution has ended.
    pub end: Option<End>,
}

/// An entry that cannot follow the state. Nothing is changed; a duplicate ends here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IllegalEvent {
    /// There is no such node, or no such frame.
    #[error("step {0} does not exist in this execution")]
    UnknownStep(StepKey),
    /// The node to begin with is no trigger.
    #[error("node {0} is not a trigger")]
    NotATrigger(StepKey),
    /// What a chunk was given cannot be read.
    #[error("what the chunk of {0} was given cannot be read")]
    NoChunk(StepKey),
    /// The execution has ended; nothing follows.
    #[error("the execution has already ended")]
    Ended,
    /// It is settled how the execution ends, and only what undoes or runs at last goes on.
    #[error("the execution is already ending")]
    Ending,
    /// The execution waits for a person; only a resolution or a cancel may follow.
    #[error("the execution is an incident, and only a resolution or a cancel may follow")]
    Incident,
    /// The execution is paused.
    #[error("the execution is paused already")]
    AlreadyPaused,
    /// The execution is not paused.
    #[error("the execution is not paused")]
    NotPaused,
    /// No step waits for its next attempt.
    #[error("no step waits for its next attempt")]
    NoBackoff,
    /// The execution waits for no person.
    #[error("the execution is no incident")]
    NoIncident,
    /// Which step is meant is not said.
    #[error("the step has to be named")]
    StepNeeded,
    /// The incident is about another step.
    #[error("the incident is not about step {0}")]
    NotConcerned(StepKey),
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
    let mut state = State::empty(graph);
    let step = state.find(graph, trigger).ok_or_else(|| IllegalEvent::UnknownStep(trigger.clone()))?;
    let node = state.steps[step].node;
    if graph.chunk_of == Some(node) {
        return begin_chunk(graph, state, step, trigger, input, at);
    }
    if !graph.triggers().any(|ix| ix == node) {
        return Err(IllegalEvent::NotATrigger(trigger.clone()));
    }
    let port = graph.nodes[node].ports.first();
    state.steps[step].settle_trigger(port.cloned(), input, at);
    let mut draft = Draft::new(graph, &state);
    for other in graph.triggers().filter(|&ix| ix != node) {
        draft.skip(graph.nodes[other].place);
    }
    draft.emit(step, |from| port.is_some_and(|port| port == from), &[]);
    // The trigger itself may be all there is.
    draft.touched.insert(0);
    let decision = draft.finish();
    state.absorb(graph, &decision, at);
    Ok((state, decision))
}

/// The same for a chunk: what is around it stands as it did, and its first items open.
fn begin_chunk(
    graph: &Graph,
    mut state: State,
    container: StepIx,
    key: &StepKey,
    given: Value,
    at: DateTime<Utc>,
) -> Result<(State, Decision), IllegalEvent> {
    let given = serde_json::from_value::<Given>(given).ok().filter(|given| !given.items.is_empty());
    let given = given.ok_or_else(|| IllegalEvent::NoChunk(key.clone()))?;
    state.take_over(graph, container, given, at).ok_or_else(|| IllegalEvent::NoChunk(key.clone()))?;
    let mut draft = Draft::new(graph, &state);
    draft.open_first(container);
    let decision = draft.finish();
    state.absorb(graph, &decision, at);
    Ok((state, decision))
}

/// What `entry` leads to in `state`.
pub fn decide(graph: &Graph, state: &State, entry: &Entry) -> Result<Decision, IllegalEvent> {
    if state.end.is_some() {
        return Err(IllegalEvent::Ended);
    }
    match &entry.event {
        Event::Cancelled { reason, forced, .. } => Ok(cancel(graph, state, reason, *forced)),
        Event::Resolved { step, resolution, .. } => resolve(graph, state, step.as_ref(), resolution),
        _ if state.incident.is_some() => Err(IllegalEvent::Incident),
        Event::TimedOut if state.is_ending() => Err(IllegalEvent::Ending),
        Event::TimedOut => Ok(wind_up(graph, state, timed_out())),
        Event::Paused { .. } if state.is_paused() => Err(IllegalEvent::AlreadyPaused),
        Event::Resumed { .. } if !state.is_paused() => Err(IllegalEvent::NotPaused),
        Event::Poisoned { .. } | Event::Paused { .. } | Event::Resumed { .. } => Ok(Decision::default()),
        Event::Waiting { step, .. } => legal(graph, state, step, may_run).map(|ix| pause(graph, state, ix)),
        Event::Started { step } => quiet(graph, state, step, |step| may_run(step) && step.phase != Phase::Started),
        Event::AttemptFailed { step, attempt, .. } => {
            let ix = legal(graph, state, step, |step| may_run(step) && step.attempts + 1 == *attempt)?;
            Ok(pause(graph, state, ix))
        }
        Event::Opened { step, items, spill, .. } => {
            let opens = |step: &Step| graph.frames(step.node, *spill).is_some() && !items.is_empty() && may_run(step);
            let ix = legal(graph, state, step, opens)?;
            let mut draft = Draft::new(graph, state);
            match is_late(graph, state, ix) {
                true => draft.cancel(ix),
                false => draft.open(ix, items.len(), *spill),
            }
            Ok(draft.finish())
        }
        Event::Expired { step } => {
            let ix = legal(graph, state, step, |step| step.expires_at().is_some())?;
            let mut draft = Draft::new(graph, state);
            draft.close(ix, Closing::Expired);
            Ok(draft.finish())
        }
        Event::Signalled { step, .. } => {
            let waits = |step: &Step| matches!(&step.phase, Phase::Waiting(until) if until.signal.is_some());
            let ix = legal(graph, state, step, waits)?;
            Ok(Decision { start: vec![ix], ..Decision::default() })
        }
        Event::Hastened { step, .. } => hasten(graph, state, step.as_ref()),
        Event::Settled { step, settlement } => {
            let ix = legal(graph, state, step, may_run)?;
            Ok(settle(graph, state, ix, settlement))
        }
    }
}

/// A cancel waits for what undoes and what runs at last; a forced one does not, and nobody waits for an incident, unless it is
/// one for want of room alone.
fn cancel(graph: &Graph, state: &State, reason: &str, forced: bool) -> Decision {
    let end = End::Cancelled { reason: reason.to_owned() };
    if forced || state.incident.is_some() && !state.has_outgrown() {
        return Draft::new(graph, state).stop(end);
    }
    wind_up(graph, state, end)
}

pub(super) fn wind_up(graph: &Graph, state: &State, end: End) -> Decision {
    let mut draft = Draft::new(graph, state);
    draft.wind_up(0, end);
    draft.finish()
}

/// A step parks; one that was only awaited is cancelled instead, but for a chunk.
fn pause(graph: &Graph, state: &State, step: StepIx) -> Decision {
    let mut draft = Draft::new(graph, state);
    if is_late(graph, state, step) && !graph.is_chunk(state, step) {
        draft.cancel(step);
    }
    draft.finish()
}

/// Whether nothing follows from the step: it is settled how its frame ends, or a join that needs it no more has resolved
/// its edges.
fn is_late(graph: &Graph, state: &State, step: StepIx) -> bool {
    let Step { node, frame, .. } = state.steps[step];
    let (node, edges) = (&graph.nodes[node], state.edges(graph, frame));
    let is_resolved = |&edge: &EdgeIx| edges[graph.edges[edge].place] != EdgeState::Open;
    node.part == Part::Main && state.frames[frame].ending.is_some() || node.out_edges.iter().any(is_resolved)
}

fn settle(graph: &Graph, state: &State, step: StepIx, settlement: &Settlement) -> Decision {
    let mut draft = Draft::new(graph, state);
    draft.settle(step, settlement);
    if is_late(graph, state, step) {
        return draft.finish();
    }
    match settlement.status {
        SettledStatus::Completed => {
            draft.emit(step, |from| settlement.ports().any(|port| port == from), &settlement.closed_edges);
        }
        SettledStatus::Failed | SettledStatus::OutcomeUnknown => {
            let error = settlement.error.clone().unwrap_or_else(unexplained);
            if graph.handles_error(state.steps[step].node, &error.class) {
                draft.fail(step, &error.class);
            } else {
                return draft.give_up(step, error);
            }
        }
    }
    draft.finish()
}

/// Steps go on that wait for their next attempt.
fn hasten(graph: &Graph, state: &State, step: Option<&StepKey>) -> Result<Decision, IllegalEvent> {
    let start = match step {
        Some(step) => vec![legal(graph, state, step, |step| matches!(step.phase, Phase::Backoff(_)))?],
        None => state.in_backoff(),
    };
    if start.is_empty() {
        return Err(IllegalEvent::NoBackoff);
    }
    Ok(Decision { start, ..Decision::default() })
}

/// The decision for an event that changes one step and starts nothing.
fn quiet(
    graph: &Graph,
    state: &State,
    step: &StepKey,
    takes: impl Fn(&Step) -> bool,
) -> Result<Decision, IllegalEvent> {
    legal(graph, state, step, takes).map(|_| Decision::default())
}

/// The active step of that address, if it takes the event.
fn legal(graph: &Graph, state: &State, key: &StepKey, takes: impl Fn(&Step) -> bool) -> Result<StepIx, IllegalEvent> {
    let ix = state.find(graph, key).ok_or_else(|| IllegalEvent::UnknownStep(key.clone()))?;
    match &state.steps[ix] {
        step if !step.is_active() => Err(IllegalEvent::NotActive(key.clone())),
        step if !takes(step) => Err(IllegalEvent::WrongPhase(key.clone())),
        _ => Ok(ix),
    }
}

/// Whether an attempt of the step may have run: all phases but an untouched signal wait, and a container's frames.
fn may_run(step: &Step) -> bool {
    match &step.phase {
        Phase::Waiting(until) => until.time.is_some(),
        phase => *phase != Phase::Open,
    }
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
    pub(super) fn takes_error(&self, class: &str) -> bool {
        matches!(self, Self::Error { classes } if classes.is_empty() || classes.iter().any(|known| known == class))
    }
}
