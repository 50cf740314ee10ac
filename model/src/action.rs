//! What can happen in a state: one action for each transaction, fault, or step of a worker between them.

use crate::database::{Taken, Then, Write};
use crate::protocol::{Late, Network, Protocol, Wait};
use crate::state::{EXECUTIONS, Held, Process, State, Worker, Writes, Zombie};

/// Something that happens. Workers and executions are named by their place, which may change with every step of a path:
/// they are put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The execution's one signal is sent.
    Signal(usize),
    /// The execution's timer becomes a token: its time has come.
    Fire(usize),
    /// The execution leaves the gate.
    Admit(usize),
    /// A worker would have an execution at work, which takes a slot. A fault if it is not answered.
    Enter {
        /// Who.
        worker: usize,
        /// Which.
        execution: usize,
        /// Whether the worker hears of it.
        answered: bool,
    },
    /// A worker claims, and reads the journal and the signals if need be.
    Claim {
        /// Who.
        worker: usize,
        /// Of what.
        execution: usize,
        /// Which tokens.
        taken: Taken,
        /// Who hears of it.
        answer: Answer,
    },
    /// A worker gives back the leases that it does not know of, under its own lock taken exclusively.
    ReturnUnknown(usize),
    /// A commit begins: its transaction makes its checks.
    Send(usize, Writes),
    /// The commit writes, and its worker hears of it.
    Finish(usize),
    /// A fault: the worker no longer hears of its commit, which goes on.
    GiveUp(usize),
    /// A worker asks what became of its doubtful commit, and repeats what is not written. A fault if it is not answered.
    Repeat {
        /// Who.
        worker: usize,
        /// Whether the worker hears of it.
        answered: bool,
    },
    /// A worker takes note of a wake-up and reads the signals.
    Heed(usize, usize),
    /// A worker that drains gives an execution back. Counted with the faults.
    GiveBack(usize, usize),
    /// A fault: the process is gone, and may leave a request on its way.
    Crash(usize, Option<Zombie>),
    /// A fault of a late network: the worker gives up a request that arrives only later.
    Delay(usize, Zombie),
    /// A worker's zombie takes its next step in the database.
    ZombieSteps(usize),
    /// The database ends the transaction of a worker's zombie.
    ZombieDies(usize),
    /// The worker is fenced, and what it holds becomes tokens. A fault if it lives.
    Reap(usize),
}

/// What becomes of the answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its worker hears it.
    Heard,
    /// A fault: its worker hears only that the connection is gone.
    Lost,
    /// Its worker waits for it no more, or is dead.
    Unwaited,
}

impl Protocol {
    /// Everything that can happen next.
    pub(crate) fn list_actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.harm.is_some() {
            return;
        }
        for execution in 0..EXECUTIONS {
            let row = &state.executions[execution];
            if state.unsent[execution] > 0 && !row.ended {
                actions.push(Action::Signal(execution));
            }
            if row.timer {
                actions.push(Action::Fire(execution));
            }
            if row.gated && self.has_room(state) {
                actions.push(Action::Admit(execution));
            }
        }
        for (place, worker) in state.workers.iter().enumerate() {
            self.list_database_actions(state, place, actions);
            if worker.is_up() {
                self.list_worker_actions(state, place, actions);
            }
        }
    }

    /// What the database may do for or to a worker, whether it lives or not.
    fn list_database_actions(&self, state: &State, place: usize, actions: &mut Vec<Action>) {
        let worker = &state.workers[place];
        match worker.zombie {
            Some(Zombie::Running(_)) => actions.extend([Action::ZombieSteps(place), Action::ZombieDies(place)]),
            Some(Zombie::Commit(_) | Zombie::Heed { .. }) => actions.push(Action::ZombieSteps(place)),
            Some(Zombie::Claim) => list_claims(state, place, Answer::Unwaited, actions),
            Some(Zombie::Refused) | None => {}
        }
        let is_suspected = worker.process == Process::Dead || state.faults_left > 0;
        if !worker.fenced && is_suspected && !(self.locks() && worker.holds_lock()) {
            actions.push(Action::Reap(place));
        }
    }

    fn list_worker_actions(&self, state: &State, place: usize, actions: &mut Vec<Action>) {
        let worker = &state.workers[place];
        let may_fail = state.faults_left > 0;
        list_claims(state, place, Answer::Heard, actions);
        let sends = if worker.flight.is_none() { self.sends(worker) } else { Vec::new() };
        actions.extend(sends.iter().map(|writes| Action::Send(place, *writes)));
        if worker.flight.is_some() {
            if worker.doubt().is_none() {
                actions.push(Action::Finish(place));
                if may_fail && worker.zombie.is_none() {
                    actions.push(Action::GiveUp(place));
                }
            } else if self.is_alone(worker) {
                actions.push(Action::Repeat { worker: place, answered: true });
                if may_fail {
                    actions.push(Action::Repeat { worker: place, answered: false });
                }
            }
        }
        for execution in 0..EXECUTIONS {
            if self.would_enter(worker, execution) {
                actions.push(Action::Enter { worker: place, execution, answered: true });
                if may_fail {
                    actions.push(Action::Enter { worker: place, execution, answered: false });
                }
            }
            if let Some(held) = worker.at_hand(execution) {
                if held.told || state.is_woken(place, execution) {
                    actions.push(Action::Heed(place, execution));
                }
                if !held.told && may_fail {
                    actions.push(Action::GiveBack(place, execution));
                }
            }
        }
        // A beat tells of a woken lease; what the worker does not know of, it gives back.
        let is_told = |execution| state.is_unknown(place, execution) && state.is_woken_for(place, execution);
        if (worker.lost_track || (0..EXECUTIONS).any(is_told)) && self.is_alone(worker) {
            actions.push(Action::ReturnUnknown(place));
        }
        if may_fail {
            list_claims(state, place, Answer::Lost, actions);
            list_ends(worker, place, &sends, actions);
            if worker.zombie.is_none() {
                self.list_delays(state, place, &sends, actions);
            }
        }
    }

    fn list_delays(&self, state: &State, place: usize, sends: &[Writes], actions: &mut Vec<Action>) {
        match self.network {
            Network::Prompt => {}
            Network::Late(Late::Claim) => actions.push(Action::Delay(place, Zombie::Claim)),
            Network::Late(Late::Commit) => {
                actions.extend(sends.iter().map(|writes| Action::Delay(place, Zombie::Commit(*writes))));
            }
            Network::Late(Late::Heed) => actions.extend((0..EXECUTIONS).filter_map(|execution| {
                let held = state.workers[place].at_hand(execution)?;
                let heeds = held.told || state.is_woken(place, execution);
                heeds.then_some(Action::Delay(place, Zombie::Heed { execution, lease: held.lease }))
            })),
        }
    }

    /// Whether the worker's own lock can be had exclusively. On a prompt network nothing is on its way by then either.
    fn is_alone(&self, worker: &Worker) -> bool {
        !self.excludes_self() || (!worker.holds_lock() && (self.network != Network::Prompt || worker.zombie.is_none()))
    }

    /// Whether a worker has something to do with an execution that needs a slot for it, or asks for that again.
    fn would_enter(&self, worker: &Worker, execution: usize) -> bool {
        let Some(held) = worker.held[execution].filter(|_| self.limit.is_some() && worker.is_up()) else {
            return false;
        };
        let has_work = held.position == 0 || held.signals > 0;
        let is_free = worker.at_hand(execution).is_some() && !held.told && !held.aside;
        held.doubts || (is_free && !held.entered && has_work)
    }

    /// The commits that a worker may make of what it has at hand: each execution alone, and several as a group.
    fn sends(&self, worker: &Worker) -> Vec<Writes> {
        let mut groups = vec![Writes::default()];
        for execution in 0..EXECUTIONS {
            let held = worker.at_hand(execution).filter(|held| !held.told);
            let may_write =
                |held: Held, write: &Write| self.limit.is_none() || held.entered || held.aside || write.rows == 0;
            let choices = held.map_or_else(Vec::new, |held| {
                self.writes(held, self.waits[execution]).into_iter().filter(|write| may_write(held, write)).collect()
            });
            for group in 0..groups.len() {
                for write in &choices {
                    let mut with = groups[group];
                    with[execution] = Some(*write);
                    groups.push(with);
                }
            }
        }
        groups.swap_remove(0);
        groups
    }

    /// What a worker may write next for an execution that settles a step, waits for its signals or its time, and ends.
    fn writes(&self, held: Held, wait: Wait) -> Vec<Write> {
        let write = |rows, consumes, then| Write { lease: held.lease, position: held.position, rows, consumes, then };
        let park = Then::Park { timer: wait == Wait::Time };
        if held.aside {
            // Only a cancel goes on with an incident, and every signal stands for one.
            return vec![if held.signals > 0 {
                write(1, 1, Then::End)
            } else {
                write(0, 0, Then::Park { timer: false })
            }];
        }
        let consumes = u32::from(held.position > 0);
        let mut writes = if held.signals < consumes {
            vec![write(0, 0, park)]
        } else if held.position == self.signals_each {
            vec![write(1, consumes, Then::End)]
        } else if held.signals > consumes {
            vec![write(1, consumes, Then::Hold)]
        } else {
            vec![write(1, consumes, Then::Hold), write(1, consumes, park)]
        };
        if held.position == 0 && held.signals > 0 && self.signals_each == 1 {
            writes.push(write(2, 1, Then::End));
        }
        if self.incidents && held.signals == 0 {
            writes.push(write(0, 0, Then::SetAside));
        }
        writes
    }
}

/// The claims that find tokens; one for each way to take them.
fn list_claims(state: &State, worker: usize, answer: Answer, actions: &mut Vec<Action>) {
    for execution in 0..EXECUTIONS {
        let row = &state.executions[execution];
        for start in [false, true] {
            for wakes in 0..=row.wake_tokens {
                if (start || wakes > 0) && (row.start_token || !start) {
                    actions.push(Action::Claim { worker, execution, taken: Taken { start, wakes }, answer });
                }
            }
        }
    }
}

/// The ways in which a worker may die: what runs goes on, and something may be on its way.
fn list_ends(worker: &Worker, place: usize, sends: &[Writes], actions: &mut Vec<Action>) {
    let left = worker.flight.filter(|_| worker.doubt().is_none()).map(|flight| Zombie::Running(flight.writes));
    if left.is_some() || worker.zombie.is_some() {
        actions.push(Action::Crash(place, worker.zombie.or(left)));
    } else {
        actions.push(Action::Crash(place, Some(Zombie::Claim)));
        actions.extend(sends.iter().map(|writes| Action::Crash(place, Some(Zombie::Commit(*writes)))));
    }
}

impl State {
    /// Whether the database has the worker's lease of an execution that it holds as woken.
    fn is_woken(&self, worker: usize, execution: usize) -> bool {
        self.is_woken_for(worker, execution) && !self.is_unknown(worker, execution)
    }

    fn is_woken_for(&self, worker: usize, execution: usize) -> bool {
        self.holder(execution) == Some(worker) && self.executions[execution].lease.is_some_and(|lease| lease.woken)
    }
}
