//! The journal: what happened to an execution, by position.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::chunk::Spill;
use super::ids::{SignalId, StepKey};
use super::outcome::{StepError, Until};

/// Most entries of a journal that are written for work.
pub const WORK_ENTRIES_MAX: u32 = 100_000;
/// Most entries of a journal in all: once it is settled how the execution ends, what undoes and what runs at last has the rest.
/// Each entry of work can settle one step that is undone, so that there are two for each undo: its end, and its start or one
/// failed attempt.
pub const ENTRIES_MAX: u32 = 3 * WORK_ENTRIES_MAX;
/// Most bytes of outputs and items, roughly as JSON, that an execution holds for work: a worker has them in memory, and has to be
/// able to read them back.
pub const WORK_BYTES_MAX: usize = 256 << 20;
/// The same in all. What ran when the work was full is still heard, up to a thousand outputs, and what undoes and what runs at last
/// has the rest.
pub const BYTES_MAX: usize = 6 * WORK_BYTES_MAX;

/// One fact about an execution. Only the holder of its lease appends.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Database time at which the fact was recorded.
    pub at: DateTime<Utc>,
    /// The fact.
    pub event: Event,
}

/// What can happen to an execution after its start.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A step was fired and waits; it holds no worker until then.
    Waiting {
        /// The step.
        step: StepKey,
        /// What wakes it.
        until: Until,
    },
    /// An attempt failed and another follows.
    AttemptFailed {
        /// The step.
        step: StepKey,
        /// Number of the failed attempt, from 1.
        attempt: u32,
        /// Why.
        error: StepError,
        /// The next attempt starts no earlier.
        retry_at: DateTime<Utc>,
    },
    /// A container opened frames, one for each item; their numbers go on from those before.
    Opened {
        /// The container.
        step: StepKey,
        /// What each frame is about.
        items: Arc<[Value]>,
        /// When they are given up, if ever.
        until: Option<DateTime<Utc>>,
        /// What the node type wants to see again.
        note: Value,
        /// Set if each of the items is a chunk of items that is handed to an execution of its own.
        spill: Option<Spill>,
    },
    /// An attempt of an `at_most_once` step is about to start.
    Started {
        /// The step.
        step: StepKey,
    },
    /// A signal was consumed by a step that waited for it.
    Signalled {
        /// The step.
        step: StepKey,
        /// Which signal; its row goes in the same commit.
        signal_id: SignalId,
        /// What was sent along.
        payload: Value,
    },
    /// A step ended, for ever.
    Settled {
        /// The step.
        step: StepKey,
        /// How it ended.
        settlement: Settlement,
    },
    /// The time of a container's frames was over.
    Expired {
        /// The container.
        step: StepKey,
    },
    /// A person or a policy ended the execution: what undoes and what runs at last still does.
    Cancelled {
        /// Why, for people.
        reason: String,
        /// Nothing more runs at all.
        forced: bool,
        /// The signal that asked for it; its row goes in the same commit.
        signal_id: Option<SignalId>,
    },
    /// The execution ran out of its own time.
    TimedOut,
    /// The execution lost too many workers, or its worker could not go on with it, and it waits for a person.
    Poisoned {
        /// Why, for people.
        reason: String,
        /// Whether it holds all that there is room for: nothing but its end fits, and if that has begun, nothing at all.
        is_full: bool,
    },
    /// A person said how an incident goes on.
    Resolved {
        /// The step that it is about; none if all that was under way is just tried again.
        step: Option<StepKey>,
        /// What becomes of it.
        resolution: Resolution,
        /// Who said so.
        asked: Asked,
    },
    /// A person paused the execution: nothing starts until it is resumed.
    Paused {
        /// Who said so.
        asked: Asked,
    },
    /// A person had a paused execution go on.
    Resumed {
        /// Who said so.
        asked: Asked,
    },
    /// A person had steps go on at once that waited for their next attempt.
    Hastened {
        /// The step; none for all of them.
        step: Option<StepKey>,
        /// Who said so.
        asked: Asked,
    },
}

/// What becomes of the step that an incident is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolution {
    /// It is tried again: its attempts begin anew.
    Retry {
        /// What its config has in place of what is written, as a merge patch (RFC 7396), for this execution only.
        config: Option<Value>,
    },
    /// It settles as completed, with what the person says: the entry behind this one tells what.
    Skip,
    /// It settles as failed, as the entry behind this one tells; an undo that had failed stays so, and is given up.
    Fail,
}

impl Resolution {
    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::Skip => "skip",
            Self::Fail => "fail",
        }
    }
}

/// Who asked for something, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The name of the key.
    pub by: String,
    /// Why, for people.
    pub reason: Option<String>,
    /// The signal that brought it; its row goes in the same commit.
    pub signal_id: SignalId,
}

impl Event {
    /// The step that it is about; none if it is about the whole execution.
    #[must_use]
    pub fn step(&self) -> Option<&StepKey> {
        match self {
            Self::Waiting { step, .. }
            | Self::AttemptFailed { step, .. }
            | Self::Opened { step, .. }
            | Self::Expired { step }
            | Self::Started { step }
            | Self::Signalled { step, .. }
            | Self::Settled { step, .. } => Some(step),
            Self::Resolved { step, .. } | Self::Hastened { step, .. } => step.as_ref(),
            Self::Cancelled { .. }
            | Self::TimedOut
            | Self::Poisoned { .. }
            | Self::Paused { .. }
            | Self::Resumed { .. } => None,
        }
    }

    /// Whether a step did what it should; false for one that only `on_error: continue` completed.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Settled { settlement, .. }
            if settlement.status == SettledStatus::Completed && settlement.error.is_none())
    }
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// `Completed`, `Failed` or `OutcomeUnknown`; skipped and cancelled steps have no entry.
    pub status: SettledStatus,
    /// The port it emitted on; absent if it failed.
    pub port: Option<String>,
    /// Further ports that it emitted on at the same time; most steps emit on one.
    pub more_ports: Vec<String>,
    /// What it gave back; null if it failed.
    pub output: Value,
    /// Why it failed, also when `on_error: continue` completed it.
    pub error: Option<StepError>,
    /// Attempts made, the last one included.
    pub attempts: u32,
    /// Edges of the emitted ports whose `when` did not hold.
    pub closed_edges: Vec<String>,
    /// Of a chunk: how many of its items failed.
    pub failed_items: usize,
}

impl Settlement {
    /// All ports that it emitted on, in order.
    pub fn ports(&self) -> impl Iterator<Item = &str> {
        self.port.iter().chain(&self.more_ports).map(String::as_str)
    }

    /// Whether there may be something to undo: not after a failure, also if `on_error: continue` completed it.
    #[must_use]
    pub fn did_something(&self) -> bool {
        match self.status {
            SettledStatus::Completed => self.error.is_none(),
            SettledStatus::Failed => false,
            SettledStatus::OutcomeUnknown => true,
        }
    }
}

/// How a settled step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettledStatus {
    /// It emits on its port.
    Completed,
    /// It takes its matching error edges, or fails what encloses it.
    Failed,
    /// An `at_most_once` attempt was lost, or did not end in time; handled like a failure of class `outcome_unknown`.
    OutcomeUnknown,
}
