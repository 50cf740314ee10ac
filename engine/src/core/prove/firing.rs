//! Nodes that never run, joins that never fire, edges that are never taken.

use super::cut::{Explored, explore};
use super::diagrams::NEVER;
use super::facts::Facts;
use super::finding::{Finding, Severity};
use super::model::{Fate, Model};
use super::route::{self, Leg};
use super::walk::Move;
use super::{Entry, Prover, share};
use crate::core::graph::{BodyIx, EdgeIx, EdgeKind, NodeIx};
use crate::core::policy::Join;

impl<'g> Prover<'g> {
    pub(super) fn firing(&mut self) {
        for body in 0..self.graph.bodies.len() {
            let nodes = self.models[body].order.clone();
            match self.entries[body] {
                Entry::Never => {}
                Entry::Unknown => nodes.into_iter().for_each(|node| self.leave_out(node, "whether it runs".to_owned())),
                Entry::Open(_) => self.body(body, nodes),
            }
        }
    }

    fn body(&mut self, body: BodyIx, mut nodes: Vec<NodeIx>) {
        // What nothing is known of the config is needed only if something never runs.
        let mut free: Option<Model<'g>> = None;
        let (graph, work_max) = (self.graph, share(self.graph, body));
        nodes.sort_unstable();
        for node in nodes {
            let Some(fires) = self.models[body].node(node).map(|standing| standing.fires) else {
                self.leave_out(node, "whether it runs".to_owned());
                continue;
            };
            if fires == NEVER {
                if graph.nodes[node].in_edges.iter().any(|&edge| self.may_fire(graph.edges[edge].source)) {
                    let free = free.get_or_insert_with(|| {
                        Model::build(graph, body, &Facts::none(graph, self.catalogue), work_max)
                    });
                    let is_certain = free.node(node).is_some_and(|standing| standing.fires == NEVER);
                    self.never_runs(node, is_certain);
                }
                continue;
            }
            if self.may_be_cut(node) {
                self.is_always_cut(node);
            }
            for &edge in &graph.nodes[node].out_edges {
                if self.models[body].taken(edge) == Some(NEVER) {
                    self.never_taken(edge);
                }
            }
        }
    }

    pub(super) fn may_fire(&self, node: NodeIx) -> bool {
        let standing = self.models[self.graph.nodes[node].home].node(node);
        standing.is_none_or(|standing| standing.fires != NEVER)
    }

    /// Whether a join may cancel it.
    pub(super) fn may_be_cut(&self, node: NodeIx) -> bool {
        let body = &self.graph.bodies[self.graph.nodes[node].home];
        body.nodes.iter().any(|&join| self.graph.nodes[join].feeders.binary_search(&node).is_ok())
    }

    fn never_runs(&mut self, node: NodeIx, is_certain: bool) {
        let own = &self.graph.nodes[node];
        let model = &mut self.models[own.home];
        model.diagrams.next_question();
        // As many edges into it as can be taken together.
        let wanted = own.policy.wanted().unwrap_or(1);
        let best = (0..wanted).rev().find_map(|count| {
            let plan = model.at_least(node, count).ok().and_then(|cases| model.plan(cases))?;
            Some((count, plan))
        });
        let Some((count, plan)) = best else { return self.leave_out(node, "how it is skipped".to_owned()) };
        let walk = self.way_to(node, plan).and_then(|legs| route::in_vain(self.graph, &self.models, &legs));
        let Some(walk) = walk else { return self.leave_out(node, "how it is skipped".to_owned()) };
        let why = if is_certain { "" } else { ", as its graph is written now" };
        let finding = match own.policy.join {
            Join::NOfM => Finding {
                severity: severity(is_certain),
                code: "join_never_fires",
                node_id: Some(own.id.to_string()),
                edge_id: None,
                detail: format!(
                    "join {:?} waits for {wanted} of its {} in-edges, and at most {count} of them are ever taken in one \
                     execution{why}",
                    own.id.as_str(),
                    own.in_edges.len()
                ),
                hint: format!("set its n to {count} or less, or let more branches lead to it that can run together"),
                path: walk.path,
            },
            Join::All | Join::Any => self.node_never_runs(
                node,
                is_certain,
                format!("none of the edges that lead to it is ever taken{why}"),
                walk.path,
            ),
        };
        self.find(node, finding);
    }

    fn node_never_runs(&self, node: NodeIx, is_certain: bool, why: String, path: Vec<Move>) -> Finding {
        let id = self.graph.nodes[node].id.to_string();
        Finding {
            severity: severity(is_certain),
            code: "node_never_runs",
            detail: format!("node {id:?} never runs: {why}"),
            node_id: Some(id),
            edge_id: None,
            hint: "connect it to something that can come, or remove it".to_owned(),
            path,
        }
    }

    /// Some order lets a node run before the join that cancels it; or none does.
    fn is_always_cut(&mut self, node: NodeIx) {
        let body = self.graph.nodes[node].home;
        let model = &self.models[body];
        let fires = model.node(node).map_or(NEVER, |standing| standing.fires);
        let Some(legs) = model.plan(fires).and_then(|plan| self.way_to(node, plan)) else { return };
        if self.walk(&legs).is_some() {
            return;
        }
        let Some((last, before)) = legs.split_last() else { return };
        let explored = |model: &Model<'_>| {
            explore(self.graph, &self.models, model, before, last, |walk, frame| walk.has_fired(frame, node))
        };
        match explored(&self.models[body]) {
            Explored::Found(_) => {}
            Explored::TooMuch => self.leave_out(node, "whether it runs before it is cancelled".to_owned()),
            Explored::Never => {
                let free =
                    Model::build(self.graph, body, &Facts::none(self.graph, self.catalogue), share(self.graph, body));
                let is_certain = matches!(explored(&free), Explored::Never);
                let path = route::in_vain(self.graph, &self.models, &legs).map(|walk| walk.path);
                let why = "a join fires first, each time, and cancels it".to_owned();
                let finding = self.node_never_runs(node, is_certain, why, path.unwrap_or_default());
                self.find(node, finding);
            }
        }
    }

    fn never_taken(&mut self, edge: EdgeIx) {
        let source = self.graph.edges[edge].source;
        let model = &self.models[self.graph.nodes[source].home];
        let fires = model.node(source).map_or(NEVER, |standing| standing.fires);
        let is_stuck = model.node(source).is_some_and(|standing| standing.fates == [Fate::Held]);
        let legs = model.plan(fires).and_then(|plan| self.way_to(source, plan));
        let Some(walk) = legs.and_then(|legs: Vec<Leg>| self.walk(&legs)) else { return };
        let (drawn, from) = (&self.graph.edges[edge], self.graph.nodes[source].id.as_str());
        let (severity, code, why, hint) = match &drawn.kind {
            EdgeKind::Flow { .. } if self.facts.when(edge) == Some(false) => (
                Severity::Note,
                "edge_never_taken",
                "its condition is always false".to_owned(),
                "correct the condition, or remove the edge",
            ),
            EdgeKind::Flow { .. } if is_stuck => (
                Severity::Note,
                "edge_never_taken",
                format!("node {from:?} never completes"),
                "let the edge begin at another node, or make it an error edge",
            ),
            EdgeKind::Flow { port, .. } => (
                Severity::Warning,
                "edge_never_taken",
                format!("node {from:?} never emits on port {port:?}, as it is configured"),
                "correct the config of the node, or remove the edge",
            ),
            EdgeKind::Error { classes } => (
                Severity::Warning,
                "error_edge_never_taken",
                format!("node {from:?} never fails with {}", classes.join(" or ")),
                "name classes that the node can fail with, or none, to take all of them",
            ),
            EdgeKind::Undo => return,
        };
        let finding = Finding {
            severity,
            code,
            node_id: Some(from.to_owned()),
            edge_id: Some(drawn.id.clone()),
            detail: format!("edge {:?} is never taken: {why}", drawn.id),
            hint: hint.to_owned(),
            path: walk.path,
        };
        self.find(source, finding);
    }
}

fn severity(is_certain: bool) -> Severity {
    if is_certain { Severity::Error } else { Severity::Warning }
}
