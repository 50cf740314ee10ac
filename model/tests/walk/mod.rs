//! Random walks through the model, told as the workers of a real run would tell them.

use std::collections::BTreeMap;

use capstan_model::action::{Action, Answer};
use capstan_model::database::{Claimed, LeaseNo, Then, Write};
use capstan_model::event::{Event, Fact, Fate};
use capstan_model::part::{Part, Parts};
use capstan_model::protocol::{Protocol, Wait};
use capstan_model::state::{EXECUTIONS, Process, State, Writes, Zombie, number};
use stateright::Model;

/// Steps of a walk at most, and time between two of them.
const STEPS_MAX: usize = 60;
const STEP_TIME: u64 = 100;

/// A walk of the whole protocol, with times blurred so far that neighbours overlap.
pub(crate) fn events(seed: u64) -> Vec<(usize, Event)> {
    let mut random = Random(seed);
    let protocol = Protocol {
        faults_max: 4,
        signals_each: 2,
        waits: [Wait::Signal, if random.below(2) == 0 { Wait::Signal } else { Wait::Time }],
        limit: (random.below(3) == 0).then_some(1),
        ..Protocol::default()
    };
    let (mut recorder, _) = walk(&protocol, &mut random);
    recorder.blur(&mut random);
    recorder.numbered()
}

/// A walk without the lease check that has done harm, with exact times; none if it did not come to that.
pub(crate) fn harmful_events(seed: u64) -> Option<Vec<(usize, Event)>> {
    let protocol = Protocol { faults_max: 4, parts: Parts::without(Part::LeaseCheck), ..Protocol::default() };
    let (recorder, state) = walk(&protocol, &mut Random(seed));
    (state.harm.is_some() && recorder.told_harm).then(|| recorder.numbered())
}

fn walk(protocol: &Protocol, random: &mut Random) -> (Recorder, State) {
    let mut state = protocol.init_states().remove(0);
    let mut recorder = Recorder::default();
    for execution in 0..EXECUTIONS {
        recorder.answered(0, Fact::Started { execution: name(execution), parent: None });
    }
    for step in 1..=STEPS_MAX {
        recorder.now = step as u64 * STEP_TIME;
        let mut actions = Vec::new();
        protocol.actions(&state, &mut actions);
        if actions.is_empty() {
            break;
        }
        let action = actions[random.below(actions.len())];
        let mut next = state.clone();
        protocol.step(&mut next, action);
        recorder.record(protocol, &state, action, &next);
        state = next;
    }
    (recorder, state)
}

#[derive(Default)]
struct Recorder {
    now: u64,
    events: Vec<Event>,
    /// When each worker's commit was sent.
    sent: BTreeMap<usize, u64>,
    /// The model gives lease numbers out again; a real run does not.
    leases: BTreeMap<(usize, LeaseNo), LeaseNo>,
    told_harm: bool,
}

impl Recorder {
    fn record(&mut self, protocol: &Protocol, last: &State, action: Action, next: &State) {
        let now = self.now;
        match action {
            Action::Signal(execution) => self.answered(now, Fact::Signalled { execution: name(execution) }),
            Action::Admit(execution) => self.answered(now, Fact::Admitted { execution: name(execution) }),
            Action::Enter { worker, execution, answered } => self.entered(worker, execution, answered, last, next),
            Action::Claim { worker, execution, taken, answer } => {
                let lease = next.executions[execution].lease.map_or(0, |lease| lease.number);
                let claimed = last.executions[execution].clone().claim(number(worker), lease, taken, protocol.parts);
                let is_refused = last.workers[worker].fenced;
                if !is_refused && let Claimed::Leased { .. } = claimed {
                    self.leases.insert((execution, lease), 1_000 + self.now as LeaseNo);
                }
                match claimed {
                    _ if answer == Answer::Lost => self.unanswered(now, Fact::LostTrack { worker: number(worker) }),
                    _ if answer == Answer::Unwaited => {}
                    _ if is_refused => self.answered(now, Fact::Refused { worker: number(worker) }),
                    Claimed::Leased { fresh } => {
                        let lease = self.lease(execution, lease);
                        let fact = Fact::Claimed { worker: number(worker), execution: name(execution), lease, fresh };
                        self.answered(now, fact);
                    }
                    Claimed::Met { holder } => {
                        self.answered(now, Fact::Woken { holder, execution: name(execution) });
                    }
                    Claimed::Dropped => {}
                }
            }
            Action::ReturnUnknown(worker) | Action::GiveBack(worker, _) => {
                for execution in 0..EXECUTIONS {
                    let lease = last.executions[execution].lease.filter(|lease| lease.worker == number(worker));
                    if let Some(lease) = lease.filter(|_| next.executions[execution].lease.is_none()) {
                        let lease = self.lease(execution, lease.number);
                        let fact = Fact::Released { worker: number(worker), execution: name(execution), lease };
                        self.answered(now, fact);
                    }
                }
                self.refused(worker, next);
            }
            Action::Send(worker, writes) => {
                self.sent.insert(worker, now);
                self.refused(worker, next);
                if next.workers[worker].is_up() && next.workers[worker].flight.is_none() {
                    self.lost(worker, last, &writes);
                }
            }
            Action::Finish(worker) => {
                let writes = last.workers[worker].flight.unwrap().writes;
                let since = self.sent[&worker];
                self.committed(Some(since), Some(now), worker, &writes, next);
                self.told_harm = next.harm.is_some();
            }
            Action::GiveUp(worker) => {
                let writes = last.workers[worker].flight.unwrap().writes;
                self.committed(Some(self.sent[&worker]), None, worker, &writes, next);
            }
            Action::Repeat { worker, answered } => self.repeated(worker, answered, last, next),
            Action::Heed(worker, execution) => {
                let lease = self.lease(execution, last.workers[worker].held[execution].unwrap().lease);
                self.answered(now, Fact::Heeded { worker: number(worker), execution: name(execution), lease });
            }
            Action::Crash(worker, left) => {
                self.unanswered(now, Fact::LostTrack { worker: number(worker) });
                if let Some(Zombie::Running(writes) | Zombie::Commit(writes)) = left {
                    let since = if last.workers[worker].flight.is_some() { self.sent[&worker] } else { now };
                    self.committed(Some(since), None, worker, &writes, next);
                }
            }
            Action::Reap(worker) => self.answered(now, Fact::Reaped { worker: number(worker) }),
            Action::Fire(_) | Action::Delay(..) | Action::ZombieSteps(_) | Action::ZombieDies(_) => {}
        }
    }

    /// An execution that was at the gate before may be so still, or wait there now.
    fn entered(&mut self, worker: usize, execution: usize, answered: bool, last: &State, next: &State) {
        self.refused(worker, next);
        let held = last.workers[worker].held[execution].unwrap();
        let was_held = last.executions[execution].is_held_by(number(worker), held.lease);
        if last.workers[worker].fenced || !was_held || next.executions[execution].slot {
            return;
        }
        let (execution_name, lease) = (name(execution), self.lease(execution, held.lease));
        let woken = next.executions[execution].lease.is_some();
        let fact = Fact::Gated { worker: number(worker), execution: execution_name, lease, due: false, woken };
        let (since, at) = if answered { (None, Some(self.now)) } else { (Some(self.now), None) };
        self.events.push(Event { ask: None, since, at, fact });
    }

    fn repeated(&mut self, worker: usize, answered: bool, last: &State, next: &State) {
        let now = self.now;
        self.sent.insert(worker, now);
        self.refused(worker, next);
        let flight = last.workers[worker].flight.unwrap();
        if !next.workers[worker].is_up() {
            return;
        }
        if next.workers[worker].flight.is_some() && answered {
            return self.lost(worker, last, &flight.writes);
        }
        let is_lost =
            |execution: usize, write: Write| !last.executions[execution].is_held_by(number(worker), write.lease);
        if (0..EXECUTIONS).any(|at| flight.writes[at].is_some_and(|write| is_lost(at, write))) && next.harm.is_none() {
            return if answered {
                self.lost(worker, last, &flight.writes)
            };
        }
        let mut left = flight.writes;
        for (execution, item) in left.iter_mut().enumerate() {
            if let Some(write) = item.filter(|write| last.executions[execution].has_written(write)) {
                *item = Some(write.without_rows());
                let lease = self.lease(execution, write.lease);
                let fact = Fact::Found { execution: name(execution), lease, position: write.position + 1 };
                if answered {
                    self.answered(now, fact);
                }
            }
        }
        self.committed(Some(now), answered.then_some(now), worker, &left, next);
        self.told_harm = answered && next.harm.is_some();
    }

    fn refused(&mut self, worker: usize, next: &State) {
        if next.workers[worker].process == Process::Over {
            self.answered(self.now, Fact::Refused { worker: number(worker) });
        }
    }

    fn lost(&mut self, worker: usize, last: &State, writes: &Writes) {
        for (execution, write) in writes.iter().enumerate() {
            let Some(write) = write else { continue };
            if !last.executions[execution].is_held_by(number(worker), write.lease) {
                let lease = self.lease(execution, write.lease);
                let fact = Fact::Lost { worker: number(worker), execution: name(execution), lease };
                self.answered(self.now, fact);
            }
        }
    }

    fn committed(&mut self, since: Option<u64>, at: Option<u64>, worker: usize, writes: &Writes, next: &State) {
        for (execution, write) in writes.iter().enumerate() {
            let Some(write) = write else { continue };
            let (then, due) = match write.then {
                Then::Hold => (Fate::Hold, false),
                Then::Park { timer } => (Fate::Park, timer),
                Then::SetAside => (Fate::Incident, false),
                Then::End => (Fate::End, false),
            };
            let fact = Fact::Committed {
                worker: number(worker),
                execution: name(execution),
                lease: self.lease(execution, write.lease),
                position: write.position + 1,
                rows: write.rows,
                consumed: write.consumes,
                then,
                due,
                woken: next.workers[worker].held[execution].is_some_and(|held| held.told),
            };
            self.events.push(Event { ask: None, since, at, fact });
        }
    }

    fn lease(&self, execution: usize, number: LeaseNo) -> LeaseNo {
        self.leases[&(execution, number)]
    }

    fn answered(&mut self, at: u64, fact: Fact) {
        self.events.push(Event { ask: None, since: None, at: Some(at), fact });
    }

    fn unanswered(&mut self, since: u64, fact: Fact) {
        self.events.push(Event { ask: None, since: Some(since), at: None, fact });
    }

    /// Questions may be older and answers later than what came of them.
    fn blur(&mut self, random: &mut Random) {
        for event in &mut self.events {
            let since = event.since.or(event.at).unwrap();
            event.since = Some(since.saturating_sub(random.below(250) as u64));
            event.at = event.at.map(|at| at + random.below(250) as u64);
        }
    }

    fn numbered(self) -> Vec<(usize, Event)> {
        (1..).zip(self.events).collect()
    }
}

fn name(execution: usize) -> String {
    format!("e{execution}")
}

/// Steele, Lea and Flood's SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}
