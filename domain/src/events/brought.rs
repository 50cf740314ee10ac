//! An event on its way to those who wait for it.

use capstan_engine::core::trace::Trace;
use sqlx::FromRow;
use uuid::Uuid;

use super::event::EventRow;

/// An event, whose it is, and what it belongs to.
#[derive(FromRow)]
pub(crate) struct Brought {
    /// The tenant.
    pub(crate) workspace_id: Uuid,
    /// What it belongs to, if not to itself.
    trace: Option<String>,
    /// As it is stored.
    #[sqlx(flatten)]
    pub(crate) row: EventRow,
}

impl Brought {
    /// What it belongs to.
    pub(crate) fn trace(&self) -> Trace {
        self.trace.as_deref().and_then(Trace::parse).unwrap_or(Trace::of(self.row.event_id))
    }
}
