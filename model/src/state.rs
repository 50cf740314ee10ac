//! The state of the model: the database, and what each worker believes and has under way.

use crate::database::{Execution, LeaseNo, Then, WorkerNo, Write};

/// Workers, each for one life.
pub const WORKERS: usize = 3;
/// Executions.
pub const EXECUTIONS: usize = 2;

/// The items of one group commit, by execution.
pub type Writes = [Option<Write>; EXECUTIONS];

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State {
    /// The rows of each execution.
    pub executions: [Execution; EXECUTIONS],
    /// The workers.
    pub workers: [Worker; WORKERS],
    /// Signals of each execution that are still to be sent.
    pub unsent: [u32; EXECUTIONS],
    /// Faults that may still happen.
    pub faults_left: u8,
    /// The harm that was done; nothing happens after it.
    pub harm: Option<Harm>,
}

/// What must never happen, of what a state does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Harm {
    /// Something was written for an execution by a worker without its lease.
    Trespass,
    /// A worker that did nothing wrong was refused by the journal's key.
    Collision,
}

/// One life of a worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Worker {
    /// Whether the process lives.
    pub process: Process,
    /// In the database: whether it was fenced.
    pub fenced: bool,
    /// In memory: the executions that it holds.
    pub held: [Option<Held>; EXECUTIONS],
    /// The commit that its committer waits for.
    pub flight: Option<Flight>,
    /// Set when a claim's answer was lost: leases may be there that it does not know of.
    pub lost_track: bool,
    /// A request that nobody waits for any more, but that may still be carried out.
    pub zombie: Option<Zombie>,
}

/// How it is with a worker's process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Process {
    /// It works, or is frozen: nobody can tell.
    #[default]
    Up,
    /// It lives, and knows that this life is over: the fence has refused it.
    Over,
    /// It is gone.
    Dead,
}

/// An execution in a worker's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Held {
    /// The lease under which it is held.
    pub lease: LeaseNo,
    /// Length of the journal that is known.
    pub position: usize,
    /// Signals that are known to wait, or the time that is known to have come.
    pub signals: u32,
    /// Whether it is an incident.
    pub aside: bool,
    /// Whether the signals have to be read next, as a park was refused or a reading failed.
    pub told: bool,
    /// Whether it has its slot.
    pub entered: bool,
    /// Whether the answer to its entering was lost: it asks again, and does nothing else.
    pub doubts: bool,
}

/// A commit that its worker waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flight {
    /// What is to be written.
    pub writes: Writes,
    /// How far it is.
    pub stage: Stage,
}

/// How far a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Its transaction has passed the checks, holds the worker's lock, and has not written yet.
    Running,
    /// The reply was lost.
    Doubtful,
}

/// A request without a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Zombie {
    /// A claim on its way.
    Claim,
    /// A commit on its way.
    Commit(Writes),
    /// A commit whose transaction has passed the checks and holds the worker's lock.
    Running(Writes),
    /// A `heed_1` on its way.
    Heed {
        /// Of which execution.
        execution: usize,
        /// Under which lease.
        lease: LeaseNo,
    },
    /// A commit that the fence has refused.
    Refused,
}

/// The number of a worker in the database.
#[must_use]
pub fn number(worker: usize) -> WorkerNo {
    WorkerNo::try_from(worker).unwrap_or(WorkerNo::MAX)
}

impl Held {
    /// What is left of it once that is known to be written; `is_woken` tells of a wake-up.
    #[must_use]
    pub fn after(self, write: Write, is_woken: bool) -> Option<Self> {
        let position = write.position + write.rows;
        let after = Self { position, signals: self.signals.saturating_sub(write.consumes), ..self };
        match write.then {
            _ if self.lease != write.lease => Some(self),
            Then::Hold => Some(after),
            Then::Park { .. } if is_woken => Some(Self { told: true, ..after }),
            Then::Park { .. } | Then::SetAside | Then::End => None,
        }
    }
}

impl Worker {
    /// One that never was.
    #[must_use]
    pub fn absent() -> Self {
        Self { process: Process::Dead, fenced: true, ..Self::default() }
    }

    /// Whether it works and has no reason to think that it may not.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.process == Process::Up
    }

    /// Whether a transaction of it holds the shared lock of its number.
    #[must_use]
    pub fn holds_lock(&self) -> bool {
        self.flight.is_some_and(|flight| flight.stage == Stage::Running)
            || matches!(self.zombie, Some(Zombie::Running(_)))
    }

    /// The commit whose reply was lost.
    #[must_use]
    pub fn doubt(&self) -> Option<&Writes> {
        self.flight.as_ref().filter(|flight| flight.stage == Stage::Doubtful).map(|flight| &flight.writes)
    }

    /// Whether the execution is part of the commit that it waits for.
    #[must_use]
    pub fn awaits(&self, execution: usize) -> bool {
        self.flight.is_some_and(|flight| flight.writes[execution].is_some())
    }

    /// An execution that it holds and does not wait for.
    #[must_use]
    pub fn at_hand(&self, execution: usize) -> Option<Held> {
        self.held[execution].filter(|held| self.is_up() && !self.awaits(execution) && !held.doubts)
    }

    /// The life is over, for it or altogether: its memory goes.
    pub fn forget(&mut self, process: Process) {
        *self = Self { process, fenced: self.fenced, zombie: self.zombie, ..Self::default() };
    }

    /// Forgets the execution, if it is held under that lease.
    pub fn let_go(&mut self, execution: usize, lease: LeaseNo) {
        if self.held[execution].is_some_and(|held| held.lease == lease) {
            self.held[execution] = None;
        }
    }
}

impl State {
    /// Who holds the execution in the database.
    #[must_use]
    pub fn holder(&self, execution: usize) -> Option<usize> {
        self.executions[execution].lease.and_then(|lease| usize::try_from(lease.worker).ok())
    }

    /// Whether the database knows a lease of the worker that the worker does not.
    #[must_use]
    pub fn is_unknown(&self, worker: usize, execution: usize) -> bool {
        let Some(lease) = self.executions[execution].lease else { return false };
        lease.worker == number(worker)
            && self.workers[worker].held[execution].is_none_or(|held| held.lease != lease.number)
    }

    /// A lease number that nothing refers to.
    #[must_use]
    pub fn free_lease(&mut self, execution: usize) -> LeaseNo {
        let mut highest = 0;
        self.each_lease(execution, |lease| highest = highest.max(*lease));
        highest + 1
    }
}
