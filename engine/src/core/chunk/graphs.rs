//! The graphs that executions walk: as drawn, with a step for chunks, or the part of it that a chunk runs.

use std::sync::Arc;

use super::chunk_node;
use crate::core::catalogue::{Effect, Role};
use crate::core::graph::{Body, Graph, Node, NodeIx, Part};
use crate::core::ids::NodeId;
use crate::core::policy::{Policy, RetryPolicy};

/// Attempts to start a chunk, or to read what came of it, while the database or the quota does not allow it.
const ATTEMPTS_MAX: u32 = 20;

impl Graph {
    /// The graph as its executions walk it: each container that hands its items over has a body of one step beside, which
    /// stands for a chunk.
    #[must_use]
    pub fn with_chunks(mut self) -> Self {
        for container in 0..self.nodes.len() {
            if self.nodes[container].chunks.is_some() {
                self.add_chunk(container);
            }
        }
        self
    }

    fn add_chunk(&mut self, container: NodeIx) {
        let (ix, body) = (self.nodes.len(), self.bodies.len());
        let owner = &mut self.nodes[container];
        if let Some(chunks) = &mut owner.chunks {
            chunks.body = Some(body);
        }
        let retry = RetryPolicy { attempts_max: ATTEMPTS_MAX, delay_ms_max: 60_000, ..RetryPolicy::default() };
        let node = Node {
            id: chunk_node(&owner.id),
            label: format!("{}: a chunk of its items", owner.label),
            type_name: owner.type_name.clone(),
            role: Role::Step,
            effect: Effect::Idempotent,
            config: serde_json::Value::Null,
            raw: Vec::new(),
            policy: Policy { retry, ..Policy::default() },
            ports: vec!["out".into()],
            in_edges: Vec::new(),
            out_edges: Vec::new(),
            ancestors: owner.ancestors.clone(),
            feeders: Vec::new(),
            home: body,
            place: 0,
            container: None,
            chunks: None,
            is_chunk: true,
            part: Part::Main,
            undo: None,
            undoes: None,
        };
        self.bodies.push(Body { owner: Some(container), nodes: vec![ix], ..Body::default() });
        self.by_id.insert(node.id.clone(), ix);
        self.nodes.push(node);
    }

    /// The graph of an execution that begins at `trigger`: this one, or, if that is a container, the one of its chunks.
    #[must_use]
    pub fn begun_at(self: &Arc<Self>, trigger: &str) -> Arc<Self> {
        let container = self.handed_over(trigger);
        container.map_or_else(|| Arc::clone(self), |container| Arc::new(self.chunk(container)))
    }

    /// The container of that id, if it hands its items over: so an execution that begins there is a chunk.
    #[must_use]
    pub fn handed_over(&self, trigger: &str) -> Option<NodeIx> {
        self.find(&NodeId::from(trigger)).filter(|&ix| self.nodes[ix].chunks.is_some())
    }

    /// The graph that a chunk of a container walks: the container, what lies in it, and what is around and is named in it.
    /// Nodes keep their indices; what is left out lies in no body that ever opens.
    fn chunk(&self, container: NodeIx) -> Self {
        let mut graph = self.clone();
        // A chunk has not what its key is made of; it counts for its workflow and its workspace.
        (graph.chunk_of, graph.concurrency) = (Some(container), None);
        let around = self.nodes[container].chunks.as_ref().map(|chunks| chunks.reads.clone()).unwrap_or_default();
        let top: Vec<NodeIx> = around.into_iter().chain([container]).collect();
        graph.by_id.retain(|_, ix| top.contains(ix) || self.lies_in(*ix, container));
        for (place, &ix) in top.iter().enumerate() {
            let node = &mut graph.nodes[ix];
            (node.home, node.place, node.part, node.undo, node.undoes) = (0, place, Part::Main, None, None);
            (node.in_edges, node.out_edges, node.chunks) = (Vec::new(), Vec::new(), None);
            if ix != container {
                (node.role, node.container) = (Role::Step, None);
            }
        }
        graph.bodies[0] = Body { nodes: top, ..Body::default() };
        graph
    }

    /// Whether a node lies in a container, or in one within.
    pub(in crate::core) fn lies_in(&self, node: NodeIx, container: NodeIx) -> bool {
        let around = |&ix: &NodeIx| self.bodies[self.nodes[ix].home].owner;
        std::iter::successors(around(&node), around).any(|owner| owner == container)
    }
}
