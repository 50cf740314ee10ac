//! Checks of the graph as a whole: triggers, cycles, what can be reached, and who comes before whom.

use petgraph::Direction::Incoming;
use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use super::Problems;
use super::bodies::Parents;
use super::nodes::Compiled;
use super::parts::Parts;
use crate::core::catalogue::Role;
use crate::core::document::Document;
use crate::core::graph::{Edge, Part};

/// Most nodes of a cycle that are named.
const CYCLE_NAMED_MAX: usize = 50;

/// Who comes before whom.
pub(super) struct Order {
    /// By node index, ascending; of no use if the graph has a cycle.
    pub(super) ancestors: Vec<Vec<usize>>,
    pub(super) is_acyclic: bool,
}

pub(super) fn check(
    document: &Document,
    nodes: &[Compiled],
    edges: &[Option<Edge>],
    parents: &Parents,
    parts: &Parts,
    problems: &mut Problems,
) -> Order {
    let mut drawn = DiGraph::<(), ()>::with_capacity(nodes.len(), edges.len());
    for _ in nodes {
        drawn.add_node(());
    }
    for edge in edges.iter().flatten() {
        drawn.add_edge(NodeIndex::new(edge.source), NodeIndex::new(edge.target), ());
    }
    check_reachable(document, nodes, parents, parts, &drawn, problems);
    // What runs at last comes after everything else around it.
    for last in (0..nodes.len()).filter(|&ix| document.nodes[ix].policy.finally && parts.parts[ix] == Part::Finally) {
        for (ix, _) in
            parts.parts.iter().enumerate().filter(|(ix, part)| **part == Part::Main && parents[*ix] == parents[last])
        {
            drawn.add_edge(NodeIndex::new(ix), NodeIndex::new(last), ());
        }
    }
    match toposort(&drawn, None) {
        Ok(sorted) => Order { ancestors: and_around(ancestors(&drawn, &sorted), parents), is_acyclic: true },
        Err(_) => {
            report_cycles(document, &drawn, problems);
            Order { ancestors: vec![Vec::new(); nodes.len()], is_acyclic: false }
        }
    }
}

fn check_reachable(
    document: &Document,
    nodes: &[Compiled],
    parents: &Parents,
    parts: &Parts,
    drawn: &DiGraph<(), ()>,
    problems: &mut Problems,
) {
    let has_in_edge = |ix: usize| drawn.neighbors_directed(NodeIndex::new(ix), Incoming).next().is_some();
    // A node of unknown type may be meant as a trigger, so it counts as one here.
    let is_start = |ix: usize| nodes[ix].node.role == Role::Trigger || !nodes[ix].is_known;
    // In a container everything begins that nothing leads to.
    let runs_at_last = |ix: usize| parts.parts[ix] == Part::Finally;
    let begins = |ix: usize| is_start(ix) || runs_at_last(ix) || parents[ix].is_some() && !has_in_edge(ix);
    let mut reached: Vec<bool> = (0..nodes.len()).map(begins).collect();
    if !(0..nodes.len()).any(is_start) {
        problems.add(
            "no_trigger",
            "/nodes".into(),
            "the graph has no trigger, so nothing can start it",
            "add a trigger node, e.g. trigger.manual",
        );
    }
    let mut open: Vec<usize> = (0..nodes.len()).filter(|&ix| reached[ix]).collect();
    while let Some(ix) = open.pop() {
        for next in drawn.neighbors(NodeIndex::new(ix)) {
            if !std::mem::replace(&mut reached[next.index()], true) {
                open.push(next.index());
            }
        }
    }
    for (ix, node) in document.nodes.iter().enumerate().filter(|(ix, _)| !reached[*ix]) {
        let why = if has_in_edge(ix) {
            "cannot be reached from any trigger"
        } else {
            "is no trigger and no edge leads to it"
        };
        let detail = format!("node {:?} {why}, so it would never run", node.id);
        problems.of_node(&node.id, |problems| {
            problems.add(
                "unreachable_node",
                node.pointer(""),
                detail,
                "connect it to what comes before it, or remove it",
            );
        });
    }
}

fn report_cycles(document: &Document, drawn: &DiGraph<(), ()>, problems: &mut Problems) {
    for component in kosaraju_scc(drawn).into_iter().filter(|component| component.len() > 1) {
        let cycle = one_cycle(drawn, &component);
        let Some(first) = cycle.first().map(|&ix| &document.nodes[ix]) else { continue };
        let named = cycle.iter().chain(&cycle[..1]).take(CYCLE_NAMED_MAX).map(|&ix| document.nodes[ix].id.as_str());
        let detail = format!("the graph goes in a circle: {}", named.collect::<Vec<_>>().join(" → "));
        problems.of_node(&first.id, |problems| {
            problems.add("cycle", first.pointer(""), detail, "remove one of the edges between these nodes");
        });
    }
}

/// The nodes of one cycle within a strongly connected component, in the order of its edges.
fn one_cycle(drawn: &DiGraph<(), ()>, component: &[NodeIndex]) -> Vec<usize> {
    let inside: std::collections::HashSet<_> = component.iter().copied().collect();
    let mut place = std::collections::HashMap::new();
    let mut walk = Vec::new();
    let mut at = component.iter().copied().min();
    while let Some(node) = at {
        if let Some(&start) = place.get(&node) {
            return walk[start..].to_vec();
        }
        place.insert(node, walk.len());
        walk.push(node.index());
        at = drawn.neighbors(node).filter(|next| inside.contains(next)).min();
    }
    walk
}

/// The same, and those of the containers around.
fn and_around(own: Vec<Vec<usize>>, parents: &Parents) -> Vec<Vec<usize>> {
    let around = |ix: usize| std::iter::successors(parents[ix], |&parent| parents[parent]);
    let all = |ix: usize| {
        let mut all = own[ix].clone();
        all.extend(around(ix).flat_map(|parent| &own[parent]));
        all.sort_unstable();
        all
    };
    (0..own.len()).map(all).collect()
}

/// For each node the nodes from which a path leads to it, as sets of bits that are joined along the edges.
fn ancestors(drawn: &DiGraph<(), ()>, sorted: &[NodeIndex]) -> Vec<Vec<usize>> {
    let words = drawn.node_count().div_ceil(64);
    let mut sets = vec![vec![0_u64; words]; drawn.node_count()];
    for &node in sorted {
        let mut set = sets[node.index()].clone();
        set[node.index() / 64] |= 1 << (node.index() % 64);
        for next in drawn.neighbors(node) {
            for (word, more) in sets[next.index()].iter_mut().zip(&set) {
                *word |= more;
            }
        }
    }
    sets.iter().map(|set| (0..drawn.node_count()).filter(|ix| set[ix / 64] >> (ix % 64) & 1 == 1).collect()).collect()
}
