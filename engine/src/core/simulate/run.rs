//! The loop of a simulation: what a worker's activation does, on virtual time and without effects.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::limits::{ENTRIES_MAX, Limit, OUTPUT_BYTES_MAX, SPAN_MAX, STEPS_MAX, TURNS_MAX};
use super::{Case, Runner, Simulated, Stopped, after};
use crate::core::attempt::storable;
use crate::core::catalogue::Effect;
use crate::core::decide::decide;
use crate::core::graph::Node;
use crate::core::ids::{SignalId, StepKey};
use crate::core::journal::{Entry, Event};
use crate::core::outcome::Outcome;
use crate::core::state::{Phase, State, StepIx};

/// An attempt that takes its time.
pub(super) struct Running {
    /// The end of time if it never ends.
    pub(super) ends_at: DateTime<Utc>,
    /// None if nobody knows it.
    pub(super) outcome: Option<Outcome>,
}

/// One execution while it is simulated.
pub(super) struct Run<'a> {
    pub(super) case: &'a Case<'a>,
    pub(super) runner: &'a dyn Runner,
    pub(super) trigger: Option<StepIx>,
    pub(super) state: State,
    journal: Vec<Entry>,
    pub(super) now: DateTime<Utc>,
    pub(super) running: BTreeMap<StepIx, Running>,
    /// Signals on their way to steps that wait.
    pub(super) coming: BTreeMap<StepIx, (DateTime<Utc>, Value)>,
    /// How many of its outcomes each step has used up.
    pub(super) used: HashMap<StepIx, usize>,
    /// Active steps that lack a stub.
    pub(super) missing: BTreeSet<StepIx>,
    is_cancelled: bool,
    bytes: usize,
    exceeded: Option<Limit>,
}

impl<'a> Run<'a> {
    pub(super) fn new(case: &'a Case<'a>, runner: &'a dyn Runner, state: State) -> Self {
        Self {
            case,
            runner,
            trigger: state.find(case.graph, case.trigger),
            state,
            journal: Vec::new(),
            now: case.now,
            running: BTreeMap::new(),
            coming: BTreeMap::new(),
            used: HashMap::new(),
            missing: BTreeSet::new(),
            is_cancelled: false,
            bytes: 0,
            exceeded: None,
        }
    }

    /// Goes on until it has ended, or cannot.
    pub(super) fn go_on(mut self) -> Simulated {
        let mut turns = 0;
        let stopped = loop {
            turns += 1;
            if self.is_over() {
                break None;
            }
            if let Some(limit) = self.limit(turns) {
                break Some(Stopped::Limit(limit));
            }
            if self.judge() || self.end_attempt() || self.deliver() || self.begin() {
                continue;
            }
            if !self.missing.is_empty() {
                break Some(Stopped::Missing(self.missing.iter().map(|&step| self.key(step)).collect()));
            }
            if self.cancel() {
                continue;
            }
            match self.next() {
                Some(at) => self.now = self.now.max(at),
                None => break Some(Stopped::Waits(self.waits())),
            }
        };
        Simulated { state: self.state, journal: self.journal, ended_at: self.now, stopped }
    }

    /// Whether it has ended, or waits for a person.
    fn is_over(&self) -> bool {
        self.state.end().is_some() || self.state.incident().is_some()
    }

    fn limit(&self, turns: usize) -> Option<Limit> {
        let reached = [
            (self.journal.len() > ENTRIES_MAX, Limit::Entries),
            (self.state.steps().len() > STEPS_MAX, Limit::Steps),
            (self.bytes > OUTPUT_BYTES_MAX, Limit::OutputBytes),
            (turns > TURNS_MAX, Limit::Turns),
            (self.now - self.case.now > SPAN_MAX, Limit::Span),
            (self.runner.is_spent(), Limit::WallTime),
        ];
        self.exceeded.or_else(|| reached.into_iter().find_map(|(is_reached, limit)| is_reached.then_some(limit)))
    }

    /// Ends what has had its time: the execution, or the frames of a container.
    fn judge(&mut self) -> bool {
        if self.deadline().is_some_and(|deadline| deadline <= self.now) {
            return self.record(Event::TimedOut);
        }
        let expired = self.state.expired(self.now).next();
        expired.is_some_and(|step| self.record(Event::Expired { step: self.key(step) }))
    }

    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.case.timeout_ms.filter(|_| !self.state.is_ending()).map(|ms| after(self.case.now, ms))
    }

    /// Cancels, once nothing more happens at that time.
    fn cancel(&mut self) -> bool {
        let Some(cancel) = self.case.cancel.as_ref().filter(|_| self.cancel_at().is_some_and(|at| at <= self.now))
        else {
            return false;
        };
        self.is_cancelled = true;
        self.record(Event::Cancelled { reason: cancel.reason.clone(), forced: cancel.force, signal_id: None })
    }

    fn cancel_at(&self) -> Option<DateTime<Utc>> {
        self.case.cancel.as_ref().filter(|_| !self.is_cancelled).map(|cancel| after(self.case.now, cancel.after_ms))
    }

    /// Records the end of the attempt whose time comes first, if it has come.
    fn end_attempt(&mut self) -> bool {
        let first = self.running.iter().min_by_key(|(_, running)| running.ends_at);
        let Some((&step, _)) = first.filter(|(_, running)| running.ends_at <= self.now) else { return false };
        let Some(ended) = self.running.remove(&step) else { return false };
        self.conclude(step, ended.outcome);
        true
    }

    /// Hands over the signal that comes first, if it has come.
    fn deliver(&mut self) -> bool {
        let first = self.coming.iter().min_by_key(|(_, (at, _))| *at);
        let Some((&step, _)) = first.filter(|(_, (at, _))| *at <= self.now) else { return false };
        let Some((_, payload)) = self.coming.remove(&step) else { return false };
        // Signals have no ids here: none is repeated.
        self.record(Event::Signalled { step: self.key(step), signal_id: SignalId(Uuid::nil()), payload });
        true
    }

    /// Begins whatever may run now, the pure steps first. False if there was nothing.
    fn begin(&mut self) -> bool {
        let is_free = |step: &StepIx| !self.running.contains_key(step) && !self.missing.contains(step);
        let runnable = self.state.runnable(self.now).filter(is_free);
        let (pure, others): (Vec<StepIx>, Vec<StepIx>) =
            runnable.partition(|&step| self.node(step).effect == Effect::Pure);
        let steps = if pure.is_empty() { others } else { pure };
        for &step in &steps {
            let is_small = self.exceeded.is_none() && self.bytes <= OUTPUT_BYTES_MAX && !self.runner.is_spent();
            if is_small && !self.is_over() && self.state.step(step).is_active() {
                self.attempt(step);
            }
        }
        !steps.is_empty()
    }

    /// Takes in an entry. False if it is refused, or more than a simulation may hold.
    pub(super) fn record(&mut self, event: Event) -> bool {
        self.bytes += bytes(&event);
        if let Event::Opened { step, items, .. } = &event
            && self.steps_with(step, items.len()) > STEPS_MAX
        {
            self.exceeded = Some(Limit::Steps);
            return false;
        }
        let entry = Entry { at: self.now, event };
        let Ok(decision) = decide(self.case.graph, &self.state, &entry) else { return false };
        self.state.apply(self.case.graph, entry.clone(), &decision);
        for step in &decision.cancelled {
            self.running.remove(step);
            self.coming.remove(step);
            self.missing.remove(step);
        }
        self.journal.push(entry);
        true
    }

    fn steps_with(&self, step: &StepKey, items: usize) -> usize {
        let graph = self.case.graph;
        let body = graph.find(&step.node_id).and_then(|ix| graph.nodes[ix].container);
        self.state.steps_in_all(graph) + body.map_or(0, |(body, _)| items * graph.bodies[body].nodes.len())
    }

    /// When something happens next; none if nothing ever does.
    fn next(&self) -> Option<DateTime<Utc>> {
        let running = self.running.values().map(|running| running.ends_at);
        let coming = self.coming.values().map(|(at, _)| *at);
        let dues = self.state.dues().filter(|(step, _)| !self.running.contains_key(step)).map(|(_, due)| due);
        let all = running.chain(coming).chain(dues).chain(self.deadline()).chain(self.cancel_at());
        all.filter(|&at| at < DateTime::<Utc>::MAX_UTC).min()
    }

    /// Active steps that nothing will move, but for containers whose steps run.
    fn waits(&self) -> Vec<StepKey> {
        let steps = self.state.steps().iter().enumerate();
        let stuck = steps.filter(|(_, step)| step.is_active() && step.phase != Phase::Open);
        stuck.map(|(ix, _)| self.key(ix)).collect()
    }

    pub(super) fn node(&self, step: StepIx) -> &'a Node {
        &self.case.graph.nodes[self.state.step(step).node]
    }

    pub(super) fn key(&self, step: StepIx) -> StepKey {
        self.state.key(self.case.graph, step)
    }
}

fn bytes(event: &Event) -> usize {
    let size = |value: &Value| storable(value).unwrap_or_default();
    match event {
        Event::Settled { settlement, .. } => size(&settlement.output),
        Event::Signalled { payload, .. } => size(payload),
        Event::Opened { items, .. } => items.iter().map(size).sum(),
        _ => 0,
    }
}
