//! Workers that were lost and that nobody has noticed yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::leases::Leases;

/// By number, with the time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses(Arc<Mutex<Vec<(i32, Instant)>>>);

impl Losses {
    pub(crate) fn add(&self, worker_no: i32) {
        self.unnoticed().push((worker_no, Instant::now()));
    }

    /// When the first of them was lost.
    pub(crate) fn first(&self) -> Option<Instant> {
        self.unnoticed().iter().map(|&(_, at)| at).min()
    }

    /// Forgets those that were given up.
    pub(crate) async fn forget_noticed(&self, leases: &mut Leases) -> anyhow::Result<()> {
        let unnoticed: Vec<i32> = self.unnoticed().iter().map(|&(worker_no, _)| worker_no).collect();
        let left = leases.not_fenced(&unnoticed).await?;
        self.unnoticed().retain(|(worker_no, _)| left.contains(worker_no) || !unnoticed.contains(worker_no));
        Ok(())
    }

    fn unnoticed(&self) -> MutexGuard<'_, Vec<(i32, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
