//! Steps that an expression reads, and that may be null there.

use std::collections::BTreeMap;

use super::cut::{Explored, explore};
use super::diagrams::{Cases, NEVER, Spent};
use super::facts::another_class;
use super::finding::{Finding, Severity};
use super::model::Fate;
use super::route::Leg;
use super::walk::Walk;
use super::{Entry, Prover};
use crate::core::expression::References;
use crate::core::graph::{NodeIx, Part};
use crate::core::state::StepStatus;

/// What a null step means to whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// It is passed on.
    Whole,
    /// The expression fails.
    Part,
}

impl<'g> Prover<'g> {
    pub(super) fn reads(&mut self) {
        for node in 0..self.graph.nodes.len() {
            if !matches!(self.entries[self.graph.nodes[node].home], Entry::Open(_)) {
                continue;
            }
            for (named, reading) in self.readings(node) {
                self.read(node, named, reading);
            }
        }
    }

    /// The steps that the expressions of a node, and the conditions of its edges, read with no regard to null.
    fn readings(&self, node: NodeIx) -> BTreeMap<NodeIx, Reading> {
        let own = &self.graph.nodes[node];
        let references = self.graph.references(node);
        let mut readings = BTreeMap::new();
        for References { parts, whole, .. } in &references {
            let parts = parts.iter().map(|id| (id, Reading::Part));
            for (id, reading) in whole.iter().map(|id| (id, Reading::Whole)).chain(parts) {
                let named = self.graph.find(&id.as_str().into()).filter(|&named| named != node);
                if let Some(named) = named.filter(|&named| Some(named) != own.undoes) {
                    let before = readings.entry(named).or_insert(reading);
                    *before = if reading == Reading::Part { reading } else { *before };
                }
            }
        }
        readings
    }

    fn read(&mut self, node: NodeIx, named: NodeIx, reading: Reading) {
        // What undoes sees what the step that it undoes saw.
        let reader = self.graph.nodes[node].undoes.unwrap_or(node);
        let Some((at, inwards)) = self.inwards(reader, named) else { return };
        let found = match self.graph.nodes[at].part {
            Part::Finally if self.graph.nodes[named].part == Part::Main => self.read_at_last(at, named, &inwards),
            Part::Main | Part::Finally | Part::Undo => self.read_before(at, named, &inwards, reader == node),
        };
        match found {
            Ok(Some((walk, is_always))) => {
                let finding = self.tell(node, named, at, reading, is_always, &walk);
                self.find(node, finding);
            }
            Ok(None) => {}
            Err(Spent) => {
                let question =
                    format!("whether step {:?} may be null where it is read", self.graph.nodes[named].id.as_str());
                self.leave_out(node, question);
            }
        }
    }

    /// The node of the body of `named` that is `reader`, or the container around it; and the way from there in to the reader.
    fn inwards(&mut self, reader: NodeIx, named: NodeIx) -> Option<(NodeIx, Vec<Leg>)> {
        let home = self.graph.nodes[named].home;
        let (mut at, mut inwards) = (reader, Vec::new());
        while self.graph.nodes[at].home != home {
            let model = &self.models[self.graph.nodes[at].home];
            inwards.insert(0, Leg { node: at, plan: model.plan(model.node(at)?.fires)? });
            at = self.graph.bodies[self.graph.nodes[at].home].owner?;
        }
        Some((at, inwards))
    }

    /// A walk on which `at` fires and `named` has not completed, if there is one; and whether that is always so.
    /// `may_be_late`: what has not settled yet counts.
    fn read_before(
        &mut self,
        at: NodeIx,
        named: NodeIx,
        inwards: &[Leg],
        may_be_late: bool,
    ) -> Result<Option<(Walk<'g>, bool)>, Spent> {
        let model = &mut self.models[self.graph.nodes[at].home];
        model.diagrams.next_question();
        let fires = model.node(at).ok_or(Spent)?.fires;
        let completed = model.comes_to(named, |fate| matches!(fate, Fate::Done(_) | Fate::Together))?;
        let is_always = model.diagrams.and(fires, completed)? == NEVER;
        let skipped = model.node(named).ok_or(Spent)?.skipped;
        let failed = model.comes_to(named, |fate| matches!(fate, Fate::Failed(_)))?;
        let gone = model.diagrams.or(skipped, failed)?;
        // A step that is gone tells more than one that is late.
        let mut cases = model.diagrams.and(fires, gone)?;
        if cases == NEVER && may_be_late {
            cases = model.diagrams.without(fires, completed)?;
        }
        match self.to_null(at, named, cases, inwards)? {
            Some(walk) => Ok(Some((walk, is_always))),
            None => Ok(None),
        }
    }

    /// The same for what runs however its body ends: also if the step failed.
    fn read_at_last(&mut self, at: NodeIx, named: NodeIx, inwards: &[Leg]) -> Result<Option<(Walk<'g>, bool)>, Spent> {
        let home = self.graph.nodes[at].home;
        let model = &mut self.models[home];
        model.diagrams.next_question();
        let standing = model.node(named).ok_or(Spent)?;
        let (skipped, fires) = (standing.skipped, standing.fires);
        let at_fires = model.node(at).ok_or(Spent)?.fires;
        let cases = model.diagrams.and(skipped, at_fires)?;
        if cases != NEVER {
            return Ok(self.to_null(at, named, cases, inwards)?.map(|walk| (walk, false)));
        }
        let cases = model.diagrams.and(fires, at_fires)?;
        let Some(mut plan) = model.plan(cases) else { return Ok(None) };
        let edges = self.graph.nodes[named].out_edges.iter().filter_map(|&edge| self.graph.edges[edge].kind.classes());
        let listed: Vec<&str> = edges.flatten().map(String::as_str).collect();
        plan.fates.insert(named, Fate::Failed(another_class(&listed)));
        let legs = self.way_to(at, plan).map(|legs| [&legs[..], inwards].concat());
        let walk =
            legs.and_then(|legs| self.walk(&legs)).filter(|walk| is_null(walk, self.graph.nodes[named].place, inwards));
        Ok(walk.map(|walk| (walk, false)))
    }

    /// A walk through one of the cases, confirmed.
    fn to_null(&self, at: NodeIx, named: NodeIx, cases: Cases, inwards: &[Leg]) -> Result<Option<Walk<'g>>, Spent> {
        let model = &self.models[self.graph.nodes[at].home];
        let Some(plan) = model.plan(cases) else { return Ok(None) };
        let Some(legs) = self.way_to(at, plan) else { return Ok(None) };
        let all = [&legs[..], inwards].concat();
        let place = self.graph.nodes[named].place;
        if let Some(walk) = self.walk(&all).filter(|walk| is_null(walk, place, inwards)) {
            return Ok(Some(walk));
        }
        if !self.may_be_cut(at) || !inwards.is_empty() {
            return Err(Spent);
        }
        let (last, before) = legs.split_last().ok_or(Spent)?;
        let is_there = |walk: &Walk<'g>, frame| walk.has_fired(frame, at) && is_null(walk, place, &[]);
        match explore(self.graph, &self.models, model, before, last, is_there) {
            Explored::Found(walk) => Ok(Some(*walk)),
            Explored::Never => Ok(None),
            Explored::TooMuch => Err(Spent),
        }
    }

    fn tell(
        &self,
        node: NodeIx,
        named: NodeIx,
        at: NodeIx,
        reading: Reading,
        is_always: bool,
        walk: &Walk<'_>,
    ) -> Finding {
        let (own, named_id) = (self.graph.nodes[node].id.to_string(), self.graph.nodes[named].id.as_str());
        let frame = walk.state.frames().len() - 1;
        let status = walk.state.around(self.graph, self.first(walk, frame), named).map(|ix| walk.state.step(ix).status);
        let why = match status {
            Some(StepStatus::Skipped) => "was skipped",
            Some(StepStatus::Failed) => "has failed",
            Some(StepStatus::Cancelled) => "was cancelled",
            _ => "may not be done",
        };
        let then = match reading {
            Reading::Part => "is null then, and the expression fails",
            Reading::Whole => "is null then",
        };
        let is_last = self.graph.nodes[at].part == Part::Finally;
        let (severity, code, how) = match reading {
            _ if is_always => (Severity::Warning, "always_null", "each time"),
            Reading::Part if !is_last => (Severity::Warning, "null_has_no_parts", "where it"),
            _ => (Severity::Note, "may_be_null", "where it"),
        };
        let detail = match is_always {
            true => format!("node {own:?} reads step {named_id:?}, which {why} {how}: it {then}"),
            false => format!("node {own:?} reads step {named_id:?} also {how} {why}: it {then}"),
        };
        let hint = match is_always {
            true => format!("read another step than {named_id:?}, or connect the node where that step is done"),
            false => format!("say what holds instead, as in `steps.x or …`, or look at `steps.{named_id}` first"),
        };
        Finding { severity, code, node_id: Some(own), edge_id: None, detail, hint, path: walk.path.clone() }
    }

    /// Any step of a frame.
    fn first(&self, walk: &Walk<'_>, frame: usize) -> usize {
        walk.state.frames()[frame].first_step
    }
}

/// Whether the step at `place` of the frame that the way in begins in has not completed.
fn is_null(walk: &Walk<'_>, place: usize, inwards: &[Leg]) -> bool {
    let frames = walk.state.frames();
    let frame = &frames[frames.len() - 1 - inwards.len()];
    walk.state.step(frame.first_step + place).status != StepStatus::Completed
}
