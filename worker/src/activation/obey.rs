//! Obey: what persons ask of an execution becomes entries of its journal.

use capstan_engine::core::ids::SignalId;
use capstan_engine::core::journal::{Asked, Event};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::orders::{Action, Order, Resolve, What};

use super::drive::Drive;

impl Drive<'_> {
    /// Takes in an order. One that comes too late leads to nothing, and goes: false.
    pub(super) fn obey(&mut self, order: Order, signal_id: SignalId) -> bool {
        let asked = order.asked(signal_id);
        let taken = match order.what {
            What::Resolve(resolve) => self.resolve(resolve, asked),
            What::Pause => self.record(Event::Paused { asked }),
            What::Resume => self.record(Event::Resumed { asked }),
            What::RetryNow { step } => self.record(Event::Hastened { step, asked }),
        };
        if !taken {
            self.dropped.push(signal_id);
        }
        taken
    }

    fn resolve(&mut self, resolve: Resolve, asked: Asked) -> bool {
        let is_current = resolve.position == self.state.position();
        self.set_aside(&resolve);
        if !is_current {
            return false;
        }
        let (step, resolution) = (resolve.step.clone(), resolve.action.resolution());
        let ix = step.as_ref().and_then(|step| self.state.find(&self.graph, step));
        let orphan = ix.and_then(|step| self.state.step(step).orphan());
        let taken = self.record(Event::Resolved { step, resolution, asked });
        if taken {
            self.settle(resolve);
        }
        if let Some(child) = orphan.filter(|_| taken && ix.is_some_and(|step| self.state.step(step).orphan().is_none()))
        {
            self.cancel_child(child, "a person said what became of its parent's step", false);
        }
        taken
    }

    /// What a worker could not go on with became an incident without an entry; that is made up for.
    fn set_aside(&mut self, resolve: &Resolve) {
        if let (None, Some(reason)) = (self.state.incident(), &resolve.set_aside) {
            self.record(Event::Poisoned { reason: reason.clone(), is_full: false });
        }
    }

    /// Settles the step as the person says. An undo that is given up has settled before.
    fn settle(&mut self, Resolve { step, action, .. }: Resolve) {
        let step = step.and_then(|step| self.state.find(&self.graph, &step));
        let Some(step) = step.filter(|&step| self.state.step(step).is_active()) else { return };
        let outcome = match action {
            Action::Retry { .. } => return,
            Action::Skip { port, output } => {
                let port = port.or_else(|| self.node(step).ports.first().cloned()).unwrap_or_default();
                Outcome::Done { port, more_ports: Vec::new(), output }
            }
            Action::Fail { class, error } => Outcome::Fail { class, reason: error },
        };
        let attempts = self.state.step(step).attempts;
        let mut event = self.attempt_of(step).conclude(outcome, |when, output| self.scene().holds(step, when, output));
        if let Event::Settled { settlement, .. } = &mut event {
            // To say what became of it is no attempt.
            settlement.attempts = attempts;
        }
        self.record(event);
    }
}
