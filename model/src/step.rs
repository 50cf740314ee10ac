//! The transition function: what becomes of a state when something happens.

use crate::action::{Action, Answer};
use crate::database::{Claimed, Entered, Execution, Taken, Write};
use crate::part::Part;
use crate::protocol::{Protocol, Wait};
use crate::state::{EXECUTIONS, Flight, Harm, Held, Process, Stage, State, Writes, Zombie, number};

/// What the checks at the start of a transaction answer.
enum Checked {
    /// The worker is fenced.
    Fenced,
    /// These items have no lease: nothing is written.
    Lost(Writes),
    /// It may go on.
    Passed,
}

impl Protocol {
    /// Carries out an action that the state allows.
    pub fn step(&self, state: &mut State, action: Action) {
        state.faults_left -= u8::from(is_fault(state, action));
        if self.parts.has(Part::EndSession) {
            end_session(state, action);
        }
        match action {
            Action::Signal(execution) => {
                state.unsent[execution] -= 1;
                state.executions[execution].signal();
            }
            Action::Fire(execution) => self.fire(state, execution),
            Action::Admit(execution) => state.executions[execution].admit(),
            Action::Enter { worker, execution, answered } => self.enter(state, worker, execution, answered),
            Action::Claim { worker, execution, taken, answer } => {
                self.claim(state, worker, execution, taken, answer);
            }
            Action::ReturnUnknown(worker) => self.return_unknown(state, worker),
            Action::Send(worker, writes) => self.send(state, worker, writes),
            Action::Finish(worker) => self.finish(state, worker),
            Action::GiveUp(worker) => {
                if let Some(flight) = &mut state.workers[worker].flight {
                    flight.stage = Stage::Doubtful;
                    state.workers[worker].zombie = Some(Zombie::Running(flight.writes));
                }
            }
            Action::Repeat { worker, answered } => self.repeat(state, worker, answered),
            Action::Heed(worker, execution) => self.heed(state, worker, execution),
            Action::GiveBack(worker, execution) => self.give_back(state, worker, execution),
            Action::Crash(worker, left) => {
                state.workers[worker].forget(Process::Dead);
                state.workers[worker].zombie = left;
            }
            Action::Delay(worker, zombie) => delay(state, worker, zombie),
            Action::ZombieSteps(worker) => self.zombie_steps(state, worker),
            Action::ZombieDies(worker) => state.workers[worker].zombie = None,
            Action::Reap(worker) => reap(state, worker),
        }
    }

    fn is_refused(&self, state: &State, worker: usize) -> bool {
        self.parts.has(Part::Fence) && state.workers[worker].fenced
    }

    /// Whoever waits for a time finds that it has come.
    fn fire(&self, state: &mut State, execution: usize) {
        let row = &mut state.executions[execution];
        row.fire();
        if self.waits[execution] == Wait::Time {
            row.signals = 1;
        }
    }

    fn claim(&self, state: &mut State, worker: usize, execution: usize, taken: Taken, answer: Answer) {
        if answer == Answer::Unwaited {
            state.workers[worker].zombie = None;
        }
        if self.is_refused(state, worker) {
            if answer != Answer::Unwaited {
                state.workers[worker].forget(Process::Over);
            }
            return;
        }
        let lease = state.free_lease(execution);
        let row = &mut state.executions[execution];
        let claimed = row.claim(number(worker), lease, taken, self.parts);
        let held = |fresh| Held {
            lease,
            position: if fresh { 0 } else { row.journal.len() },
            signals: if fresh { 0 } else { row.signals },
            aside: row.aside,
            told: false,
            entered: false,
            doubts: false,
        };
        let new = if let Claimed::Leased { fresh } = claimed { Some(held(fresh)) } else { None };
        let of_itself = matches!(claimed, Claimed::Met { holder } if holder == number(worker));
        let is_unknown = of_itself && state.is_unknown(worker, execution);
        let worker = &mut state.workers[worker];
        match answer {
            Answer::Heard => {
                worker.held[execution] = new.or(worker.held[execution]);
                worker.lost_track |= is_unknown;
            }
            Answer::Lost => worker.lost_track = true,
            Answer::Unwaited => {}
        }
    }

    fn enter(&self, state: &mut State, worker: usize, execution: usize, answered: bool) {
        if self.is_refused(state, worker) {
            return match answered {
                true => state.workers[worker].forget(Process::Over),
                false => state.workers[worker].held[execution].iter_mut().for_each(|held| held.doubts = true),
            };
        }
        let has_room = self.has_room(state);
        let Some(held) = state.workers[worker].held[execution] else { return };
        let row = &mut state.executions[execution];
        let entered = row.is_held_by(number(worker), held.lease).then(|| row.enter(has_room, self.parts));
        state.workers[worker].held[execution] = match entered {
            _ if !answered => Some(Held { doubts: true, ..held }),
            Some(Entered::In) => Some(Held { entered: true, doubts: false, ..held }),
            Some(Entered::Woken) => Some(Held { told: true, doubts: false, ..held }),
            Some(Entered::Waits) | None => None,
        };
    }

    fn return_unknown(&self, state: &mut State, worker: usize) {
        if self.is_refused(state, worker) {
            return state.workers[worker].forget(Process::Over);
        }
        for execution in 0..EXECUTIONS {
            if state.is_unknown(worker, execution) {
                state.executions[execution].take_from(number(worker));
            }
        }
        state.workers[worker].lost_track = false;
    }

    fn check(&self, state: &State, worker: usize, writes: &Writes) -> Checked {
        if self.is_refused(state, worker) {
            return Checked::Fenced;
        }
        let lost: Writes = std::array::from_fn(|execution| {
            let row = &state.executions[execution];
            writes[execution].filter(|write| !row.is_held_by(number(worker), write.lease))
        });
        let is_lost = self.parts.has(Part::LeaseCheck) && lost != Writes::default();
        if is_lost { Checked::Lost(lost) } else { Checked::Passed }
    }

    fn send(&self, state: &mut State, worker: usize, writes: Writes) {
        match self.check(state, worker, &writes) {
            Checked::Fenced => state.workers[worker].forget(Process::Over),
            Checked::Lost(lost) => lose(state, worker, &lost),
            Checked::Passed => state.workers[worker].flight = Some(Flight { writes, stage: Stage::Running }),
        }
    }

    fn finish(&self, state: &mut State, worker: usize) {
        let Some(flight) = state.workers[worker].flight.take() else { return };
        self.write(state, worker, &flight.writes, Some(&flight.writes));
    }

    /// The whole of the doubtful commit is one transaction under the worker's own lock: the look for what is there, the
    /// checks, and what is left to write.
    fn repeat(&self, state: &mut State, worker: usize, answered: bool) {
        let Some(flight) = state.workers[worker].flight else { return };
        let left: Writes = std::array::from_fn(|execution| {
            let row = &state.executions[execution];
            flight.writes[execution].map(|write| {
                let is_there = self.parts.has(Part::AlreadyWritten) && row.has_written(&write);
                if is_there { write.without_rows() } else { write }
            })
        });
        match self.check(state, worker, &left) {
            Checked::Fenced => state.workers[worker].forget(Process::Over),
            Checked::Lost(_) if !answered => {}
            Checked::Lost(lost) => {
                lose(state, worker, &lost);
                let flight = &mut state.workers[worker].flight;
                *flight = flight.filter(|flight| flight.writes != Writes::default());
            }
            Checked::Passed if answered => {
                state.workers[worker].flight = None;
                self.write(state, worker, &left, Some(&flight.writes));
            }
            Checked::Passed => self.write(state, worker, &left, None),
        }
    }

    /// Writes a whole group or nothing. `known` is what its worker, if it hears of it, takes as written.
    fn write(&self, state: &mut State, worker: usize, writes: &Writes, known: Option<&Writes>) {
        let items = || writes.iter().enumerate().filter_map(|(execution, write)| Some((execution, (*write)?)));
        if items().any(|(execution, write)| state.executions[execution].accepts(&write).is_err()) {
            // Of a zombie nobody hears; a living worker sets the execution aside.
            state.harm = known.map(|_| Harm::Collision);
            return;
        }
        let trespasses =
            |row: &Execution, write: &Write| row.is_touched_by(write) && !row.is_held_by(number(worker), write.lease);
        if items().any(|(execution, write)| trespasses(&state.executions[execution], &write)) {
            state.harm = Some(Harm::Trespass);
            return;
        }
        for (execution, write) in items() {
            let is_woken = state.executions[execution].write(&write, self.parts) == Ok(true);
            if let Some(known) = known.and_then(|known| known[execution]) {
                let held = &mut state.workers[worker].held[execution];
                *held = held.and_then(|held| held.after(known, is_woken));
            }
        }
    }

    fn heed(&self, state: &mut State, worker: usize, execution: usize) {
        let row = &mut state.executions[execution];
        if let Some(held) = &mut state.workers[worker].held[execution] {
            row.heed(held.lease);
            (held.told, held.signals) = (false, row.signals);
        }
    }

    fn give_back(&self, state: &mut State, worker: usize, execution: usize) {
        if self.is_refused(state, worker) {
            return state.workers[worker].forget(Process::Over);
        }
        let held = state.workers[worker].held[execution].take();
        if held.is_some_and(|held| state.executions[execution].is_held_by(number(worker), held.lease)) {
            state.executions[execution].take_from(number(worker));
        }
    }

    fn zombie_steps(&self, state: &mut State, worker: usize) {
        match state.workers[worker].zombie.take() {
            Some(Zombie::Commit(writes)) => {
                state.workers[worker].zombie = match self.check(state, worker, &writes) {
                    Checked::Fenced => Some(Zombie::Refused),
                    Checked::Lost(_) => None,
                    Checked::Passed => Some(Zombie::Running(writes)),
                };
            }
            Some(Zombie::Running(writes)) => self.write(state, worker, &writes, None),
            Some(Zombie::Heed { execution, lease }) => state.executions[execution].heed(lease),
            Some(Zombie::Claim | Zombie::Refused) | None => {}
        }
    }
}

/// Before a worker asks again, what it gave up on that connection is over: commits have one, the rest another.
fn end_session(state: &mut State, action: Action) {
    let (worker, commits) = match action {
        Action::Send(worker, _) | Action::Repeat { worker, .. } => (worker, true),
        Action::ReturnUnknown(worker) | Action::Heed(worker, _) | Action::GiveBack(worker, _) => (worker, false),
        Action::Claim { worker, answer, .. } if answer != Answer::Unwaited => (worker, false),
        _ => return,
    };
    let zombie = &mut state.workers[worker].zombie;
    *zombie = zombie.filter(|zombie| match zombie {
        Zombie::Commit(_) => !commits,
        Zombie::Claim | Zombie::Heed { .. } => commits,
        Zombie::Running(_) | Zombie::Refused => true,
    });
}

/// Whether an action is one of those that are counted.
fn is_fault(state: &State, action: Action) -> bool {
    match action {
        Action::Claim { answer, .. } => answer == Answer::Lost,
        Action::Repeat { answered, .. } | Action::Enter { answered, .. } => !answered,
        Action::GiveUp(_) | Action::GiveBack(..) | Action::Crash(..) | Action::Delay(..) => true,
        Action::Reap(worker) => state.workers[worker].process != Process::Dead,
        _ => false,
    }
}

/// The worker hears that these items are no longer its own.
fn lose(state: &mut State, worker: usize, lost: &Writes) {
    let worker = &mut state.workers[worker];
    for (execution, write) in lost.iter().enumerate() {
        let Some(write) = write else { continue };
        worker.let_go(execution, write.lease);
        if let Some(flight) = &mut worker.flight {
            flight.writes[execution] = None;
        }
    }
}

/// The worker gives the request up before it has reached the database.
fn delay(state: &mut State, worker: usize, zombie: Zombie) {
    let worker = &mut state.workers[worker];
    worker.zombie = Some(zombie);
    match zombie {
        Zombie::Commit(writes) => worker.flight = Some(Flight { writes, stage: Stage::Doubtful }),
        Zombie::Claim => worker.lost_track = true,
        Zombie::Heed { execution, .. } => {
            worker.held[execution].iter_mut().for_each(|held| held.told = true);
        }
        Zombie::Running(_) | Zombie::Refused => {}
    }
}

fn reap(state: &mut State, worker: usize) {
    state.workers[worker].fenced = true;
    for row in &mut state.executions {
        row.take_from(number(worker));
    }
}
