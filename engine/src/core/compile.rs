//! From a drawn document to a graph that `decide` can walk, or to everything that is wrong with it.

mod bodies;
mod changed;
mod chunks;
mod edges;
mod flow;
mod joins;
mod nodes;
mod order;
mod partners;
mod parts;
mod problems;
mod references;
mod settings;
mod shape;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_any;
#[cfg(test)]
mod tests_parts;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use serde_json::Value;

use super::catalogue::{Catalogue, Role};
use super::document::Document;
use super::graph::{Body, Edge, EdgeKind, Graph, Node, Part, TOGETHER_SINCE, TYPED_SINCE};
use super::ids::NodeId;
use super::problem::Problem;
use parts::Parts;
pub(super) use problems::Problems;
pub use settings::{EXECUTION_TIMEOUT_MS_MAX, SETTINGS};
pub(super) use shape::json_bytes;

/// Most nodes of a graph.
pub const NODES_MAX: usize = 2_000;
/// Most edges of a graph.
pub const EDGES_MAX: usize = 10_000;
/// Largest config of one node, as compact JSON.
pub const CONFIG_BYTES_MAX: usize = 64 * 1024;
/// Largest document, as compact JSON.
pub const DOCUMENT_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Deepest nesting of a document.
pub const DEPTH_MAX: usize = 64;
/// Most containers around a node.
pub const CONTAINERS_DEEP_MAX: usize = 8;
/// Longest node id, in characters.
pub const NODE_ID_CHARS_MAX: usize = 100;
/// Longest label of a node, in characters.
pub const LABEL_CHARS_MAX: usize = 200;
/// Most problems reported at once; then one more says that there are more.
pub const PROBLEMS_MAX: usize = 200;

impl Graph {
    /// Checks and compiles `document`.
    ///
    /// # Errors
    /// Every problem found, in document order within each kind, at most [`PROBLEMS_MAX`] and one.
    pub fn compile(document: &Value, catalogue: &dyn Catalogue) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        if !shape::check(document, &mut problems) {
            return Err(problems.into_vec());
        }
        let timeout_ms = settings::timeout_ms(document, &mut problems);
        let concurrency = settings::concurrency(document, &mut problems);
        let flow = flow::flow(document, &mut problems).map(Arc::new);
        let Some(document) = Document::read(document, &mut problems) else { return Err(problems.into_vec()) };
        let nodes = nodes::compile(&document, catalogue, &mut problems);
        let by_id = by_id(&document, &mut problems);
        let edges = edges::compile(&document, &by_id, &nodes, &mut problems);
        joins::check(&document, &edges, &mut problems);
        let parents = bodies::check(&document, &by_id, &nodes, &edges, &mut problems);
        let parts = parts::check(&document, &nodes, &edges, &parents, &mut problems);
        bodies::check_filled(&document, &nodes, &parents, &parts.parts, &mut problems);
        let order = order::check(&document, &nodes, &edges, &parents, &parts, &mut problems);
        chunks::check(&document, catalogue, &nodes, &parents, &parts, &mut problems);
        partners::check(&document, catalogue, &by_id, &parents, &mut problems);
        references::check(&document, &nodes, &by_id, &order, &mut problems);
        if !problems.is_empty() {
            return Err(problems.into_vec());
        }
        let mut graph =
            Self { timeout_ms, concurrency, flow, ..assemble(nodes, edges, &parents, &parts, order.ancestors, by_id) };
        graph.semantics = semantics(&graph, catalogue);
        chunks::note(&mut graph);
        Ok(graph)
    }
}

/// The oldest rules under which the graph means what it says.
fn semantics(graph: &Graph, catalogue: &dyn Catalogue) -> i32 {
    let is_together =
        |node: &Node| catalogue.node_type(&node.type_name).is_some_and(|info| info.together(&node.config).is_some());
    if graph.nodes.iter().any(is_together) { TOGETHER_SINCE } else { TYPED_SINCE }
}

fn by_id(document: &Document, problems: &mut Problems) -> HashMap<NodeId, usize> {
    let mut by_id = HashMap::with_capacity(document.nodes.len());
    for (ix, node) in document.nodes.iter().enumerate() {
        let id = NodeId::from(node.id.as_str());
        match by_id.entry(id) {
            Entry::Vacant(free) => drop(free.insert(ix)),
            Entry::Occupied(_) => problems.of_node(&node.id, |problems| {
                let detail = format!("the node id {:?} is used more than once", node.id);
                problems.add("duplicate_node_id", node.pointer("/id"), detail, "give each node its own id");
            }),
        }
    }
    by_id
}

fn assemble(
    nodes: Vec<nodes::Compiled>,
    edges: Vec<Option<Edge>>,
    parents: &[Option<usize>],
    parts: &Parts,
    ancestors: Vec<Vec<usize>>,
    by_id: HashMap<NodeId, usize>,
) -> Graph {
    // Without problems nothing was left out, so indices are those of the document.
    let mut edges: Vec<_> = edges.into_iter().flatten().collect();
    let mut nodes: Vec<_> = nodes.into_iter().map(|compiled| compiled.node).collect();
    let mut bodies = vec![Body::default()];
    for (ix, node) in nodes.iter_mut().enumerate().filter(|(_, node)| node.role == Role::Container) {
        node.container = node.container.map(|(_, frames)| (bodies.len(), frames));
        bodies.push(Body { owner: Some(ix), ..Body::default() });
    }
    for (ix, ancestors) in ancestors.into_iter().enumerate() {
        let home = parents[ix].and_then(|parent| nodes[parent].container).map_or(0, |(body, _)| body);
        let node = &mut nodes[ix];
        (node.ancestors, node.home, node.place) = (ancestors, home, bodies[home].nodes.len());
        (node.part, node.undo) = (parts.parts[ix], parts.undos[ix]);
        bodies[home].nodes.push(ix);
    }
    for (undone, undo) in parts.undos.iter().enumerate().filter_map(|(ix, undo)| Some((ix, (*undo)?))) {
        nodes[undo].undoes = Some(undone);
    }
    for (ix, edge) in edges.iter_mut().enumerate().filter(|(_, edge)| edge.kind != EdgeKind::Undo) {
        nodes[edge.source].out_edges.push(ix);
        nodes[edge.target].in_edges.push(ix);
        let body = &mut bodies[nodes[edge.source].home];
        edge.place = body.edges.len();
        body.edges.push(ix);
    }
    for (ix, node) in
        nodes.iter().enumerate().filter(|(_, node)| node.part == Part::Finally && node.in_edges.is_empty())
    {
        bodies[node.home].finally.push(ix);
    }
    for join in (0..nodes.len()).filter(|&ix| nodes[ix].policy.cancel_others).collect::<Vec<_>>() {
        nodes[join].feeders = feeders(join, &nodes, &edges);
    }
    let (timeout_ms, concurrency, flow, chunk_of) = (None, None, None, None);
    Graph { nodes, edges, bodies, timeout_ms, concurrency, chunk_of, flow, semantics: TYPED_SINCE, by_id }
}

/// The ancestors of `join` from which every path leads to it.
fn feeders(join: usize, nodes: &[Node], edges: &[Edge]) -> Vec<usize> {
    let is_beside = |node: &Node| {
        let (home, part) = (nodes[join].home, nodes[join].part);
        node.role != Role::Trigger && node.home == home && node.part == part && !node.out_edges.is_empty()
    };
    let mut found = vec![false; nodes.len()];
    found[join] = true;
    // From the last to the first: whoever has fewer ancestors comes before those that it leads to.
    let mut ancestors = nodes[join].ancestors.clone();
    ancestors.sort_by_key(|&ix| std::cmp::Reverse(nodes[ix].ancestors.len()));
    for ix in ancestors {
        let mut targets = nodes[ix].out_edges.iter().map(|&edge| edges[edge].target);
        found[ix] = is_beside(&nodes[ix]) && targets.all(|target| found[target]);
    }
    (0..nodes.len()).filter(|&ix| ix != join && found[ix]).collect()
}

/// Whether expressions and idempotency keys can name it.
pub(super) fn is_node_id(id: &str) -> bool {
    (1..=NODE_ID_CHARS_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}
