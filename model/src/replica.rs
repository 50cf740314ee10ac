//! One execution as the model has it after some of a run's facts, and which fact it allows next.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::database::{Claimed, Entered, Execution, LeaseNo, Taken, Then, WorkerNo, Write};
use crate::event::{Fact, Fate};
use crate::part::Parts;

/// Why the model does not allow a fact.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// Something of an execution that was not started.
    #[error("the execution was not started")]
    NotStarted,
    /// A second start.
    #[error("the execution was started before")]
    StartedTwice,
    /// Something new of an execution that is over.
    #[error("the execution has ended")]
    Ended,
    /// An admission of what is not at the gate.
    #[error("the execution is not at the gate")]
    NotGated,
    /// A claim, or a wake-up, of what nothing has brought into the queue.
    #[error("no token of the execution is in the queue")]
    NoToken,
    /// A second lease.
    #[error("worker {0} holds the execution under lease {1}")]
    Held(WorkerNo, LeaseNo),
    /// A lease number that was used before.
    #[error("lease {0} was given out before")]
    LeaseUsed(LeaseNo),
    /// A wrong word about the journal.
    #[error("the claim says fresh: {told}, but it must be {0}", told = !.0)]
    Fresh(bool),
    /// Something of a worker without its lease.
    #[error("worker {0} does not hold the execution under lease {1}")]
    NotHeld(WorkerNo, LeaseNo),
    /// A wake-up of a worker that holds nothing.
    #[error("worker {0} does not hold the execution")]
    NotHolding(WorkerNo),
    /// A worker was told that its lease is gone, and it is not.
    #[error("worker {0} holds the execution under lease {1}, but was told that it is lost")]
    StillHeld(WorkerNo, LeaseNo),
    /// Something of a fenced worker.
    #[error("worker {0} is fenced")]
    Fenced(WorkerNo),
    /// A refusal without cause.
    #[error("worker {0} is not fenced, but was refused as if it were")]
    NotFenced(WorkerNo),
    /// Entries that do not go on from the journal's end.
    #[error("entries from position {position} on, but the journal has {length}")]
    Position {
        /// Of the first of them.
        position: usize,
        /// Length of the journal.
        length: usize,
    },
    /// An answer about a wake-up that is not so.
    #[error("the answer says woken: {told}, but it must be {0}", told = !.0)]
    Woken(bool),
    /// Entries that a worker believes to have written.
    #[error("the journal has no entry of lease {lease} at position {position}")]
    NotWritten {
        /// The lease.
        lease: LeaseNo,
        /// The position.
        position: usize,
    },
    /// The end of the run, with something left to do.
    #[error("nothing goes on with the execution: {0}")]
    Forgotten(&'static str),
}

/// Numbers of workers.
pub(crate) type Workers = BTreeSet<WorkerNo>;

/// Workers that a trace of one execution is about.
#[derive(Debug)]
pub(crate) struct Cast {
    /// Those that its facts name.
    pub(crate) named: Workers,
    /// Those that may have claimed it without a record.
    pub(crate) lost_track: Workers,
}

/// The state of one execution in a replay.
///
/// Of tokens it knows how many there can be at most: a claim takes one or more, and timers fire unseen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Replica {
    row: Option<Execution>,
    fenced: Workers,
    leases: BTreeSet<LeaseNo>,
    /// Whether a signal was sent that nobody has read yet.
    unread: bool,
}

impl Replica {
    /// Goes on by one fact; after an error nothing is worth anything any more. `answered` tells that its recorder knows
    /// what came of it.
    pub(crate) fn apply(&mut self, fact: &Fact, answered: bool, cast: &Cast) -> Result<(), Refusal> {
        match *fact {
            Fact::Started { .. } => match self.row.replace(Execution::started()) {
                None => Ok(()),
                Some(_) => Err(Refusal::StartedTwice),
            },
            Fact::Reaped { worker } | Fact::Retired { worker } => {
                if cast.named.contains(&worker) {
                    self.fenced.insert(worker);
                }
                self.row.iter_mut().for_each(|row| {
                    let _recorded = row.take_from(worker) || give_back_unrecorded(row);
                });
                Ok(())
            }
            Fact::Refused { worker } => match self.fenced.contains(&worker) {
                true => Ok(()),
                false => Err(Refusal::NotFenced(worker)),
            },
            Fact::LostTrack { .. } | Fact::Nothing => Ok(()),
            Fact::Quiet => self.quiet(),
            _ => self.go_on(fact, answered, cast),
        }
    }

    fn go_on(&mut self, fact: &Fact, answered: bool, cast: &Cast) -> Result<(), Refusal> {
        let is_lax = !cast.lost_track.is_empty();
        let row = self.row.as_mut().ok_or(Refusal::NotStarted)?;
        match *fact {
            Fact::Admitted { .. } => {
                let is_gated = row.gated;
                row.admit();
                if is_gated { Ok(()) } else { Err(Refusal::NotGated) }
            }
            Fact::Signalled { .. } => {
                self.unread = true;
                if row.signal() { Ok(()) } else { Err(Refusal::Ended) }
            }
            Fact::Told { .. } => {
                self.unread |= row.signal();
                Ok(())
            }
            Fact::Claimed { worker, lease, fresh, .. } => self.claim(worker, lease, fresh),
            Fact::Woken { holder, .. } => match row.lease {
                Some(lease) if lease.worker == holder => wake(row),
                _ if is_lax => Ok(()),
                _ => Err(Refusal::NotHolding(holder)),
            },
            Fact::Heeded { worker, lease, .. } => {
                self.unread &= !row.is_held_by(worker, lease);
                row.heed(lease);
                Ok(())
            }
            // The fence comes before every look at a lease.
            Fact::Committed { worker, .. }
            | Fact::Gated { worker, .. }
            | Fact::Released { worker, .. }
            | Fact::Lost { worker, .. }
                if self.fenced.contains(&worker) =>
            {
                Err(Refusal::Fenced(worker))
            }
            Fact::Committed { .. } => self.commit(fact, answered, is_lax),
            Fact::Gated { worker, lease, .. } if !row.is_held_by(worker, lease) => Err(Refusal::NotHeld(worker, lease)),
            Fact::Gated { due, woken, .. } => gate(row, due, (answered && is_lax, woken)),
            Fact::Found { lease, position, .. } => match row.journal.get(position.wrapping_sub(1)) {
                Some(written) if *written == lease => Ok(()),
                _ => Err(Refusal::NotWritten { lease, position }),
            },
            Fact::Lost { worker, lease, .. } => match row.is_held_by(worker, lease) {
                true => Err(Refusal::StillHeld(worker, lease)),
                false => Ok(()),
            },
            Fact::Released { worker, lease, .. } if row.is_held_by(worker, lease) => {
                row.take_from(worker);
                Ok(())
            }
            // It came from a claim that nobody heard of, whose tokens it gives back.
            Fact::Released { worker, lease, .. } if cast.lost_track.contains(&worker) && row.lease.is_none() => {
                give_back_unrecorded(row);
                if self.leases.insert(lease) { Ok(()) } else { Err(Refusal::NotHeld(worker, lease)) }
            }
            Fact::Released { worker, lease, .. } => Err(Refusal::NotHeld(worker, lease)),
            _ => Ok(()),
        }
    }

    fn claim(&mut self, worker: WorkerNo, lease: LeaseNo, fresh: bool) -> Result<(), Refusal> {
        let row = self.row.as_mut().ok_or(Refusal::NotStarted)?;
        if self.fenced.contains(&worker) {
            return Err(Refusal::Fenced(worker));
        }
        if let Some(held) = row.lease {
            return Err(Refusal::Held(held.worker, held.number));
        }
        if row.ended {
            return Err(Refusal::Ended);
        }
        if !self.leases.insert(lease) {
            return Err(Refusal::LeaseUsed(lease));
        }
        let taken = take(row, fresh)?;
        match row.claim(worker, lease, taken, Parts::ALL) {
            // A claim that takes both tokens at once is not fresh either.
            Claimed::Leased { fresh: must_be } if must_be != fresh => Err(Refusal::Fresh(must_be)),
            _ => {
                self.unread &= fresh;
                Ok(())
            }
        }
    }

    fn commit(&mut self, fact: &Fact, answered: bool, is_lax: bool) -> Result<(), Refusal> {
        let row = self.row.as_mut().ok_or(Refusal::NotStarted)?;
        let Fact::Committed { worker, lease, position, rows, consumed, then, due, woken, .. } = *fact else {
            return Ok(());
        };
        if !row.is_held_by(worker, lease) {
            return Err(Refusal::NotHeld(worker, lease));
        }
        let then = match then {
            Fate::Hold => Then::Hold,
            Fate::Park => Then::Park { timer: due },
            Fate::Incident => Then::SetAside,
            Fate::End => Then::End,
        };
        let is_woken = row.lease.is_some_and(|lease| lease.woken);
        if answered && woken && !is_woken && is_lax {
            // A claim that nobody heard of has met the lease.
            wake(row)?;
        }
        let (length, had_timer) = (row.journal.len(), row.timer);
        let write = Write { lease, position: position.wrapping_sub(1), rows, consumes: consumed, then };
        let is_left_woken = row.write(&write, Parts::ALL).map_err(|_| Refusal::Position { position, length })?;
        if had_timer && row.lease.is_none() && due {
            // The timer of before may have fired unseen, and now there is another one.
            row.wake_tokens += 1;
        }
        // Whoever goes on is told of a wake-up that the checks found, not of one that came after them.
        let is_wrong = woken != is_left_woken && (woken || matches!(then, Then::Park { .. }));
        if answered && is_wrong { Err(Refusal::Woken(is_left_woken)) } else { Ok(()) }
    }

    /// The end of a run with nothing left in the queue.
    fn quiet(&self) -> Result<(), Refusal> {
        let Some(row) = self.row.as_ref().filter(|row| !row.ended) else { return Ok(()) };
        if row.lease.is_some() {
            return Err(Refusal::Forgotten("a worker still holds it"));
        }
        if row.gated {
            return Err(Refusal::Forgotten("it is still at the gate"));
        }
        if self.leases.is_empty() {
            return Err(Refusal::Forgotten("nobody has ever claimed it"));
        }
        if self.unread && !row.timer {
            return Err(Refusal::Forgotten("a signal was sent that nobody has read"));
        }
        Ok(())
    }
}

/// It waits at the gate, without its lease unless that is `woken`; a claim that nobody heard of may have done that.
fn gate(row: &mut Execution, due: bool, (is_lax, woken): (bool, bool)) -> Result<(), Refusal> {
    if woken && is_lax && !row.lease.is_some_and(|lease| lease.woken) {
        wake(row)?;
    }
    let is_woken = row.wait_at_gate(Parts::ALL) == Entered::Woken;
    row.timer |= due && !is_woken;
    if is_woken == woken { Ok(()) } else { Err(Refusal::Woken(is_woken)) }
}

/// The fewest tokens that a claim can have taken. Where there is none, a timer must have fired.
fn take(row: &mut Execution, fresh: bool) -> Result<Taken, Refusal> {
    if fresh {
        return if row.start_token { Ok(Taken { start: true, wakes: 0 }) } else { Err(Refusal::NoToken) };
    }
    if row.wake_tokens == 0 && row.timer {
        row.fire();
    }
    match (row.wake_tokens, row.start_token) {
        (1.., _) => Ok(Taken { start: false, wakes: 1 }),
        (0, true) => Ok(Taken { start: true, wakes: 0 }),
        (0, false) => Err(Refusal::NoToken),
    }
}

/// A claim that nobody has recorded may have taken tokens; what it gives back is no token of a start. True if so.
fn give_back_unrecorded(row: &mut Execution) -> bool {
    let may_have = row.lease.is_none() && row.has_token();
    if may_have {
        row.wake_tokens = row.wake_tokens.max(1);
    }
    may_have
}

/// A token meets the lease.
fn wake(row: &mut Execution) -> Result<(), Refusal> {
    let taken = take(row, false)?;
    if let Some(lease) = row.lease {
        row.claim(lease.worker, lease.number, taken, Parts::ALL);
    }
    Ok(())
}
