//! What the database holds of one execution, and what each function of the cell does to it.
//!
//! Each method is one transaction, or, of a commit, what follows its checks, as the migrations have it: `claim_2`,
//! `commit_2`, `heed_1`, `release_1`, `reap_3`, `signal_1`, `fire_timers_2`. The search for all behaviours and the
//! replay of real runs use the same ones.

use crate::part::{Part, Parts};

/// Number of a worker's life.
pub type WorkerNo = i32;
/// Number of a lease.
pub type LeaseNo = i64;

/// A row of `leases`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lease {
    /// Who holds it.
    pub worker: WorkerNo,
    /// Tells it from every other lease of the execution.
    pub number: LeaseNo,
    /// Whether a token has met it.
    pub woken: bool,
}

/// The rows of one execution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Execution {
    /// Whether it waits in `gated` for a slot of its limit.
    pub gated: bool,
    /// Whether it holds a slot.
    pub slot: bool,
    /// Whether the token of its start is in the queue.
    pub start_token: bool,
    /// Its other tokens.
    pub wake_tokens: u32,
    /// The mark that a wake-up has overtaken the token of the start.
    pub begun: bool,
    /// Its lease.
    pub lease: Option<Lease>,
    /// Its journal: for each position the lease under which it was written.
    pub journal: Vec<LeaseNo>,
    /// Signals that wait to be consumed.
    pub signals: u32,
    /// Whether it has a timer.
    pub timer: bool,
    /// Whether it is an incident: set aside for a person, who may cancel it.
    pub aside: bool,
    /// Whether it has ended.
    pub ended: bool,
}

/// The tokens that one claim takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Taken {
    /// The token of the start.
    pub start: bool,
    /// Others.
    pub wakes: u32,
}

/// What became of claimed tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// A lease; `fresh` tells the worker that there is no journal.
    Leased {
        /// Whether the journal need not be read.
        fresh: bool,
    },
    /// They met a lease, which is woken now.
    Met {
        /// Whose it is.
        holder: WorkerNo,
    },
    /// The execution has ended; its signals are gone too.
    Dropped,
}

/// What became of one that would be at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// It has its slot.
    In,
    /// It waits at the gate; its lease is gone.
    Waits,
    /// It waits at the gate, and keeps its lease, since there is a wake-up.
    Woken,
}

/// One item of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Write {
    /// The lease under which it is written.
    pub lease: LeaseNo,
    /// Length of the journal that it goes on from.
    pub position: usize,
    /// Entries; may be none.
    pub rows: usize,
    /// Signals that the entries consume.
    pub consumes: u32,
    /// What becomes of the lease.
    pub then: Then,
}

/// What becomes of the lease after a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Then {
    /// The worker goes on.
    Hold,
    /// The lease goes, unless it is woken; with a timer if there is a deadline.
    Park {
        /// Whether there is a deadline.
        timer: bool,
    },
    /// The execution is an incident. The lease goes; if it is woken, a token comes in its place.
    SetAside,
    /// The execution is over.
    End,
}

/// The entries would lie where others are, or leave a gap: the journal's key refuses the whole commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collision;

impl Write {
    /// The same without what is written already: only the fate of the lease is left.
    #[must_use]
    pub fn without_rows(self) -> Self {
        Self { rows: 0, consumes: 0, ..self }
    }
}

impl Execution {
    /// One that has just been started.
    #[must_use]
    pub fn started() -> Self {
        Self { start_token: true, ..Self::default() }
    }

    /// Whether that worker has that lease: the lease check.
    #[must_use]
    pub fn is_held_by(&self, worker: WorkerNo, number: LeaseNo) -> bool {
        self.lease.is_some_and(|lease| lease.worker == worker && lease.number == number)
    }

    /// Whether a token of it is in the queue.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.start_token || self.wake_tokens > 0
    }

    /// Whether the rows of a commit are there: the look after a lost reply.
    #[must_use]
    pub fn has_written(&self, write: &Write) -> bool {
        write.rows > 0 && self.journal.get(write.position) == Some(&write.lease)
    }

    /// `signal_1`: the signal and a token. False if it came too late.
    pub fn signal(&mut self) -> bool {
        if !self.ended {
            self.signals += 1;
            self.wake_tokens += 1;
        }
        !self.ended
    }

    /// The timer's time has come: it becomes a token.
    pub fn fire(&mut self) {
        self.timer = false;
        self.wake_tokens += 1;
    }

    /// It is let in from the gate: it has a slot, and a token.
    pub fn admit(&mut self) {
        (self.gated, self.slot) = (false, true);
        self.wake_tokens += 1;
    }

    /// Whoever has its lease would have it at work, which takes a slot if there is one; else it waits at the gate.
    pub fn enter(&mut self, has_room: bool, parts: Parts) -> Entered {
        if self.slot || has_room {
            (self.gated, self.slot) = (false, true);
            return Entered::In;
        }
        self.wait_at_gate(parts)
    }

    /// It waits at the gate, without its lease unless that is woken.
    pub fn wait_at_gate(&mut self, parts: Parts) -> Entered {
        self.gated = true;
        if self.lease.is_some_and(|lease| lease.woken) && parts.has(Part::Woken) {
            return Entered::Woken;
        }
        self.lease = None;
        Entered::Waits
    }

    /// `claim_2`, of these tokens; `number` is for the lease, if there is one.
    pub fn claim(&mut self, worker: WorkerNo, number: LeaseNo, taken: Taken, parts: Parts) -> Claimed {
        self.start_token &= !taken.start;
        self.wake_tokens -= taken.wakes;
        if let Some(lease) = &mut self.lease {
            lease.woken = true;
            return Claimed::Met { holder: lease.worker };
        }
        if self.ended {
            self.signals = 0;
            return Claimed::Dropped;
        }
        self.lease = Some(Lease { worker, number, woken: false });
        let is_start = taken.start && taken.wakes == 0;
        self.begun |= !is_start && self.journal.is_empty() && parts.has(Part::Begun);
        Claimed::Leased { fresh: is_start && !self.begun }
    }

    /// Whether [`Self::write`] would change anything.
    #[must_use]
    pub fn is_touched_by(&self, write: &Write) -> bool {
        write.rows > 0
            || match write.then {
                Then::Hold => false,
                Then::Park { .. } => self.lease.is_some_and(|lease| !lease.woken),
                Then::SetAside | Then::End => true,
            }
    }

    /// Whether [`Self::write`] would be refused.
    ///
    /// # Errors
    /// [`Collision`] if so.
    pub fn accepts(&self, write: &Write) -> Result<(), Collision> {
        if write.rows == 0 || write.position == self.journal.len() { Ok(()) } else { Err(Collision) }
    }

    /// `commit_2` after its checks. Answers whether the lease is left woken; a park of it was not done then.
    ///
    /// Like the function itself, what becomes of the lease no longer asks whose it is.
    ///
    /// # Errors
    /// [`Collision`], and then nothing has changed.
    pub fn write(&mut self, write: &Write, parts: Parts) -> Result<bool, Collision> {
        self.accepts(write)?;
        self.journal.extend(std::iter::repeat_n(write.lease, write.rows));
        self.signals = self.signals.saturating_sub(write.consumes);
        match write.then {
            Then::Hold => {}
            Then::Park { timer } => {
                let stays = self.lease.is_some_and(|lease| lease.woken) && parts.has(Part::Woken);
                self.timer |= timer && self.lease.is_some() && !stays;
                if !stays {
                    (self.lease, self.slot, self.gated) = (None, false, false);
                }
            }
            Then::SetAside => {
                self.wake_tokens += u32::from(self.lease.is_some_and(|lease| lease.woken));
                (self.aside, self.lease) = (true, None);
                (self.slot, self.gated) = (false, false);
            }
            Then::End => {
                (self.ended, self.lease, self.timer, self.signals) = (true, None, false, 0);
                (self.slot, self.gated) = (false, false);
            }
        }
        Ok(self.lease.is_some_and(|lease| lease.woken))
    }

    /// `heed_1`: clears `woken`. The signals are read after it.
    pub fn heed(&mut self, number: LeaseNo) {
        if let Some(lease) = self.lease.as_mut().filter(|lease| lease.number == number) {
            lease.woken = false;
        }
    }

    /// Turns the lease into a token, if it is that worker's: what `release_1` and `reap_3` do. Answers whether it was.
    pub fn take_from(&mut self, worker: WorkerNo) -> bool {
        let is_theirs = self.lease.is_some_and(|lease| lease.worker == worker);
        if is_theirs {
            self.lease = None;
            self.wake_tokens += 1;
        }
        is_theirs
    }
}
