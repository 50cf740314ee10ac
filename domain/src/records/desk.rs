//! Where the steps of a worker act on records, over connections of its own.

use std::fmt;

use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use sqlx::PgPool;
use tracing::debug;

use super::act::{Act, Done};
use super::doing::act;
use super::find::{Sought, seek};
use super::record::RecordRow;
use crate::by::By;
use crate::events::{Bell, DEPTH_MAX, depth};

/// Connections for records; steps that find none wait a moment.
const CONNECTIONS_MAX: u32 = 2;
/// How often an act that met another one comes again.
const TRIES_MAX: u32 = 4;

/// Keeps the records of a cell.
pub struct Desk {
    pool: PgPool,
    bell: Bell,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

impl Desk {
    /// The desk of the cell at `place`; connects when first used.
    #[must_use]
    pub fn new(place: &Place) -> Self {
        Self { pool: place.pool(Role::Worker, CONNECTIONS_MAX), bell: Bell::new(place) }
    }

    /// Does it for a step, once for each key; nothing if too many events led to it.
    ///
    /// # Errors
    /// If the database does, or others are in the way again and again.
    pub async fn act(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        once: &str,
        what: &Act,
    ) -> Result<Option<Done>, StoreError> {
        for _ in 0..TRIES_MAX {
            let mut transaction = self.pool.begin().await?;
            let depth = depth(&mut transaction, workspace_id, execution_id).await?;
            if depth > DEPTH_MAX {
                return Ok(None);
            }
            let by = By::step(execution_id, once, depth);
            let done = act(&mut transaction, workspace_id, &by, what.clone()).await?;
            if done == Done::Again {
                continue;
            }
            if matches!(done, Done::Acted(_)) {
                transaction.commit().await?;
                self.ring().await;
            }
            return Ok(Some(done));
        }
        Err(StoreError::LockTimeout)
    }

    /// The newest `limit` records that a step looks for.
    ///
    /// # Errors
    /// If the database does.
    pub async fn find(
        &self,
        workspace_id: WorkspaceId,
        sought: &Sought,
        limit: i64,
    ) -> Result<Vec<RecordRow>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        seek(&mut connection, workspace_id, sought, limit).await
    }

    async fn ring(&self) {
        let rung = async { self.bell.ring(&mut *self.pool.acquire().await?).await };
        if let Err(error) = rung.await {
            debug!(%error, "a hint at an event was not sent; workers poll");
        }
    }
}
