//! What is known before anything runs: ports that are never emitted, classes that never come, conditions that are constant.

use serde_json::Value;

use crate::core::catalogue::{Catalogue, Extent, Together};
use crate::core::expression;
use crate::core::graph::{EdgeIx, EdgeKind, Graph, Node, NodeIx};

/// Classes that any attempt may fail with, whatever its node type. The first is the most likely one.
const ENGINE_CLASSES: [&str; 8] = ["timeout", "config", "expression", "output", "port", "wait", "items", "panic"];
/// The class of an `at_most_once` step whose worker was lost.
const OUTCOME_UNKNOWN: &str = "outcome_unknown";

pub(super) struct Facts {
    /// By node: the ports that it may emit on.
    emits: Vec<Vec<String>>,
    /// By node: how it emits on several ports at once, if it may.
    together: Vec<Option<Together>>,
    /// By node: what it may fail with beside what any may; absent if that is not known.
    classes: Vec<Option<Vec<String>>>,
    /// By edge: what its condition always comes to.
    whens: Vec<Option<bool>>,
    /// By node: whether its attempts may wait.
    pub(super) waits: Vec<bool>,
    /// By node: how often a container may run its graph.
    pub(super) extents: Vec<Extent>,
}

impl Facts {
    pub(super) fn of(graph: &Graph, catalogue: &dyn Catalogue) -> Self {
        let mut facts = Self::none(graph, catalogue);
        for (ix, node) in graph.nodes.iter().enumerate() {
            let Some(info) = catalogue.node_type(&node.type_name) else { continue };
            facts.together[ix] = info.together(&node.config);
            facts.emits[ix] = info.emits(&node.config);
            facts.classes[ix] = info.classes(&node.config);
            facts.extents[ix] = info.extent(&node.config);
            facts.waits[ix] = info.waits();
        }
        for (ix, edge) in graph.edges.iter().enumerate() {
            if let EdgeKind::Flow { when: Some(when), .. } = &edge.kind {
                facts.whens[ix] = expression::constant(when).as_ref().and_then(Value::as_bool);
            }
        }
        facts
    }

    /// Nothing is known: what then can never be, no config can bring about.
    pub(super) fn none(graph: &Graph, catalogue: &dyn Catalogue) -> Self {
        let together = |node: &Node| Some(catalogue.node_type(&node.type_name)?.together(&node.config)?.unknown());
        Self {
            emits: graph.nodes.iter().map(|node| node.ports.clone()).collect(),
            together: graph.nodes.iter().map(together).collect(),
            classes: vec![None; graph.nodes.len()],
            whens: vec![None; graph.edges.len()],
            waits: vec![true; graph.nodes.len()],
            extents: vec![Extent::default(); graph.nodes.len()],
        }
    }

    pub(super) fn emits(&self, node: NodeIx) -> &[String] {
        &self.emits[node]
    }

    pub(super) fn together(&self, node: NodeIx) -> Option<&Together> {
        self.together[node].as_ref()
    }

    pub(super) fn may_fail_with(&self, graph: &Graph, node: NodeIx, class: &str) -> bool {
        let policy = &graph.nodes[node].policy;
        let is_own = |own: &Vec<String>| own.iter().any(|known| known == class);
        self.classes[node].as_ref().is_none_or(is_own)
            || ENGINE_CLASSES.contains(&class)
            || class == OUTCOME_UNKNOWN && policy.at_most_once
    }

    /// What the condition of an edge always comes to.
    pub(super) fn when(&self, edge: EdgeIx) -> Option<bool> {
        self.whens[edge]
    }
}

/// A class that none of `listed` is.
pub(super) fn another_class(listed: &[&str]) -> String {
    let unlisted = ENGINE_CLASSES.iter().find(|class| !listed.contains(class));
    (*unlisted.unwrap_or(&"unknown")).to_owned()
}

impl EdgeKind {
    /// What an error edge takes; any class if the list is empty.
    pub(super) fn classes(&self) -> Option<&[String]> {
        match self {
            Self::Error { classes } => Some(classes),
            Self::Flow { .. } | Self::Undo => None,
        }
    }
}
