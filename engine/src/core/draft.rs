//! A decision while it is being made: edges that resolve, steps that get decided, frames that open and end.
//!
//! How frames end is in [`super::ending`].

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::Frames;
use super::chunk::Spill;
use super::decide::Decision;
use super::frame::{Closing, Stage};
use super::graph::{BodyIx, EdgeIx, EdgeKind, Graph, Node};
use super::journal::Settlement;
use super::policy::Policy;
use super::state::{EdgeState, End, FrameIx, State, StepIx};
use super::step::Inbound;

/// Its collections are ordered ones: most decisions are about a few steps, and to hash these costs more than all else.
pub(super) struct Draft<'a> {
    pub(super) graph: &'a Graph,
    pub(super) state: &'a State,
    pub(super) decision: Decision,
    /// Steps that are fired, settled, skipped or cancelled by this decision.
    pub(super) decided: BTreeSet<StepIx>,
    /// The step that settles, if it did something.
    pub(super) done: Option<StepIx>,
    /// Frames in which something ended.
    pub(super) touched: BTreeSet<FrameIx>,
    pub(super) frames: BTreeMap<FrameIx, Standing>,
    pub(super) rounds: BTreeMap<StepIx, Progress>,
    inbound: BTreeMap<StepIx, Inbound>,
    /// Steps behind the last frame that opens.
    steps: usize,
}

/// How a frame stands after what was decided so far.
#[derive(Clone)]
pub(super) struct Standing {
    pub(super) stage: Stage,
    pub(super) ending: Option<End>,
    pub(super) active: usize,
}

/// How the round of a container stands after what was decided so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Progress {
    pub(super) items: usize,
    pub(super) opened: usize,
    pub(super) ended: usize,
    pub(super) failed: usize,
    pub(super) closing: Option<Closing>,
    pub(super) body: BodyIx,
    pub(super) rules: Frames,
    pub(super) spill: Option<Spill>,
}

enum Verdict {
    Undecided,
    Fire,
    Skip,
}

impl<'a> Draft<'a> {
    pub(super) fn new(graph: &'a Graph, state: &'a State) -> Self {
        Self {
            graph,
            state,
            decision: Decision::default(),
            decided: BTreeSet::new(),
            done: None,
            touched: BTreeSet::new(),
            frames: BTreeMap::new(),
            rounds: BTreeMap::new(),
            inbound: BTreeMap::new(),
            steps: state.steps.len(),
        }
    }

    /// A step settles.
    pub(super) fn settle(&mut self, step: StepIx, settlement: &Settlement) {
        self.done = settlement.did_something().then_some(step);
        let owner = self.state.frames[self.state.steps[step].frame].owner;
        if let Some(owner) = owner.filter(|_| self.node(step).is_chunk) {
            self.round(owner).failed += settlement.failed_items;
        }
        self.leave(step);
    }

    /// Resolves the out-edges of a step that completed on those ports for which `is_emitted` holds.
    pub(super) fn emit(&mut self, step: StepIx, is_emitted: impl Fn(&str) -> bool, closed: &[String]) {
        for &edge in self.out_edges(step) {
            let taken = match &self.graph.edges[edge].kind {
                EdgeKind::Flow { port, .. } => is_emitted(port) && !closed.contains(&self.graph.edges[edge].id),
                EdgeKind::Error { .. } | EdgeKind::Undo => false,
            };
            self.resolve(step, edge, taken);
        }
    }

    /// Resolves the out-edges of a step that failed with `class`.
    pub(super) fn fail(&mut self, step: StepIx, class: &str) {
        for &edge in self.out_edges(step) {
            self.resolve(step, edge, self.graph.edges[edge].kind.takes_error(class));
        }
    }

    /// A container opens as many frames as may run at a time.
    pub(super) fn open(&mut self, step: StepIx, items: usize, spill: Option<Spill>) {
        let (body, rules) = self.graph.frames(self.state.steps[step].node, spill).unwrap_or_default();
        self.rounds.insert(step, Progress { items, body, rules, spill, ..Progress::default() });
        self.open_first(step);
    }

    /// As many frames of a round open as may run at a time.
    pub(super) fn open_first(&mut self, step: StepIx) {
        let Progress { items, rules, .. } = *self.round(step);
        (0..items.min(rules.parallel.max(1))).for_each(|_| self.open_next(step));
    }

    pub(super) fn open_next(&mut self, owner: StepIx) {
        let Progress { opened: item, body, .. } = *self.round(owner);
        self.round(owner).opened += 1;
        let frame = self.state.frames.len() + self.decision.opened.len();
        self.frames.insert(frame, Standing { stage: Stage::Main, ending: None, active: 0 });
        self.decision.opened.push((owner, item));
        let nodes = &self.graph.bodies[body].nodes;
        for (place, _) in nodes.iter().enumerate().filter(|(_, node)| self.graph.nodes[**node].begins()) {
            self.fire(frame, self.steps + place);
        }
        self.steps += nodes.len();
    }

    /// Skips a step and, through it, whatever can no longer be reached.
    pub(super) fn skip(&mut self, step: StepIx) {
        let mut doomed = vec![step];
        while let Some(step) = doomed.pop() {
            // A join may be doomed by several edges at once.
            if !self.decided.insert(step) {
                continue;
            }
            self.decision.skipped.push(step);
            for &edge in self.out_edges(step) {
                doomed.extend(self.record(step, edge, EdgeState::Skipped));
            }
        }
    }

    /// `frame` waits for a step that may run now.
    pub(super) fn fire(&mut self, frame: FrameIx, step: StepIx) {
        self.decided.insert(step);
        self.decision.start.push(step);
        self.frame(frame).active += 1;
    }

    /// Cancels an active step.
    pub(super) fn cancel(&mut self, step: StepIx) {
        self.decision.cancelled.push(step);
        self.leave(step);
    }

    /// A step is no longer active.
    pub(super) fn leave(&mut self, step: StepIx) {
        self.decided.insert(step);
        let frame = self.state.waits_for(self.graph, step);
        self.frame(frame).active -= 1;
        self.touched.insert(frame);
    }

    /// How a frame stands.
    pub(super) fn frame(&mut self, frame: FrameIx) -> &mut Standing {
        let before = self.state.frames.get(frame);
        self.frames.entry(frame).or_insert_with(|| match before {
            Some(frame) => Standing { stage: frame.stage, ending: frame.ending.clone(), active: frame.active },
            None => Standing { stage: Stage::Main, ending: None, active: 0 },
        })
    }

    /// How the round of a container stands.
    pub(super) fn round(&mut self, owner: StepIx) -> &mut Progress {
        let before = self.state.steps[owner].round.as_ref();
        self.rounds.entry(owner).or_insert_with(|| match before {
            Some(round) => Progress {
                items: round.items.len(),
                opened: round.frames.len(),
                ended: round.ended,
                failed: round.failed,
                closing: round.closing,
                body: round.body,
                rules: round.rules,
                spill: round.spill,
            },
            None => Progress::default(),
        })
    }

    pub(super) fn node(&self, step: StepIx) -> &'a Node {
        &self.graph.nodes[self.state.steps[step].node]
    }

    /// How a container runs its graph.
    pub(super) fn rules(&self, container: StepIx) -> Frames {
        self.node(container).container.map(|(_, frames)| frames).unwrap_or_default()
    }

    fn out_edges(&self, step: StepIx) -> &'a [EdgeIx] {
        &self.node(step).out_edges
    }

    fn resolve(&mut self, source: StepIx, edge: EdgeIx, taken: bool) {
        let to = if taken { EdgeState::Taken } else { EdgeState::Skipped };
        if let Some(target) = self.record(source, edge, to) {
            self.skip(target);
        }
    }

    /// Resolves one edge; fires its target if that is due, and returns it if it is to be skipped.
    fn record(&mut self, source: StepIx, edge: EdgeIx, to: EdgeState) -> Option<StepIx> {
        let frame = self.state.steps[source].frame;
        let target = self.state.frames[frame].first_step + self.graph.nodes[self.graph.edges[edge].target].place;
        self.decision.edges.push((frame, edge, to));
        let inbound = self.inbound.entry(target).or_insert(self.state.steps[target].inbound);
        inbound.resolve(to);
        let inbound = *inbound;
        if !self.state.steps[target].is_pending() || self.decided.contains(&target) {
            return None;
        }
        match verdict(&self.node(target).policy, inbound) {
            Verdict::Undecided => None,
            Verdict::Skip => Some(target),
            Verdict::Fire => {
                self.fire(frame, target);
                self.cut(frame, target);
                None
            }
        }
    }

    /// Cancels, or skips, what a join that fires needs no more.
    fn cut(&mut self, frame: FrameIx, join: StepIx) {
        let mut losers = Vec::new();
        for &feeder in &self.node(join).feeders {
            let loser = self.state.frames[frame].first_step + self.graph.nodes[feeder].place;
            let step = &self.state.steps[loser];
            if let Some(place) = self.decision.start.iter().position(|&started| started == loser) {
                self.decision.start.swap_remove(place);
                self.decision.skipped.push(loser);
                self.frame(frame).active -= 1;
            } else if self.decided.contains(&loser) {
                continue;
            } else if step.is_active() {
                self.decided.insert(loser);
                self.withdraw(loser);
            } else if step.is_pending() {
                self.decided.insert(loser);
                self.decision.skipped.push(loser);
            } else {
                continue;
            }
            losers.push(loser);
        }
        // All of them are decided by now, and so is whatever they lead to.
        for loser in losers {
            for &edge in self.out_edges(loser) {
                self.record(loser, edge, EdgeState::Skipped);
            }
        }
    }
}

/// The firing rule.
fn verdict(policy: &Policy, inbound: Inbound) -> Verdict {
    match policy.wanted() {
        Some(wanted) if inbound.taken >= wanted => Verdict::Fire,
        Some(wanted) if inbound.taken + inbound.open < wanted => Verdict::Skip,
        None if inbound.open == 0 && inbound.taken > 0 => Verdict::Fire,
        None if inbound.open == 0 => Verdict::Skip,
        Some(_) | None => Verdict::Undecided,
    }
}
