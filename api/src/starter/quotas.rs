//! Quotas of started executions: slices taken from the database and spent in memory.

use std::collections::HashMap;

use capstan_engine::core::ids::WorkspaceId;
use chrono::{Datelike, Utc};

/// Units of one slice; the database grants fewer as the rest of a quota shrinks.
pub(super) const SLICE_UNITS: i64 = 1_000;
/// Workspaces whose slices are held at most; beyond that, all slices are given back first.
pub(super) const HELD_MAX: usize = 10_000;

/// What is left of the slices of this process. A process that is killed leaves its slices granted but unspent.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    left: HashMap<WorkspaceId, i64>,
    month: u32,
}

impl Quotas {
    /// Spends one unit; false if the slice is used up.
    pub(super) fn spend(&mut self, workspace: WorkspaceId) -> bool {
        self.forget_last_month(Utc::now().month());
        match self.left.get_mut(&workspace) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    /// Adds units: a fresh slice, or one that was spent on nothing.
    pub(super) fn add(&mut self, workspace: WorkspaceId, units: i64) {
        *self.left.entry(workspace).or_default() += units;
    }

    /// Whether more workspaces hold slices than should.
    pub(super) fn is_full(&self) -> bool {
        self.left.len() >= HELD_MAX
    }

    /// Everything unspent, to be given back.
    pub(super) fn take_all(&mut self) -> Vec<(WorkspaceId, i64)> {
        self.left.drain().filter(|&(_, left)| left > 0).collect()
    }

    /// Units of a month are no good in the next.
    fn forget_last_month(&mut self, month: u32) {
        if self.month != month {
            self.month = month;
            self.left.clear();
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
    fn a_new_month_begins_without_units() {
        let workspace = WorkspaceId::new();
        let mut quotas = Quotas::default();
        quotas.forget_last_month(11);
        quotas.add(workspace, 2);
        quotas.forget_last_month(12);
        assert_eq!(quotas.take_all(), []);
    }
}
