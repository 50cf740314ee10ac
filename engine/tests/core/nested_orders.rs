//! Containers in containers where nothing races: only `all` joins, no failure that nothing takes, no cancel, nobody out of
//! time. Then every order of what happens leads to the same steps, ports, outputs, edges and end.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use capstan_engine::core::decide::{begin, decide};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{Scope, SignalId, StepKey};
use capstan_engine::core::journal::{Entry, Event, SettledStatus, Settlement};
use capstan_engine::core::outcome::{Closed, StepError, Until, Wake};
use capstan_engine::core::result::{closed, result};
use capstan_engine::core::state::{EdgeState, End, Phase, State, StepIx, StepStatus};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::driver::{input, key, start_of_time};
use crate::nested_graphs::joined_by;
use crate::properties::graphs_wanted;
use crate::rng::Rng;
use crate::spec::compile;

const GRAPHS_MAX: u64 = 600;
const ORDERS: u64 = 3;
const TURNS_MAX: usize = 20_000;
/// What error edges take here.
const CLASS: &str = "boom";

/// All that must be the same, by addresses: steps have other indices where frames open in another order.
#[derive(Debug, PartialEq)]
struct Settled {
    steps: BTreeMap<String, Of>,
    edges: BTreeMap<Scope, Vec<EdgeState>>,
    output: Value,
}

/// Status, port, output, attempts and error of a step.
type Of = (StepStatus, Option<String>, Value, u32, Option<StepError>);

/// One run, and in which order its steps settled.
struct Run {
    settled: Settled,
    order: Vec<StepKey>,
}

#[test]
fn where_nothing_races_every_order_gives_the_same_in_containers_too() {
    let (mut frames, mut in_another_order, mut handled) = (0, 0, 0);
    for seed in 0..graphs_wanted().min(GRAPHS_MAX) {
        let document = joined_by(&mut Rng::new(seed), &["all"]);
        let graph = compile(&document).unwrap_or_else(|problems| panic!("seed {seed}: {problems:#?}"));
        let runs: Vec<Run> = (0..ORDERS).map(|order| run(&graph, seed, order)).collect();
        for other in &runs[1..] {
            assert_eq!(runs[0].settled, other.settled, "seed {seed}: the order matters\n{document:#}");
            in_another_order += usize::from(runs[0].order != other.order);
        }
        frames += runs[0].settled.edges.len() - 1;
        handled += runs[0].settled.steps.values().filter(|step| step.0 == StepStatus::Failed).count();
    }
    for (what, count) in [("frames", frames), ("orders", in_another_order), ("failures", handled)] {
        assert!(count > 300, "too few {what} were met: {count}");
    }
}

/// To the end, in a random order; what each step does follows from its address.
fn run(graph: &Graph, seed: u64, order: u64) -> Run {
    let (mut state, _) = begin(graph, &key("start"), input(), start_of_time()).unwrap();
    let (mut rng, mut now, mut settled) = (Rng::new(seed.wrapping_mul(ORDERS) + order), start_of_time(), Vec::new());
    for _ in 0..TURNS_MAX {
        if let Some(end) = state.end() {
            assert_eq!(*end, End::Completed, "seed {seed}");
            return Run { settled: seen(graph, &state), order: settled };
        }
        let steps = state.steps().iter().enumerate();
        let ready = steps.filter(|(_, step)| step.is_active() && step.phase != Phase::Open).map(|(ix, _)| ix);
        let step = *rng.pick(&ready.collect::<Vec<_>>());
        now += TimeDelta::seconds(1);
        let entry = Entry { at: now, event: next(graph, &state, step, seed) };
        if let Event::Settled { step, .. } = &entry.event {
            settled.push(step.clone());
        }
        let decision = decide(graph, &state, &entry).unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
        state.apply(graph, entry, &decision);
    }
    panic!("seed {seed}: no end after {TURNS_MAX} turns")
}

fn next(graph: &Graph, state: &State, ix: StepIx, seed: u64) -> Event {
    let (key, standing) = (state.key(graph, ix), state.step(ix));
    let mut fate = fate(seed, &key);
    let (retries, waits, turns) = (fate.below(5) / 3, fate.chance(30), u32::from(fate.chance(20)));
    let (items, fails, port) = (1 + fate.below(2), fate.chance(30), ["out", "out", "alt"][fate.below(3)]);
    let wake = closed(graph, state, ix).filter(|_| standing.phase == Phase::Closed);
    let step = key.clone();
    if let (true, None) = (graph.nodes[standing.node].container.is_some(), &wake) {
        let items = (0..items).map(|item| json!(item)).collect();
        return Event::Opened { step, items, until: None, note: Value::Null, spill: None };
    }
    match &standing.phase {
        Phase::Waiting(_) => {
            return Event::Signalled { step, signal_id: SignalId::new(), payload: json!("go") };
        }
        Phase::Closed if standing.round.as_ref().is_some_and(|round| round.turn < turns) => {
            let items = vec![json!("more")].into();
            return Event::Opened { step, items, until: None, note: Value::Null, spill: None };
        }
        _ if (standing.attempts as usize) < retries => {
            let (attempt, retry_at) = (standing.attempts + 1, start_of_time());
            return Event::AttemptFailed { step, attempt, error: error(), retry_at };
        }
        Phase::Ready | Phase::Backoff(_) if waits => {
            return Event::Waiting { step, until: Until { time: None, signal: Some("go".into()), child: None } };
        }
        _ => {}
    }
    let failed = fails && graph.handles_error(standing.node, CLASS);
    let settlement = Settlement {
        status: if failed { SettledStatus::Failed } else { SettledStatus::Completed },
        port: (!failed).then(|| port.to_owned()),
        output: if failed { Value::Null } else { output(&key, wake) },
        error: failed.then(error),
        attempts: standing.attempts + 1,
        closed_edges: Vec::new(),
        failed_items: 0,
        more_ports: Vec::new(),
    };
    Event::Settled { step, settlement }
}

/// Draws the same for a step in whatever order its turn comes.
fn fate(seed: u64, step: &StepKey) -> Rng {
    let mut hasher = DefaultHasher::new();
    (seed, step).hash(&mut hasher);
    Rng::new(hasher.finish())
}

/// Of a container, what its frames came to, in the order of the items.
fn output(step: &StepKey, wake: Option<Wake>) -> Value {
    let Some(Wake::Closed { frames, turn, .. }) = wake else { return json!(step.to_string()) };
    let came = frames.into_iter().map(|frame| match frame {
        Closed::Completed(output) => output,
        other => panic!("{step} has a frame that came to {other:?}"),
    });
    json!({ "turn": turn, "came": came.collect::<Vec<_>>() })
}

fn seen(graph: &Graph, state: &State) -> Settled {
    let steps = state.steps().iter().enumerate().map(|(ix, step)| {
        let told = (step.status, step.port.clone(), step.output.clone(), step.attempts, step.error.clone());
        (state.key(graph, ix).to_string(), told)
    });
    let frames = state.frames().iter().enumerate();
    let edges = frames.map(|(ix, frame)| (frame.scope.clone(), state.edges(graph, ix).to_vec()));
    Settled { steps: steps.collect(), edges: edges.collect(), output: result(graph, state, 0) }
}

fn error() -> StepError {
    StepError { class: CLASS.into(), reason: "it broke".into() }
}
