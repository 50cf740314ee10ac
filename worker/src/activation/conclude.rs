//! Conclude: how an attempt ended becomes an entry.

use capstan_engine::core::attempt::Attempt;
use capstan_engine::core::chunk::hand_over;
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::core::journal::Event;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::state::{Phase, StepIx};
use capstan_engine::faults::{Bug, planted};
use serde_json::Value;

use super::drive::Drive;

impl Drive<'_> {
    /// Records how an attempt ended.
    pub(super) fn conclude(&mut self, step: StepIx, outcome: Outcome) {
        if let Outcome::Away { reason } = &outcome {
            return self.put_off(step, reason);
        }
        self.put_off.forget(step);
        let birth = self.birth(step, &outcome);
        let used = self.used(step, &outcome);
        let orphan = self.state.step(step).orphan();
        let mut event = self.attempt_of(step).conclude(outcome, |when, output| self.scene().holds(step, when, output));
        if matches!(event, Event::Opened { .. }) {
            event = hand_over(&self.scene(), step, event).unwrap_or_else(|reason| {
                let holds = |when: &str, output: &Value| self.scene().holds(step, when, output);
                self.attempt_of(step).conclude(Outcome::fail("items", reason), holds)
            });
        }
        if planted(Bug::WaitIsAttempt)
            && let (Phase::Waiting(_), Event::Settled { settlement, .. }) = (&self.state.step(step).phase, &mut event)
        {
            settlement.attempts += 1;
        }
        let used = used.filter(|_| event.is_success());
        let has_given_up = matches!(event, Event::Settled { .. });
        self.announced.remove(&step);
        if !self.record(event) {
            return;
        }
        if let Some((meter, units)) = used {
            *self.usage.entry(meter).or_default() += units;
        }
        if let Some(birth) = birth {
            self.bear(step, birth);
        }
        if let Some(child) = orphan.filter(|_| has_given_up) {
            self.cancel_child(child, "its parent waits for it no more", false);
        }
    }

    /// What an attempt has used, beside the step itself, if it did what it should.
    fn used(&self, step: StepIx, outcome: &Outcome) -> Option<(&'static str, i64)> {
        let Outcome::Done { output, .. } = outcome else { return None };
        let node_type = self.engine.registry.get(&self.node(step).type_name)?;
        node_type.used(WorkspaceId(self.claimed.workspace_id), output)
    }

    pub(super) fn attempt_of(&self, step: StepIx) -> Attempt<'_> {
        let seed = self.claimed.execution_id.as_u64_pair().1 ^ step as u64;
        Attempt { graph: &self.graph, state: &self.state, step, now: self.life.clock.now(), seed }
    }
}
