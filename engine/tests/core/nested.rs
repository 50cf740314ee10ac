//! Random graphs of containers in containers, with undos and what runs at last, ended in every way there is.

use std::collections::HashSet;

use capstan_engine::core::decide::{Decision, begin, decide};
use capstan_engine::core::fold::fold;
use capstan_engine::core::graph::{Graph, Part};
use capstan_engine::core::ids::{Scope, SignalId, StepKey};
use capstan_engine::core::journal::{Entry, Event, Resolution, SettledStatus, Settlement};
use capstan_engine::core::outcome::{StepError, Until};
use capstan_engine::core::state::{End, Phase, State, StepIx};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::driver::{input, key, start_of_time};
use crate::judge::{Ended, ended_well, ensure};
use crate::nested_graphs::document;
use crate::properties::graphs_wanted;
use crate::rng::Rng;
use crate::script::{RETRY, poisoned, resolved};
use crate::spec::compile;

const GRAPHS_MAX: u64 = 1_500;
/// Entries after which an execution is cancelled, so that each run ends.
const ENTRIES_MAX: u32 = 400;
const TURNS_MAX: usize = 3_000;
/// Prefixes of each run that are replayed.
const REPLAYS: usize = 2;

/// What all runs together have met.
#[derive(Debug, Default)]
struct Tally {
    frames: usize,
    undone: usize,
    at_last: usize,
    awaited: usize,
    expired: usize,
    incidents: usize,
    resolved: usize,
    cancelled: usize,
    failed: usize,
    completed: usize,
    late: usize,
}

#[test]
fn however_it_ends_nothing_is_left_live_and_every_undo_and_finally_has_run() {
    let mut tally = Tally::default();
    for seed in 0..graphs_wanted().min(GRAPHS_MAX) {
        let mut rng = Rng::new(seed);
        let graph = compile(&document(&mut rng)).unwrap_or_else(|problems| panic!("seed {seed}: {problems:#?}"));
        let run = Run::to_the_end(&graph, seed, None, Vec::new());
        run.judge(&mut tally).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}\n{}", run.told()));
        // The same with a cancel at some of its prefixes; at all of them for some seeds.
        let step = if seed % 50 == 0 { 1 } else { 1 + run.journal.len() / 3 };
        for prefix in (0..run.journal.len()).step_by(step) {
            let cut = Run::to_the_end(&graph, seed + 7, Some(prefix), run.journal[..prefix].to_vec());
            let judged = cut.judge(&mut tally);
            judged.unwrap_or_else(|wrong| panic!("seed {seed}, cancelled after {prefix}: {wrong}\n{}", cut.told()));
        }
    }
    println!("{tally:?}");
    let Tally { frames, undone, at_last, awaited, expired, incidents, resolved, cancelled, failed, completed, late } =
        tally;
    for count in [frames, undone, at_last, awaited, expired, incidents, resolved, cancelled, failed, completed, late] {
        assert!(count > 100, "too little of something was met: {count}");
    }
}

struct Run<'a> {
    graph: &'a Graph,
    state: State,
    journal: Vec<Entry>,
    rng: Rng,
    now: DateTime<Utc>,
    fired: HashSet<StepIx>,
    awaited: usize,
    /// Some of the states that were there, with the entries before each; drawn by a generator of their own.
    kept: Vec<(usize, State)>,
    keeps: Rng,
    /// Settlements that were offered once more a while later.
    late: usize,
}

impl<'a> Run<'a> {
    fn to_the_end(graph: &'a Graph, seed: u64, cancel_after: Option<usize>, prefix: Vec<Entry>) -> Self {
        let (state, _) = begin(graph, &key("start"), input(), start_of_time()).unwrap();
        let (rng, now) = (Rng::new(seed ^ 0x5eed), start_of_time());
        let (journal, fired, keeps) = (Vec::new(), HashSet::new(), Rng::new(seed ^ 0x4ee9));
        let mut run = Self { graph, state, journal, rng, now, fired, awaited: 0, kept: Vec::new(), keeps, late: 0 };
        for Entry { at, event } in prefix {
            run.now = at;
            run.take(event);
        }
        if cancel_after.is_some() && run.state.end().is_none() {
            run.take(cancelled());
        }
        for _ in 0..TURNS_MAX {
            if run.state.end().is_some() {
                return run;
            }
            let event = run.next();
            run.take(event);
        }
        panic!("no end after {TURNS_MAX} turns: {}", run.told());
    }

    fn next(&mut self) -> Event {
        if self.state.incident().is_some() {
            return self.looked_at();
        }
        if self.rng.chance(1) {
            return poisoned();
        }
        if !self.state.is_ending() && (self.state.position() >= ENTRIES_MAX || self.rng.chance(1)) {
            return if self.rng.chance(30) { Event::TimedOut } else { cancelled() };
        }
        let steps = self.state.steps().iter().enumerate();
        let live: Vec<StepIx> = steps.filter(|(_, step)| step.is_active()).map(|(ix, _)| ix).collect();
        let ready: Vec<StepIx> = live.iter().copied().filter(|&ix| self.state.step(ix).phase != Phase::Open).collect();
        let open: Vec<StepIx> = self.state.expired(DateTime::<Utc>::MAX_UTC).collect();
        if !open.is_empty() && self.rng.chance(2) {
            let expired = *self.rng.pick(&open);
            return Event::Expired { step: self.key(expired) };
        }
        let step = *self.rng.pick(&ready);
        self.attempt(step)
    }

    /// What a person does with an incident.
    fn looked_at(&mut self) -> Event {
        let concerned = self.state.concerned();
        let step = *self.rng.pick(&concerned);
        let waits = matches!(self.state.step(step).phase, Phase::Waiting(_));
        let resolution = match self.rng.below(6) {
            0 | 1 if !waits => RETRY,
            2 => Resolution::Skip,
            3 => Resolution::Fail,
            _ => return cancelled(),
        };
        resolved(&self.key(step).to_string(), resolution)
    }

    fn attempt(&mut self, ix: StepIx) -> Event {
        let (step, now) = (self.key(ix), self.now);
        let standing = self.state.step(ix).clone();
        let node = &self.graph.nodes[standing.node];
        if let Phase::Waiting(Until { signal: Some(_), .. }) = standing.phase {
            return Event::Signalled { step, signal_id: SignalId::new(), payload: Value::Null };
        }
        let error = || StepError { class: "boom".into(), reason: "it broke".into() };
        if node.container.is_some() && (standing.phase != Phase::Closed || self.rng.chance(10)) {
            let items = (0..1 + self.rng.below(3)).map(|item| json!(item)).collect();
            let until = self.rng.chance(30).then(|| now + TimeDelta::seconds(60));
            return Event::Opened { step, items, until, note: Value::Null, spill: None };
        }
        let fails = if node.part == Part::Main { 12 } else { 3 };
        let (status, port, failure) = match self.rng.below(100) {
            roll if roll < fails => (SettledStatus::Failed, None, Some(error())),
            roll if roll < fails + 3 && node.part == Part::Main => (SettledStatus::OutcomeUnknown, None, Some(error())),
            20..30 => {
                let attempt = standing.attempts + 1;
                return Event::AttemptFailed { step, attempt, error: error(), retry_at: now };
            }
            30..40 => {
                let until = Until { time: None, signal: Some("go".into()), child: None };
                return Event::Waiting { step, until };
            }
            roll => (SettledStatus::Completed, Some(if roll % 2 == 0 { "out" } else { "alt" }), None),
        };
        let (port, attempts) = (port.map(str::to_owned), standing.attempts + 1);
        let settlement = Settlement {
            status,
            port,
            output: Value::Null,
            error: failure,
            attempts,
            closed_edges: vec![],
            failed_items: 0,
            more_ports: Vec::new(),
        };
        Event::Settled { step, settlement }
    }

    fn take(&mut self, event: Event) {
        self.now += TimeDelta::seconds(1);
        let entry = Entry { at: self.now, event };
        let decision = decide(self.graph, &self.state, &entry)
            .unwrap_or_else(|refusal| panic!("{:?}: {refusal}\n{}", entry.event, self.told()));
        let was_ending: Vec<bool> = self.state.frames().iter().map(|frame| frame.ending.is_some()).collect();
        if let Event::Settled { step, .. } = &entry.event {
            let step = self.state.step(self.state.find(self.graph, step).unwrap());
            let is_main = self.graph.nodes[step.node].part == Part::Main;
            self.awaited += usize::from(is_main && was_ending[step.frame]);
        }
        let woken = matches!(entry.event, Event::Signalled { .. } | Event::Resolved { .. });
        // What one gives up, others follow; what is tried again was fired before.
        let given_up = matches!(entry.event, Event::Resolved { resolution: Resolution::Fail, .. });
        let again = entry.event.step().and_then(|step| self.state.find(self.graph, step));
        for &step in decision.start.iter().filter(|&&step| !woken || given_up && again != Some(step)) {
            assert!(self.fired.insert(step), "{step} was fired twice\n{}", self.told());
        }
        self.state.apply(self.graph, entry.clone(), &decision);
        self.comes_twice(&entry);
        let live = self.state.steps().iter().enumerate().filter(|(_, step)| step.is_active()).map(|(ix, _)| ix);
        let known: Vec<StepIx> = self.state.dues().map(|(ix, _)| ix).collect();
        let live: HashSet<StepIx> = live.collect();
        assert!(known.iter().all(|ix| live.contains(ix)), "a step is due that is not live");
        self.journal.push(entry);
        self.keep();
        self.comes_late();
    }

    /// The same entry once more is refused, or leads to nothing: a second cancel.
    fn comes_twice(&self, entry: &Entry) {
        let again = decide(self.graph, &self.state, entry);
        let is_nothing = match (&entry.event, &again) {
            (Event::Cancelled { .. }, Ok(decision)) => *decision == Decision::default(),
            (_, again) => again.is_err(),
        };
        assert!(is_nothing, "once more {:?} leads to {again:?}\n{}", entry.event, self.told());
    }

    /// A settlement from before is refused, unless a person had its step begin anew.
    fn comes_late(&mut self) {
        let before = self.keeps.pick(&self.journal);
        let Event::Settled { step, .. } = &before.event else { return };
        let ix = self.state.find(self.graph, step);
        if !self.state.resolved().iter().any(|resolved| resolved.step == ix) {
            let again = decide(self.graph, &self.state, before);
            assert!(again.is_err(), "late {:?} leads to {again:?}\n{}", before.event, self.told());
            self.late += 1;
        }
    }

    /// Keeps a few of all states, each as likely as the others.
    fn keep(&mut self) {
        let (entries, state) = (self.journal.len(), &self.state);
        match self.keeps.below(entries) {
            _ if self.kept.len() < REPLAYS => self.kept.push((entries, state.clone())),
            place if place < REPLAYS => self.kept[place] = (entries, state.clone()),
            _ => {}
        }
    }

    /// What must hold once it has ended.
    fn judge(&self, tally: &mut Tally) -> Result<(), String> {
        let (graph, state) = (self.graph, &self.state);
        let end = state.end().ok_or("it has not ended")?;
        let again = fold(graph, &key("start"), input(), start_of_time(), &self.journal).map_err(|e| e.to_string())?;
        ensure(again == *state, "the journal folds to another state")?;
        for (entries, then) in &self.kept {
            let again = fold(graph, &key("start"), input(), start_of_time(), &self.journal[..*entries]);
            let again = again.map_err(|refusal| format!("replay of {entries} entries: {refusal}"))?;
            ensure(again == *then, &format!("replay of {entries} entries gives another state"))?;
        }
        tally.late += self.late;
        let late = Entry { at: self.now, event: cancelled() };
        ensure(decide(graph, state, &late).is_err(), "something follows the end")?;
        tally.frames += state.frames().len();
        tally.awaited += self.awaited;
        tally.resolved += state.resolved().len();
        tally.expired += self.journal.iter().filter(|entry| matches!(entry.event, Event::Expired { .. })).count();
        match end {
            _ if state.incident().is_some() => tally.incidents += 1,
            End::Completed => tally.completed += 1,
            End::Failed { .. } => tally.failed += 1,
            End::Cancelled { .. } => tally.cancelled += 1,
        }
        let Ended { undone, at_last } = ended_well(graph, state)?;
        tally.undone += undone;
        tally.at_last += at_last;
        self.order()
    }

    /// Undos of one frame come after everything else of it but what runs at last, and the last that was done first.
    fn order(&self) -> Result<(), String> {
        let place = |key: &StepKey| {
            let is = |entry: &Entry| matches!(&entry.event, Event::Settled { step, .. } if step == key);
            self.journal.iter().position(is)
        };
        for frame in self.state.frames() {
            let mut undos: Vec<(usize, usize)> = Vec::new();
            for &node in &self.graph.bodies[frame.body].nodes {
                let key =
                    |node: usize| StepKey { node_id: self.graph.nodes[node].id.clone(), scope: frame.scope.clone() };
                let node = &self.graph.nodes[node];
                let Some(undo) = node.undo.and_then(|undo| place(&key(undo))) else { continue };
                let own = StepKey { node_id: node.id.clone(), scope: frame.scope.clone() };
                let done = place(&own).ok_or("something was undone that never settled")?;
                undos.push((done, undo));
            }
            undos.sort_unstable();
            ensure(undos.is_sorted_by(|one, other| one.1 > other.1), "undone in another order")?;
        }
        Ok(())
    }

    fn key(&self, ix: StepIx) -> StepKey {
        self.state.key(self.graph, ix)
    }

    fn told(&self) -> String {
        let entries = self.journal.iter().map(|entry| format!("{:?}", entry.event));
        let steps = crate::script::lines(self.graph, &self.state);
        entries.chain(steps).collect::<Vec<_>>().join("\n")
    }
}

fn cancelled() -> Event {
    Event::Cancelled { reason: "enough".into(), forced: false, signal_id: None }
}

/// Scopes are of this form, so that the addresses above are right.
#[test]
fn scopes_name_containers_and_numbers() {
    let below = Scope::root().below(&"each".into(), 3).below(&"inner".into(), 0);
    assert_eq!(below.as_str(), "each[3]/inner[0]");
}
