//! Random graphs of containers in containers, with undos and what runs at last, ended in every way there is.

use std::collections::HashSet;

use capstan_engine::core::decide::{begin, decide};
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
use crate::properties::graphs_wanted;
use crate::rng::Rng;
use crate::script::{RETRY, poisoned, resolved};
use crate::spec::compile;

const GRAPHS_MAX: u64 = 1_500;
const DEPTH_MAX: usize = 3;
/// Entries after which an execution is cancelled, so that each run ends.
const ENTRIES_MAX: u32 = 400;
const TURNS_MAX: usize = 3_000;

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
    let Tally { frames, undone, at_last, awaited, expired, incidents, resolved, cancelled, failed, completed } = tally;
    for count in [frames, undone, at_last, awaited, expired, incidents, resolved, cancelled, failed, completed] {
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
}

impl<'a> Run<'a> {
    fn to_the_end(graph: &'a Graph, seed: u64, cancel_after: Option<usize>, prefix: Vec<Entry>) -> Self {
        let (state, _) = begin(graph, &key("start"), input(), start_of_time()).unwrap();
        let (rng, now) = (Rng::new(seed ^ 0x5eed), start_of_time());
        let mut run = Self { graph, state, journal: Vec::new(), rng, now, fired: HashSet::new(), awaited: 0 };
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
        let live = self.state.steps().iter().enumerate().filter(|(_, step)| step.is_active()).map(|(ix, _)| ix);
        let known: Vec<StepIx> = self.state.dues().map(|(ix, _)| ix).collect();
        let live: HashSet<StepIx> = live.collect();
        assert!(known.iter().all(|ix| live.contains(ix)), "a step is due that is not live");
        self.journal.push(entry);
    }

    /// What must hold once it has ended.
    fn judge(&self, tally: &mut Tally) -> Result<(), String> {
        let (graph, state) = (self.graph, &self.state);
        let end = state.end().ok_or("it has not ended")?;
        let again = fold(graph, &key("start"), input(), start_of_time(), &self.journal).map_err(|e| e.to_string())?;
        ensure(again == *state, "the journal folds to another state")?;
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

/// A trigger and a few nodes, some of which are containers of more.
pub(crate) fn document(rng: &mut Rng) -> Value {
    let trigger = json!({"id": "start", "type": "test.trigger", "data": {"config": {"ports": 1}}});
    let (mut nodes, mut edges) = (vec![trigger], Vec::new());
    let begins = body(rng, None, 0, &mut nodes, &mut edges);
    for id in begins {
        edges.push(edge("start", &id, json!({}), "out"));
    }
    json!({"nodes": nodes, "edges": edges})
}

/// Draws the nodes of one body, and says which of them nothing leads to.
fn body(
    rng: &mut Rng,
    parent: Option<&str>,
    depth: usize,
    nodes: &mut Vec<Value>,
    edges: &mut Vec<Value>,
) -> Vec<String> {
    let mut own: Vec<String> = Vec::new();
    let mut begins = Vec::new();
    let draw = |nodes: &mut Vec<Value>, type_name: &str, config: Value, policy: Value| {
        let id = format!("n{}", nodes.len());
        let mut node = json!({"id": id, "type": type_name, "data": {"config": config, "policy": policy}});
        if let Some(parent) = parent {
            node["parentId"] = json!(parent);
        }
        nodes.push(node);
        id
    };
    for _ in 0..1 + rng.below(4) {
        let is_container = depth < DEPTH_MAX && rng.chance(35);
        let config = match is_container {
            true => {
                json!({"parallel": 1 + rng.below(2), "tolerated": rng.below(2), "undoes": rng.chance(40), "ports": 2})
            }
            false => json!({"ports": 2}),
        };
        let join = *rng.pick(&["all", "any"]);
        let policy = json!({"join": join, "cancel_others": join == "any" && rng.chance(50)});
        let type_name = if is_container { "test.container" } else { "test.step" };
        let id = draw(nodes, type_name, config, policy);
        if is_container {
            body(rng, Some(&id), depth + 1, nodes, edges);
        }
        let before: Vec<String> = own.iter().filter(|_| rng.chance(50)).cloned().collect();
        if before.is_empty() {
            begins.push(id.clone());
        }
        for source in before {
            let error = rng.chance(15);
            let kind = if error { json!({"kind": "error"}) } else { json!({"kind": "flow"}) };
            edges.push(edge(&source, &id, kind, if error { "error" } else { "out" }));
        }
        if rng.chance(40) {
            let undo = draw(nodes, "test.step", json!({"ports": 2}), json!({}));
            edges.push(edge(&id, &undo, json!({"kind": "compensate"}), "out"));
        }
        own.push(id);
    }
    if rng.chance(40) {
        let last = draw(nodes, "test.step", json!({"ports": 2}), json!({"finally": true}));
        if rng.chance(50) {
            let more = draw(nodes, "test.step", json!({"ports": 2}), json!({}));
            edges.push(edge(&last, &more, json!({}), "out"));
        }
    }
    begins
}

fn edge(source: &str, target: &str, data: Value, port: &str) -> Value {
    json!({"id": format!("{source}-{target}-{port}"), "source": source, "sourceHandle": port, "target": target, "data": data})
}

/// Scopes are of this form, so that the addresses above are right.
#[test]
fn scopes_name_containers_and_numbers() {
    let below = Scope::root().below(&"each".into(), 3).below(&"inner".into(), 0);
    assert_eq!(below.as_str(), "each[3]/inner[0]");
}
