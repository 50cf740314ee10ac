//! A draft with what is pinned in it in the place of the steps.

use std::collections::HashSet;

use capstan_engine::core::graph::{EdgeKind, Graph};
use capstan_engine::core::simulate::{StubError, Stubs};
use serde_json::{Value, json};

use super::{Given, STAND_IN, id, list, policy_of};

/// Of a policy, what says when the node fires.
const FIRING: [&str; 4] = ["join", "n", "cancel_others", "finally"];

/// The document, of which `graph` is made, with each pinned node replaced by what is pinned. What undoes such a node goes,
/// as it has done nothing; so do the nodes in it.
///
/// # Errors
/// The first of the pinned outputs that cannot be read.
pub fn with_pinned(document: &Value, graph: &Graph) -> Result<Value, StubError> {
    let pins = Stubs::pinned(document)?;
    let is_pinned = |node: &Value| pins.first(id(node)).is_some();
    let gone = gone(document, graph, &is_pinned);
    let keeps = |node: &&Value| !gone.contains(id(node));
    let nodes: Vec<Value> = list(document, "nodes")
        .iter()
        .filter(keeps)
        .map(|node| match pins.first(id(node)).and_then(Given::of) {
            Some(given) => stand_in(node, graph, &given),
            None => node.clone(),
        })
        .collect();
    let is_left = |edge: &&Value| ["source", "target"].iter().all(|end| !gone.contains(text(&edge[*end])));
    let edges: Vec<Value> = list(document, "edges").iter().filter(is_left).cloned().collect();
    let mut frozen = document.clone();
    frozen["nodes"] = nodes.into();
    frozen["edges"] = edges.into();
    Ok(frozen)
}

/// The ids of the nodes in pinned containers, and of what undoes pinned nodes, with what lies in that.
fn gone(document: &Value, graph: &Graph, is_pinned: &dyn Fn(&Value) -> bool) -> HashSet<String> {
    let undone = |edge: &&capstan_engine::core::graph::Edge| edge.kind == EdgeKind::Undo;
    let nodes = list(document, "nodes");
    let pinned: HashSet<&str> = nodes.iter().filter(|node| is_pinned(node)).map(id).collect();
    let undos = graph.edges.iter().filter(undone).filter(|edge| pinned.contains(graph.nodes[edge.source].id.as_str()));
    let mut gone: HashSet<String> = undos.map(|edge| graph.nodes[edge.target].id.to_string()).collect();
    // Containers lie in each other a few deep at most: each round goes one further in.
    loop {
        let inside = |node: &&Value| {
            let parent = text(&node["parentId"]);
            (pinned.contains(parent) || gone.contains(parent)) && !gone.contains(id(node))
        };
        let more: Vec<String> = nodes.iter().filter(inside).map(|node| id(node).to_owned()).collect();
        if more.is_empty() {
            return gone;
        }
        gone.extend(more);
    }
}

fn stand_in(node: &Value, graph: &Graph, given: &Given) -> Value {
    let ports = graph.find(&id(node).into()).map(|ix| graph.nodes[ix].ports.clone()).unwrap_or_default();
    let mut node = node.clone();
    let policy = policy_of(&node, &FIRING);
    node["type"] = json!(STAND_IN);
    node["data"]["config"] = given.config(&ports);
    node["data"]["policy"] = policy.into();
    node
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
