//! Who worked on an execution, and when.

use capstan_engine::store::activations::Activation;
use capstan_engine::store::executions::ExecutionRow;
use chrono::{DateTime, Utc};

use super::Worker;

/// Who worked on an execution, as far as it is known.
pub(super) struct Crew {
    /// In order of their claims.
    activations: Vec<Activation>,
    /// Places of those that wrote, in order of their first entries.
    wrote: Vec<usize>,
    created_at: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
    /// Nobody has it, and it goes on once somebody has.
    pub(super) is_queued: bool,
}

/// An activation of which it is known when its worker took the execution up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift<'a> {
    pub(super) activation: &'a Activation,
    pub(super) claimed_at: DateTime<Utc>,
}

impl<'a> Shift<'a> {
    fn of(activation: &'a Activation) -> Option<Self> {
        Some(Self { activation, claimed_at: activation.claimed_at? })
    }

    pub(super) fn worker(self) -> Option<Worker> {
        let by = &self.activation.by;
        let is_known = by.name.is_some() || by.worker_no.is_some();
        is_known.then(|| Worker { name: by.name.clone(), worker_no: by.worker_no })
    }
}

impl Crew {
    pub(super) fn new(activations: Vec<Activation>, row: &ExecutionRow, now: DateTime<Utc>) -> Self {
        let mut wrote: Vec<usize> = (0..activations.len()).filter(|&at| activations[at].first.is_some()).collect();
        wrote.sort_by_key(|&at| activations[at].first);
        let is_free = !activations.iter().any(|activation| activation.is_held);
        let is_queued = is_free && matches!(row.status.as_str(), "queued" | "waiting");
        Self { activations, wrote, created_at: row.created_at, now, is_queued }
    }

    /// Who wrote the entry at a position.
    pub(super) fn writer(&self, position: i32) -> Option<Shift<'_>> {
        let after = self.wrote.partition_point(|&at| self.activations[at].first.is_some_and(|first| first <= position));
        Shift::of(&self.activations[*self.wrote.get(after.checked_sub(1)?)?])
    }

    /// Who has it now.
    pub(super) fn holder(&self) -> Option<Shift<'_>> {
        self.activations.iter().find(|activation| activation.is_held).and_then(Shift::of)
    }

    /// Who had taken it up last at a time.
    pub(super) fn last_at(&self, at: DateTime<Utc>) -> Option<Shift<'_>> {
        self.activations.iter().rev().filter_map(Shift::of).find(|shift| shift.claimed_at <= at)
    }

    /// Those whose workers were lost after a time and before somebody else took it up, or at all; with the times of the losses.
    pub(super) fn lost(
        &self,
        after: DateTime<Utc>,
        before: Option<Shift<'_>>,
    ) -> impl Iterator<Item = (Shift<'_>, DateTime<Utc>)> {
        let until = before.map(|shift| (shift.claimed_at, shift.activation.lease_no));
        self.activations.iter().filter_map(move |activation| {
            let (shift, lost_at) = (Shift::of(activation)?, activation.lost_at?);
            let is_before = until.is_none_or(|until| (shift.claimed_at, activation.lease_no) < until);
            (lost_at > after && is_before).then_some((shift, lost_at))
        })
    }

    /// The steps of a restart that were fired in the execution before can be taken up from its own start on.
    pub(super) fn no_earlier(&self, from: DateTime<Utc>) -> DateTime<Utc> {
        from.max(self.created_at)
    }
}
