//! State of one execution: the fold of its journal. Recovery, replay and the editor read the same fold.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::attempt::{OUTPUT_BYTES_MAX, storable};
pub use super::frame::{Closing, Frame, Round, Stage};
use super::graph::{Graph, NodeIx, Part};
use super::ids::{ExecutionId, Scope, SignalId, StepKey};
use super::journal::{Asked, ENTRIES_MAX, Resolution, WORK_ENTRIES_MAX};
use super::outcome::StepError;
pub use super::step::{EdgeState, Phase, Step, StepStatus};

/// Index of a step in its state. In a graph without containers it is that of its node.
pub type StepIx = usize;
/// Index of a frame in its state; the first one is the top level.
pub type FrameIx = usize;

/// Everything known of one execution at one journal position.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Steps of all frames, one frame after the other.
    pub(super) steps: Vec<Step>,
    /// Resolution of each edge, frame by frame, in the order of the body's edges.
    pub(super) edges: Vec<EdgeState>,
    /// In the order of their opening.
    pub(super) frames: Vec<Frame>,
    /// Frames by scope, but for the top level: most executions have no other.
    by_scope: HashMap<Scope, FrameIx>,
    /// Steps that run or wait.
    pub(super) live: BTreeSet<StepIx>,
    /// Steps that did what can be undone, and is not, by the positions at which they settled.
    pub(super) undoable: BTreeSet<(u32, StepIx)>,
    /// Journal entries folded in.
    pub(super) position: u32,
    /// Set by the entry that ended the execution.
    pub(super) end: Option<End>,
    /// Signals that steps have consumed; a repeated one changes nothing.
    pub(super) consumed: Vec<SignalId>,
    /// Set while the execution waits for a person.
    pub(super) incident: Option<Incident>,
    /// What persons said of its incidents, in that order.
    pub(super) resolved: Vec<Resolved>,
    /// Set once its work has come to a bound of its journal, as an entry tells: bounds of bytes are known to workers only.
    pub(super) is_work_full: bool,
    /// The same of its end.
    pub(super) is_end_full: bool,
    /// Set while a person holds it up.
    pub(super) paused: Option<Pause>,
    /// Children that were cancelled with their steps, and may not have ended.
    pub(super) given_up: Vec<ExecutionId>,
    /// Of a chunk: the execution that has handed it over, which its expressions name.
    pub(super) part_of: Option<ExecutionId>,
}

/// What a person has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The step that could not undo; none if no one step is known to be at fault.
    pub step: Option<StepIx>,
    /// What happened.
    pub reason: String,
}

/// That a person holds an execution up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Who said so.
    pub asked: Asked,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What a person said of an incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The step; none if all that was under way was tried again.
    pub step: Option<StepIx>,
    /// What became of it.
    pub resolution: Resolution,
    /// Who said so.
    pub asked: Asked,
    /// When.
    pub at: DateTime<Utc>,
}

/// How an execution, or a frame, ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Nothing was left to run.
    Completed,
    /// A failure that nothing took.
    Failed {
        /// The step that failed; absent when the execution ran out of time.
        step: Option<StepKey>,
        /// Why.
        error: StepError,
    },
    /// Cancelled from outside, or as it was needed no more.
    Cancelled {
        /// Why, for people.
        reason: String,
    },
}

impl State {
    pub(super) fn empty(graph: &Graph) -> Self {
        let mut state = Self {
            steps: Vec::new(),
            edges: Vec::new(),
            frames: Vec::new(),
            by_scope: HashMap::new(),
            live: BTreeSet::new(),
            undoable: BTreeSet::new(),
            position: 0,
            end: None,
            consumed: Vec::new(),
            incident: None,
            resolved: Vec::new(),
            is_work_full: false,
            is_end_full: false,
            paused: None,
            given_up: Vec::new(),
            part_of: None,
        };
        state.open(graph, None, Scope::root(), 0, Value::Null);
        state
    }

    /// Adds a frame of the top level, or of a container.
    pub(super) fn open(&mut self, graph: &Graph, owner: Option<StepIx>, scope: Scope, index: usize, item: Value) {
        let body = owner.and_then(|owner| self.steps[owner].round.as_ref()).map_or(0, |round| round.body);
        let (first_step, first_edge, frame) = (self.steps.len(), self.edges.len(), self.frames.len());
        if frame > 0 {
            self.by_scope.insert(scope.clone(), frame);
        } else {
            // Most executions have no other.
            self.frames.reserve_exact(1);
        }
        let (stage, ending, active) = (Stage::Main, None, 0);
        self.frames.push(Frame { body, owner, scope, index, item, stage, ending, first_step, first_edge, active });
        let nodes = &graph.bodies[body].nodes;
        self.steps.extend(nodes.iter().map(|&node| Step::pending(node, frame, graph.nodes[node].in_edges.len())));
        self.edges.resize(first_edge + graph.bodies[body].edges.len(), EdgeState::Open);
    }

    /// A step.
    #[must_use]
    pub fn step(&self, ix: StepIx) -> &Step {
        &self.steps[ix]
    }

    /// All steps that there may be so far, frame by frame.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// All frames so far.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The steps of a frame.
    pub(super) fn steps_of(&self, graph: &Graph, frame: FrameIx) -> Range<StepIx> {
        let &Frame { first_step, body, .. } = &self.frames[frame];
        first_step..first_step + graph.bodies[body].nodes.len()
    }

    /// The step of a node in the frame that opened last; none before its container has opened one.
    #[must_use]
    pub fn latest(&self, graph: &Graph, node: NodeIx) -> Option<&Step> {
        let wanted = &graph.nodes[node];
        let frame = self.frames.iter().rev().find(|frame| frame.body == wanted.home)?;
        Some(&self.steps[frame.first_step + wanted.place])
    }

    /// The address of a step.
    #[must_use]
    pub fn key(&self, graph: &Graph, ix: StepIx) -> StepKey {
        let step = &self.steps[ix];
        StepKey { node_id: graph.nodes[step.node].id.clone(), scope: self.frames[step.frame].scope.clone() }
    }

    /// The step with that address.
    #[must_use]
    pub fn find(&self, graph: &Graph, key: &StepKey) -> Option<StepIx> {
        let node = &graph.nodes[graph.find(&key.node_id)?];
        let frame = self.frame_of(&key.scope)?;
        (frame.body == node.home).then_some(frame.first_step + node.place)
    }

    /// The frame of a scope.
    pub(super) fn frame_of(&self, scope: &Scope) -> Option<&Frame> {
        let ix = if scope.as_str().is_empty() { 0 } else { *self.by_scope.get(scope)? };
        self.frames.get(ix)
    }

    /// The step of a node in a frame that lies in it, or around it.
    #[must_use]
    pub fn around(&self, graph: &Graph, from: StepIx, node: NodeIx) -> Option<StepIx> {
        let wanted = &graph.nodes[node];
        let mut frames = self.outwards(self.steps[from].frame).map(|frame| &self.frames[frame]);
        let frame = frames.find(|frame| frame.body == wanted.home)?;
        Some(frame.first_step + wanted.place)
    }

    /// A frame and those around it.
    pub(super) fn outwards(&self, frame: FrameIx) -> impl Iterator<Item = FrameIx> {
        std::iter::successors(Some(frame), |&frame| self.frames[frame].owner.map(|owner| self.steps[owner].frame))
    }

    /// The frame that waits for a step: its own, or, if it undoes something, the one that has it undone.
    pub(super) fn waits_for(&self, graph: &Graph, step: StepIx) -> FrameIx {
        let Step { frame, node, .. } = self.steps[step];
        let undoes = |frame: &FrameIx| self.frames[*frame].stage == Stage::Undo;
        let around = || self.outwards(frame).find(undoes);
        if graph.nodes[node].part == Part::Undo { around().unwrap_or(frame) } else { frame }
    }

    /// How many steps there are, and how many more the open containers will have.
    #[must_use]
    pub fn steps_in_all(&self, graph: &Graph) -> usize {
        let to_come = self.active_steps().filter(|(_, step)| step.phase == Phase::Open).filter_map(|(_, step)| {
            let round = step.round.as_deref()?;
            Some((round.items.len() - round.frames.len()) * graph.bodies[round.body].nodes.len())
        });
        self.steps.len() + to_come.sum::<usize>()
    }

    /// How the edges of a frame are resolved, in the order of its body's.
    #[must_use]
    pub fn edges(&self, graph: &Graph, frame: FrameIx) -> &[EdgeState] {
        let &Frame { first_edge, body, .. } = &self.frames[frame];
        &self.edges[first_edge..first_edge + graph.bodies[body].edges.len()]
    }

    /// Journal entries folded in so far; the next entry takes this position plus one.
    #[must_use]
    pub fn position(&self) -> u32 {
        self.position
    }

    /// How it ended, once it has.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Whether it is settled how it ends, though something may still run.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.frames[0].ending.is_some()
    }

    /// Whether its work has filled the journal, and it is not settled how it ends: nothing but its end fits.
    #[must_use]
    pub fn has_outgrown(&self) -> bool {
        (self.is_work_full || self.position >= WORK_ENTRIES_MAX) && !self.is_ending()
    }

    /// Whether the journal has no room for what comes next: see [`WORK_ENTRIES_MAX`] and [`ENTRIES_MAX`].
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.has_outgrown() || self.is_end_full || self.position >= ENTRIES_MAX
    }

    /// Bytes of the outputs and items that it holds, roughly as JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let weight = |value: &Value| storable(value).unwrap_or(OUTPUT_BYTES_MAX);
        let rounds = self.steps.iter().filter_map(|step| step.round.as_deref());
        let items: usize = rounds.flat_map(|round| round.items.iter()).map(weight).sum();
        items + self.steps.iter().map(|step| weight(&step.output)).sum::<usize>()
    }

    /// Why it waits for a person, while it does.
    #[must_use]
    pub fn incident(&self) -> Option<&str> {
        self.incident.as_ref().map(|incident| incident.reason.as_str())
    }

    /// What persons said of its incidents, in that order.
    #[must_use]
    pub fn resolved(&self) -> &[Resolved] {
        &self.resolved
    }

    /// What a person changed in the config of a step last, as a merge patch.
    #[must_use]
    pub fn patch(&self, step: StepIx) -> Option<&Value> {
        let own = self.resolved.iter().rev().filter(|resolved| resolved.step == Some(step));
        own.into_iter().find_map(|resolved| match &resolved.resolution {
            Resolution::Retry { config } => config.as_ref(),
            Resolution::Skip | Resolution::Fail => None,
        })
    }

    /// Who holds it up, while somebody does: then nothing may run, and no time or signal wakes it.
    #[must_use]
    pub fn paused(&self) -> Option<&Pause> {
        self.paused.as_ref()
    }

    /// Whether a person holds it up.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Children that were cancelled with their steps, and may not have ended: what forces this execution to end forces them.
    #[must_use]
    pub fn given_up(&self) -> &[ExecutionId] {
        &self.given_up
    }

    /// Whether that very signal was consumed before.
    #[must_use]
    pub fn has_consumed(&self, signal_id: SignalId) -> bool {
        self.consumed.contains(&signal_id)
    }

    /// Active steps that may run at `now`: fresh, signalled, or with their time come.
    pub fn runnable(&self, now: DateTime<Utc>) -> impl Iterator<Item = StepIx> {
        self.movable_steps().filter(move |(_, step)| step.due_at().is_some_and(|due| due <= now)).map(|(ix, _)| ix)
    }

    /// Steps that wait for their next attempt, ascending.
    #[must_use]
    pub fn in_backoff(&self) -> Vec<StepIx> {
        self.active_steps().filter(|(_, step)| matches!(step.phase, Phase::Backoff(_))).map(|(ix, _)| ix).collect()
    }

    /// The earliest time at which a waiting step may run; absent if only signals can wake it.
    #[must_use]
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.dues().map(|(_, due)| due).min()
    }

    /// When each active step may run next, or its frames are given up; steps that only a signal can wake are left out.
    pub fn dues(&self) -> impl Iterator<Item = (StepIx, DateTime<Utc>)> {
        self.movable_steps().filter_map(|(ix, step)| Some((ix, step.due_at().or_else(|| step.expires_at())?)))
    }

    /// Containers whose frames have had their time.
    pub fn expired(&self, now: DateTime<Utc>) -> impl Iterator<Item = StepIx> {
        let is_over = move |step: &Step| step.expires_at().is_some_and(|until| until <= now);
        self.movable_steps().filter(move |(_, step)| is_over(step)).map(|(ix, _)| ix)
    }

    /// The step that waits for that signal; the earliest in document order if several do.
    #[must_use]
    pub fn waiting_for(&self, signal: &str) -> Option<StepIx> {
        self.movable_steps()
            .find(|(_, step)| matches!(&step.phase, Phase::Waiting(until) if until.signal.as_deref() == Some(signal)))
            .map(|(ix, _)| ix)
    }

    /// Those that run or wait, unless all are held up.
    fn movable_steps(&self) -> impl Iterator<Item = (StepIx, &Step)> {
        self.active_steps().filter(|_| !self.is_paused())
    }

    pub(super) fn active_steps(&self) -> impl Iterator<Item = (StepIx, &Step)> {
        self.live.iter().map(|&ix| (ix, &self.steps[ix]))
    }
}
