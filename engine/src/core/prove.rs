//! What can be said of a graph before it is published: nodes that never run, joins that never fire, steps that are null
//! where they are read, and how large an execution may become.
//!
//! Which outcomes can come together is reasoned about exactly, body by body ([`model`]). A finding then gets a path of
//! outcomes, and only what [`decide`](super::decide::decide) confirms along that path is reported.

mod cut;
mod diagrams;
mod extent;
mod facts;
mod finding;
mod firing;
mod model;
mod notes;
mod ports;
mod reads;
mod route;
mod settings;
mod walk;

use serde::Serialize;

use super::catalogue::Catalogue;
use super::graph::{BodyIx, Graph, NodeIx};
use facts::Facts;
pub use finding::{CODES, Finding, LeftOut, Severity};
use model::Model;
pub use notes::{NOTE_CHARS_MAX, NOTE_COLORS, NOTE_PX_MAX, NOTES_MAX, STEP_NOTE_CHARS_MAX};
use route::Leg;
use walk::Walk;
pub use walk::{Came, Move, replay};

/// Most work of one proof, in steps of its diagrams.
pub const WORK_MAX: u64 = 2_000_000;
/// Most findings that are reported.
pub const FINDINGS_MAX: usize = 200;
/// Most questions without an answer that are listed.
pub const LEFT_OUT_MAX: usize = 200;

/// What was found, and whether all was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proof {
    /// Whether every question has its answer: then there is nothing to find but `findings`.
    pub complete: bool,
    /// Work done.
    pub explored: u64,
    /// Questions without an answer, at most [`LEFT_OUT_MAX`].
    pub left_out: Vec<LeftOut>,
    /// The worst first, else in document order, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// Most steps that an execution may have; absent if they cannot be counted.
    pub steps_max: Option<u64>,
    /// Most attempts of all of them; absent if they cannot be counted.
    pub attempts_max: Option<u64>,
}

impl Proof {
    /// What is never right: findings of [`Severity::Error`], but those with a code among `accepted`.
    #[must_use]
    pub fn errors(&self, accepted: &[&str]) -> Vec<&Finding> {
        let is_error = |finding: &&Finding| finding.severity == Severity::Error && !accepted.contains(&finding.code);
        self.findings.iter().filter(is_error).collect()
    }
}

/// Looks at everything that may become of an execution of `graph`, within [`WORK_MAX`].
#[must_use]
pub fn prove(graph: &Graph, catalogue: &dyn Catalogue) -> Proof {
    let facts = Facts::of(graph, catalogue);
    let models = (0..graph.bodies.len()).map(|body| Model::build(graph, body, &facts, share(graph, body))).collect();
    let (entries, found, left_out) = (Vec::new(), Vec::new(), Vec::new());
    let mut prover = Prover { graph, catalogue, facts, models, entries, found, left_out };
    prover.entries = (0..graph.bodies.len()).map(|body| prover.entry(body)).collect();
    prover.firing();
    prover.ports();
    prover.reads();
    let extent = prover.extent();
    prover.conclude(extent)
}

/// The work that one body may take.
fn share(graph: &Graph, body: BodyIx) -> u64 {
    WORK_MAX * graph.bodies[body].nodes.len() as u64 / graph.nodes.len().max(1) as u64
}

struct Prover<'g> {
    graph: &'g Graph,
    catalogue: &'g dyn Catalogue,
    facts: Facts,
    models: Vec<Model<'g>>,
    /// By body: how it is entered.
    entries: Vec<Entry>,
    found: Vec<Finding>,
    left_out: Vec<LeftOut>,
}

/// Whether and how an execution comes to a body.
#[derive(Clone)]
enum Entry {
    Open(Vec<Leg>),
    /// Never; that is said of its container.
    Never,
    Unknown,
}

impl<'g> Prover<'g> {
    /// At most as many containers deep as a graph may be.
    fn entry(&mut self, body: BodyIx) -> Entry {
        let Some(owner) = self.graph.bodies[body].owner else { return Entry::Open(Vec::new()) };
        let home = self.graph.nodes[owner].home;
        let mut legs = match self.entry(home) {
            Entry::Open(legs) => legs,
            closed => return closed,
        };
        let Some(fires) = self.models[home].node(owner).map(|standing| standing.fires) else { return Entry::Unknown };
        match self.models[home].plan(fires) {
            Some(plan) => legs.push(Leg { node: owner, plan }),
            None => return Entry::Never,
        }
        Entry::Open(legs)
    }

    /// The way to a node, if there is any.
    fn way_to(&self, node: NodeIx, plan: model::Plan) -> Option<Vec<Leg>> {
        let Entry::Open(legs) = &self.entries[self.graph.nodes[node].home] else { return None };
        Some(legs.iter().cloned().chain([Leg { node, plan }]).collect())
    }

    fn walk(&self, legs: &[Leg]) -> Option<Walk<'g>> {
        route::walk(self.graph, &self.models, legs)
    }

    fn leave_out(&mut self, node: NodeIx, question: String) {
        let left_out = LeftOut { node_id: self.graph.nodes[node].id.to_string(), question };
        if !self.left_out.contains(&left_out) {
            self.left_out.push(left_out);
        }
    }

    /// Adds a finding. Once there are as many as may be, what is about that node is left out.
    fn find(&mut self, node: NodeIx, finding: Finding) {
        debug_assert!(CODES.contains(&finding.code), "{} is missing among the codes", finding.code);
        if self.found.len() < FINDINGS_MAX {
            self.found.push(finding);
        } else {
            self.leave_out(node, "more findings".to_owned());
        }
    }

    fn conclude(mut self, (steps_max, attempts_max): (Option<u64>, Option<u64>)) -> Proof {
        let explored = self.models.iter().map(|model| model.diagrams.work_done()).sum();
        self.found.sort_by_key(|finding| finding.severity);
        let complete = self.left_out.is_empty();
        self.left_out.truncate(LEFT_OUT_MAX);
        let (left_out, findings) = (self.left_out, self.found);
        Proof { complete, explored, left_out, findings, steps_max, attempts_max }
    }
}
