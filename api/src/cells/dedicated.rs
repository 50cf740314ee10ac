//! Dedicated cells that were met, for as long as somebody asks for them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Cell;
use crate::Parts;

/// Most connections of the API role to one dedicated cell.
pub(super) const DEDICATED_CONNECTIONS_MAX: u32 = 4;
/// Most dedicated cells that a process knows at a time; the one that was asked for longest ago goes.
const DEDICATED_MET_MAX: usize = 64;
/// One that nobody has asked for so long goes.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// Time between two looks for such ones.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// By id, with when each was asked for last.
#[derive(Default)]
pub(super) struct Met(HashMap<Uuid, (Arc<Cell>, Instant)>);

impl Met {
    pub(super) fn find(&mut self, cell_id: Uuid) -> Option<Arc<Cell>> {
        let (cell, used_at) = self.0.get_mut(&cell_id)?;
        *used_at = Instant::now();
        Some(Arc::clone(cell))
    }

    /// The cell, made with `new` unless somebody else was quicker. Requests that still use one that has to go keep it.
    pub(super) fn meet(&mut self, cell_id: Uuid, new: impl FnOnce() -> Arc<Cell>) -> Arc<Cell> {
        if let Some(cell) = self.find(cell_id) {
            return cell;
        }
        if self.0.len() >= DEDICATED_MET_MAX
            && let Some(oldest) = self.0.iter().min_by_key(|(_, (_, used_at))| *used_at).map(|(id, _)| *id)
        {
            self.0.remove(&oldest);
        }
        let cell = new();
        self.0.insert(cell_id, (Arc::clone(&cell), Instant::now()));
        cell
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Arc<Cell>> {
        self.0.values().map(|(cell, _)| Arc::clone(cell))
    }

    /// Takes those out that nobody uses, or has asked for lately.
    fn take_idle(&mut self) -> Vec<Arc<Cell>> {
        let idle =
            self.0.extract_if(|_, (cell, used_at)| Arc::strong_count(cell) == 1 && used_at.elapsed() >= IDLE_MAX);
        idle.map(|(_, (cell, _))| cell).collect()
    }
}

/// Lets idle ones go, as long as the API exists: what they hold of quotas goes back, and their connections end.
pub(crate) async fn retire(api: Weak<Parts>) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(api) = api.upgrade() else { return };
        let idle = api.cells.dedicated.lock().unwrap_or_else(PoisonError::into_inner).take_idle();
        drop(api);
        futures::future::join_all(idle.iter().map(|cell| cell.starter.close())).await;
    }
}
