//! Gates against a world of random starts, finishes, crashes, waits and changes of limits.

use std::collections::{BTreeMap, HashMap, HashSet};

use capstan_engine::core::gate::{Front, Gate, Hall, Judging, Waiting};
use capstan_engine::core::ids::{ExecutionId, WorkflowId};
use uuid::Uuid;

use super::rng::Rng;

const STEPS: usize = 1_000_000;
/// Steps after which a world is given up for a new one.
const WORLD_STEPS: usize = 10_000;
/// Most of one line that are looked at together: few, so that lines are cut off often.
const LOOK_MAX: usize = 3;
const WORKFLOWS: usize = 2;
const KEYS: usize = 3;
/// Largest limit of a key that a version has.
const KEY_MAX: u32 = 2;
/// Executions that have not ended, at most.
const LIVE_MAX: usize = 20;

type Place = (i64, ExecutionId);

/// What became of an execution that has not ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waits,
    /// It was let in and waits for a worker, maybe after it has lost one.
    HasToken,
    AtWork,
    /// It waits for a signal, without a slot.
    Parked,
}

#[derive(Default)]
struct World {
    hall: Hall,
    slots: HashMap<ExecutionId, Vec<Gate>>,
    lines: BTreeMap<Gate, BTreeMap<Place, Waiting>>,
    live: Vec<(Waiting, Stage)>,
    clock: i64,
    /// Whether versions with different limits of their keys run side by side: each goes by its own as it enters.
    is_mixed: bool,
    /// What happened, to know that all of it did.
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    admitted: usize,
    waited: usize,
    moved: usize,
    crashes: usize,
    over_lowered: usize,
}

impl World {
    /// What the store does under a workspace's lock, on these lines.
    fn pass(&mut self, gates: &HashSet<Gate>, arrival: Option<Waiting>) {
        let mut judging = Judging::default();
        judging.hall = self.hall.clone();
        for (gate, line) in &self.lines {
            if let Some(most) = line.values().next().and_then(|first| first.key_max) {
                judging.first_max.insert(gate.clone(), most);
            }
        }
        arrival.into_iter().for_each(|waiting| judging.arrive(waiting));
        while judging.judge(self.fronts(&judging, gates)) {}
        judging.close();
        self.check_order(&judging, gates);
        self.write(judging);
    }

    fn fronts(&self, judging: &Judging, gates: &HashSet<Gate>) -> Vec<Front> {
        let known: HashSet<ExecutionId> = judging.known().collect();
        let open = gates.iter().filter_map(|gate| Some((gate, self.lines.get(gate)?)));
        let front = |(gate, line): (&Gate, &BTreeMap<Place, Waiting>)| {
            let room = (judging.room(gate) as usize).min(LOOK_MAX);
            let unknown = line.values().filter(|waiting| !known.contains(&waiting.execution_id));
            let waiting: Vec<Waiting> = unknown.take(room).cloned().collect();
            Front { is_cut: room > 0 && waiting.len() == room, waiting }
        };
        open.map(front).collect()
    }

    /// First come, first served: whoever was before one that was let in, and was looked at, had another gate that was full.
    fn check_order(&self, judging: &Judging, gates: &HashSet<Gate>) {
        let let_in = self.live.iter().filter(|(waiting, _)| judging.admitted.contains(&waiting.execution_id));
        let Some(last) = let_in.map(|(waiting, _)| waiting.place()).max() else { return };
        // Where limits are mixed, the first in line may hold up others of his line.
        let lines = gates.iter().filter(|_| !self.is_mixed).filter_map(|gate| self.lines.get(gate));
        for (_, earlier) in lines.flat_map(|line| line.range(..last)) {
            let is_in = judging.admitted.contains(&earlier.execution_id);
            let after = |gate: &Gate| judging.hall.room(gate, earlier.key_max) == 0;
            let was = |gate: &Gate| self.hall.room(gate, earlier.key_max) == 0;
            assert!(is_in || earlier.gates.iter().any(|gate| after(gate) || was(gate)), "{earlier:?} was passed by");
        }
    }

    fn write(&mut self, judging: Judging) {
        self.hall = judging.hall;
        for (gate, id) in judging.slots {
            self.slots.entry(id).or_default().push(gate);
        }
        for (waiting, stage) in &mut self.live {
            if judging.admitted.contains(&waiting.execution_id) {
                for gate in &waiting.gates {
                    let key_max = if self.is_mixed { Some(KEY_MAX) } else { waiting.key_max };
                    let most = self.hall.slots_max(gate, key_max).unwrap_or(u32::MAX);
                    let held = self.hall.held[gate];
                    assert!(held <= most, "{gate} has let {held} in, of {most}");
                }
                self.lines.values_mut().for_each(|line| drop(line.remove(&waiting.place())));
                assert_eq!(self.slots[&waiting.execution_id], waiting.gates, "all of them, once");
                *stage = Stage::HasToken;
                self.seen.admitted += 1;
            }
        }
        for (gate, waiting) in judging.waits.into_values() {
            let was = self.lines.values_mut().filter_map(|line| line.remove(&waiting.place())).count();
            self.seen.moved += was;
            self.seen.waited += 1 - was.min(1);
            self.lines.entry(gate).or_default().insert(waiting.place(), waiting);
        }
        self.lines.retain(|_, line| !line.is_empty());
    }

    fn leave(&mut self, at: usize, hints: bool) {
        let waiting = self.live[at].0.clone();
        for gate in self.slots.remove(&waiting.execution_id).expect("it holds slots") {
            *self.hall.held.get_mut(&gate).unwrap() -= 1;
        }
        if hints {
            self.pass(&waiting.gates.into_iter().collect(), None);
        }
    }

    fn enter(&mut self, at: usize) {
        let waiting = self.live[at].0.clone();
        self.live[at].1 = Stage::Waits;
        self.pass(&waiting.gates.iter().cloned().collect(), Some(waiting));
    }

    fn start(&mut self, random: &mut Rng) {
        self.clock += 1;
        let workflow = WorkflowId(Uuid::from_u128(random.below(WORKFLOWS) as u128));
        let key = Gate::key(workflow, &random.below(KEYS).to_string());
        let all = [key, Gate::workflow(workflow), Gate::workspace()];
        let gates: Vec<Gate> = all.into_iter().filter(|_| random.below(4) > 0).collect();
        if gates.is_empty() {
            return;
        }
        let key_max = match self.is_mixed {
            true => Some(1 + random.below(KEY_MAX as usize) as u32),
            false => [None, Some(KEY_MAX)][(workflow.0.as_u128() % 2) as usize],
        };
        let execution_id = ExecutionId(Uuid::from_u128(self.clock as u128));
        // Fairness between workspaces has some come later than they were started.
        let vt = self.clock + random.below(5) as i64;
        self.live.push((Waiting { vt, execution_id, gates, key_max }, Stage::Parked));
        self.enter(self.live.len() - 1);
    }

    fn change_limit(&mut self, random: &mut Rng) {
        let workflow = WorkflowId(Uuid::from_u128(random.below(WORKFLOWS) as u128));
        let gate = match random.below(3) {
            0 => Gate::workspace(),
            1 => Gate::workflow(workflow),
            _ => Gate::each_key(workflow),
        };
        if random.below(4) == 0 {
            self.hall.limits.remove(gate.as_str());
        } else {
            self.hall.limits.insert(gate.0, 1 + random.below(6) as u32);
        }
        let is_over = |(gate, held): (&Gate, &u32)| self.hall.slots_max(gate, None).is_some_and(|most| *held > most);
        self.seen.over_lowered += usize::from(self.hall.held.iter().any(is_over));
    }

    /// After a sweep nobody waits who could be at work.
    fn sweep(&mut self) {
        // A version's own limit may differ from that of whoever is before in line, so that one look may not be enough.
        for _ in 0..if self.is_mixed { 3 } else { 1 } {
            self.pass(&self.lines.keys().cloned().collect(), None);
        }
        let hall = &self.hall;
        for (at, line) in &self.lines {
            for waiting in line.values() {
                assert!(
                    waiting.gates.iter().any(|gate| hall.room(gate, waiting.key_max) == 0)
                        || line.values().next().is_some_and(|first| hall.room(at, first.key_max) == 0),
                    "{waiting:?} waits at {at}, and there is room"
                );
            }
        }
    }

    fn step(&mut self, random: &mut Rng) {
        let of = |world: &Self, stage: Stage, random: &mut Rng| {
            let (count, begin) = (world.live.len(), random.below(world.live.len().max(1)));
            (begin..begin + count).map(|at| at % count).find(|&at| world.live[at].1 == stage)
        };
        match random.below(20) {
            0..6 if self.live.len() < LIVE_MAX => self.start(random),
            0..9 => {
                if let Some(at) = of(self, Stage::HasToken, random) {
                    self.live[at].1 = Stage::AtWork;
                }
            }
            9..14 => {
                if let Some(at) = of(self, Stage::AtWork, random) {
                    self.leave(at, random.below(3) > 0);
                    self.live.swap_remove(at);
                }
            }
            // Its worker dies: it keeps its slots, and has a token.
            14 => {
                if let Some(at) = of(self, Stage::AtWork, random) {
                    self.live[at].1 = Stage::HasToken;
                    self.seen.crashes += 1;
                }
            }
            15 => {
                if let Some(at) = of(self, Stage::AtWork, random) {
                    self.live[at].1 = Stage::Parked;
                    self.leave(at, random.below(3) > 0);
                }
            }
            16 | 17 => {
                if let Some(at) = of(self, Stage::Parked, random) {
                    self.clock += 1;
                    self.live[at].0.vt = self.clock;
                    self.enter(at);
                }
            }
            18 => self.change_limit(random),
            _ => self.sweep(),
        }
    }

    /// In the end all get through.
    fn drain(&mut self) {
        while !self.live.is_empty() {
            self.sweep();
            let before = self.live.len();
            for at in (0..self.live.len()).rev().filter(|&at| self.live[at].1 != Stage::Waits).collect::<Vec<_>>() {
                if self.live[at].1 != Stage::Parked {
                    self.leave(at, false);
                }
                self.live.swap_remove(at);
            }
            assert!(self.live.len() < before, "{before} executions wait for ever");
        }
    }
}

/// What happened in the worlds of every other seed.
fn worlds(first: u64) -> [usize; 5] {
    let mut total = [0; 5];
    for seed in (first..(STEPS / WORLD_STEPS) as u64).step_by(2) {
        let (mut world, mut random) = (World { is_mixed: seed % 4 < 2, ..World::default() }, Rng::new(seed));
        for _ in 0..WORLD_STEPS {
            world.step(&mut random);
        }
        world.drain();
        let Seen { admitted, waited, moved, crashes, over_lowered } = world.seen;
        total.iter_mut().zip([admitted, waited, moved, crashes, over_lowered]).for_each(|(all, one)| *all += one);
    }
    total
}

#[test]
fn a_million_random_steps_are_never_over_a_limit_leave_no_slot_unused_and_let_nobody_be_passed_by() {
    let other = std::thread::spawn(|| worlds(1));
    for total in [worlds(0), other.join().unwrap()] {
        assert!(total.iter().all(|times| *times > 1_000), "too little happened: {total:?}");
    }
}

#[test]
fn the_limit_of_a_gate_is_named_after_what_it_counts() {
    let workflow = WorkflowId(Uuid::nil());
    for (gate, limit, value) in [
        (Gate::workspace(), "workspace".to_owned(), None),
        (Gate::workflow(workflow), format!("workflow:{workflow}"), None),
        (Gate::key(workflow, "a:b"), format!("key:{workflow}"), Some("a:b")),
        (Gate::key(workflow, ""), format!("key:{workflow}"), Some("")),
        (Gate::each_key(workflow), format!("key:{workflow}"), None),
    ] {
        assert_eq!((gate.limit_name(), gate.key_value()), (limit.as_str(), value), "{gate}");
    }
}
