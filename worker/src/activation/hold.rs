//! Hold: what may run now. An execution whose workflow is paused lets what runs end, starts nothing, and waits without a worker.

use capstan_engine::core::flow::RateWish;
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::core::journal::Event;
use capstan_engine::core::state::{Phase, StepIx};
use capstan_engine::faults::{Bug, planted};
use capstan_engine::store::children::Hold;
use capstan_engine::store::commit::Then;
use chrono::{DateTime, TimeDelta, Utc};

use super::drive::Drive;

/// How early a planted bug is.
const EARLY: TimeDelta = TimeDelta::milliseconds(300);

impl Drive<'_> {
    /// Looks whether it is held up. Clean-up never is, so that a cancel works.
    pub(super) fn look_for_pause(&mut self) {
        let is_paused = self.engine.pauses.hold(WorkspaceId(self.claimed.workspace_id), self.workflow_id);
        self.is_held = is_paused && !self.state.is_ending();
    }

    /// Ends what has had its time: the execution, or the frames of a container.
    pub(super) fn judge_deadline(&mut self, now: DateTime<Utc>) {
        if self.state.is_paused() || self.is_held {
            return;
        }
        let late = self.claimed.deadline_at.is_some_and(|deadline| deadline <= now);
        if late && !self.is_over() && !self.state.is_ending() {
            self.record(Event::TimedOut);
        }
        if !self.is_over() {
            let expired: Vec<StepIx> = self.state.expired(now).collect();
            for step in expired {
                self.record(Event::Expired { step: self.key(step) });
            }
        }
    }

    /// Steps that may run now and do not.
    pub(super) fn runnable(&self, now: DateTime<Utc>) -> Vec<StepIx> {
        if self.state.is_paused() || self.is_held {
            return self.told_of(now);
        }
        let now = if planted(Bug::EarlyTimer) { now + EARLY } else { now };
        let idle = self.state.runnable(now).filter(|step| !self.running.contains_key(step));
        idle.filter(|step| !self.is_put_off(*step, now)).collect()
    }

    /// Of these, what the journal tells of as started: it has to be, since nobody could say later that it was not.
    pub(super) fn told_of(&self, now: DateTime<Utc>) -> Vec<StepIx> {
        let is_told_of = |step: &StepIx| self.state.step(*step).phase == Phase::Started;
        let idle = self.announced.iter().filter(|step| !self.running.contains_key(step));
        idle.copied().filter(is_told_of).filter(|step| !self.is_put_off(*step, now)).collect()
    }

    /// The throttle that let it in, if it has not begun. Nothing lets in what other executions start.
    fn throttle(&self) -> Option<RateWish> {
        let is_let_in = self.state.position() == 0 && !ExecutionId(self.claimed.execution_id).is_child();
        let flow = self.graph.flow.as_ref().filter(|_| is_let_in)?;
        let trigger = self.trigger?;
        flow.wish(&self.state.step(trigger).output).throttle
    }

    /// Whether nobody has attempted a step of it: whoever holds it back says when it begins.
    pub(super) fn is_unbegun(&self) -> bool {
        self.state.position() == 0 && self.claimed.begins_here()
    }

    /// How it parks: until the next look is due, or, where that is now, until its workflow goes on.
    pub(super) fn park(&mut self, now: DateTime<Utc>) -> Then {
        let due_at = self.next_look();
        if !self.is_held || due_at.is_none_or(|due| due > now) {
            return Then::Park { due_at };
        }
        let has_moved = self.state.position() > self.began_at;
        let losses = if has_moved { 0 } else { self.claimed.losses };
        let (workflow_id, throttle, unbegun) = (self.workflow_id, self.throttle(), self.is_unbegun());
        self.family.hold = Some(Hold { workflow_id, losses, throttle, unbegun });
        Then::Park { due_at: None }
    }
}
