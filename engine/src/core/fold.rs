//! Folding entries and their decisions into a state: the only way a state changes.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::decide::{Decision, IllegalEvent, begin, decide};
use super::graph::{Graph, NodeIx};
use super::ids::StepKey;
use super::journal::{Entry, Event, SettledStatus, Settlement};
use super::state::{Phase, State, Step, StepStatus};

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
        self.position += 1;
        self.record(graph, entry);
        self.absorb(graph, decision, at);
    }

    fn record(&mut self, graph: &Graph, Entry { at, event }: Entry) {
        match event {
            Event::Cancelled { .. } | Event::TimedOut => {}
            Event::Poisoned { reason } => self.incident = Some(reason),
            Event::Waiting { step, until } => self.change(graph, &step, |step| step.park(Phase::Waiting(until))),
            Event::Started { step } => self.change(graph, &step, |step| step.run(Phase::Started)),
            Event::Signalled { step, payload, signal_id } => {
                self.consumed.push(signal_id);
                self.change(graph, &step, |step| step.run(Phase::Signalled(payload)));
            }
            Event::AttemptFailed { step, attempt, error, retry_at } => self.change(graph, &step, |step| {
                step.park(Phase::Backoff(retry_at));
                step.attempts = attempt;
                step.error = Some(error);
            }),
            Event::Settled { step, settlement } => {
                self.active -= 1;
                self.change(graph, &step, |step| step.settle(settlement, at));
            }
        }
    }

    fn change(&mut self, graph: &Graph, step: &StepKey, change: impl FnOnce(&mut Step)) {
        if let Some(node) = graph.find(&step.node_id) {
            change(&mut self.steps[node]);
        }
    }

    pub(super) fn absorb(&mut self, graph: &Graph, decision: &Decision, at: DateTime<Utc>) {
        for &(edge, to) in &decision.edges {
            self.edges[edge] = to;
            self.steps[graph.edges[edge].target].inbound.resolve(to);
        }
        for &node in &decision.skipped {
            self.steps[node].status = StepStatus::Skipped;
        }
        for &node in &decision.cancelled {
            self.steps[node].end(StepStatus::Cancelled, at);
            self.active -= 1;
        }
        for &node in &decision.start {
            self.fire(node, at);
        }
        if decision.end.is_some() {
            self.end.clone_from(&decision.end);
        }
    }

    fn fire(&mut self, node: NodeIx, at: DateTime<Utc>) {
        let step = &mut self.steps[node];
        if step.status == StepStatus::Pending {
            step.run(Phase::Ready);
            step.fired_at = Some(at);
            self.active += 1;
        }
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

    fn run(&mut self, phase: Phase) {
        self.status = StepStatus::Running;
        self.phase = phase;
    }

    fn park(&mut self, phase: Phase) {
        self.status = StepStatus::Waiting;
        self.phase = phase;
    }

    fn end(&mut self, status: StepStatus, at: DateTime<Utc>) {
        self.status = status;
        self.phase = Phase::Idle;
        self.settled_at = Some(at);
    }
}
