//! What holds in every state, and what has to be reachable for that to mean anything.

use stateright::Property;

use crate::database::Execution;
use crate::part::Part;
use crate::protocol::{Protocol, Wait};
use crate::state::{EXECUTIONS, Harm, Process, State, WORKERS, Worker, Writes, Zombie, number};

/// Nothing is written for an execution by a worker without its lease.
pub const NO_TRESPASS: &str = "nothing is written without the lease";
/// No worker that keeps to the protocol is refused by the journal's key.
pub const NO_COLLISION: &str = "no position is written twice";
/// An execution that has something to do has a token, a lease, a timer, or its place at the gate.
pub const NO_LOST_WAKE_UP: &str = "no wake-up is lost";
/// A lease belongs to a worker that goes on with it, or that will be reaped.
pub const NO_ORPHAN: &str = "every lease has someone who goes on with it";
/// A worker that is neither fenced nor in doubt has what it believes to hold, and knows its whole journal.
pub const TRUE_MEMORY: &str = "what a worker believes is so";
/// No more executions have slots than may be at work.
pub const LIMIT_KEPT: &str = "no more are at work than the limit says";
/// Whoever holds a slot will come to a worker, which gives it back.
pub const NO_STUCK_SLOT: &str = "no slot is stuck";

/// What the protocol does not keep without a part, for each part.
pub const NEEDED_FOR: [(Part, &[&str]); 6] = [
    (Part::Fence, &[NO_TRESPASS, NO_ORPHAN]),
    (Part::LeaseCheck, &[NO_TRESPASS]),
    (Part::Woken, &[NO_LOST_WAKE_UP]),
    (Part::ExcludeSelf, &[NO_LOST_WAKE_UP]),
    (Part::AlreadyWritten, &[NO_COLLISION]),
    (Part::Begun, &[TRUE_MEMORY]),
];

/// All of them, and what has to be reachable.
pub(crate) fn of(protocol: &Protocol) -> Vec<Property<Protocol>> {
    let mut properties = promises();
    properties.extend(sights());
    if protocol.limit.is_some() {
        properties.push(Property::sometimes("an execution waits at the gate, with its lease", |_, state: &State| {
            state.executions.iter().any(|row| row.gated && row.lease.is_some())
        }));
        properties.push(Property::sometimes("an entering whose answer was lost has parked", |_, state: &State| {
            any(|execution| {
                let doubts = |worker: &Worker| worker.held[execution].is_some_and(|held| held.doubts);
                state.executions[execution].gated && state.workers.iter().any(doubts)
            })
        }));
    }
    properties
}

fn promises() -> Vec<Property<Protocol>> {
    vec![
        Property::always(NO_TRESPASS, |_, state: &State| state.harm != Some(Harm::Trespass)),
        Property::always(NO_COLLISION, |_, state: &State| state.harm != Some(Harm::Collision)),
        Property::always(NO_LOST_WAKE_UP, |model, state: &State| {
            !any(|execution| is_forgotten(model, state, execution))
        }),
        Property::always(NO_ORPHAN, |_, state: &State| !any(|execution| is_orphaned(state, execution))),
        Property::always(TRUE_MEMORY, |_, state: &State| (0..WORKERS).all(|worker| believes_truly(state, worker))),
        Property::always(LIMIT_KEPT, |model, state: &State| {
            model.limit.is_none_or(|limit| state.executions.iter().filter(|row| row.slot).count() <= limit)
        }),
        Property::always(NO_STUCK_SLOT, |_, state: &State| {
            let is_live = |row: &Execution| !row.ended && (row.has_token() || row.lease.is_some());
            state.executions.iter().all(|row| !row.slot || is_live(row))
        }),
    ]
}

/// What would make the promises empty if it never happened.
fn sights() -> Vec<Property<Protocol>> {
    vec![
        Property::sometimes("every execution ends", |_, state: &State| state.executions.iter().all(|row| row.ended)),
        Property::sometimes("a worker is taken for dead and learns of it", |_, state: &State| {
            state.workers.iter().any(|worker| worker.process == Process::Over)
        }),
        Property::sometimes("a dead worker is reaped", |model, state: &State| {
            let reaped = |worker: usize| state.workers[worker].process == Process::Dead && state.workers[worker].fenced;
            (WORKERS - model.workers..WORKERS).filter(|&worker| reaped(worker)).count() > WORKERS - model.workers
        }),
        Property::sometimes("the fence refuses a zombie's commit", |_, state: &State| {
            state.workers.iter().any(|worker| worker.zombie == Some(Zombie::Refused))
        }),
        Property::sometimes("a park is refused, since there is a wake-up", |_, state: &State| {
            state.workers.iter().flat_map(|worker| worker.held).flatten().any(|held| held.told)
        }),
        Property::sometimes("a doubtful commit is found written", |_, state: &State| finds(state, true)),
        Property::sometimes("a doubtful commit is found not written", |_, state: &State| finds(state, false)),
        Property::sometimes("a wake-up overtakes the start", |_, state: &State| {
            state.executions.iter().any(|row| row.begun)
        }),
    ]
}

fn any(holds: impl Fn(usize) -> bool) -> bool {
    (0..EXECUTIONS).any(holds)
}

/// Whether the execution has something to do and nothing will ever bring it to a worker.
fn is_forgotten(model: &Protocol, state: &State, execution: usize) -> bool {
    let row = &state.executions[execution];
    let has_begun = !row.journal.is_empty() || row.aside;
    let has_work = !has_begun || row.signals > 0 || (model.waits[execution] == Wait::Time && !row.aside);
    has_work && !(row.ended || row.gated || row.has_token() || row.timer || row.lease.is_some())
}

/// Whether nobody will go on with a lease: it is a fenced worker's, or a living one's that knows nothing of it and has
/// no reason to look.
fn is_orphaned(state: &State, execution: usize) -> bool {
    let Some(worker) = state.holder(execution) else { return false };
    let holder = &state.workers[worker];
    let is_woken = state.executions[execution].lease.is_some_and(|lease| lease.woken);
    let is_ignored = holder.is_up() && state.is_unknown(worker, execution) && !holder.lost_track && !is_woken;
    holder.fenced || is_ignored
}

fn believes_truly(state: &State, worker: usize) -> bool {
    let is_trusted = |worker: usize| state.workers[worker].is_up() && !state.workers[worker].fenced;
    (0..EXECUTIONS).filter(|_| is_trusted(worker)).all(|execution| {
        let row = &state.executions[execution];
        state.workers[worker].at_hand(execution).is_none_or(|held| {
            let has_slot = row.slot || !held.entered;
            row.is_held_by(number(worker), held.lease) && row.journal.len() == held.position && has_slot
        })
    })
}

/// Whether a doubtful commit is about to be repeated whose entries are there, or are not.
fn finds(state: &State, written: bool) -> bool {
    let is_found = |writes: &Writes| {
        any(|execution| {
            writes[execution]
                .is_some_and(|write| write.rows > 0 && state.executions[execution].has_written(&write) == written)
        })
    };
    state.workers.iter().any(|worker| worker.zombie.is_none() && worker.doubt().is_some_and(is_found))
}
