//! Which node lies in which container, and that no edge crosses a container's wall.

use std::collections::HashMap;

use super::nodes::Compiled;
use super::{CONTAINERS_DEEP_MAX, Problems};
use crate::core::catalogue::Role;
use crate::core::document::{Document, DocumentNode};
use crate::core::graph::{Edge, Part};
use crate::core::ids::NodeId;

/// The container of each node.
pub(super) type Parents = Vec<Option<usize>>;

pub(super) fn check(
    document: &Document,
    by_id: &HashMap<NodeId, usize>,
    nodes: &[Compiled],
    edges: &[Option<Edge>],
    problems: &mut Problems,
) -> Parents {
    let drawn = document.nodes.iter().zip(nodes);
    let mut parents: Parents =
        drawn.map(|(node, own)| problems.of_node(&node.id, |it| parent(node, own, by_id, nodes, it))).collect();
    for ix in 0..parents.len() {
        if depth(&parents, ix).is_none() {
            let node = &document.nodes[ix];
            problems.of_node(&node.id, |problems| too_deep(node, problems));
            // The rest is checked as if it lay at the top.
            parents[ix] = None;
        }
    }
    walls(document, &parents, edges, problems);
    parents
}

/// Each container holds something that begins with it.
pub(super) fn check_filled(
    document: &Document,
    nodes: &[Compiled],
    parents: &Parents,
    parts: &[Part],
    problems: &mut Problems,
) {
    let containers = nodes.iter().enumerate().filter(|(_, compiled)| compiled.node.role == Role::Container);
    for (container, _) in containers {
        if !parents.iter().zip(parts).any(|(parent, part)| *parent == Some(container) && *part == Part::Main) {
            let node = &document.nodes[container];
            problems.of_node(&node.id, |problems| {
                let detail = format!("container {:?} holds no nodes that begin with it", node.id);
                problems.add("empty_container", node.pointer(""), detail, "draw its nodes into it, or remove it");
            });
        }
    }
}

fn parent(
    node: &DocumentNode,
    own: &Compiled,
    by_id: &HashMap<NodeId, usize>,
    nodes: &[Compiled],
    problems: &mut Problems,
) -> Option<usize> {
    let id = node.parent_id.as_ref()?;
    let shown: String = id.chars().take(100).collect();
    let mut wrong = |code, why: &str, hint: &str| {
        let detail = format!("node {:?} lies in {shown:?}, {why}", node.id);
        problems.add(code, node.pointer("/parentId"), detail, hint);
        None
    };
    match by_id.get(&NodeId::from(id.as_str())) {
        None => wrong("unknown_parent", "which does not exist", "name a container, or remove parentId"),
        Some(&parent) if nodes[parent].is_known && nodes[parent].node.role != Role::Container => {
            wrong("parent_is_no_container", "which is no container", "draw it into a container, or remove parentId")
        }
        Some(_) if own.node.role == Role::Trigger => {
            wrong("trigger_in_container", "and a trigger starts the execution itself", "draw it outside")
        }
        Some(&parent) => Some(parent),
    }
}

/// How many containers are around a node; none if they go in a circle, or are too many.
pub(super) fn depth(parents: &Parents, ix: usize) -> Option<usize> {
    let around = std::iter::successors(parents[ix], |&parent| parents[parent]).take(CONTAINERS_DEEP_MAX + 1).count();
    (around <= CONTAINERS_DEEP_MAX).then_some(around)
}

fn too_deep(node: &DocumentNode, problems: &mut Problems) {
    let detail = format!("node {:?} lies in more than {CONTAINERS_DEEP_MAX} containers, or in itself", node.id);
    problems.add("too_deeply_contained", node.pointer("/parentId"), detail, "draw it further out");
}

fn walls(document: &Document, parents: &Parents, edges: &[Option<Edge>], problems: &mut Problems) {
    for (drawn, edge) in document.edges.iter().zip(edges) {
        let Some(edge) = edge.as_ref().filter(|edge| parents[edge.source] != parents[edge.target]) else { continue };
        problems.of_edge(&drawn.id, |problems| {
            let lies = |ix: usize| match parents[ix] {
                Some(parent) => format!("in container {:?}", document.nodes[parent].id),
                None => "in no container".into(),
            };
            let detail = format!(
                "edge {:?} leads from node {:?}, {}, to node {:?}, {}: no edge crosses the wall of a container",
                drawn.id,
                drawn.source,
                lies(edge.source),
                drawn.target,
                lies(edge.target)
            );
            problems.add("edge_across_wall", drawn.pointer(""), detail, "connect the container itself, or move a node");
        });
    }
}
