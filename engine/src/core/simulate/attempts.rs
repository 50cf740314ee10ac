//! Attempts of a simulation: a stub stands in, or the node type runs.

use serde_json::Value;

use super::run::{Run, Running};
use super::stub::{Ending, Stub};
use super::{Trial, Unstubbed, after};
use crate::core::attempt::Attempt;
use crate::core::catalogue::Effect;
use crate::core::graph::Node;
use crate::core::ids::StepKey;
use crate::core::journal::Event;
use crate::core::outcome::Outcome;
use crate::core::policy::ATTEMPT_TIMEOUT_MS_DEFAULT;
use crate::core::scene::Scene;
use crate::core::state::{Phase, StepIx};

impl Run<'_> {
    /// Begins an attempt, and ends it if it takes no time.
    pub(super) fn attempt(&mut self, step: StepIx) {
        self.coming.remove(&step);
        let key = self.key(step);
        let is_woken = matches!(self.state.step(step).phase, Phase::Waiting(_) | Phase::Signalled(_) | Phase::Closed);
        let stub = self.stub(step).filter(|stub| !stub.is_of_wait() && !is_woken).cloned();
        if self.node(step).policy.at_most_once && self.state.step(step).phase != Phase::Started {
            self.record(Event::Started { step: key });
        } else if let Some(stub) = stub {
            self.use_up(step);
            self.stand_in(step, stub);
        } else if self.runner.runs(&self.node(step).type_name) {
            let outcome = self.run(step, key);
            self.conclude(step, Some(outcome));
        } else if self.case.unstubbed == Unstubbed::Null {
            self.stand_in(step, Stub::output(None, Value::Null));
        } else {
            self.missing.insert(step);
        }
    }

    /// Lets an attempt take its time, at most that of its policy, and end as the stub says.
    fn stand_in(&mut self, step: StepIx, Stub { ending, after_ms }: Stub) {
        let node = self.node(step);
        let is_unended = ending == Ending::Unended;
        let (takes_ms, outcome) = match ending {
            Ending::Output { port, more_ports, output } => {
                let port = port.or_else(|| node.ports.first().cloned()).unwrap_or_default();
                (after_ms, Some(Outcome::Done { port, more_ports, output }))
            }
            Ending::Error { class, reason, is_final: true } => (after_ms, Some(Outcome::Fail { class, reason })),
            Ending::Error { class, reason, .. } => (after_ms, Some(Outcome::Retry { class, reason, after: None })),
            Ending::Lost => (after_ms, None),
            Ending::Never | Ending::Unended | Ending::Signal(_) | Ending::Timeout => (u64::MAX, None),
        };
        let running = match limit_ms(node).filter(|&limit_ms| takes_ms > limit_ms && !is_unended) {
            Some(limit_ms) => {
                let reason = format!("the attempt took longer than {limit_ms} ms");
                Running { ends_at: after(self.now, limit_ms), outcome: Some(Outcome::retry("timeout", reason, None)) }
            }
            None => Running { ends_at: after(self.now, takes_ms), outcome },
        };
        self.running.insert(step, running);
    }

    fn run(&self, step: StepIx, key: StepKey) -> Outcome {
        let (scene, node) = (self.scene(), self.node(step));
        let config = match scene.config(step, self.runner.node_type(&node.type_name)) {
            Ok(config) => config,
            Err(reason) => return Outcome::fail("expression", reason),
        };
        self.runner.run(&Trial {
            node,
            config: config.as_ref().unwrap_or(&node.config),
            execution_id: self.case.execution_id,
            step: key,
            attempt: self.state.step(step).attempts + 1,
            now: scene.now(step),
            wake: scene.wake(step),
        })
    }

    /// Records how an attempt ended; none if nobody knows.
    pub(super) fn conclude(&mut self, step: StepIx, outcome: Option<Outcome>) {
        let seed = self.case.execution_id.0.as_u64_pair().1 ^ step as u64;
        let attempt = Attempt { graph: self.case.graph, state: &self.state, step, now: self.now, seed };
        let event = match outcome {
            Some(outcome) => attempt.conclude(outcome, |when, output| self.scene().holds(step, when, output)),
            None => attempt.lost(),
        };
        let signal = matches!(&event, Event::Waiting { until, .. } if until.signal.is_some());
        if self.record(event) && signal {
            self.await_signal(step);
        }
    }

    /// A step waits for a signal: its stub says what comes of that.
    fn await_signal(&mut self, step: StepIx) {
        let Some(stub) = self.stub(step).filter(|stub| stub.is_of_wait()).cloned() else { return };
        self.use_up(step);
        if let Ending::Signal(payload) = stub.ending {
            self.coming.insert(step, (after(self.now, stub.after_ms), payload));
        }
    }

    fn stub(&self, step: StepIx) -> Option<&Stub> {
        self.case.stubs.get(&self.key(step), self.used.get(&step).copied().unwrap_or_default())
    }

    fn use_up(&mut self, step: StepIx) {
        *self.used.entry(step).or_default() += 1;
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            graph: self.case.graph,
            state: &self.state,
            trigger: self.trigger,
            execution_id: self.case.execution_id,
            created_at: self.case.now,
        }
    }
}

/// Longest time of an attempt that has effects.
pub(super) fn limit_ms(node: &Node) -> Option<u64> {
    let has_limit = node.effect != Effect::Pure && node.container.is_none();
    has_limit.then(|| node.policy.timeout_ms.unwrap_or(ATTEMPT_TIMEOUT_MS_DEFAULT))
}
