//! Folding entries and their decisions into a state: the only way a state changes.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::catalogue::Frames;
use super::chunk::{Given, Standing};
use super::decide::{Decision, IllegalEvent, begin, decide};
use super::frame::{Frame, Round, Stage};
use super::graph::Graph;
use super::ids::{NodeId, StepKey};
use super::journal::{Entry, Event, SettledStatus, Settlement};
use super::state::{End, FrameIx, Incident, Pause, Phase, Resolved, State, Step, StepIx, StepStatus};

/// The state after `entries`, in order, of an execution that began at `trigger`.
///
/// # Errors
/// [`IllegalEvent`] if an entry cannot follow those before it.
pub fn fold<'a>(
    graph: &Graph,
    trigger: &StepKey,
    input: Value,
    at: DateTime<Utc>,
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Result<State, IllegalEvent> {
    let (mut state, _) = begin(graph, trigger, input, at)?;
    for entry in entries {
        let decision = decide(graph, &state, entry)?;
        state.apply(graph, entry.clone(), &decision);
    }
    Ok(state)
}

impl State {
    /// Folds in an entry and what [`decide`] made of it in this very state.
    pub fn apply(&mut self, graph: &Graph, entry: Entry, decision: &Decision) {
        let at = entry.at;
        if matches!(entry.event, Event::Cancelled { .. }) && decision.end.is_none() {
            self.incident = None;
        }
        self.position += 1;
        self.record(graph, entry);
        self.absorb(graph, decision, at);
    }

    fn record(&mut self, graph: &Graph, Entry { at, event }: Entry) {
        match event {
            Event::Cancelled { signal_id, .. } => {
                self.consumed.extend(signal_id);
                self.paused = None;
            }
            Event::Paused { asked } => {
                self.consumed.push(asked.signal_id);
                self.paused = Some(Pause { asked, since: at });
            }
            Event::Resumed { asked } => {
                self.consumed.push(asked.signal_id);
                self.paused = None;
            }
            Event::TimedOut | Event::Expired { .. } => {}
            Event::Poisoned { reason, is_full } => {
                if is_full && self.is_ending() {
                    self.is_end_full = true;
                }
                self.is_work_full |= is_full;
                self.incident = Some(Incident { step: None, reason });
            }
            Event::Resolved { step, resolution, asked } => {
                self.consumed.push(asked.signal_id);
                let step = step.and_then(|step| self.find(graph, &step));
                self.reopen(graph, step, &resolution);
                self.resolved.push(Resolved { step, resolution, asked, at });
            }
            Event::Waiting { step, until } => self.change(graph, &step, |step| {
                step.child.clone_from(&until.child);
                step.park(Phase::Waiting(until));
            }),
            Event::Opened { step, items, until, note, spill } => self.change(graph, &step, |step| {
                let before = step.round.as_deref();
                let first = before.map_or(0, |before| before.first + before.numbers());
                let turn = before.filter(|_| step.phase == Phase::Closed).map_or(0, |before| before.turn + 1);
                let (body, rules) = graph.frames(step.node, spill).unwrap_or_default();
                let round =
                    Round { first, index: turn as usize, turn, note, until, spill, ..Round::new(items, body, rules) };
                step.round = Some(Box::new(round));
                step.run(Phase::Open);
            }),
            Event::Started { step } => self.change(graph, &step, |step| step.run(Phase::Started)),
            Event::Signalled { step, payload, signal_id } => {
                self.consumed.push(signal_id);
                self.change(graph, &step, |step| {
                    step.child = None;
                    step.run(Phase::Signalled(payload));
                });
            }
            Event::Hastened { step, asked } => {
                self.consumed.push(asked.signal_id);
                let one = step.map(|step| self.find(graph, &step).into_iter().collect());
                for ix in one.unwrap_or_else(|| self.in_backoff()) {
                    self.steps[ix].run(Phase::Ready);
                }
            }
            Event::AttemptFailed { step, attempt, error, retry_at } => self.change(graph, &step, |step| {
                step.park(Phase::Backoff(retry_at));
                step.attempts = attempt;
                step.error = Some(error);
            }),
            Event::Settled { step, settlement } => {
                if let Some(ix) = self.find(graph, &step) {
                    if settlement.did_something() && graph.nodes[self.steps[ix].node].undo.is_some() {
                        self.undoable.insert((self.position, ix));
                    }
                    self.count_failed(graph, ix, settlement.failed_items);
                    self.give_up_child(ix);
                    self.steps[ix].settled_in = self.position;
                    self.steps[ix].settle(settlement, at);
                    self.leave(graph, ix);
                }
            }
        }
    }

    fn change(&mut self, graph: &Graph, step: &StepKey, change: impl FnOnce(&mut Step)) {
        if let Some(ix) = self.find(graph, step) {
            change(&mut self.steps[ix]);
        }
    }

    pub(super) fn absorb(&mut self, graph: &Graph, decision: &Decision, at: DateTime<Utc>) {
        for &(frame, edge, to) in &decision.edges {
            let (&Frame { first_step, first_edge, .. }, edge) = (&self.frames[frame], &graph.edges[edge]);
            self.edges[first_edge + edge.place] = to;
            self.steps[first_step + graph.nodes[edge.target].place].inbound.resolve(to);
        }
        for &step in &decision.skipped {
            self.steps[step].status = StepStatus::Skipped;
        }
        for &step in &decision.cancelled {
            self.give_up_child(step);
            self.steps[step].end(StepStatus::Cancelled, at);
            self.leave(graph, step);
        }
        for (frame, end) in &decision.endings {
            self.frames[*frame].ending = Some(end.clone());
        }
        for &(frame, stage) in &decision.stages {
            self.enter(frame, stage);
        }
        for &(owner, why) in &decision.closing {
            self.round(owner, |round| round.closing = Some(why));
        }
        for &(owner, item) in &decision.opened {
            self.open_one(graph, owner, item);
        }
        for &step in &decision.closed {
            self.steps[step].phase = Phase::Closed;
            if graph.chunk_of == Some(self.steps[step].node) {
                self.steps[step].end(StepStatus::Completed, at);
                self.leave(graph, step);
            }
        }
        for &step in &decision.start {
            self.fire(graph, step, at);
        }
        if decision.incident.is_some() {
            self.incident.clone_from(&decision.incident);
        }
        if decision.end.is_some() {
            self.end.clone_from(&decision.end);
        }
    }

    fn enter(&mut self, frame: FrameIx, stage: Stage) {
        let before = &mut self.frames[frame];
        before.stage = stage;
        let failed = matches!(before.ending, Some(End::Failed { .. }));
        if let Some(owner) = before.owner.filter(|_| stage == Stage::Ended) {
            let index = before.index;
            self.round(owner, |round| {
                round.ended += 1;
                round.failed += if failed { round.weight(index) } else { 0 };
            });
        }
    }

    /// Items that failed in a chunk count where the chunk does.
    fn count_failed(&mut self, graph: &Graph, step: StepIx, failed: usize) {
        let owner = self.frames[self.steps[step].frame].owner;
        if let Some(owner) = owner.filter(|_| failed > 0 && graph.is_chunk(self, step)) {
            self.round(owner, |round| round.failed += failed);
        }
    }

    fn round(&mut self, owner: StepIx, change: impl FnOnce(&mut Round)) {
        if let Some(round) = &mut self.steps[owner].round {
            change(round);
        }
    }

    fn open_one(&mut self, graph: &Graph, owner: StepIx, item: usize) {
        let frame = self.frames.len();
        let step = &mut self.steps[owner];
        let Some(round) = &mut step.round else { return };
        round.frames.push(frame);
        let (number, index) = (round.number(item), round.index + item);
        let value = round.items[item].clone();
        let around = &self.frames[step.frame];
        let (index, value) = match graph.nodes[step.node].container {
            Some((_, Frames { passes_item: true, .. })) => (around.index, around.item.clone()),
            _ => (index, value),
        };
        let scope = self.frames[step.frame].scope.below(&graph.nodes[step.node].id, number);
        self.open(graph, Some(owner), scope, index, value);
    }

    fn fire(&mut self, graph: &Graph, step: StepIx, at: DateTime<Utc>) {
        if self.steps[step].is_pending() {
            self.steps[step].run(Phase::Ready);
            self.steps[step].fired_at = Some(at);
            let frame = self.waits_for(graph, step);
            self.frames[frame].active += 1;
            self.live.insert(step);
            if let Some(undone) = graph.nodes[self.steps[step].node].undoes.and_then(|it| self.around(graph, step, it))
            {
                self.undoable.remove(&(self.steps[undone].settled_in, undone));
            }
        }
    }

    /// Takes in what a chunk was given; none if that cannot be read. The container holds the input, as a trigger does.
    pub(super) fn take_over(
        &mut self,
        graph: &Graph,
        container: StepIx,
        given: Given,
        at: DateTime<Utc>,
    ) -> Option<()> {
        let (body, rules) = graph.frames(self.steps[container].node, None)?;
        for (id, standing) in given.steps {
            let ix = self.find(graph, &StepKey::root(NodeId::from(id.as_str())))?;
            let Standing { status, output, error } = serde_json::from_value(standing).ok()?;
            (self.steps[ix].output, self.steps[ix].error) = (output, error);
            self.steps[ix].end(status, at);
        }
        let Given { parallel, tolerated, first, .. } = given;
        let rules = Frames { parallel, tolerated, tolerated_percent: 0, ..rules };
        let round =
            Round { first: u32::try_from(first).ok()?, index: first, ..Round::new(given.items.into(), body, rules) };
        let step = &mut self.steps[container];
        (step.round, step.output, step.fired_at) = (Some(Box::new(round)), given.input, Some(at));
        step.run(Phase::Open);
        self.part_of = Some(given.execution_id);
        self.live.insert(container);
        self.frames[0].active += 1;
        Some(())
    }

    /// A step needs its child no more.
    pub(super) fn give_up_child(&mut self, step: StepIx) {
        self.given_up.extend(self.steps[step].orphan());
        self.steps[step].child = None;
    }

    /// A step is no longer active.
    fn leave(&mut self, graph: &Graph, step: StepIx) {
        let frame = self.waits_for(graph, step);
        self.frames[frame].active -= 1;
        self.live.remove(&step);
    }
}

impl Step {
    pub(super) fn settle_trigger(&mut self, port: Option<String>, input: Value, at: DateTime<Utc>) {
        self.fired_at = Some(at);
        self.port = port;
        self.output = input;
        self.attempts = 1;
        self.end(StepStatus::Completed, at);
    }

    fn settle(&mut self, settlement: Settlement, at: DateTime<Utc>) {
        self.port = settlement.port;
        self.more_ports = settlement.more_ports;
        self.output = settlement.output;
        self.error = settlement.error;
        self.attempts = settlement.attempts;
        let status = match settlement.status {
            SettledStatus::Completed => StepStatus::Completed,
            SettledStatus::Failed => StepStatus::Failed,
            SettledStatus::OutcomeUnknown => StepStatus::OutcomeUnknown,
        };
        self.end(status, at);
    }

    pub(super) fn run(&mut self, phase: Phase) {
        self.status = StepStatus::Running;
        self.phase = phase;
    }

    fn park(&mut self, phase: Phase) {
        self.status = StepStatus::Waiting;
        self.phase = phase;
    }

    pub(super) fn end(&mut self, status: StepStatus, at: DateTime<Utc>) {
        self.status = status;
        self.phase = Phase::Idle;
        self.child = None;
        self.settled_at = Some(at);
    }
}
