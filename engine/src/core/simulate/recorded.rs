//! What an execution came to, as stubs for another one.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::stub::{Ending, Stub};
use super::stubs::Stubs;
use super::{Cancel, Runner};
use crate::core::ids::StepKey;
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

/// What `past`, which started at `created_at`, got from outside, each at its time.
#[must_use]
pub fn recorded(past: Past<'_>, created_at: DateTime<Utc>, runner: &dyn Runner) -> Recording {
    let mut reader = Reader { past, runner, since: HashMap::new(), outcomes: HashMap::new() };
    let mut cancel = None;
    for Entry { at, event } in past.entries {
        if let Event::Cancelled { reason, forced, .. } = event {
            cancel = Some(Cancel { reason: reason.clone(), force: *forced, after_ms: between(created_at, *at) });
        }
        if let Some(ix) = event.step().and_then(|step| past.state.find(past.graph, step)) {
            reader.take(ix, *at, event);
        }
    }
    let stubs = reader.finish();
    Recording { stubs, cancel }
}

struct Reader<'a> {
    past: Past<'a>,
    runner: &'a dyn Runner,
    /// When the attempt, or the wait, of a step began.
    since: HashMap<StepIx, DateTime<Utc>>,
    outcomes: HashMap<StepIx, Vec<Stub>>,
}

impl Reader<'_> {
    fn take(&mut self, step: StepIx, at: DateTime<Utc>, event: &Event) {
        let runs = self.runs(step);
        match event {
            Event::Waiting { until, .. } if runs => {
                self.since.remove(&step);
                if until.signal.is_some() {
                    self.since.insert(step, at);
                }
            }
            // What it waited for is over by then.
            Event::Waiting { until, .. } => _ = self.since.insert(step, until.time.unwrap_or(at)),
            Event::Signalled { payload, .. } if runs => {
                if let Some(since) = self.since.remove(&step) {
                    self.add(step, Ending::Signal(payload.clone()), since, at);
                }
            }
            Event::Signalled { .. } => _ = self.since.insert(step, at),
            Event::AttemptFailed { error, retry_at, .. } if !runs => {
                let (class, reason) = (error.class.clone(), error.reason.clone());
                self.add(step, Ending::Error { class, reason, is_final: false }, self.begun(step), at);
                self.since.insert(step, *retry_at);
            }
            Event::Settled { .. } if runs => {
                if let Some(since) = self.since.remove(&step) {
                    self.add(step, Ending::Timeout, since, since);
                }
            }
            Event::Settled { settlement, .. } => self.add(step, ending(settlement), self.begun(step), at),
            _ => {}
        }
    }

    fn begun(&self, step: StepIx) -> DateTime<Utc> {
        let fired_at = self.past.state.step(step).fired_at;
        self.since.get(&step).copied().or(fired_at).unwrap_or_default()
    }

    fn add(&mut self, step: StepIx, ending: Ending, since: DateTime<Utc>, at: DateTime<Utc>) {
        self.outcomes.entry(step).or_default().push(Stub { ending, after_ms: between(since, at) });
    }

    /// What had not ended when it was cancelled does not end by itself.
    fn finish(mut self) -> Stubs {
        for (ix, step) in self.past.state.steps().iter().enumerate() {
            if step.status == StepStatus::Cancelled && !self.runs(ix) {
                self.outcomes.entry(ix).or_default().push(Stub::at_once(Ending::Never));
            }
        }
        let mut stubs = Stubs::default();
        for (ix, outcomes) in self.outcomes {
            let key: StepKey = self.past.state.key(self.past.graph, ix);
            stubs.set(&key, outcomes);
        }
        stubs
    }

    fn runs(&self, step: StepIx) -> bool {
        self.runner.runs(&self.past.graph.nodes[self.past.state.step(step).node].type_name)
    }
}

fn ending(settlement: &Settlement) -> Ending {
    match (&settlement.error, settlement.status) {
        (_, SettledStatus::OutcomeUnknown) => Ending::Lost,
        (Some(error), _) => Ending::Error { class: error.class.clone(), reason: error.reason.clone(), is_final: true },
        (None, _) => Ending::Output { port: settlement.port.clone(), output: settlement.output.clone() },
    }
}

fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    u64::try_from((to - from).num_milliseconds()).unwrap_or_default()
}
