//! Which workflows and workspaces are paused, as this process knows it: read again with each beat.
//!
//! What is known may be a beat old. An execution that parks held up though nothing pauses it any more is found by the next
//! walk through those that are held up, so nothing is lost by it.

use std::collections::HashSet;

use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::pauses::all;
use tokio::sync::watch;

use crate::side::Side;

/// What one process knows of pauses.
#[derive(Default)]
pub(crate) struct Pauses {
    known: watch::Sender<Known>,
}

/// Whole workspaces have no workflow.
type Known = HashSet<(WorkspaceId, Option<WorkflowId>)>;

impl Pauses {
    /// Whether executions of a workflow are held up.
    pub(crate) fn hold(&self, workspace_id: WorkspaceId, workflow_id: WorkflowId) -> bool {
        holds(&self.known.borrow(), workspace_id, workflow_id)
    }

    /// Returns once they are not.
    pub(crate) async fn lifted(&self, workspace_id: WorkspaceId, workflow_id: WorkflowId) {
        let mut known = self.known.subscribe();
        // It ends only with this process.
        let _ = known.wait_for(|known| !holds(known, workspace_id, workflow_id)).await;
    }

    /// Whether anything is known to be paused.
    pub(crate) fn is_any(&self) -> bool {
        !self.known.borrow().is_empty()
    }

    /// Reads what is paused now.
    pub(crate) async fn refresh(&self, side: &Side) -> Result<(), StoreError> {
        let now: Known = side.run(async |connection| all(connection).await).await?.into_iter().collect();
        self.known.send_if_modified(|known| {
            let is_news = *known != now;
            if is_news {
                *known = now;
            }
            is_news
        });
        Ok(())
    }
}

fn holds(known: &Known, workspace_id: WorkspaceId, workflow_id: WorkflowId) -> bool {
    !known.is_empty() && (known.contains(&(workspace_id, Some(workflow_id))) || known.contains(&(workspace_id, None)))
}
