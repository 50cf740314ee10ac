//! Virtual time: which place in the queue a start asks for, so that workspaces share it fairly.

use std::collections::HashMap;

use crate::core::ids::WorkspaceId;

/// What one execution costs a workspace of weight 1, in virtual time.
pub(super) const COST: i64 = 1_000_000;
/// Workspaces remembered at most; those that the front has passed are forgotten first.
const REMEMBERED_MAX: usize = 100_000;

/// The last stamp of each workspace that is ahead of the front.
#[derive(Debug, Default)]
pub struct Shares {
    front: i64,
    last: HashMap<WorkspaceId, i64>,
}

impl Shares {
    /// Where claims stand, as the database said last.
    pub fn advance(&mut self, front: i64) {
        self.front = self.front.max(front);
    }

    /// The stamp of the next token of `workspace`.
    #[must_use]
    pub fn stamp(&mut self, workspace: WorkspaceId) -> i64 {
        if self.last.len() >= REMEMBERED_MAX && !self.last.contains_key(&workspace) {
            let front = self.front;
            self.last.retain(|_, last| *last > front);
            if self.last.len() >= REMEMBERED_MAX {
                return front;
            }
        }
        let last = self.last.entry(workspace).or_insert(self.front - COST);
        *last = last.saturating_add(COST).max(self.front);
        *last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_workspace_queues_behind_itself_and_not_before_others() {
        let (busy, calm) = (WorkspaceId::new(), WorkspaceId::new());
        let mut shares = Shares::default();
        shares.advance(10);
        assert_eq!(shares.stamp(busy), 10);
        assert_eq!(shares.stamp(busy), 10 + COST);
        assert_eq!(shares.stamp(calm), 10);
        shares.advance(5 * COST);
        assert_eq!(shares.stamp(busy), 5 * COST);
    }
}
