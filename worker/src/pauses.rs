//! Which workflows and workspaces are paused, as this process knows it: read again by the look after it has changed.
//!
//! What is known may be a beat old. An execution that parks held up though nothing pauses it any more is found by the next
//! walk through those that are held up, so nothing is lost by it.

use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::pauses::{AllPauses, all};
use tokio::sync::watch;

use crate::side::Side;

/// What one process knows of pauses.
#[derive(Default)]
pub(crate) struct Pauses {
    /// Of number 0, which none has, as long as nothing was read.
    known: watch::Sender<AllPauses>,
}

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

    /// Whether what is known is what there was after so many changes.
    pub(crate) fn is_of(&self, no: i64) -> bool {
        self.known.borrow().no == no
    }

    /// Reads what is paused now.
    pub(crate) async fn refresh(&self, side: &Side) -> Result<(), StoreError> {
        let now = side.run(async |connection| all(connection).await).await?;
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

fn holds(known: &AllPauses, workspace_id: WorkspaceId, workflow_id: WorkflowId) -> bool {
    let pauses = &known.pauses;
    !pauses.is_empty()
        && (pauses.contains(&(workspace_id, Some(workflow_id))) || pauses.contains(&(workspace_id, None)))
}
