//! Where one node stands in one frame.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::child::{Child, OnCancel};
use super::frame::Round;
use super::graph::NodeIx;
use super::ids::ExecutionId;
use super::outcome::{StepError, Until};
use super::state::FrameIx;

/// One node's standing in one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Whose.
    pub node: NodeIx,
    /// Where.
    pub frame: FrameIx,
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
    /// Position of the entry that settled it; what settled last is undone first.
    pub(super) settled_in: u32,
    /// The port it emitted on.
    pub port: Option<String>,
    /// Further ports that it emitted on at the same time.
    pub more_ports: Vec<String>,
    /// Its output once completed, else null.
    pub output: Value,
    /// Its last error.
    pub error: Option<StepError>,
    /// Of a container: what it has opened last.
    pub round: Option<Box<Round>>,
    /// How often a person had it begin anew; each round of a call has a child of its own.
    pub rounds: u32,
    /// The child that it started, until it hears of its end or settles.
    pub(super) child: Option<Box<Child>>,
    pub(super) inbound: Inbound,
}

/// Step status; `Pending` is a node whose in-edges are not yet resolved and is never shown as a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
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
    /// Running or waiting when what is around it ended.
    Cancelled,
    /// An `at_most_once` attempt whose end is not known.
    OutcomeUnknown,
}

impl StepStatus {
    /// As it is written everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }
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
    /// Of a container: its frames run.
    Open,
    /// Of a container: may run at once, as its frames have ended.
    Closed,
    /// Not active.
    Idle,
}

/// How far the in-edges of a node are resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Inbound {
    pub(super) open: usize,
    pub(super) taken: usize,
}

/// Resolution of one edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeState {
    /// Its source has not settled.
    Open,
    /// Followed.
    Taken,
    /// Not followed.
    Skipped,
}

impl Inbound {
    pub(super) fn resolve(&mut self, to: EdgeState) {
        self.open = self.open.saturating_sub(1);
        self.taken += usize::from(to == EdgeState::Taken);
    }
}

impl Step {
    pub(super) fn pending(node: NodeIx, frame: FrameIx, in_edges: usize) -> Self {
        Self {
            node,
            frame,
            status: StepStatus::Pending,
            phase: Phase::Idle,
            attempts: 0,
            fired_at: None,
            settled_at: None,
            settled_in: 0,
            port: None,
            more_ports: Vec::new(),
            output: Value::Null,
            error: None,
            round: None,
            rounds: 0,
            child: None,
            inbound: Inbound { open: in_edges, taken: 0 },
        }
    }

    /// All ports that it emitted on, in order.
    pub fn ports(&self) -> impl Iterator<Item = &str> {
        self.port.iter().chain(&self.more_ports).map(String::as_str)
    }

    /// Whether it runs or waits.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.status, StepStatus::Running | StepStatus::Waiting)
    }

    /// Whether it is settled, skipped or cancelled.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        !self.is_active() && !self.is_pending()
    }

    /// Whether its in-edges are not yet resolved.
    pub(super) fn is_pending(&self) -> bool {
        self.status == StepStatus::Pending
    }

    /// When it may run next; absent if only a signal, or nothing, can make it run.
    pub(super) fn due_at(&self) -> Option<DateTime<Utc>> {
        match &self.phase {
            Phase::Ready | Phase::Signalled(_) | Phase::Started | Phase::Closed => Some(DateTime::<Utc>::MIN_UTC),
            Phase::Backoff(at) => Some(*at),
            Phase::Waiting(until) => until.time,
            Phase::Open | Phase::Idle => None,
        }
    }

    /// The child that is to be cancelled if it gives up now.
    #[must_use]
    pub fn orphan(&self) -> Option<ExecutionId> {
        self.child.as_deref().filter(|child| child.on_cancel == OnCancel::Cancel).map(|child| child.execution_id)
    }

    /// When its frames are given up, if ever.
    #[must_use]
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        let round = self.round.as_ref().filter(|round| self.phase == Phase::Open && round.closing.is_none())?;
        round.until
    }
}
