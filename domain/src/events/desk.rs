//! Where the steps of a worker send events and wait for them, over connections of its own.

use std::fmt;

use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use serde_json::Value;
use sqlx::PgPool;
use tracing::debug;

use super::bell::Bell;
use super::emit::{self, Emitted};
use super::event::NewEvent;
use super::wait::{self, Wait, WaitingStep};

/// Connections for events; steps that find none wait a moment.
const CONNECTIONS_MAX: u32 = 2;

/// Keeps the events of a cell.
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

    /// See [`wait::wait`].
    ///
    /// # Errors
    /// If the database does.
    pub async fn wait(&self, waiting: &WaitingStep, what: &Wait) -> Result<Option<Value>, StoreError> {
        wait::wait(&mut *self.pool.acquire().await?, waiting, what).await
    }

    /// See [`wait::expire`].
    ///
    /// # Errors
    /// If the database does.
    pub async fn expire(&self, waiting: &WaitingStep, what: &Wait) -> Result<Option<Value>, StoreError> {
        wait::expire(&mut *self.pool.acquire().await?, waiting, what).await
    }

    /// See [`emit::emit`].
    ///
    /// # Errors
    /// If the database does.
    pub async fn emit(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        event: &NewEvent,
    ) -> Result<Emitted, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let emitted = emit::emit(&mut connection, workspace_id, execution_id, event).await?;
        if let Err(error) = self.bell.ring(&mut connection).await {
            debug!(%error, "a hint at an event was not sent; workers poll");
        }
        Ok(emitted)
    }
}
