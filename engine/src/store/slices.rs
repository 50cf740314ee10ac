//! Quotas of started executions: slices taken from the database and spent in memory.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{Datelike, Utc};

use crate::core::ids::WorkspaceId;

/// Units of the first slice of a workspace, and of the largest; the database grants fewer as the rest of a quota
/// shrinks.
const SLICE_UNITS: i64 = 1_000;
const SLICE_UNITS_MAX: i64 = 8_000;
/// A slice that does not last so long is followed by one twice as large.
const SLICE_LASTS: Duration = Duration::from_secs(1);
/// Workspaces whose slices are held at most; beyond that, all slices are given back first.
const HELD_MAX: usize = 10_000;

/// What is left of the slices of this process. A process that is killed leaves its slices granted but unspent.
#[derive(Debug, Default)]
pub struct Quotas {
    held: HashMap<WorkspaceId, Slice>,
    month: u32,
}

#[derive(Debug, Default)]
struct Slice {
    left: i64,
    /// What was asked for last, and when.
    asked: Option<(i64, Instant)>,
}

impl Quotas {
    /// Spends one unit; false if the slice is used up.
    #[must_use]
    pub fn spend(&mut self, workspace: WorkspaceId) -> bool {
        self.forget_last_month(Utc::now().month());
        match self.held.get_mut(&workspace) {
            Some(slice) if slice.left > 0 => {
                slice.left -= 1;
                true
            }
            _ => false,
        }
    }

    /// How many units to ask for now that a slice is used up.
    pub fn next_slice(&mut self, workspace: WorkspaceId, now: Instant) -> i64 {
        let slice = self.held.entry(workspace).or_default();
        let units = match slice.asked {
            Some((units, at)) if now.duration_since(at) < SLICE_LASTS => (2 * units).min(SLICE_UNITS_MAX),
            _ => SLICE_UNITS,
        };
        slice.asked = Some((units, now));
        units
    }

    /// Adds units: a fresh slice, or one that was spent on nothing.
    pub fn add(&mut self, workspace: WorkspaceId, units: i64) {
        self.held.entry(workspace).or_default().left += units;
    }

    /// Whether more workspaces hold slices than should.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.held.len() >= HELD_MAX
    }

    /// Everything unspent, to be given back.
    #[must_use]
    pub fn take_all(&mut self) -> Vec<(WorkspaceId, i64)> {
        let all = self.held.drain().map(|(workspace, slice)| (workspace, slice.left));
        all.filter(|&(_, left)| left > 0).collect()
    }

    /// Units of a month are no good in the next.
    fn forget_last_month(&mut self, month: u32) {
        if self.month != month {
            self.month = month;
            self.held.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_spent_unit_by_unit_and_the_rest_can_be_given_back() {
        let workspace = WorkspaceId::new();
        let mut quotas = Quotas::default();
        assert!(!quotas.spend(workspace));
        quotas.add(workspace, 2);
        assert!(quotas.spend(workspace));
        assert_eq!(quotas.take_all(), [(workspace, 1)]);
        assert!(!quotas.spend(workspace));
    }

    #[test]
    fn slices_grow_while_they_do_not_last_and_start_small_again() {
        let (workspace, mut now) = (WorkspaceId::new(), Instant::now());
        let mut quotas = Quotas::default();
        assert_eq!([0; 3].map(|_| quotas.next_slice(workspace, now)), [1_000, 2_000, 4_000]);
        for _ in 0..10 {
            let _ = quotas.next_slice(workspace, now);
        }
        assert_eq!(quotas.next_slice(workspace, now), SLICE_UNITS_MAX);
        now += SLICE_LASTS;
        assert_eq!(quotas.next_slice(workspace, now), 1_000);
    }

    #[test]
    fn a_new_month_begins_without_units() {
        let workspace = WorkspaceId::new();
        let mut quotas = Quotas::default();
        quotas.forget_last_month(11);
        quotas.add(workspace, 2);
        quotas.forget_last_month(12);
        assert_eq!(quotas.take_all(), []);
    }
}
