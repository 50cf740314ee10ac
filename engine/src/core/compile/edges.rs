//! Checks of each edge: its ends, its port, its kind.

use std::collections::{HashMap, HashSet};

use super::Problems;
use super::nodes::Compiled;
use crate::core::catalogue::Role;
use crate::core::document::{Document, DocumentEdge, DocumentEdgeKind};
use crate::core::graph::{Edge, EdgeKind};
use crate::core::ids::NodeId;

/// One per edge of the document, in its order; absent where it joins nothing.
pub(super) fn compile(
    document: &Document,
    by_id: &HashMap<NodeId, usize>,
    nodes: &[Compiled],
    problems: &mut Problems,
) -> Vec<Option<Edge>> {
    let mut ids = HashSet::new();
    let mut places = HashSet::new();
    let mut compiled = Vec::with_capacity(document.edges.len());
    for drawn in &document.edges {
        compiled.push(problems.of_edge(&drawn.id, |problems| {
            if !ids.insert(drawn.id.as_str()) {
                let detail = format!("the edge id {:?} is used more than once", drawn.id);
                problems.add("duplicate_edge_id", drawn.pointer("/id"), detail, "give each edge its own id");
            }
            let edge = one(drawn, by_id, nodes, problems)?;
            if !places.insert(place(&edge)) {
                let detail = format!(
                    "another edge already leads from the same port of {:?} to {:?}",
                    drawn.source, drawn.target
                );
                problems.add("duplicate_edge", drawn.pointer(""), detail, "remove one of the two edges");
            }
            Some(edge)
        }));
    }
    compiled
}

fn place(edge: &Edge) -> (usize, Option<String>, Vec<String>, usize) {
    match &edge.kind {
        EdgeKind::Flow { port, .. } => (edge.source, Some(port.clone()), Vec::new(), edge.target),
        EdgeKind::Error { classes } => {
            let mut classes = classes.clone();
            classes.sort();
            (edge.source, None, classes, edge.target)
        }
        EdgeKind::Undo => (edge.source, None, vec!["compensate".into()], edge.target),
    }
}

fn one(
    drawn: &DocumentEdge,
    by_id: &HashMap<NodeId, usize>,
    nodes: &[Compiled],
    problems: &mut Problems,
) -> Option<Edge> {
    let source = end(drawn, "source", &drawn.source, by_id, problems);
    let target = end(drawn, "target", &drawn.target, by_id, problems);
    let (source, target) = (source?, target?);
    if source == target {
        let detail = format!("edge {:?} leads from node {:?} to itself", drawn.id, drawn.source);
        problems.add("self_loop", drawn.pointer(""), detail, "remove the edge");
        return None;
    }
    if nodes[target].node.role == Role::Trigger {
        let detail = format!("edge {:?} ends at node {:?}, a trigger, which has no input", drawn.id, drawn.target);
        problems.add("edge_into_trigger", drawn.pointer("/target"), detail, "let the edge end at another node");
    }
    let kind = match drawn.kind {
        DocumentEdgeKind::Flow => flow(drawn, &nodes[source], problems),
        DocumentEdgeKind::Error => error(drawn, &nodes[source], problems),
        DocumentEdgeKind::Compensate => undo(drawn, problems),
    };
    Some(Edge { id: drawn.id.clone(), source, target, kind, place: 0 })
}

fn end(
    drawn: &DocumentEdge,
    field: &str,
    id: &str,
    by_id: &HashMap<NodeId, usize>,
    problems: &mut Problems,
) -> Option<usize> {
    let found = by_id.get(&NodeId::from(id)).copied();
    if found.is_none() {
        let id: String = id.chars().take(100).collect();
        let detail = format!("the {field} of edge {:?} is node {id:?}, which does not exist", drawn.id);
        problems.add(
            "dangling_edge",
            drawn.pointer(&format!("/{field}")),
            detail,
            "connect the edge to a node, or remove it",
        );
    }
    found
}

fn flow(drawn: &DocumentEdge, source: &Compiled, problems: &mut Problems) -> EdgeKind {
    let ports = &source.node.ports;
    let port = drawn.source_handle.clone().or_else(|| ports.first().cloned()).unwrap_or_default();
    if source.is_known && !ports.contains(&port) {
        let shown: String = port.chars().take(100).collect();
        let detail =
            format!("edge {:?} leaves port {shown:?} of node {:?}, which has no such port", drawn.id, drawn.source);
        let hint = if ports.is_empty() {
            "the node has no ports; remove the edge".into()
        } else {
            format!("its ports are: {}", ports.join(", "))
        };
        problems.add("unknown_port", drawn.pointer("/sourceHandle"), detail, hint);
    }
    if drawn.when.is_some() && source.node.role == Role::Trigger {
        let detail = format!(
            "edge {:?} leaves the trigger {:?} with a condition, but triggers emit at once",
            drawn.id, drawn.source
        );
        let hint = "let the edge lead to a logic.condition node, and put the condition there";
        problems.add("when_on_trigger_edge", drawn.pointer("/data/when"), detail, hint);
    }
    EdgeKind::Flow { port, when: drawn.when.clone() }
}

fn error(drawn: &DocumentEdge, source: &Compiled, problems: &mut Problems) -> EdgeKind {
    if source.node.role == Role::Trigger {
        let detail = format!("error edge {:?} leaves node {:?}, a trigger, which cannot fail", drawn.id, drawn.source);
        problems.add(
            "error_edge_from_trigger",
            drawn.pointer("/data/kind"),
            detail,
            "remove the edge or make it a flow edge",
        );
    }
    if drawn.when.is_some() {
        let detail = format!("error edge {:?} has a condition, but error edges select by class only", drawn.id);
        problems.add("when_on_error_edge", drawn.pointer("/data/when"), detail, "remove `when`, or use error_classes");
    }
    EdgeKind::Error { classes: drawn.error_classes.clone() }
}

fn undo(drawn: &DocumentEdge, problems: &mut Problems) -> EdgeKind {
    if drawn.when.is_some() {
        let detail = format!("compensate edge {:?} has a condition, but what was done is always undone", drawn.id);
        problems.add("when_on_compensate_edge", drawn.pointer("/data/when"), detail, "remove `when`");
    }
    EdgeKind::Undo
}
