//! Records as clients see them.

use axum::Json;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use capstan_domain::records::{EntryRow, RecordRow};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::openapi::shapes::{Id, Time};
use crate::routes::workflows::etag;

/// A record.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Record")]
pub(crate) struct RecordView {
    #[schemars(with = "Id")]
    id: Uuid,
    /// Name of its type.
    #[serde(rename = "type")]
    type_name: String,
    /// A state of its type.
    state: String,
    /// Whatever there is to know.
    #[schemars(with = "Map<String, Value>")]
    data: Value,
    /// Rises by one with each change.
    revision: i32,
    #[schemars(with = "Time")]
    created_at: DateTime<Utc>,
    #[schemars(with = "Time")]
    updated_at: DateTime<Utc>,
}

impl From<RecordRow> for RecordView {
    fn from(row: RecordRow) -> Self {
        Self {
            id: row.record_id,
            type_name: row.type_name,
            state: row.state,
            data: row.data,
            revision: row.revision,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The record, with its `ETag`.
pub(super) fn shown(row: RecordRow) -> Response {
    ([(ETAG, etag(row.revision))], Json(RecordView::from(row))).into_response()
}

/// Something that was done to a record.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RecordEntry")]
pub(crate) struct RecordEntryView {
    #[schemars(with = "Id")]
    id: Uuid,
    #[schemars(with = "Id")]
    record_id: Uuid,
    /// `created`, `updated`, `transitioned`, `deleted` or `restored`; of a note `note`, `email`, `call` or `meeting`.
    kind: String,
    /// The state that it left; of a transition.
    from: Option<String>,
    /// The state that it came into; of a transition and of a new record.
    to: Option<String>,
    /// What the way is called, if it has a name.
    transition: Option<String>,
    /// Why, if somebody said so; of a note, what it says.
    reason: Option<String>,
    /// Names of what changed in its data.
    fields: Vec<String>,
    by: RecordActor,
    #[schemars(with = "Option<Id>")]
    execution_id: Option<Uuid>,
    #[schemars(with = "Time")]
    at: DateTime<Utc>,
}

/// Who did something to a record.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RecordActor {
    /// `user`, `key` or `step`.
    kind: String,
    name: String,
}

impl From<EntryRow> for RecordEntryView {
    fn from(row: EntryRow) -> Self {
        Self {
            id: row.entry_id,
            record_id: row.record_id,
            kind: row.kind,
            from: row.from_state,
            to: row.to_state,
            transition: row.transition,
            reason: row.reason,
            fields: row.fields,
            by: RecordActor { kind: row.by_kind, name: row.by_name },
            execution_id: row.execution_id,
            at: row.created_at,
        }
    }
}
