//! Where a process asks whether something may be used, over a connection of its own.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role, answered};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::purses::{Purses, Refused};
use sqlx::PgConnection;
use tokio::sync::Mutex;
use tracing::debug;

/// Time between two looks at what is held; without anything held, they ask the database nothing.
const TEND_EVERY: Duration = Duration::from_secs(1);

/// Spends what processes hold of quotas. What it holds unused goes back; so does all of it when it is closed, or, a minute
/// later, when its process dies.
pub struct Till {
    place: Place,
    role: Role,
    purses: Purses,
    connection: Mutex<Option<PgConnection>>,
    tended: AtomicBool,
}

impl fmt::Debug for Till {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Till")
    }
}

impl Till {
    /// The till of the cell at `place`; connects when first used, as starter or as worker.
    #[must_use]
    pub fn new(place: &Place, role: Role) -> Arc<Self> {
        let (connection, tended) = (Mutex::default(), AtomicBool::new(false));
        Arc::new(Self { place: place.clone(), role, purses: Purses::default(), connection, tended })
    }

    /// What is held, for who brings a connection along.
    #[must_use]
    pub fn purses(&self) -> &Purses {
        &self.purses
    }

    /// Spends one unit of a quota of a workspace. A refusal comes only after the database was asked.
    ///
    /// # Errors
    /// If the database does; then nothing was spent.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub async fn admit(
        self: &Arc<Self>,
        workspace_id: WorkspaceId,
        meter: &'static str,
    ) -> Result<Result<(), Refused>, StoreError> {
        self.admit_units(workspace_id, meter, 1).await
    }

    /// The same with so many units: all of them or none.
    ///
    /// # Errors
    /// If the database does; then nothing was spent.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub async fn admit_units(
        self: &Arc<Self>,
        workspace_id: WorkspaceId,
        meter: &'static str,
        units: i64,
    ) -> Result<Result<(), Refused>, StoreError> {
        self.tend_from_now();
        let key = (workspace_id, meter);
        if self.purses.spend_units(key, units) {
            return Ok(Ok(()));
        }
        self.ask(async |connection| self.purses.refill_units(connection, key, units).await).await
    }

    /// Gives a unit back that was spent on nothing.
    pub fn give_back(&self, workspace_id: WorkspaceId, meter: &'static str) {
        self.give_units_back(workspace_id, meter, 1);
    }

    /// The same with so many units.
    pub fn give_units_back(&self, workspace_id: WorkspaceId, meter: &'static str, units: i64) {
        self.purses.give_back((workspace_id, meter), units);
    }

    /// What a unit was spent on is written, or soon will be.
    pub fn confirm(&self, workspace_id: WorkspaceId, meter: &'static str) {
        self.confirm_units(workspace_id, meter, 1);
    }

    /// The same with so many units.
    pub fn confirm_units(&self, workspace_id: WorkspaceId, meter: &'static str, units: i64) {
        self.purses.confirm((workspace_id, meter), units);
    }

    /// Gives all back. What cannot be given back comes back by itself.
    pub async fn close(&self) {
        // There may be no connection yet, as to a cell that was only read.
        if self.purses.is_empty() {
            return;
        }
        if let Err(error) = self.ask(async |connection| self.purses.close(connection).await).await {
            debug!(%error, "quota could not be given back; it comes back in a minute");
        }
    }

    /// Has what is held given back and told of each second, as long as this till exists.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn tend_from_now(self: &Arc<Self>) {
        if !self.tended.swap(true, Ordering::Relaxed) {
            tokio::spawn(tend(Arc::downgrade(self)));
        }
    }

    /// The connection first and turns of the purses behind it, as whoever asks does: the other way round, each would wait for
    /// the other.
    async fn tell_due(&self) -> Result<(), StoreError> {
        if self.purses.is_empty() {
            return Ok(());
        }
        self.ask(async |connection| match self.purses.due().await {
            Some(due) => self.purses.tell(connection, due).await,
            None => Ok(()),
        })
        .await
    }

    async fn ask<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut slot = self.connection.lock().await;
        // One that fails, or is given up in the middle, is not used again.
        let mut connection = match slot.take() {
            Some(connection) => connection,
            None => self.place.connect(self.role).await?,
        };
        let done = answered(work(&mut connection)).await;
        if done.is_ok() {
            *slot = Some(connection);
        }
        done
    }
}

async fn tend(till: Weak<Till>) {
    loop {
        tokio::time::sleep(TEND_EVERY).await;
        let Some(till) = till.upgrade() else { return };
        if let Err(error) = till.tell_due().await {
            debug!(%error, "what is held of quotas was not told");
        }
    }
}
