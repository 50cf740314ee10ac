//! A record as it is read.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

/// A record.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct RecordRow {
    /// Made by us; orders by time.
    pub record_id: Uuid,
    /// Name of its type.
    #[sqlx(rename = "type")]
    pub type_name: String,
    /// A state of its type.
    pub state: String,
    /// An object: whatever there is to know. Of one that was deleted long ago it is empty.
    pub data: Value,
    /// Rises by one with each change, from 1.
    pub revision: i32,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Columns of [`RecordRow`].
pub(super) const COLUMNS: &str = "record_id, type, state, data, revision, created_at, updated_at";

impl RecordRow {
    /// As clients, workflows and the conditions of ways see it.
    #[must_use]
    pub fn shown(&self) -> Value {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        json!({
            "id": self.record_id, "type": self.type_name, "state": self.state, "data": self.data,
            "revision": self.revision, "created_at": time(self.created_at), "updated_at": time(self.updated_at),
        })
    }
}
