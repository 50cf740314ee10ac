//! A compiled graph: what `decide` walks. Built by [`super::compile`]; ids are stored, indices never.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::catalogue::{Effect, Frames, Role};
use super::chunk::{Chunks, Spill};
use super::concurrency::Concurrency;
use super::expression::{self, References};
use super::flow::Flow;
use super::ids::NodeId;
use super::policy::Policy;
use super::raw;

/// The rules under which a version was published. `decide` keeps old numbers alive.
///
/// 2: comparing values of different types fails, where it had silently come to something.
/// 3: a step may emit on several ports at once. Only graphs with such a node are published under it, so that a build that
/// does not know of them leaves their executions alone, and no others.
pub const SEMANTICS: i32 = 3;
/// Since when values of different types are not compared.
pub(super) const TYPED_SINCE: i32 = 2;
/// Since when a step may emit on several ports at once.
pub(super) const TOGETHER_SINCE: i32 = 3;

/// Index of a node in its graph; valid only within one compiled graph.
pub type NodeIx = usize;
/// Index of an edge in its graph; valid only within one compiled graph.
pub type EdgeIx = usize;
/// Index of a body in its graph; the first one is the top level.
pub type BodyIx = usize;

/// A valid graph, ready to be walked: acyclic, typed, every edge between existing ports.
#[derive(Clone, Debug)]
pub struct Graph {
    /// In document order.
    pub nodes: Vec<Node>,
    /// In document order.
    pub edges: Vec<Edge>,
    /// The top level, then that of each container.
    pub bodies: Vec<Body>,
    /// Longest time from an execution's start to its end, from `settings.timeout_ms`.
    pub timeout_ms: Option<u64>,
    /// How many executions with a key in common may be at work, from `settings.concurrency`.
    pub concurrency: Option<Concurrency>,
    /// The container whose chunk it runs; none of a whole execution.
    pub chunk_of: Option<NodeIx>,
    /// How starts are let in, from `settings.flow`.
    pub flow: Option<Arc<Flow>>,
    /// The number of the rules that hold for it: at most [`SEMANTICS`].
    pub semantics: i32,
    pub(super) by_id: HashMap<NodeId, NodeIx>,
}

/// One node of a compiled graph.
#[derive(Clone, Debug)]
pub struct Node {
    /// The author's id.
    pub id: NodeId,
    /// What people see.
    pub label: String,
    /// E.g. `action.http_request`.
    pub type_name: String,
    /// Trigger or step.
    pub role: Role,
    /// What repeating it means.
    pub effect: Effect,
    /// Config as written, expressions unevaluated, but for raw fields, which may be in pieces: see [`super::raw`].
    pub config: Value,
    /// Which fields of the config are raw.
    pub raw: Vec<String>,
    /// Join, retry, timeout, error handling.
    pub policy: Policy,
    /// Output ports; the first is the default.
    pub ports: Vec<String>,
    /// Flow and error edges that end here.
    pub in_edges: Vec<EdgeIx>,
    /// Flow and error edges that leave here.
    pub out_edges: Vec<EdgeIx>,
    /// Every node from which a path leads here or to a container around it, ascending: what its expressions may name.
    pub ancestors: Vec<NodeIx>,
    /// Those of them from which no path leads elsewhere, if they are to be cancelled once this node fires.
    pub feeders: Vec<NodeIx>,
    /// The body that it lies in.
    pub home: BodyIx,
    /// Its index among the nodes of that body.
    pub place: usize,
    /// Its own body and how that is run, if it is a container.
    pub container: Option<(BodyIx, Frames)>,
    /// How it hands its items over, if it does.
    pub chunks: Option<Box<Chunks>>,
    /// Whether it stands for a chunk of its container's items, and was not drawn.
    pub is_chunk: bool,
    /// When it may run.
    pub part: Part,
    /// What undoes it.
    pub undo: Option<NodeIx>,
    /// What it undoes.
    pub undoes: Option<NodeIx>,
}

/// When a node may run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// As the edges say.
    #[default]
    Main,
    /// When the node that it undoes is to be undone.
    Undo,
    /// Once everything else of its body is over, however it ended.
    Finally,
}

/// The graph at the top level, or in a container.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Its container; none at the top level.
    pub owner: Option<NodeIx>,
    /// In document order.
    pub nodes: Vec<NodeIx>,
    /// In document order.
    pub edges: Vec<EdgeIx>,
    /// Nodes that [`Part::Finally`] begins with.
    pub finally: Vec<NodeIx>,
}

/// One edge of a compiled graph.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The author's id.
    pub id: String,
    /// Where it leaves.
    pub source: NodeIx,
    /// Where it ends.
    pub target: NodeIx,
    /// When it is taken.
    pub kind: EdgeKind,
    /// Its index among the edges of the body that it lies in.
    pub place: usize,
}

/// When an edge is taken once its source has settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EdgeKind {
    /// When the source emits on `port` and `when`, if set, holds.
    Flow {
        /// Output port of the source.
        port: String,
        /// Expression over the source's ancestors and its own output.
        when: Option<String>,
    },
    /// When the source failed with one of these classes; empty means any.
    Error {
        /// Error classes, e.g. `http_4xx`.
        classes: Vec<String>,
    },
    /// Never: its target undoes its source.
    Undo,
}

impl Node {
    /// Whether it fires with its container's frame.
    #[must_use]
    pub fn begins(&self) -> bool {
        self.in_edges.is_empty() && self.part == Part::Main
    }

    /// The config exactly as the author wrote it.
    #[must_use]
    pub fn config_as_written(&self) -> Cow<'_, Value> {
        raw::together(&self.config, &self.raw)
    }
}

impl Graph {
    /// The same under the rules of that number, under which it was published.
    #[must_use]
    pub fn under(self, semantics: i32) -> Self {
        Self { semantics, ..self }
    }

    /// The node with that id.
    #[must_use]
    pub fn find(&self, id: &NodeId) -> Option<NodeIx> {
        self.by_id.get(id).copied()
    }

    /// What the config of a node and the conditions of its edges name, one after the other.
    pub(super) fn references(&self, node: NodeIx) -> Vec<References> {
        let node = &self.nodes[node];
        let mut all = Vec::new();
        references(&node.config, &mut all);
        let edges = node.out_edges.iter().map(|&edge| &self.edges[edge].kind);
        let conditions = edges.filter_map(|kind| match kind {
            EdgeKind::Flow { when: Some(when), .. } => expression::check_condition(when).ok(),
            _ => None,
        });
        all.extend(conditions);
        all
    }

    /// What the frames of a container run, and how; none if it is no container, or hands nothing over.
    #[must_use]
    pub fn frames(&self, container: NodeIx, spill: Option<Spill>) -> Option<(BodyIx, Frames)> {
        let node = &self.nodes[container];
        let (body, rules) = node.container?;
        match spill {
            None => Some((body, rules)),
            Some(spill) => Some((node.chunks.as_ref()?.body?, spill.rules(rules))),
        }
    }

    /// All triggers, in document order.
    pub fn triggers(&self) -> impl Iterator<Item = NodeIx> {
        (0..self.nodes.len()).filter(|&ix| self.nodes[ix].role == Role::Trigger)
    }
}

fn references(value: &Value, into: &mut Vec<References>) {
    match value {
        Value::String(text) if text.contains("{{") => into.extend(expression::check(text).ok()),
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::Object(fields) => fields.values().for_each(|item| references(item, into)),
        _ => {}
    }
}
