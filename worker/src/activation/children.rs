//! Children: what an execution starts and cancels with the entries that tell of it.

use capstan_engine::core::attempt::storable;
use capstan_engine::core::decide::Decision;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::core::journal::Event;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::state::{Phase, StepIx};
use capstan_engine::store::children::Birth;
use serde_json::json;

use super::drive::Drive;

impl Drive<'_> {
    /// The child that an attempt asks for.
    pub(super) fn birth(&self, step: StepIx, outcome: &Outcome) -> Option<Birth> {
        let Outcome::Call { child, until } = outcome else { return None };
        Some(Birth {
            step: self.key(step),
            round: self.state.step(step).rounds,
            signal: until.signal.clone(),
            new: (**child).clone(),
            trace: self.trace(),
        })
    }

    /// A child starts with the next flush, unless its step was cancelled instead of waiting for it.
    pub(super) fn bear(&mut self, step: StepIx, birth: Birth) {
        if matches!(self.state.step(step).phase, Phase::Waiting(_)) {
            self.pending_bytes += storable(&birth.new.input).unwrap_or_default();
            self.family.starts.push(birth);
        }
    }

    /// Cancels the children of steps that a decision cancels; call it before the decision is folded in.
    pub(super) fn orphan(&mut self, event: &Event, decision: &Decision) {
        let forced = matches!(event, Event::Cancelled { forced: true, .. });
        if forced {
            for child in self.state.given_up().to_vec() {
                self.cancel_child(child, "its parent was forced to end", true);
            }
        }
        for &step in decision.cancelled.iter().chain(&decision.recalled) {
            if let Some(child) = self.state.step(step).orphan() {
                self.cancel_child(child, "its parent was cancelled or needs it no more", forced);
            }
        }
    }

    pub(super) fn cancel_child(&mut self, child: ExecutionId, reason: &str, forced: bool) {
        self.family.cancels.push((child, json!({ "reason": reason, "force": forced })));
    }
}
