//! Where the steps of a worker ask before they start a child, over connections of its own.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use capstan_engine::core::child::OnCancel;
use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::quotas::EXECUTIONS;
use capstan_engine::store::shares::Shares;
use sqlx::PgPool;

use super::{Callee, Calling, Lineage, Started, find, lineage};
use crate::quotas::Till;

/// Connections for calls; steps that find none wait a moment.
const CONNECTIONS_MAX: u32 = 2;
/// How long children are placed by the front of the queue that was read last.
const FRONT_FOR: Duration = Duration::from_secs(1);

/// Finds what is called in a cell, and counts children as starts.
pub struct CallDesk {
    pool: PgPool,
    till: Arc<Till>,
    shares: Mutex<Shares>,
    front_at: Mutex<Option<Instant>>,
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
        let till = Till::new(place, Role::Worker);
        Self { pool, till, shares: Mutex::default(), front_at: Mutex::default() }
    }

    /// What children spend, for whatever else this process spends.
    #[must_use]
    pub fn till(&self) -> Arc<Till> {
        Arc::clone(&self.till)
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
    /// comes only after a fresh ask. The child counts as started from here on: the commit that journals the wait for it
    /// starts it, and if that never comes, the count is mended with those of a dead process.
    ///
    /// # Errors
    /// If the database does.
    pub async fn admit(&self, workspace_id: WorkspaceId) -> Result<Result<i64, Refused>, StoreError> {
        self.follow_front().await?;
        // Nothing is waited for after this: who is given up in the middle has spent nothing.
        if self.till.admit(workspace_id, EXECUTIONS).await?.is_err() {
            return Ok(Err(Refused));
        }
        self.till.confirm(workspace_id, EXECUTIONS);
        Ok(Ok(lock(&self.shares).stamp(workspace_id)))
    }

    /// Reads where claims stand, now and then.
    async fn follow_front(&self) -> Result<(), StoreError> {
        if lock(&self.front_at).is_some_and(|at| at.elapsed() < FRONT_FOR) {
            return Ok(());
        }
        let mut connection = self.pool.acquire().await?;
        let front: i64 = sqlx::query_scalar("SELECT vt FROM queue_front").fetch_one(&mut *connection).await?;
        lock(&self.shares).advance(front);
        *lock(&self.front_at) = Some(Instant::now());
        Ok(())
    }

    /// Gives back what is left of the quotas. What cannot be given back comes back a minute later, as that of a killed
    /// process does.
    pub async fn close(&self) {
        self.till.close().await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
