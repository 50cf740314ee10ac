//! Where the steps of a worker ask before they start a child, over connections of its own.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use capstan_engine::core::child::OnCancel;
use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::quotas::{EXECUTIONS, return_slice, take_slice};
use capstan_engine::store::shares::Shares;
use capstan_engine::store::slices::Quotas;
use sqlx::PgPool;

use super::{Callee, Calling, Lineage, Started, find, lineage};

/// Connections for calls; steps that find none wait a moment.
const CONNECTIONS_MAX: u32 = 2;

/// Finds what is called in a cell, and counts children as starts.
pub struct CallDesk {
    pool: PgPool,
    quotas: Mutex<Quotas>,
    shares: Mutex<Shares>,
}

/// The workspace has used up its quota of executions, with the tolerance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

impl fmt::Debug for CallDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallDesk")
    }
}

impl CallDesk {
    /// The desk of the cell at `place`; connects when first used.
    #[must_use]
    pub fn new(place: &Place) -> Self {
        let pool = place.pool(Role::Worker, CONNECTIONS_MAX);
        Self { pool, quotas: Mutex::default(), shares: Mutex::default() }
    }

    /// See [`find::find`].
    ///
    /// # Errors
    /// If the database does.
    pub async fn find(
        &self,
        workspace_id: WorkspaceId,
        workflow: &str,
        number: Option<i32>,
    ) -> Result<Option<Callee>, StoreError> {
        find::find(&mut *self.pool.acquire().await?, workspace_id, workflow, number).await
    }

    /// See [`lineage::lineage`].
    ///
    /// # Errors
    /// If the database does.
    pub async fn lineage(&self, calling: &Calling) -> Result<Lineage, StoreError> {
        lineage::lineage(&mut *self.pool.acquire().await?, calling).await
    }

    /// See [`lineage::own`].
    ///
    /// # Errors
    /// If the database does.
    pub async fn own(&self, calling: &Calling) -> Result<(WorkflowId, VersionId), StoreError> {
        lineage::own(&mut *self.pool.acquire().await?, calling).await
    }

    /// See [`lineage::names_above`].
    ///
    /// # Errors
    /// If the database does.
    pub async fn names_above(&self, calling: &Calling) -> Result<Vec<String>, StoreError> {
        lineage::names_above(&mut *self.pool.acquire().await?, calling).await
    }

    /// See [`lineage::started`].
    ///
    /// # Errors
    /// If the database does.
    pub async fn started(&self, calling: &Calling, on_cancel: OnCancel) -> Result<Option<Started>, StoreError> {
        lineage::started(&mut *self.pool.acquire().await?, calling, on_cancel).await
    }

    /// Spends one execution of the workspace's quota; answers which place in the queue the child asks for. A refusal
    /// comes only after a fresh ask.
    ///
    /// # Errors
    /// If the database does.
    pub async fn admit(&self, workspace_id: WorkspaceId) -> Result<Result<i64, Refused>, StoreError> {
        let spent = self.quotas().spend(workspace_id);
        if !spent && !self.refill(workspace_id).await? {
            return Ok(Err(Refused));
        }
        Ok(Ok(lock(&self.shares).stamp(workspace_id)))
    }

    /// Takes a slice and spends one unit of it; false if there is none.
    async fn refill(&self, workspace_id: WorkspaceId) -> Result<bool, StoreError> {
        if self.quotas().is_full() {
            self.close().await;
        }
        let wanted = self.quotas().next_slice(workspace_id, Instant::now());
        let mut connection = self.pool.acquire().await?;
        let front: i64 = sqlx::query_scalar("SELECT vt FROM queue_front").fetch_one(&mut *connection).await?;
        lock(&self.shares).advance(front);
        let units = take_slice(&mut connection, workspace_id, EXECUTIONS, wanted).await?;
        if units > 0 {
            self.quotas().add(workspace_id, units - 1);
        }
        Ok(units > 0)
    }

    /// Gives back what is left of the quotas. What cannot be given back stays granted and unspent, as that of a killed
    /// process does.
    pub async fn close(&self) {
        let all = self.quotas().take_all();
        if all.is_empty() {
            return;
        }
        let Ok(mut connection) = self.pool.acquire().await else { return };
        for (workspace_id, units) in all {
            let _ = return_slice(&mut connection, workspace_id, EXECUTIONS, units).await;
        }
    }

    fn quotas(&self) -> MutexGuard<'_, Quotas> {
        lock(&self.quotas)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
