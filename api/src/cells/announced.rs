//! That a process is about to write in a dedicated cell, told to `control` before it does.
//!
//! A worker stays at a cell for far longer than an announcement holds and a transaction lasts, so it sees whatever was written under one.

use std::time::Duration;

use capstan_domain::cells;
use capstan_engine::store::transactions::Transactions;
use tokio::sync::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use crate::problem::Problem;

/// How long an announcement holds: for that long nothing more is told before a write.
const ANNOUNCED_FOR: Duration = Duration::from_secs(10);

/// What one process has told of one cell.
pub(super) struct Announced {
    cell_id: Uuid,
    control: Transactions,
    /// When the last announcement was begun.
    at: Mutex<Option<Instant>>,
}

impl Announced {
    pub(super) fn new(cell_id: Uuid, control: Transactions) -> Self {
        Self { cell_id, control, at: Mutex::default() }
    }

    /// Makes sure that the cell was announced a moment ago; those who come meanwhile wait for one answer. If `control` does not
    /// answer, nothing may be written.
    pub(super) async fn renew(&self) -> Result<(), Problem> {
        let mut at = self.at.lock().await;
        if at.is_some_and(|at| at.elapsed() < ANNOUNCED_FOR) {
            return Ok(());
        }
        let begun = Instant::now();
        let mut control = self.control.begin().await?;
        let is_there = cells::announce(&mut control, self.cell_id).await?;
        control.commit().await?;
        // One that is still being made is due by itself as soon as it is ready.
        *at = is_there.then_some(begun);
        Ok(())
    }
}
