//! Where the steps of a worker ask, over connections of its own.

use std::fmt;

use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use serde_json::Value;
use sqlx::PgPool;

use super::ask::{self, Ask};
use super::link::Link;
use super::link_keys::newest_key;
use super::step::ApprovalStep;

/// Connections for approvals; steps that find none wait a moment.
const CONNECTIONS_MAX: u32 = 2;

/// Keeps approvals in a cell.
pub struct Desk {
    pool: PgPool,
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
        Self { pool: place.pool(Role::Worker, CONNECTIONS_MAX) }
    }

    /// See [`ask::ask`].
    ///
    /// # Errors
    /// If the database does.
    pub async fn ask(&self, asking: &ApprovalStep, what: &Ask) -> Result<(), StoreError> {
        ask::ask(&mut *self.pool.acquire().await?, asking, what).await
    }

    /// See [`ask::expire`].
    ///
    /// # Errors
    /// If the database does.
    pub async fn expire(&self, asking: &ApprovalStep) -> Result<Option<Value>, StoreError> {
        ask::expire(&mut *self.pool.acquire().await?, asking).await
    }

    /// The token of a link.
    ///
    /// # Errors
    /// If the database does.
    pub async fn token(&self, link: &Link) -> Result<String, StoreError> {
        let key = newest_key(&mut *self.pool.acquire().await?, link.asking.workspace_id).await?;
        Ok(link.token(&key))
    }
}
