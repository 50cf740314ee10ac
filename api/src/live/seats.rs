//! How many requests may last at a time: in all, and of one workspace, so that none takes all places.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use capstan_engine::core::ids::WorkspaceId;

use crate::problem::Problem;

/// Requests that last, and how many of them there may be in one process.
pub(crate) struct Kind {
    all_max: usize,
    per_workspace_max: usize,
    /// Code of the refusal.
    code: &'static str,
    /// What they do.
    what: &'static str,
    hint: &'static str,
}

/// Clients that watch executions.
pub(crate) const WATCHERS: Kind = Kind {
    all_max: 500,
    per_workspace_max: 50,
    code: "too_many_watchers",
    what: "clients watch executions",
    hint: "read the execution instead, or try again in a moment",
};

/// Clients that listen to what changes in a workspace. A browser has one, however many tabs it has.
pub(crate) const LISTENERS: Kind = Kind {
    all_max: 1_000,
    per_workspace_max: 100,
    code: "too_many_listeners",
    what: "clients listen to changes",
    hint: "ask again and again instead, or try again in a moment",
};

/// Requests that wait for what their execution comes to.
pub(crate) const WAITERS: Kind = Kind {
    all_max: 1_000,
    per_workspace_max: 250,
    code: "too_many_waiters",
    what: "requests wait for executions",
    hint: "nothing was started; try again in a moment, or start without waiting",
};

#[derive(Default)]
struct Taken {
    all: usize,
    by_workspace: HashMap<WorkspaceId, usize>,
}

/// The places of one kind.
pub(crate) struct Seats {
    kind: Kind,
    taken: Mutex<Taken>,
}

/// One place; free again once dropped.
pub(crate) struct Seat {
    seats: Arc<Seats>,
    workspace_id: WorkspaceId,
}

impl Seats {
    pub(crate) fn of(kind: Kind) -> Arc<Self> {
        Arc::new(Self { kind, taken: Mutex::default() })
    }

    /// A place for a request of that workspace; 503 if there is none.
    pub(crate) fn take(self: &Arc<Self>, workspace_id: WorkspaceId) -> Result<Seat, Problem> {
        let Kind { all_max, per_workspace_max, what, .. } = self.kind;
        let mut taken = self.taken();
        if taken.all >= all_max {
            return Err(self.full(format!("{all_max} {what} already")));
        }
        let of_workspace = taken.by_workspace.entry(workspace_id).or_default();
        if *of_workspace >= per_workspace_max {
            return Err(self.full(format!("{per_workspace_max} {what} of this workspace already")));
        }
        *of_workspace += 1;
        taken.all += 1;
        Ok(Seat { seats: Arc::clone(self), workspace_id })
    }

    fn full(&self, detail: String) -> Problem {
        Problem::unavailable(self.kind.code, detail, self.kind.hint)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_workspace_takes_all_places_and_a_place_left_is_free_again() {
        let seats = Seats::of(WATCHERS);
        let take = |workspace, count: usize| (0..count).map(|_| seats.take(workspace).ok()).collect::<Vec<_>>();
        let greedy = WorkspaceId::new();
        let mut taken: Vec<_> = take(greedy, WATCHERS.per_workspace_max + 1);
        assert!(taken.pop().unwrap().is_none());
        taken.pop();
        assert!(seats.take(greedy).is_ok());
        while taken.iter().flatten().count() < WATCHERS.all_max {
            taken.extend(take(WorkspaceId::new(), 1));
        }
        assert!(seats.take(WorkspaceId::new()).is_err());
        drop(taken);
        let taken = seats.taken();
        assert_eq!((taken.all, taken.by_workspace.len()), (0, 0));
    }
}
