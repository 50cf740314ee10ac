//! Where each node stands in the tree: by dominators, so that every node stands once although the graph is no tree.

use std::collections::VecDeque;

use capstan_engine::core::graph::{Graph, NodeIx};

/// One line of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) node: NodeIx,
    /// 0 directly below the execution.
    pub(super) depth: usize,
}

/// All nodes, top to bottom.
pub(super) fn layout(graph: &Graph) -> Vec<Place> {
    let order = topological(graph);
    let dominators = dominators(graph, &order);
    let mut below = vec![Vec::new(); graph.nodes.len()];
    let mut tops = Vec::new();
    for &node in &order {
        match dominators[node] {
            Some(dominator) => below[dominator].push(node),
            None => tops.push(node),
        }
    }
    let mut places = Vec::with_capacity(graph.nodes.len());
    // A stack of its own: a graph may be as deep as it has nodes.
    let mut stack: Vec<Place> = tops.iter().rev().map(|&node| Place { node, depth: 0 }).collect();
    while let Some(place) = stack.pop() {
        places.push(place);
        let opens_branch = |&node: &NodeIx| starts_branch(graph, place.node, node);
        let (branches, rest): (Vec<_>, Vec<_>) = below[place.node].iter().copied().partition(opens_branch);
        let next = rest.into_iter().map(|node| Place { node, depth: place.depth });
        let inner = branches.into_iter().map(|node| Place { node, depth: place.depth + 1 });
        stack.extend(inner.chain(next).rev());
    }
    places
}

/// The container of a node.
fn around(graph: &Graph, node: NodeIx) -> Option<NodeIx> {
    graph.bodies[graph.nodes[node].home].owner
}

/// Whether `node` is the first of one of several ways out of `from`.
fn starts_branch(graph: &Graph, from: NodeIx, node: NodeIx) -> bool {
    let is_inside = around(graph, node) == Some(from);
    is_inside || graph.nodes[from].out_edges.len() > 1 && graph.nodes[node].in_edges.len() == 1
}

/// Every node after all of its sources, otherwise in document order.
fn topological(graph: &Graph) -> Vec<NodeIx> {
    // What begins in a container comes after that.
    let begins = |node: NodeIx| around(graph, node).filter(|_| graph.nodes[node].in_edges.is_empty());
    let mut open: Vec<usize> =
        (0..graph.nodes.len()).map(|ix| graph.nodes[ix].in_edges.len() + usize::from(begins(ix).is_some())).collect();
    let mut ready: VecDeque<NodeIx> = (0..graph.nodes.len()).filter(|&ix| open[ix] == 0).collect();
    let mut order = Vec::with_capacity(graph.nodes.len());
    while let Some(node) = ready.pop_front() {
        order.push(node);
        let inside =
            graph.nodes[node].container.map(|(body, _)| graph.bodies[body].nodes.as_slice()).unwrap_or_default();
        let inside = inside.iter().copied().filter(|&inner| graph.nodes[inner].in_edges.is_empty());
        for target in inside.chain(graph.nodes[node].out_edges.iter().map(|&edge| graph.edges[edge].target)) {
            open[target] -= 1;
            if open[target] == 0 {
                ready.push_back(target);
            }
        }
    }
    order
}

/// The nearest node that every path to a node leads through; none if only the execution itself is.
fn dominators(graph: &Graph, order: &[NodeIx]) -> Vec<Option<NodeIx>> {
    let mut found: Vec<Option<NodeIx>> = vec![None; graph.nodes.len()];
    let mut depth = vec![0_usize; graph.nodes.len()];
    for &node in order {
        let mut sources = graph.nodes[node].in_edges.iter().map(|&edge| graph.edges[edge].source);
        let first = sources.next().or_else(|| around(graph, node));
        found[node] = sources.fold(first, |common, source| common_of(&found, &depth, common?, source));
        depth[node] = found[node].map_or(0, |dominator| depth[dominator] + 1);
    }
    found
}

/// The nearest node above both, or one of them.
fn common_of(found: &[Option<NodeIx>], depth: &[usize], mut a: NodeIx, mut b: NodeIx) -> Option<NodeIx> {
    while a != b {
        if depth[a] < depth[b] {
            std::mem::swap(&mut a, &mut b);
        }
        a = found[a]?;
    }
    Some(a)
}

#[cfg(test)]
mod tests {
    use capstan_node_types::registry::Registry;
    use serde_json::{Value, json};

    use super::*;

    /// Each edge as `source target` or `source:port target`; `t` is the trigger, `c…` are conditions.
    fn drawn(edges: &[&str]) -> String {
        let mut ids: Vec<&str> = Vec::new();
        let mut drawn: Vec<Value> = Vec::new();
        for edge in edges {
            let (source, target) = edge.split_once(' ').unwrap();
            let (source, port) = source.split_once(':').map_or((source, None), |(id, port)| (id, Some(port)));
            drawn.push(json!({"id": edge, "source": source, "target": target, "sourceHandle": port}));
            ids.extend([source, target].into_iter().filter(|id| !ids.contains(id)).collect::<Vec<_>>());
        }
        let nodes: Vec<Value> = ids.iter().map(|id| node(id)).collect();
        let document = json!({"nodes": nodes, "edges": drawn});
        let graph = Graph::compile(&document, &Registry::standard()).unwrap();
        let lines = layout(&graph).into_iter().map(|p| format!("{}{}", "-".repeat(p.depth), graph.nodes[p.node].id));
        lines.collect::<Vec<_>>().join(" ")
    }

    fn node(id: &str) -> Value {
        let (kind, config) = match &id[..1] {
            "t" => ("trigger.manual", json!({})),
            "c" => ("logic.condition", json!({"condition": true})),
            _ => ("debug.noop", json!({})),
        };
        json!({"id": id, "type": kind, "position": {"x": 0, "y": 0}, "data": {"label": id, "config": config}})
    }

    #[test]
    fn branches_are_indented_until_they_meet_again() {
        for (edges, expected) in [
            (&["t a", "a b"][..], "t a b"),
            (&["t c", "c:true a", "a b", "c:false d", "b m", "d m", "m z"], "t c -a -b -d m z"),
            (&["t c", "c:true a"], "t c a"),
            (&["t a", "t b"], "t -a -b"),
            (&["t c", "c:true c2", "c2:true a", "c2:false b", "c:false d"], "t c -c2 --a --b -d"),
            (&["t c", "c:true m", "c:false a", "a m"], "t c -a m"),
            (&["t a", "t2 a"], "t t2 a"),
        ] {
            assert_eq!(drawn(edges), expected, "{edges:?}");
        }
    }
}
