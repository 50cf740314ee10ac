//! Random graphs under random orders and duplicates.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use capstan_engine::core::decide::{IllegalEvent, begin};
use capstan_engine::core::fold::fold;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{Scope, StepKey};
use capstan_engine::core::state::{EdgeState, End, State, StepStatus};

use crate::arms::Arms;
use crate::checks::{self, ensure, index, same_but_for_times};
use crate::driver::{Driver, input, key, start_of_time};
use crate::fate::foretell;
use crate::generator::{NODES_MAX, generate};
use crate::rng::Rng;
use crate::spec::{Kind, Spec};

/// How many graphs are tried; fewer where only a gross fault is looked for.
const GRAPHS_VARIABLE: &str = "CAPSTAN_CORE_GRAPHS";
const GRAPHS_DEFAULT: u64 = 10_000;
/// Orders that are tried for each graph.
const ORDERS: u64 = 3;
/// After a failure, so many more seeds are searched for a smaller graph that fails.
const SMALLER_SEEDS: u64 = 500;
/// One graph in so many has all of its prefixes replayed; the others have a few.
const REPLAY_ALL_EVERY: u64 = 50;
const REPLAYS: usize = 2;
const THREADS: u64 = 2;

/// What a run over many seeds found.
struct Tally {
    arms: Arms,
    graphs: u64,
    joins: u64,
    error_edges: u64,
    /// Where every order gave what was foretold.
    order_free: u64,
    entries: u64,
}

/// How many graphs are to be tried.
pub(crate) fn graphs_wanted() -> u64 {
    std::env::var(GRAPHS_VARIABLE).ok().map_or(GRAPHS_DEFAULT, |text| text.parse().expect("a number"))
}

#[test]
fn every_graph_in_every_order_does_what_the_firing_rule_says() {
    let graphs = graphs_wanted();
    let mut tally = Tally::new();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|part| scope.spawn(move || run_part(part, graphs))).collect();
        for thread in threads {
            match thread.join().expect("failures come back as values") {
                Ok(part) => tally.add(&part),
                Err(report) => panic!("{report}"),
            }
        }
    });
    tally.print();
    assert_eq!(tally.arms.never_taken(), Vec::<&str>::new(), "arms that no graph reached");
    assert_eq!(tally.graphs, graphs);
    assert!(tally.joins * 2 >= graphs, "only {} graphs have a join", tally.joins);
    assert!(tally.error_edges * 3 >= graphs, "only {} graphs have error edges", tally.error_edges);
    assert!(tally.order_free * 3 >= graphs, "only {} graphs can be compared across orders", tally.order_free);
}

fn run_part(part: u64, graphs: u64) -> Result<Tally, String> {
    let mut tally = Tally::new();
    for seed in (part..graphs).step_by(THREADS as usize) {
        if let Err(failure) = attempt(seed, &mut tally) {
            return Err(report(seed, &failure));
        }
    }
    Ok(tally)
}

/// One seed; a panic in the core is a failure like any other.
fn attempt(seed: u64, tally: &mut Tally) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| one(seed, tally))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })
}

/// The smallest failing graph near `seed`, as a document with what was wrong.
fn report(seed: u64, failure: &str) -> String {
    let mut smallest = (generate(seed).nodes.len(), seed, failure.to_owned());
    for seed in seed + 1..seed + SMALLER_SEEDS {
        let size = generate(seed).nodes.len();
        if size < smallest.0
            && let Err(failure) = attempt(seed, &mut Tally::new())
        {
            smallest = (size, seed, failure);
        }
    }
    let (size, seed, failure) = smallest;
    let spec = generate(seed);
    format!("seed {seed}, {size} nodes: {failure}\n{spec:#?}\n{:#}", spec.document())
}

fn one(seed: u64, tally: &mut Tally) -> Result<(), String> {
    let spec = generate(seed);
    ensure((1..=NODES_MAX).contains(&spec.nodes.len()), || "the size is out of bounds".into())?;
    let graph = spec.compile()?;
    tally.graphs += 1;
    tally.joins += u64::from(spec.nodes.iter().any(|node| node.ins.len() > 1));
    tally.error_edges += u64::from(spec.edges.iter().any(|edge| matches!(edge.kind, Kind::Error(_))));
    refused_beginnings(&spec, &graph, &mut tally.arms)?;
    let foretold = foretell(&spec);
    tally.order_free += u64::from(foretold.is_some());
    let mut ends: Vec<State> = Vec::new();
    for order in 0..ORDERS {
        let mut driver = Driver::new(&spec, &graph, &mut tally.arms, seed.wrapping_mul(ORDERS) + order)?;
        driver.run()?;
        ended_well(&spec, &graph, &driver.state)?;
        replays(&driver, seed)?;
        tally.entries += driver.journal.len() as u64;
        ends.push(driver.state);
    }
    let Some(foretold) = foretold else { return Ok(()) };
    for end in &ends {
        same_but_for_times(&graph, &ends[0], end)?;
        checks::foretold(&spec, &graph, &foretold, end)?;
    }
    Ok(())
}

fn refused_beginnings(spec: &Spec, graph: &Graph, arms: &mut Arms) -> Result<(), String> {
    let refusal = |step: &StepKey| begin(graph, step, input(), start_of_time()).err();
    let ghost = key("ghost");
    ensure(refusal(&ghost) == Some(IllegalEvent::UnknownStep(ghost)), || "begins nowhere".into())?;
    arms.hit("begin: refused, no such node");
    let inner = StepKey { scope: Scope(Arc::from("each[0]")), ..key(&spec.nodes[spec.begin].id) };
    ensure(refusal(&inner) == Some(IllegalEvent::UnknownStep(inner)), || "begins in a scope".into())?;
    arms.hit("begin: refused, other scope");
    for node in spec.nodes.iter().filter(|node| !node.trigger) {
        let step = key(&node.id);
        ensure(refusal(&step) == Some(IllegalEvent::NotATrigger(step)), || "begins at a step".into())?;
        arms.hit("begin: refused, not a trigger");
    }
    Ok(())
}

/// Said of the graph and the state alone, without the oracle.
fn ended_well(spec: &Spec, graph: &Graph, state: &State) -> Result<(), String> {
    let end = state.end().ok_or("it has not ended")?;
    for node in 0..spec.nodes.len() {
        let ix = index(spec, graph, node);
        let step = state.step(ix);
        let id = &spec.nodes[node].id;
        ensure(!step.is_active(), || format!("{id} is active after the end"))?;
        if step.status == StepStatus::Pending {
            let open = graph.nodes[ix].in_edges.iter().any(|&edge| state.edges(graph, 0)[edge] == EdgeState::Open);
            ensure(open, || format!("{id} was never decided, though all of its in-edges are resolved"))?;
            ensure(*end != End::Completed, || format!("{id} was never decided, though the execution completed"))?;
        }
    }
    Ok(())
}

/// Folding the journal, or any prefix of it, gives the state that was there.
fn replays(driver: &Driver<'_>, seed: u64) -> Result<(), String> {
    let trigger = key(&driver.spec.nodes[driver.spec.begin].id);
    let entries = &driver.journal;
    let replay = |until: usize| {
        let state = fold(driver.graph, &trigger, input(), start_of_time(), &entries[..until]);
        let state = state.map_err(|refusal| format!("replay of {until} entries: {refusal}"))?;
        ensure(state == driver.history[until], || format!("replay of {until} entries gives another state"))
    };
    replay(entries.len())?;
    if seed.is_multiple_of(REPLAY_ALL_EVERY) {
        return (0..entries.len()).try_for_each(replay);
    }
    let mut rng = Rng::new(seed);
    (0..REPLAYS).try_for_each(|_| replay(rng.below(entries.len() + 1)))
}

impl Tally {
    fn new() -> Self {
        Self { arms: Arms::new(), graphs: 0, joins: 0, error_edges: 0, order_free: 0, entries: 0 }
    }

    fn add(&mut self, other: &Self) {
        self.arms.add(&other.arms);
        self.graphs += other.graphs;
        self.joins += other.joins;
        self.error_edges += other.error_edges;
        self.order_free += other.order_free;
        self.entries += other.entries;
    }

    /// Writes past the capture of the test harness, so that every run shows it.
    fn print(&self) {
        let Self { arms, graphs, joins, error_edges, order_free, entries } = self;
        let head =
            format!("{graphs} graphs in {ORDERS} orders each: {joins} with a join, {error_edges} with error edges,");
        let text = format!("\n{head}\n{order_free} where no order matters; {entries} entries accepted.\n{arms}\n");
        std::io::stdout().write_all(text.as_bytes()).expect("stdout is open");
    }
}
