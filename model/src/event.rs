//! What a real run records, one JSON object a line.
//!
//! ```json
//! {"since": 12, "at": 15, "event": "claimed", "worker": 1, "execution": "0190…", "lease": 17, "fresh": true}
//! ```

use serde::{Deserialize, Serialize};

use crate::database::{LeaseNo, WorkerNo};

/// One thing that happened, and when.
///
/// Times are of one clock for all recorders: nanoseconds of a host's monotonic clock, or numbers that the database gave
/// out. What happened took effect at some moment from `since` to `at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Names a question that is told twice: before it is sent, so that its recorder may die meanwhile, and again with
    /// the answer. The later line takes the place of the earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
    /// When it was asked for; absent where it is told by who did it, at the moment `at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// When it was answered; absent if it never was: then it may have taken effect at any time since, or never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What happened. Names of executions are any text, numbers are those of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Fact {
    /// An execution was started.
    Started {
        /// Which.
        execution: String,
        /// Who waits for its end, and is told of it by the commit that ends it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
    },
    /// A worker would have it at work, and it waits at the gate of a limit.
    Gated {
        /// Who.
        worker: WorkerNo,
        /// Which.
        execution: String,
        /// Under which lease, which goes with it.
        lease: LeaseNo,
        /// Whether it has a deadline.
        #[serde(default)]
        due: bool,
        /// Whether the lease stays, as a signal is there.
        #[serde(default)]
        woken: bool,
    },
    /// It was let in, and has a token.
    Admitted {
        /// Which.
        execution: String,
    },
    /// A signal was accepted for it.
    Signalled {
        /// Which.
        execution: String,
    },
    /// A commit of another execution, or an event, told it something by a signal. One that has ended is not told.
    Told {
        /// Which.
        execution: String,
    },
    /// A worker claimed it and has a lease.
    Claimed {
        /// Who.
        worker: WorkerNo,
        /// Which.
        execution: String,
        /// The number of the lease.
        lease: LeaseNo,
        /// Whether it was told that there is no journal.
        #[serde(default)]
        fresh: bool,
    },
    /// A worker's claim met a lease, which is woken now.
    Woken {
        /// Who holds it.
        holder: WorkerNo,
        /// Which.
        execution: String,
    },
    /// A worker's claim was lost on the way, or it was killed: there may be claims of it that nobody has recorded, before
    /// this line or after it. The same is assumed of each worker that is reaped.
    LostTrack {
        /// Who.
        worker: WorkerNo,
    },
    /// A worker took note of a wake-up and read the signals.
    Heeded {
        /// Who.
        worker: WorkerNo,
        /// Which.
        execution: String,
        /// Under which lease.
        lease: LeaseNo,
    },
    /// One item of a commit was written.
    Committed {
        /// Who.
        worker: WorkerNo,
        /// Which.
        execution: String,
        /// Under which lease.
        lease: LeaseNo,
        /// Position of the first entry, from 1; without entries of no meaning.
        #[serde(default)]
        position: usize,
        /// Entries.
        #[serde(default)]
        rows: usize,
        /// Signals that the entries consume.
        #[serde(default)]
        consumed: u32,
        /// What was to become of the lease.
        then: Fate,
        /// Whether a park names a deadline.
        #[serde(default)]
        due: bool,
        /// Whether the answer says that a signal is there; a park was not done then.
        #[serde(default)]
        woken: bool,
    },
    /// A doubtful commit was looked for, and its entries are there.
    Found {
        /// Which.
        execution: String,
        /// Under which lease it was written.
        lease: LeaseNo,
        /// Position of its first entry, from 1.
        position: usize,
    },
    /// An item of a commit was refused: the worker's lease is gone.
    Lost {
        /// Who.
        worker: WorkerNo,
        /// Which.
        execution: String,
        /// Which lease.
        lease: LeaseNo,
    },
    /// A worker gave it back.
    Released {
        /// Who.
        worker: WorkerNo,
        /// Which.
        execution: String,
        /// Under which lease.
        lease: LeaseNo,
    },
    /// A worker fenced itself at the end of its life, and what it still held became tokens.
    Retired {
        /// Who.
        worker: WorkerNo,
    },
    /// A worker was fenced by another, and what it held became tokens.
    Reaped {
        /// Who was fenced.
        worker: WorkerNo,
    },
    /// A request of a worker was refused, since it is fenced.
    Refused {
        /// Who.
        worker: WorkerNo,
    },
    /// What a question asked for was not done and will not be.
    Nothing,
    /// The run is over: the queue has no tokens left and nobody holds a lease.
    Quiet,
}

/// What was to become of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The worker goes on.
    Hold,
    /// It goes until a signal or a time.
    Park,
    /// The execution is an incident.
    Incident,
    /// The execution is over.
    End,
}

impl Fact {
    /// The one execution that it tells of; none if it concerns all of them.
    #[must_use]
    pub fn execution(&self) -> Option<&str> {
        match self {
            Self::Started { execution, .. }
            | Self::Gated { execution, .. }
            | Self::Admitted { execution }
            | Self::Signalled { execution }
            | Self::Told { execution }
            | Self::Claimed { execution, .. }
            | Self::Woken { execution, .. }
            | Self::Heeded { execution, .. }
            | Self::Committed { execution, .. }
            | Self::Found { execution, .. }
            | Self::Lost { execution, .. }
            | Self::Released { execution, .. } => Some(execution),
            Self::LostTrack { .. }
            | Self::Retired { .. }
            | Self::Reaped { .. }
            | Self::Refused { .. }
            | Self::Nothing
            | Self::Quiet => None,
        }
    }

    /// The one worker that it tells of.
    #[must_use]
    pub fn worker(&self) -> Option<WorkerNo> {
        match *self {
            Self::Claimed { worker, .. }
            | Self::Woken { holder: worker, .. }
            | Self::Gated { worker, .. }
            | Self::LostTrack { worker }
            | Self::Heeded { worker, .. }
            | Self::Committed { worker, .. }
            | Self::Lost { worker, .. }
            | Self::Released { worker, .. }
            | Self::Retired { worker }
            | Self::Reaped { worker }
            | Self::Refused { worker } => Some(worker),
            Self::Started { .. }
            | Self::Admitted { .. }
            | Self::Signalled { .. }
            | Self::Told { .. }
            | Self::Found { .. }
            | Self::Nothing
            | Self::Quiet => None,
        }
    }
}
