//! Turns at the mail servers of workspaces, so that a slow one keeps only its own workspace waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use capstan_engine::core::ids::WorkspaceId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Most connections to servers of workspaces at a time, of one process, and of one workspace: a slow server keeps those of
/// others waiting only if many are slow.
const OWN_CONNECTIONS_MAX: usize = 64;
const WORKSPACE_CONNECTIONS_MAX: usize = 4;

/// Turns of servers of workspaces.
pub(super) struct OwnTurns {
    all: Semaphore,
    /// Of those that send at the moment.
    each: Mutex<HashMap<WorkspaceId, Arc<Semaphore>>>,
}

impl OwnTurns {
    pub(super) fn new() -> Self {
        Self { all: Semaphore::new(OWN_CONNECTIONS_MAX), each: Mutex::default() }
    }

    /// Waits for a turn of the workspace, then for one of all.
    pub(super) async fn take(
        &self,
        workspace: WorkspaceId,
    ) -> (Option<OwnedSemaphorePermit>, Option<SemaphorePermit<'_>>) {
        let own = {
            let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
            // Who waits or sends has one of these.
            each.retain(|&id, turns| id == workspace || Arc::strong_count(turns) > 1);
            Arc::clone(each.entry(workspace).or_insert_with(|| Arc::new(Semaphore::new(WORKSPACE_CONNECTIONS_MAX))))
        };
        // Closed only with the process.
        let own = own.acquire_owned().await.ok();
        (own, self.all.acquire().await.ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_server_of_one_workspace_does_not_stop_those_of_others() {
        let turns = OwnTurns::new();
        let [slow, other] = [1, 2].map(|n| WorkspaceId(uuid::Uuid::from_u128(n)));
        let mut held = Vec::new();
        for _ in 0..WORKSPACE_CONNECTIONS_MAX {
            held.push(turns.take(slow).await);
        }
        let mut further = Box::pin(turns.take(slow));
        assert!(futures::poll!(further.as_mut()).is_pending());
        let mut theirs = Box::pin(turns.take(other));
        let std::task::Poll::Ready(theirs) = futures::poll!(theirs.as_mut()) else { panic!("it waits for the other") };
        held.clear();
        drop((further.await, theirs));
        let _again = turns.take(other).await;
        assert_eq!(turns.each.lock().unwrap().len(), 1, "who sends nothing is forgotten");
    }
}
