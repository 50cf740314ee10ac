//! Workers that were lost: which of them nobody has noticed yet, and all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::leases::Leases;

/// By number, with the time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    unnoticed: Vec<(i32, Instant)>,
    all: Vec<i32>,
}

impl Losses {
    pub(crate) fn add(&self, worker_no: i32) {
        let mut known = self.known();
        known.unnoticed.push((worker_no, Instant::now()));
        known.all.push(worker_no);
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<i32> {
        self.known().all.clone()
    }

    /// When the first of them was lost.
    pub(crate) fn first(&self) -> Option<Instant> {
        self.known().unnoticed.iter().map(|&(_, at)| at).min()
    }

    /// Forgets those that were given up.
    pub(crate) async fn forget_noticed(&self, leases: &mut Leases) -> anyhow::Result<()> {
        let unnoticed: Vec<i32> = self.known().unnoticed.iter().map(|&(worker_no, _)| worker_no).collect();
        let left = leases.not_fenced(&unnoticed).await?;
        self.known().unnoticed.retain(|(worker_no, _)| left.contains(worker_no) || !unnoticed.contains(worker_no));
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
