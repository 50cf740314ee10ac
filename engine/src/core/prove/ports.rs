//! Ports that lead nowhere though that loses something, and error edges that are taken together.

use super::Prover;
use super::diagrams::NEVER;
use super::finding::{Finding, Severity};
use super::model::{Fate, Plan};
use super::route::came;
use crate::core::graph::{EdgeIx, EdgeKind, NodeIx};

/// Ports at which something goes on that was not hoped for: if another port is wired, these should be, too.
const UNHOPED: [&str; 3] = ["timeout", "expired", "failed"];

impl Prover<'_> {
    pub(super) fn ports(&mut self) {
        for node in 0..self.graph.nodes.len() {
            self.unheard(node);
            self.overlapping(node);
        }
    }

    fn unheard(&mut self, node: NodeIx) {
        let own = &self.graph.nodes[node];
        let is_wired = |port: &str| {
            let leaves = |edge: &EdgeIx| matches!(&self.graph.edges[*edge].kind, EdgeKind::Flow { port: from, .. } if from == port);
            own.out_edges.iter().any(leaves)
        };
        if !own.ports.iter().any(|port| is_wired(port)) {
            return;
        }
        let emits = self.facts.emits(node).iter();
        let unheard: Vec<String> =
            emits.filter(|port| UNHOPED.contains(&port.as_str()) && !is_wired(port)).cloned().collect();
        for port in unheard {
            let Some(path) = self.path_through(node, &Fate::Done(port.clone())) else { continue };
            let id = self.graph.nodes[node].id.to_string();
            let finding = Finding {
                severity: Severity::Warning,
                code: "port_leads_nowhere",
                detail: format!(
                    "when node {id:?} goes on at port {port:?}, nothing follows: that is as if all were done"
                ),
                node_id: Some(id),
                edge_id: None,
                hint: format!("draw an edge from port {port:?} to what should then happen"),
                path,
            };
            self.find(node, finding);
        }
    }

    /// Not the first edge that fits is taken, but each.
    fn overlapping(&mut self, node: NodeIx) {
        let edges = self.graph.nodes[node].out_edges.iter().map(|&edge| &self.graph.edges[edge]);
        let errors: Vec<_> = edges.filter_map(|edge| Some((edge, edge.kind.classes()?))).collect();
        let listed = errors.iter().flat_map(|(_, classes)| *classes);
        let shared = listed
            .filter(|class| self.facts.may_fail_with(self.graph, node, class))
            .find(|class| errors.iter().filter(|(edge, _)| edge.kind.takes_error(class)).count() > 1);
        let Some(class) = shared.cloned() else { return };
        let taken = errors.iter().filter(|(edge, _)| edge.kind.takes_error(&class));
        let named: Vec<String> = taken.map(|(edge, _)| format!("{:?}", edge.id)).collect();
        let edge_id = errors.iter().find(|(edge, _)| edge.kind.takes_error(&class)).map(|(edge, _)| edge.id.clone());
        let Some(path) = self.path_through(node, &Fate::Failed(class.clone())) else { return };
        let id = self.graph.nodes[node].id.to_string();
        let finding = Finding {
            severity: Severity::Note,
            code: "error_edges_overlap",
            detail: format!(
                "when node {id:?} fails with {class:?}, the error edges {} are all taken",
                named.join(", ")
            ),
            node_id: Some(id),
            edge_id,
            hint: "list classes so that each leads one way, if only one of them is meant".to_owned(),
            path,
        };
        self.find(node, finding);
    }

    /// A path on which the node comes to that, perhaps with other ports; none if it never runs, or nobody knows.
    fn path_through(&mut self, node: NodeIx, fate: &Fate) -> Option<Vec<super::Move>> {
        let model = &mut self.models[self.graph.nodes[node].home];
        model.diagrams.next_question();
        let cases = match fate {
            Fate::Done(port) => model.emits_on(node, port),
            fate => model.comes_to(node, |it| it == fate),
        };
        let plan: Plan = model.plan(cases.unwrap_or(NEVER))?;
        let came = came(self.graph, node, &plan)?;
        let mut walk = self.walk(&self.way_to(node, plan)?)?;
        let frame = walk.state.frames().len() - 1;
        walk.settle(frame, node, came).ok()?;
        Some(walk.path)
    }
}
