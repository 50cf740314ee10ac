//! Random cases: a seed gives a graph of 1 to 40 nodes and the fate of every step.

use crate::rng::Rng;
use crate::spec::{Act, Ending, Intervention, Join, Kind, NodeSpec, Spec};

pub(crate) const NODES_MAX: usize = 40;
const CLASSES: [&str; 3] = ["boom", "http_5xx", "timeout"];
const ACTS_MAX: usize = 3;

/// What kind of case a seed makes.
struct Shape {
    joins: bool,
    errors: bool,
    /// No step fails without somebody to take it, and nothing happens from outside.
    calm: bool,
}

pub(crate) fn generate(seed: u64) -> Spec {
    let mut rng = Rng::new(seed);
    // A little more than a half and a third, since the smallest graphs have no room for it.
    let shape = Shape { joins: rng.chance(60), errors: rng.chance(40), calm: rng.chance(60) };
    let mut spec = Spec::default();
    let size = 1 + rng.below(NODES_MAX);
    let triggers = if size > 2 && rng.chance(25) { 1 + rng.below(2) } else { 0 } + 1;
    for node in 0..size {
        let trigger = node < triggers;
        spec.nodes.push(NodeSpec { id: format!("n{node}"), trigger, ports: 1, attempts_max: 1, ..NodeSpec::default() });
        if !trigger {
            policy(&mut spec.nodes[node], &mut rng);
            incoming(&mut spec, node, &shape, &mut rng);
            join(&mut spec.nodes[node], &mut rng);
        }
    }
    for node in triggers..size {
        fate(&mut spec, node, &shape, &mut rng);
    }
    spec.begin = rng.below(triggers);
    spec.drawn = (0..size).collect();
    rng.shuffle(&mut spec.drawn);
    if !shape.calm && rng.chance(50) {
        let what = *rng.pick(&[Intervention::Cancel, Intervention::TimeOut, Intervention::Poison]);
        spec.intervention = Some((rng.below(size * 2) as u32, what));
    }
    spec
}

fn policy(node: &mut NodeSpec, rng: &mut Rng) {
    node.ports = 1 + rng.below(3);
    node.carry_on = rng.chance(15);
    node.at_most_once = rng.chance(15);
    node.attempts_max = 1 + rng.below(4) as u32;
}

fn join(node: &mut NodeSpec, rng: &mut Rng) {
    node.join = match rng.below(10) {
        0..=4 => Join::All,
        5..=7 => Join::Any,
        _ => Join::Of(1 + rng.below(node.ins.len())),
    };
    node.cuts = node.join != Join::All && rng.chance(6);
}

/// One edge into `node` from an earlier one, more if it is a join.
fn incoming(spec: &mut Spec, node: usize, shape: &Shape, rng: &mut Rng) {
    let wanted = if shape.joins && rng.chance(40) { 2 + rng.below(3) } else { 1 };
    let mut drawn = Vec::new();
    for _ in 0..wanted {
        // Mostly near ones, so that branches become long.
        let source = if rng.chance(60) { node - 1 - rng.below(node.min(4)) } else { rng.below(node) };
        let kind = edge_kind(spec, source, shape, rng);
        let handle = match &kind {
            Kind::Flow(port, _) => (source, *port),
            Kind::Error(_) => (source, usize::MAX),
        };
        if !drawn.contains(&handle) {
            drawn.push(handle);
            spec.connect(source, node, kind);
        }
    }
}

fn edge_kind(spec: &Spec, source: usize, shape: &Shape, rng: &mut Rng) -> Kind {
    if shape.errors && !spec.nodes[source].trigger && rng.chance(30) {
        return Kind::Error(match rng.below(3) {
            0 => Vec::new(),
            1 => vec![*rng.pick(&CLASSES)],
            _ => vec!["boom", "outcome_unknown"],
        });
    }
    let port = rng.below(spec.nodes[source].ports);
    let conditional = !spec.nodes[source].trigger && rng.chance(20);
    Kind::Flow(port, conditional.then(|| rng.chance(50)))
}

fn fate(spec: &mut Spec, node: usize, shape: &Shape, rng: &mut Rng) {
    let wired = wired_ports(spec, node);
    // Mostly a port that leads somewhere.
    let port = if wired.is_empty() || rng.chance(20) { rng.below(spec.nodes[node].ports) } else { *rng.pick(&wired) };
    let acts = acts(spec, node, shape, rng);
    let ending = ending(spec, node, shape, rng).unwrap_or(Ending::Done(port));
    (spec.nodes[node].acts, spec.nodes[node].ending) = (acts, ending);
}

fn wired_ports(spec: &Spec, node: usize) -> Vec<usize> {
    let port = |&edge: &usize| match spec.edges[edge].kind {
        Kind::Flow(port, _) => Some(port),
        Kind::Error(_) => None,
    };
    spec.nodes[node].outs.iter().filter_map(port).collect()
}

fn acts(spec: &Spec, node: usize, shape: &Shape, rng: &mut Rng) -> Vec<Act> {
    let mut retries = 0;
    let mut acts = Vec::new();
    for _ in 0..rng.below(ACTS_MAX + 1) {
        // A time-out of what must not be repeated is no failure to try again after.
        let classes = if spec.nodes[node].at_most_once { &CLASSES[..2] } else { &CLASSES };
        let class = *rng.pick(classes);
        let spare = retries + 1 < spec.nodes[node].attempts_max;
        let act = match rng.below(6) {
            0 | 1 if spare || !shape.calm || survives(spec, node, class) => Act::Retry(class),
            0..=2 => Act::WaitTime,
            3 => Act::WaitSignal,
            4 => Act::WaitBoth,
            _ => continue,
        };
        retries += u32::from(matches!(act, Act::Retry(_)));
        acts.push(act);
    }
    acts
}

/// How `node` fails, if it does: often where that is taken, seldom where it ends the execution.
fn ending(spec: &Spec, node: usize, shape: &Shape, rng: &mut Rng) -> Option<Ending> {
    let class = *rng.pick(&CLASSES);
    if spec.nodes[node].at_most_once && rng.chance(40) && (!shape.calm || spec.handles(node, "outcome_unknown")) {
        return Some(Ending::Lost);
    }
    if survives(spec, node, "port") && rng.chance(5) {
        return Some(Ending::NoSuchPort);
    }
    let percent = if survives(spec, node, class) { 50 } else { 5 };
    (rng.chance(percent) && (!shape.calm || survives(spec, node, class))).then_some(Ending::Fail(class))
}

fn survives(spec: &Spec, node: usize, class: &str) -> bool {
    spec.nodes[node].carry_on || spec.handles(node, class)
}
