//! Who wants to hear of beginnings and steps, as this process knows it: read again by the look after it has changed.
//!
//! What is known may be a beat old: who begins to listen hears of what is committed a moment later, as the documents say.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::facts::{AllWanted, Wanted, all};
use tokio::sync::watch;

use crate::side::Side;

/// What one process knows of who wants to hear of facts.
#[derive(Default)]
pub(crate) struct Facts {
    /// Of number 0, which none has, as long as nothing was read.
    known: watch::Sender<AllWanted>,
}

impl Facts {
    /// What somebody in a workspace wants to hear of; mostly nothing, which costs no look-up.
    pub(crate) fn wanted(&self, workspace_id: WorkspaceId) -> Wanted {
        let known = self.known.borrow();
        if known.of.is_empty() {
            return Wanted::default();
        }
        known.of.get(&workspace_id).copied().unwrap_or_default()
    }

    /// Whether what is known is what there was after so many changes.
    pub(crate) fn is_of(&self, no: i64) -> bool {
        self.known.borrow().no == no
    }

    /// Reads who wants to hear of what now.
    pub(crate) async fn refresh(&self, side: &Side) -> Result<(), StoreError> {
        let now = side.run(async |connection| all(connection).await).await?;
        self.known.send_replace(now);
        Ok(())
    }
}
