//! Which nodes undo others, and which run at last: neither are led to by the edges of the rest.

use super::bodies::Parents;
use super::nodes::Compiled;
use super::{CONTAINERS_DEEP_MAX, Problems};
use crate::core::catalogue::Role;
use crate::core::document::Document;
use crate::core::graph::{Edge, EdgeKind, Part};

/// By node index.
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    /// What undoes each node.
    pub(super) undos: Vec<Option<usize>>,
}

pub(super) fn check(
    document: &Document,
    nodes: &[Compiled],
    edges: &[Option<Edge>],
    parents: &Parents,
    problems: &mut Problems,
) -> Parts {
    let mut checker = Checker { document, nodes, edges, problems, parts: vec![Part::Main; nodes.len()] };
    let undos = checker.undos();
    checker.finally();
    checker.undone_in_vain(parents);
    Parts { parts: checker.parts, undos }
}

struct Checker<'a> {
    document: &'a Document,
    nodes: &'a [Compiled],
    edges: &'a [Option<Edge>],
    problems: &'a mut Problems,
    parts: Vec<Part>,
}

impl Checker<'_> {
    fn undos(&mut self) -> Vec<Option<usize>> {
        let mut undos = vec![None; self.nodes.len()];
        for (ix, edge) in self.edges.iter().enumerate() {
            let Some(edge) = edge.as_ref().filter(|edge| edge.kind == EdgeKind::Undo) else { continue };
            let (source, target) = (edge.source, edge.target);
            let leads_on = self.flow().any(|other| other.source == target || other.target == target);
            let is_undone =
                self.edges.iter().flatten().any(|other| other.kind == EdgeKind::Undo && other.source == target);
            let id = |ix: usize| self.document.nodes[ix].id.as_str();
            let (code, why) = if self.nodes[source].node.role == Role::Trigger {
                ("undo_of_trigger", format!("a trigger such as {:?} does nothing that could be undone", id(source)))
            } else if undos[source].is_some() {
                ("second_undo", format!("node {:?} has another compensate edge", id(source)))
            } else if self.parts[target] == Part::Undo {
                ("undo_of_two", format!("node {:?} undoes another node, too", id(target)))
            } else if leads_on || is_undone {
                ("undo_with_edges", format!("node {:?} has other edges, and would run in other cases, too", id(target)))
            } else {
                undos[source] = Some(target);
                self.parts[target] = Part::Undo;
                continue;
            };
            let drawn = &self.document.edges[ix];
            let detail = format!("compensate edge {:?} cannot be: {why}", drawn.id);
            let hint = "let one compensate edge lead from the node to a node of its own that undoes it";
            self.problems.of_edge(&drawn.id, |problems| problems.add(code, drawn.pointer(""), detail, hint));
        }
        undos
    }

    /// What runs at last comes after all undoing, and what undoes is not undone.
    fn undone_in_vain(&mut self, parents: &Parents) {
        for (drawn, edge) in self.document.edges.iter().zip(self.edges) {
            let Some(edge) = edge.as_ref().filter(|edge| edge.kind == EdgeKind::Undo) else { continue };
            let mut around =
                std::iter::successors(parents[edge.source], |&parent| parents[parent]).take(CONTAINERS_DEEP_MAX);
            let why = if self.parts[edge.source] == Part::Finally {
                "runs at last, after all undoing"
            } else if around.any(|container| self.parts[container] == Part::Undo) {
                "lies in a container that undoes something itself"
            } else {
                continue;
            };
            let detail = format!("compensate edge {:?} leads from node {:?}, which {why}", drawn.id, drawn.source);
            let hint = "remove the edge";
            self.problems.of_edge(&drawn.id, |it| it.add("undo_in_vain", drawn.pointer(""), detail, hint));
        }
    }

    /// Marks what runs at last, and whatever that leads to.
    fn finally(&mut self) {
        let begins: Vec<usize> = (0..self.nodes.len()).filter(|&ix| self.document.nodes[ix].policy.finally).collect();
        for &ix in &begins {
            let why = if self.nodes[ix].node.role == Role::Trigger {
                "starts the execution"
            } else if self.parts[ix] == Part::Undo {
                "undoes another node"
            } else if self.flow().any(|edge| edge.target == ix) {
                "has in-edges"
            } else {
                self.parts[ix] = Part::Finally;
                continue;
            };
            let drawn = &self.document.nodes[ix];
            let detail = format!("node {:?} is to run at last, and {why}", drawn.id);
            let hint = "remove policy.finally, or what else makes it run";
            let pointer = drawn.pointer("/data/policy/finally");
            self.problems.of_node(&drawn.id, |problems| problems.add("finally_misplaced", pointer, detail, hint));
        }
        let mut open = begins;
        while let Some(ix) = open.pop() {
            let parts = &mut self.parts;
            let next = self.edges.iter().flatten().filter(|edge| edge.source == ix && edge.kind != EdgeKind::Undo);
            for edge in next {
                if parts[edge.target] == Part::Main {
                    parts[edge.target] = Part::Finally;
                    open.push(edge.target);
                }
            }
        }
        self.no_way_in();
    }

    /// Nothing of the rest leads to what runs at last.
    fn no_way_in(&mut self) {
        for (drawn, edge) in self.document.edges.iter().zip(self.edges) {
            let Some(edge) = edge.as_ref().filter(|edge| edge.kind != EdgeKind::Undo) else { continue };
            if self.parts[edge.target] == Part::Finally && self.parts[edge.source] == Part::Main {
                let detail = format!(
                    "edge {:?} leads from node {:?} to node {:?}, which runs at last",
                    drawn.id, drawn.source, drawn.target
                );
                let hint = "remove the edge: what runs at last waits for everything else";
                self.problems.of_edge(&drawn.id, |it| it.add("edge_into_finally", drawn.pointer(""), detail, hint));
            }
        }
    }

    fn flow(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().flatten().filter(|edge| edge.kind != EdgeKind::Undo)
    }
}
