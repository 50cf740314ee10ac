//! What an execution came to, as stubs for another one.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::attempts::limit_ms;
use super::stub::{Ending, Stub};
use super::stubs::Stubs;
use super::{Cancel, Runner};
use crate::core::catalogue::Effect;
use crate::core::graph::{Graph, Node};
use crate::core::journal::{Entry, Event, SettledStatus, Settlement};
use crate::core::restart::Past;
use crate::core::state::{StepIx, StepStatus};

/// What came from outside in an execution.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// Outcomes of the steps that a simulation does not run itself, and the signals that came.
    pub stubs: Stubs,
    /// Set if it was cancelled.
    pub cancel: Option<Cancel>,
}

/// What `past`, which started at `created_at`, got from outside, each at its time, as far as it fits `graph`: that of
/// its version or another one. A node that has another type there has no record.
#[must_use]
pub fn recorded(past: Past<'_>, created_at: DateTime<Utc>, graph: &Graph, runner: &dyn Runner) -> Recording {
    let mut reader =
        Reader { past, graph, runner, since: HashMap::new(), dues: HashMap::new(), outcomes: HashMap::new() };
    let mut cancel = None;
    for Entry { at, event } in past.entries {
        if let Event::Cancelled { reason, forced, .. } = event {
            cancel = Some(Cancel { reason: reason.clone(), force: *forced, after_ms: between(created_at, *at) });
        }
        if let Some(ix) = event.step().and_then(|step| past.state.find(past.graph, step)) {
            reader.take(ix, *at, event);
        }
    }
    Recording { stubs: reader.finish(), cancel }
}

struct Reader<'a> {
    past: Past<'a>,
    /// The one to be simulated.
    graph: &'a Graph,
    runner: &'a dyn Runner,
    /// When the attempt, or the wait, of a step began.
    since: HashMap<StepIx, DateTime<Utc>>,
    /// When the time of a wait is over, if ever.
    dues: HashMap<StepIx, DateTime<Utc>>,
    outcomes: HashMap<StepIx, Vec<Stub>>,
}

impl Reader<'_> {
    fn take(&mut self, step: StepIx, at: DateTime<Utc>, event: &Event) {
        if self.runs(step) { self.take_run(step, at, event) } else { self.take_stubbed(step, at, event) }
    }

    /// Of a step that a simulation runs, what its waits came to is all that comes from outside.
    fn take_run(&mut self, step: StepIx, at: DateTime<Utc>, event: &Event) {
        match event {
            Event::Waiting { until, .. } if until.signal.is_some() => {
                self.since.insert(step, at);
                self.dues.insert(step, until.time.unwrap_or(DateTime::<Utc>::MAX_UTC));
            }
            Event::Waiting { .. } => _ = self.since.remove(&step),
            Event::Signalled { payload, .. } => {
                if let Some(since) = self.since.remove(&step) {
                    self.add(step, Ending::Signal(payload.clone()), between(since, at));
                }
            }
            Event::Settled { settlement, .. } if self.since.contains_key(&step) => self.end_wait(step, at, settlement),
            // What was handed over is recorded elsewhere: here is only what came of it.
            Event::Settled { settlement, .. } if self.handed_over(step) => {
                self.add(step, ending(settlement), self.took_ms(step, at));
            }
            // What it would have waited for was there already.
            Event::Settled { settlement, .. } if self.asks_outside(step) && event.is_success() => {
                self.add(step, Ending::Signal(settlement.output.clone()), 0);
            }
            _ => {}
        }
    }

    fn handed_over(&self, step: StepIx) -> bool {
        self.past.state.step(step).round.as_ref().is_some_and(|round| round.spill.is_some())
    }

    /// What a wait came to that no signal ended: its time was over, or it found then what it had waited for.
    fn end_wait(&mut self, step: StepIx, at: DateTime<Utc>, settlement: &Settlement) {
        let Some(since) = self.since.remove(&step) else { return };
        // The last port of what waits is that for nothing having come.
        let has_come = settlement.status == SettledStatus::Completed
            && self.asks_outside(step)
            && settlement.port.as_ref() != self.node(step).ports.last();
        if !has_come {
            return self.add(step, Ending::Timeout, 0);
        }
        let at = self.dues.get(&step).map_or(at, |due| at.min(*due));
        self.add(step, Ending::Signal(settlement.output.clone()), between(since, at));
    }

    fn asks_outside(&self, step: StepIx) -> bool {
        self.graph.find(&self.node(step).id).is_some_and(|ix| self.graph.nodes[ix].effect != Effect::Pure)
    }

    fn take_stubbed(&mut self, step: StepIx, at: DateTime<Utc>, event: &Event) {
        match event {
            // What it waited for is over by then.
            Event::Waiting { until, .. } => _ = self.since.insert(step, until.time.unwrap_or(at)),
            Event::Signalled { .. } => _ = self.since.insert(step, at),
            Event::AttemptFailed { error, retry_at, .. } => {
                let (class, reason) = (error.class.clone(), error.reason.clone());
                self.add(step, Ending::Error { class, reason, is_final: false }, self.took_ms(step, at));
                self.since.insert(step, *retry_at);
            }
            Event::Settled { settlement, .. } => self.add(step, ending(settlement), self.took_ms(step, at)),
            _ => {}
        }
    }

    /// How long the attempt took. Outages of its worker count as well, but never make a time-out of what had come.
    fn took_ms(&self, step: StepIx, at: DateTime<Utc>) -> u64 {
        let begun = self.since.get(&step).copied().or(self.past.state.step(step).fired_at).unwrap_or(at);
        let limit_ms = self.graph.find(&self.node(step).id).and_then(|ix| limit_ms(&self.graph.nodes[ix]));
        between(begun, at).min(limit_ms.unwrap_or(u64::MAX))
    }

    fn add(&mut self, step: StepIx, ending: Ending, after_ms: u64) {
        self.outcomes.entry(step).or_default().push(Stub { ending, after_ms });
    }

    /// What had not ended when it was cancelled does not end by itself.
    fn finish(mut self) -> Stubs {
        for (ix, step) in self.past.state.steps().iter().enumerate() {
            if step.status == StepStatus::Cancelled && !self.runs(ix) {
                self.add(ix, Ending::Unended, 0);
            }
        }
        let mut stubs = Stubs::default();
        for (&ix, outcomes) in &self.outcomes {
            let key = self.past.state.key(self.past.graph, ix);
            let is_alike = |now: &Node| now.type_name == self.node(ix).type_name;
            if self.graph.find(&key.node_id).is_some_and(|now| is_alike(&self.graph.nodes[now])) {
                stubs.set(&key, outcomes.clone());
            }
        }
        stubs.fitting(self.graph, self.runner)
    }

    fn runs(&self, step: StepIx) -> bool {
        self.runner.runs(&self.node(step).type_name)
    }

    fn node(&self, step: StepIx) -> &Node {
        &self.past.graph.nodes[self.past.state.step(step).node]
    }
}

fn ending(settlement: &Settlement) -> Ending {
    match (&settlement.error, settlement.status) {
        (_, SettledStatus::OutcomeUnknown) => Ending::Lost,
        (Some(error), _) => Ending::Error { class: error.class.clone(), reason: error.reason.clone(), is_final: true },
        (None, _) => {
            let Settlement { port, more_ports, output, .. } = settlement.clone();
            Ending::Output { port, more_ports, output }
        }
    }
}

fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    u64::try_from((to - from).num_milliseconds()).unwrap_or_default()
}
