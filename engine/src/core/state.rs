//! State of one execution: the fold of its journal. Recovery, replay and the editor read the same fold.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::graph::{Graph, NodeIx};
use super::ids::{SignalId, StepKey};

use super::outcome::{StepError, Until};

/// Everything known of one execution at one journal position.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Steps by node index.
    pub(super) steps: Vec<Step>,
    /// Resolution of each edge, by edge index.
    pub(super) edges: Vec<EdgeState>,
    /// Steps that run or wait.
    pub(super) active: usize,
    /// Journal entries folded in.
    pub(super) position: u32,
    /// Set by the entry that ended the execution.
    pub(super) end: Option<End>,
    /// Signals that steps have consumed; a repeated one changes nothing.
    pub(super) consumed: Vec<SignalId>,
    /// Set while the execution waits for a person.
    pub(super) incident: Option<String>,
}

/// One node's standing in the execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where it stands.
    pub status: StepStatus,
    /// What it does while `Running` or `Waiting`.
    pub phase: Phase,
    /// Failed attempts so far, and after settling all attempts.
    pub attempts: u32,
    /// Time of the entry that fired it; `now` in its expressions.
    pub fired_at: Option<DateTime<Utc>>,
    /// Time of the entry that settled it.
    pub settled_at: Option<DateTime<Utc>>,
    /// The port it emitted on.
    pub port: Option<String>,
    /// Its output once completed, else null.
    pub output: Value,
    /// Its last error.
    pub error: Option<StepError>,
    pub(super) inbound: Inbound,
}

/// How far the in-edges of a node are resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Inbound {
    pub(super) open: usize,
    pub(super) taken: usize,
}

impl Inbound {
    pub(super) fn resolve(&mut self, to: EdgeState) {
        self.open = self.open.saturating_sub(1);
        self.taken += usize::from(to == EdgeState::Taken);
    }
}

/// Step status; `Pending` is a node whose in-edges are not yet resolved and is never shown as a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Not decided yet.
    Pending,
    /// Fired.
    Running,
    /// Parked until a time or a signal, or for its next attempt.
    Waiting,
    /// Emitted on a port.
    Completed,
    /// Failed after its retries.
    Failed,
    /// No in-edge was taken.
    Skipped,
    /// Running or waiting when the execution ended.
    Cancelled,
    /// An `at_most_once` attempt whose end is not known.
    OutcomeUnknown,
}

/// What an active step is doing.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// May run at once.
    Ready,
    /// May run at once, with what its signal brought.
    Signalled(Value),
    /// An `at_most_once` attempt was journaled as started.
    Started,
    /// The next attempt starts no earlier.
    Backoff(DateTime<Utc>),
    /// Waits.
    Waiting(Until),
    /// Not active.
    Idle,
}

/// Resolution of one edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeState {
    /// Its source has not settled.
    Open,
    /// Followed.
    Taken,
    /// Not followed.
    Skipped,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Every step settled or was skipped.
    Completed,
    /// A failure that nothing took.
    Failed {
        /// The step that failed; absent when the execution ran out of time.
        step: Option<StepKey>,
        /// Why.
        error: StepError,
    },
    /// Cancelled from outside.
    Cancelled {
        /// Why, for people.
        reason: String,
    },
}

impl State {
    pub(super) fn empty(graph: &Graph) -> Self {
        Self {
            steps: graph.nodes.iter().map(|node| Step::pending(node.in_edges.len())).collect(),
            edges: vec![EdgeState::Open; graph.edges.len()],
            active: 0,
            position: 0,
            end: None,
            consumed: Vec::new(),
            incident: None,
        }
    }

    /// The step of that node.
    #[must_use]
    pub fn step(&self, node: NodeIx) -> &Step {
        &self.steps[node]
    }

    /// Resolution of each edge, by edge index.
    #[must_use]
    pub fn edges(&self) -> &[EdgeState] {
        &self.edges
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

    /// Why it waits for a person, while it does.
    #[must_use]
    pub fn incident(&self) -> Option<&str> {
        self.incident.as_deref()
    }

    /// Whether that very signal was consumed before.
    #[must_use]
    pub fn has_consumed(&self, signal_id: SignalId) -> bool {
        self.consumed.contains(&signal_id)
    }

    /// Active steps that may run at `now`: fresh, signalled, or with their time come.
    pub fn runnable(&self, now: DateTime<Utc>) -> impl Iterator<Item = NodeIx> {
        self.active_steps().filter(move |(_, step)| step.due_at().is_some_and(|due| due <= now)).map(|(ix, _)| ix)
    }

    /// The earliest time at which a waiting step may run; absent if only signals can wake it.
    #[must_use]
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.dues().map(|(_, due)| due).min()
    }

    /// When each active step may run next; steps that only a signal can wake are left out.
    pub fn dues(&self) -> impl Iterator<Item = (NodeIx, DateTime<Utc>)> {
        self.active_steps().filter_map(|(ix, step)| Some((ix, step.due_at()?)))
    }

    /// The step that waits for that signal; the earliest in document order if several do.
    #[must_use]
    pub fn waiting_for(&self, signal: &str) -> Option<NodeIx> {
        self.active_steps()
            .find(|(_, step)| matches!(&step.phase, Phase::Waiting(until) if until.signal.as_deref() == Some(signal)))
            .map(|(ix, _)| ix)
    }

    fn active_steps(&self) -> impl Iterator<Item = (NodeIx, &Step)> {
        self.steps.iter().enumerate().filter(|(_, step)| step.is_active())
    }
}

impl Step {
    fn pending(in_edges: usize) -> Self {
        Self {
            status: StepStatus::Pending,
            phase: Phase::Idle,
            attempts: 0,
            fired_at: None,
            settled_at: None,
            port: None,
            output: Value::Null,
            error: None,
            inbound: Inbound { open: in_edges, taken: 0 },
        }
    }

    /// Whether it runs or waits.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.status, StepStatus::Running | StepStatus::Waiting)
    }

    /// Whether its in-edges are not yet resolved.
    pub(super) fn is_pending(&self) -> bool {
        self.status == StepStatus::Pending
    }

    /// When it may run next; absent if only a signal, or nothing, can make it run.
    fn due_at(&self) -> Option<DateTime<Utc>> {
        match &self.phase {
            Phase::Ready | Phase::Signalled(_) | Phase::Started => Some(DateTime::<Utc>::MIN_UTC),
            Phase::Backoff(at) => Some(*at),
            Phase::Waiting(until) => until.time,
            Phase::Idle => None,
        }
    }
}
