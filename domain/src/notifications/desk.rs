//! Where the steps of a worker tell members of their workspace something, over a connection of its own.

use std::fmt;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use sqlx::PgPool;

use super::notice::{Told, leave_of_step};

/// Connections for notices; steps that find none wait a moment.
const CONNECTIONS_MAX: u32 = 1;

/// Keeps what steps tell, until the API's processes bring it to people.
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

    /// Tells it, once for each key; false if [`super::WAITING_MAX`] notices of the workspace wait already.
    ///
    /// # Errors
    /// If the database does.
    pub async fn tell(&self, workspace_id: WorkspaceId, told: &Told) -> Result<bool, StoreError> {
        leave_of_step(&mut *self.pool.acquire().await?, workspace_id, told).await
    }
}
