//! One random case as plain data: the graph, what each step will do, and what happens from outside.

use capstan_engine::core::graph::Graph;
use serde_json::{Value, json};

use crate::catalogue::{PORTS, TestTypes};

/// A graph and the fate of its steps. Nodes are in topological order; `drawn` is their order in the document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spec {
    pub(crate) nodes: Vec<NodeSpec>,
    pub(crate) edges: Vec<EdgeSpec>,
    pub(crate) drawn: Vec<usize>,
    /// The trigger that starts the execution.
    pub(crate) begin: usize,
    /// What happens from outside, and after how many entries.
    pub(crate) intervention: Option<(u32, Intervention)>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct NodeSpec {
    pub(crate) id: String,
    pub(crate) trigger: bool,
    pub(crate) join: Join,
    /// `cancel_others`.
    pub(crate) cuts: bool,
    /// How many of [`PORTS`] it has.
    pub(crate) ports: usize,
    /// `on_error: continue`.
    pub(crate) carry_on: bool,
    pub(crate) at_most_once: bool,
    pub(crate) attempts_max: u32,
    /// What its attempts ask for, in turn, before the last one.
    pub(crate) acts: Vec<Act>,
    pub(crate) ending: Ending,
    /// Edges that end and leave here.
    pub(crate) ins: Vec<usize>,
    pub(crate) outs: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct EdgeSpec {
    pub(crate) id: String,
    pub(crate) source: usize,
    pub(crate) target: usize,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// With its port and whether its `when`, if it has one, holds.
    Flow(usize, Option<bool>),
    /// With its classes; none means all.
    Error(Vec<&'static str>),
}

/// When a node with several in-edges fires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Join {
    #[default]
    All,
    Any,
    Of(usize),
}

/// What one attempt asks for, short of the end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Retry(&'static str),
    WaitTime,
    WaitSignal,
    WaitBoth,
}

/// How the last attempt ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    Done(usize),
    /// Done on a port that the type does not have.
    NoSuchPort,
    Fail(&'static str),
    /// The worker is lost after the start was journaled.
    Lost,
}

impl Default for Ending {
    fn default() -> Self {
        Self::Done(0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intervention {
    Cancel,
    TimeOut,
    /// An incident, which a person then cancels or resolves.
    Poison,
    /// What a person says of an incident.
    Resolve,
}

impl Spec {
    pub(crate) fn connect(&mut self, source: usize, target: usize, kind: Kind) {
        let edge = self.edges.len();
        self.edges.push(EdgeSpec { id: format!("e{edge}"), source, target, kind });
        self.nodes[source].outs.push(edge);
        self.nodes[target].ins.push(edge);
    }

    /// Whether every way on from `node` leads to `join`.
    pub(crate) fn only_leads_to(&self, node: usize, join: usize) -> bool {
        let mut targets = self.nodes[node].outs.iter().map(|&edge| self.edges[edge].target);
        !self.nodes[node].trigger
            && !self.nodes[node].outs.is_empty()
            && targets.all(|target| target == join || target < join && self.only_leads_to(target, join))
    }

    /// Whether an error edge of `node` takes `class`.
    pub(crate) fn handles(&self, node: usize, class: &str) -> bool {
        self.nodes[node].outs.iter().any(|&edge| self.edges[edge].kind.takes(class))
    }

    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }

    /// The graph as the editor would store it.
    pub(crate) fn document(&self) -> Value {
        let nodes: Vec<_> = self.drawn.iter().map(|&node| self.nodes[node].document()).collect();
        let edges: Vec<_> = self.edges.iter().map(|edge| self.edge_document(edge)).collect();
        json!({"nodes": nodes, "edges": edges})
    }

    fn edge_document(&self, edge: &EdgeSpec) -> Value {
        let when = |holds: &bool| format!("{{{{ {holds} }}}}");
        let (handle, data) = match &edge.kind {
            Kind::Flow(port, None) => (PORTS[*port], json!({"kind": "flow"})),
            Kind::Flow(port, Some(holds)) => (PORTS[*port], json!({"kind": "flow", "when": when(holds)})),
            Kind::Error(classes) => ("error", json!({"kind": "error", "error_classes": classes})),
        };
        let (source, target) = (&self.nodes[edge.source].id, &self.nodes[edge.target].id);
        json!({
            "id": edge.id, "source": source, "sourceHandle": handle,
            "target": target, "targetHandle": "in", "data": data,
        })
    }

    pub(crate) fn compile(&self) -> Result<Graph, String> {
        compile(&self.document())
    }
}

/// The compiled graph of a document that is meant to be valid.
pub(crate) fn compile(document: &Value) -> Result<Graph, String> {
    Graph::compile(document, &TestTypes::new()).map_err(|problems| format!("the graph does not compile: {problems:#?}"))
}

impl Kind {
    fn takes(&self, class: &str) -> bool {
        matches!(self, Self::Error(classes) if classes.is_empty() || classes.contains(&class))
    }
}

impl NodeSpec {
    fn document(&self) -> Value {
        let (name, policy) = if self.trigger { ("test.trigger", json!({})) } else { ("test.step", self.policy()) };
        let data = json!({"label": self.id, "config": {"ports": self.ports}, "policy": policy});
        json!({"id": self.id, "type": name, "position": {"x": 0, "y": 0}, "data": data})
    }

    fn policy(&self) -> Value {
        json!({
            "join": match self.join {
                Join::All => "all",
                Join::Any => "any",
                Join::Of(_) => "n_of_m",
            },
            "n": if let Join::Of(n) = self.join { Some(n) } else { None },
            "cancel_others": self.cuts,
            "retry": {"attempts_max": self.attempts_max},
            "on_error": if self.carry_on { "continue" } else { "fail" },
            "at_most_once": self.at_most_once,
        })
    }
}
