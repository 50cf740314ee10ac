//! Where a record has been, what was done to it, and noting more.

use axum::Json;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::records::{Act, EntryRow, NoteKind, find, history};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::doing::{act, no_such};
use super::{RECORD, RECORD_BYTES_MAX, RecordEntryView};
use crate::auth::Caller;
use crate::body;
use crate::paging::{Page, Paging};
use crate::problem::Problem;
use crate::query::Query;
use crate::routes::author::Author;
use crate::routes::id;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// Something that was done about a record.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordNote {
    #[serde(rename = "type")]
    kind: RecordNoteType,
    text: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RecordNoteType {
    Note,
    Email,
    Call,
    Meeting,
}

/// `GET /records/{id}/history`: newest first. 404 unknown.
pub(crate) async fn list(
    caller: Caller,
    Path(record_id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<RecordEntryView>>, Problem> {
    let record_id: Uuid = id(&record_id, RECORD)?;
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    if find(&mut transaction, caller.workspace_id, record_id).await?.is_none() {
        return Err(no_such(record_id));
    }
    let rows = history(&mut transaction, caller.workspace_id, record_id, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row: &EntryRow| row.entry_id, RecordEntryView::from)))
}

/// `POST /records/{id}/history {type, text}`: 201 with what was noted. 404 unknown, 422 `invalid_record`, 429 `too_many_events`.
pub(crate) async fn create(
    author: Author,
    Path(record_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let record_id: Uuid = id(&record_id, RECORD)?;
    let RecordNote { kind, text } = body::typed(request, RECORD_BYTES_MAX).await?;
    let kind = match kind {
        RecordNoteType::Note => NoteKind::Note,
        RecordNoteType::Email => NoteKind::Email,
        RecordNoteType::Call => NoteKind::Call,
        RecordNoteType::Meeting => NoteKind::Meeting,
    };
    let noted = act(&author, Act::Note { record_id, kind, text }).await?.entry;
    let noted = noted.ok_or_else(|| Problem::internal("a note is not in the history"))?;
    Ok((StatusCode::CREATED, Json(RecordEntryView::from(noted))).into_response())
}
