//! The proof against every order of every outcome of small graphs, and against random runs of larger ones.

use std::collections::{HashMap, HashSet};

use capstan_engine::core::decide::{begin, decide};
use capstan_engine::core::graph::{EdgeKind, Graph, Node, NodeIx, Part};
use capstan_engine::core::journal::{Entry, Event, SettledStatus, Settlement};
use capstan_engine::core::outcome::StepError;
use capstan_engine::core::policy::OnError;
use capstan_engine::core::prove::{Proof, prove};
use capstan_engine::core::state::{EdgeState, Phase, State, StepIx, StepStatus};
use serde_json::{Value, json};

use crate::catalogue::{PORTS, TestTypes};
use crate::driver::{input, start_of_time};
use crate::generator::generate;
use crate::nested_graphs;
use crate::proofs::confirmed;
use crate::rng::Rng;
use crate::spec::{Join, compile};

const SMALL: u64 = 3_000;
const NODES_MAX: usize = 8;
const STATES_MAX: usize = 3_000;
const LARGE: u64 = 300;
const RUNS: usize = 10;
const TURNS_MAX: usize = 500;
/// The last one is in no list of an error edge.
const CLASSES: [&str; 5] = ["boom", "http_5xx", "timeout", "outcome_unknown", "config"];

#[test]
fn what_is_found_is_exactly_what_every_order_of_every_outcome_shows() {
    let (mut looked, mut never, mut null, mut several) = (0, 0, 0, 0);
    for seed in 0..SMALL {
        let mut spec = generate(seed);
        spec.drawn.sort_unstable();
        if spec.nodes.len() > NODES_MAX || spec.nodes.len() < 3 {
            continue;
        }
        let mut rng = Rng::new(seed);
        for node in spec.nodes.iter_mut().filter(|node| node.join != Join::All) {
            node.cuts |= rng.chance(50);
        }
        let mut document = spec.document();
        several += usize::from(take_together(&mut document, &mut rng));
        let (reader, named) = read(&mut document, &mut rng);
        let graph = compile(&document).unwrap();
        let Some(seen) = Seen::everything(&graph, reader, named) else { continue };
        looked += 1;
        let proof = prove(&graph, &TestTypes::new());
        let told = || format!("seed {seed}: {:#?}\n{document:#}", proof);
        assert!(proof.complete, "{}", told());
        confirmed(&graph, &proof).unwrap_or_else(|wrong| panic!("{wrong}\n{}", told()));
        let runs = runs(&graph, &proof);
        assert_eq!(runs, seen.fired, "what runs; {}", told());
        let codes = ["null_has_no_parts", "always_null"];
        let found = proof.findings.iter().any(|finding| codes.contains(&finding.code));
        assert_eq!(found, seen.null, "whether it is null; {}", told());
        never += usize::from(runs.len() < graph.nodes.len());
        null += usize::from(seen.null);
    }
    println!(
        "{looked} graphs, {never} with nodes that never run, {null} with reads of null, {several} with several ports"
    );
    assert!(looked > 150 && never > 20 && null > 20 && several > 50, "{looked} {never} {null} {several}");
}

/// Lets some of the nodes with all ports emit on several of them, the first of which may be certain; whether one does.
fn take_together(document: &mut Value, rng: &mut Rng) -> bool {
    let mut is_some = false;
    for node in document["nodes"].as_array_mut().unwrap() {
        let config = &mut node["data"]["config"];
        if config["ports"] == PORTS.len() && rng.chance(50) {
            let known = if rng.chance(20) { json!(rng.chance(50)) } else { Value::Null };
            config["together"] = json!([[PORTS[0], known], [PORTS[1], null]]);
            is_some = true;
        }
    }
    is_some
}

/// Every combination of ports that a node may emit on.
fn combinations(node: &Node) -> Vec<Vec<String>> {
    let Some(each) = node.config["together"].as_array() else {
        return node.ports.iter().map(|port| vec![port.clone()]).collect();
    };
    let chosen = |chosen: usize| {
        let fits =
            |(at, port): &(usize, &Value)| port[1].as_bool().is_none_or(|known| known == (chosen >> at & 1 == 1));
        let all_fit = each.iter().enumerate().all(|it| fits(&it));
        let ports = each.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
        let ports: Vec<String> = ports.map(|(_, port)| port[0].as_str().unwrap().to_owned()).collect();
        all_fit.then(|| if ports.is_empty() { vec![PORTS[2].to_owned()] } else { ports })
    };
    (0..1 << each.len()).filter_map(chosen).collect()
}

#[test]
fn no_run_shows_what_is_said_never_to_be() {
    let mut claims = 0;
    for seed in 0..LARGE {
        let mut rng = Rng::new(seed);
        let document = if seed % 2 == 0 { generate(seed).document() } else { nested_graphs::document(&mut rng) };
        let graph = compile(&document).unwrap();
        let proof = prove(&graph, &TestTypes::new());
        confirmed(&graph, &proof).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
        let codes = ["node_never_runs", "join_never_fires"];
        let found = proof.findings.iter().filter(|finding| codes.contains(&finding.code));
        let never: HashSet<&str> = found.filter_map(|finding| finding.node_id.as_deref()).collect();
        claims += never.len();
        for _ in 0..RUNS {
            let state = run(&graph, &mut rng);
            for step in state.steps().iter().filter(|step| step.fired_at.is_some()) {
                let id = graph.nodes[step.node].id.as_str();
                assert!(!never.contains(id), "seed {seed}: {id} runs");
            }
        }
    }
    assert!(claims > 50, "{claims} claims");
}

/// Lets the expression of some node read a part of one of its ancestors.
fn read(document: &mut Value, rng: &mut Rng) -> (NodeIx, NodeIx) {
    let graph = compile(document).unwrap();
    let readers: Vec<NodeIx> = (0..graph.nodes.len()).filter(|&ix| !graph.nodes[ix].ancestors.is_empty()).collect();
    if readers.is_empty() {
        return (0, 0);
    }
    let reader = *rng.pick(&readers);
    let named = *rng.pick(&graph.nodes[reader].ancestors);
    let text = format!("{{{{ steps.{}.part }}}}", graph.nodes[named].id);
    document["nodes"][reader]["data"]["config"]["text"] = json!(text);
    (reader, named)
}

/// The nodes that run: all but those that never do, and those that nothing which runs leads to.
fn runs(graph: &Graph, proof: &Proof) -> HashSet<NodeIx> {
    let codes = ["node_never_runs", "join_never_fires"];
    let found = proof.findings.iter().filter(|finding| codes.contains(&finding.code));
    let never: HashSet<NodeIx> =
        found.filter_map(|finding| graph.find(&finding.node_id.as_deref().unwrap().into())).collect();
    let mut runs: HashSet<NodeIx> = graph.triggers().collect();
    for _ in 0..graph.nodes.len() {
        for (ix, node) in graph.nodes.iter().enumerate().filter(|(ix, _)| !never.contains(ix)) {
            if node.in_edges.iter().any(|&edge| runs.contains(&graph.edges[edge].source)) {
                runs.insert(ix);
            }
        }
    }
    runs
}

/// What some order of some outcomes shows.
struct Seen {
    fired: HashSet<NodeIx>,
    /// Whether the reader fired while what it reads was null.
    null: bool,
}

impl Seen {
    /// Nothing if there are too many states.
    fn everything(graph: &Graph, reader: NodeIx, named: NodeIx) -> Option<Self> {
        let mut seen = Self { fired: HashSet::new(), null: false };
        let mut met = HashSet::new();
        let mut open: Vec<State> = graph
            .triggers()
            .map(|trigger| begin(graph, &key(graph, trigger), input(), start_of_time()).unwrap().0)
            .collect();
        for state in &open {
            seen.look(state, &HashSet::new(), reader, named);
        }
        while let Some(state) = open.pop() {
            let picture: (Vec<StepStatus>, Vec<EdgeState>) =
                (state.steps().iter().map(|step| step.status).collect(), state.edges(graph, 0).to_vec());
            let key = format!("{picture:?}");
            if state.end().is_some() || !met.insert(key) {
                continue;
            }
            if met.len() > STATES_MAX {
                return None;
            }
            let before = fired(&state);
            for event in moves(graph, &state) {
                let next = after(graph, &state, event);
                seen.look(&next, &before, reader, named);
                open.push(next);
            }
        }
        Some(seen)
    }

    fn look(&mut self, state: &State, before: &HashSet<NodeIx>, reader: NodeIx, named: NodeIx) {
        let fired = fired(state);
        let is_null = state.step(named).status != StepStatus::Completed;
        self.null |= reader != named && fired.contains(&reader) && !before.contains(&reader) && is_null;
        self.fired.extend(fired);
    }
}

fn fired(state: &State) -> HashSet<NodeIx> {
    let has_fired =
        |step: &&capstan_engine::core::state::Step| step.fired_at.is_some() || step.status == StepStatus::Completed;
    state.steps().iter().filter(has_fired).map(|step| step.node).collect()
}

fn key(graph: &Graph, node: NodeIx) -> capstan_engine::core::ids::StepKey {
    capstan_engine::core::ids::StepKey::root(graph.nodes[node].id.clone())
}

/// Everything that each active step may come to.
fn moves(graph: &Graph, state: &State) -> Vec<Event> {
    let mut moves = Vec::new();
    for (ix, step) in state.steps().iter().enumerate().filter(|(_, step)| step.is_active()) {
        let node = &graph.nodes[step.node];
        for ports in combinations(node) {
            moves.push(settled(graph, state, ix, Ok(&ports)));
        }
        if node.policy.on_error == OnError::Continue && !graph.handles_error(step.node, "unlisted") {
            moves.push(settled(graph, state, ix, Ok(&node.ports[..1])));
        }
        let handled = CLASSES.iter().filter(|class| graph.handles_error(step.node, class));
        moves.extend(handled.map(|class| settled(graph, state, ix, Err(class))));
    }
    moves
}

/// Conditions are as they are written.
fn settled(graph: &Graph, state: &State, ix: StepIx, came: Result<&[String], &str>) -> Event {
    let node = &graph.nodes[state.step(ix).node];
    let is_closed = |edge: &&usize| matches!(&graph.edges[**edge].kind, EdgeKind::Flow { when: Some(when), .. } if when.contains("false"));
    let closed = node.out_edges.iter().filter(is_closed).map(|&edge| graph.edges[edge].id.clone());
    let settlement = Settlement {
        status: if came.is_ok() { SettledStatus::Completed } else { SettledStatus::Failed },
        port: came.ok().and_then(|ports| ports.first().cloned()),
        output: Value::Null,
        error: came.err().map(|class| StepError { class: class.into(), reason: "it broke".into() }),
        attempts: 1,
        closed_edges: if came.is_ok() { closed.collect() } else { Vec::new() },
        failed_items: 0,
        more_ports: came.map_or_else(|_| Vec::new(), |ports| ports[1..].to_vec()),
    };
    Event::Settled { step: state.key(graph, ix), settlement }
}

fn after(graph: &Graph, state: &State, event: Event) -> State {
    let entry = Entry { at: start_of_time(), event };
    let decision = decide(graph, state, &entry).unwrap();
    let mut next = state.clone();
    next.apply(graph, entry, &decision);
    next
}

/// A run to its end, in which containers open up to two frames.
fn run(graph: &Graph, rng: &mut Rng) -> State {
    let triggers: Vec<NodeIx> = graph.triggers().collect();
    let (mut state, _) = begin(graph, &key(graph, *rng.pick(&triggers)), input(), start_of_time()).unwrap();
    let mut opened: HashMap<StepIx, usize> = HashMap::new();
    for _ in 0..TURNS_MAX {
        let steps = state.steps().iter().enumerate().filter(|(_, step)| step.is_active() && step.phase != Phase::Open);
        let ready: Vec<StepIx> = steps.map(|(ix, _)| ix).collect();
        if ready.is_empty() || state.end().is_some() || state.incident().is_some() {
            break;
        }
        let ix = *rng.pick(&ready);
        let node = &graph.nodes[state.step(ix).node];
        let event = if node.container.is_some() && *opened.entry(ix).or_default() == 0 {
            opened.insert(ix, 1);
            let items = (0..1 + rng.below(2)).map(|item| json!(item)).collect();
            Event::Opened { step: state.key(graph, ix), items, until: None, note: Value::Null, spill: None }
        } else if node.part == Part::Main && rng.chance(20) {
            settled(graph, &state, ix, Err(*rng.pick::<&str>(&CLASSES)))
        } else {
            let ports = rng.pick(&combinations(node)).clone();
            settled(graph, &state, ix, Ok(&ports))
        };
        state = after(graph, &state, event);
    }
    state
}
