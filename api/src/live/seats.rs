//! How many may watch at a time: in all, and of one workspace, so that none takes all places.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use capstan_engine::core::ids::WorkspaceId;

use crate::problem::Problem;

/// Most clients that watch executions at a time, in one process.
const WATCHERS_MAX: usize = 500;
/// Most of them of one workspace.
const WATCHERS_PER_WORKSPACE_MAX: usize = 50;

#[derive(Default)]
struct Taken {
    all: usize,
    by_workspace: HashMap<WorkspaceId, usize>,
}

/// The places of all watchers.
#[derive(Default)]
pub(super) struct Seats(Mutex<Taken>);

/// One place; free again once dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    workspace_id: WorkspaceId,
}

impl Seats {
    /// A place for a watcher of that workspace; 503 if there is none.
    pub(super) fn take(self: &Arc<Self>, workspace_id: WorkspaceId) -> Result<Seat, Problem> {
        let mut taken = self.taken();
        if taken.all >= WATCHERS_MAX {
            return Err(full(&format!("{WATCHERS_MAX} clients watch executions already")));
        }
        let of_workspace = taken.by_workspace.entry(workspace_id).or_default();
        if *of_workspace >= WATCHERS_PER_WORKSPACE_MAX {
            return Err(full(&format!(
                "{WATCHERS_PER_WORKSPACE_MAX} clients watch executions of this workspace already"
            )));
        }
        *of_workspace += 1;
        taken.all += 1;
        Ok(Seat { seats: Arc::clone(self), workspace_id })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.all -= 1;
        if let Some(of_workspace) = taken.by_workspace.get_mut(&self.workspace_id) {
            *of_workspace -= 1;
            if *of_workspace == 0 {
                taken.by_workspace.remove(&self.workspace_id);
            }
        }
    }
}

fn full(detail: &str) -> Problem {
    Problem::unavailable("too_many_watchers", detail, "read the execution instead, or try again in a moment")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_workspace_takes_all_places_and_a_place_left_is_free_again() {
        let seats = Arc::new(Seats::default());
        let take = |workspace, count: usize| (0..count).map(|_| seats.take(workspace).ok()).collect::<Vec<_>>();
        let greedy = WorkspaceId::new();
        let mut taken: Vec<_> = take(greedy, WATCHERS_PER_WORKSPACE_MAX + 1);
        assert!(taken.pop().unwrap().is_none());
        taken.pop();
        assert!(seats.take(greedy).is_ok());
        while taken.iter().flatten().count() < WATCHERS_MAX {
            taken.extend(take(WorkspaceId::new(), 1));
        }
        assert!(seats.take(WorkspaceId::new()).is_err());
        drop(taken);
        let taken = seats.taken();
        assert_eq!((taken.all, taken.by_workspace.len()), (0, 0));
    }
}
