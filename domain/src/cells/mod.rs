//! Cells: where the rows of workspaces live, which dedicated ones have something to do, and how each is reached.
//!
//! A pooled cell is a schema of the fleet's own database and holds many workspaces. A dedicated cell holds one, in a database of its
//! own, on the home server or on another one. Nobody looks into an idle dedicated cell: whoever is about to write there announces it
//! in `control`, and the worker that leaves last says when somebody has to come again.

mod check;
mod creator;
mod dues;
mod place;
mod provision;
mod ready;
mod servers;
mod wish;

pub use check::{Checked, check};
pub use creator::creator_place;
pub use dues::{
    Attached, DueCell, HAND_WORKER_CHARS_MAX, ServedCell, announce, attach, cell_of, cells_channel, due_cells,
    next_cell_due, open_cell, rest, served_cells, served_page, server_of, strangers,
};
pub use place::{
    CREATOR_PASSWORD, CellError, DEDICATED_SCHEMA, RuntimeServer, SERVER_PASSWORD, TLS_MODES, database_name,
    name_in_archive, place_of, tls_mode,
};
pub use provision::{DDL_AT_ONCE_MAX, Provisioner, Turn};
pub use ready::{Service, ready_cells, service};
pub use servers::{
    SERVERS_MAX, ServerError, ServerRow, change_server, create_server, delete_server, get_server, hold_server,
    list_servers, note_check, rotate_servers, server_keys,
};
pub use wish::{Flaw, ServerWish};

use sqlx::FromRow;
use uuid::Uuid;

/// Where a cell is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, FromRow)]
pub struct CellAddress {
    /// Its id; that of its workspace if it is dedicated.
    pub cell_id: Uuid,
    /// Its schema.
    pub schema_name: String,
    /// Its database; absent for the fleet's own.
    pub database_name: Option<String>,
    /// Its server; absent for the home server.
    pub server_id: Option<Uuid>,
}

impl CellAddress {
    /// That of a pooled cell, by its schema; of an id that nobody asks for.
    #[must_use]
    pub fn pooled(schema: &str) -> Self {
        Self { cell_id: Uuid::nil(), schema_name: schema.into(), database_name: None, server_id: None }
    }

    /// What operators know it by: its database if it has one of its own, else its schema.
    #[must_use]
    pub fn name(&self) -> &str {
        self.database_name.as_deref().unwrap_or(&self.schema_name)
    }

    /// Whether it has a database of its own.
    #[must_use]
    pub fn is_dedicated(&self) -> bool {
        self.database_name.is_some()
    }
}
