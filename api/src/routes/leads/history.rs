//! What was done to a lead, and noting more.

use axum::Json;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::leads::{Done, HistoryRow, Note, NoteKind, find, history, note};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::doing::{no_such, refusal};
use super::{LEAD, LEAD_BYTES_MAX, LeadEventView};
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

/// Something that was done about a lead.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeadNote {
    #[serde(rename = "type")]
    kind: LeadNoteType,
    text: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LeadNoteType {
    Note,
    Email,
    Call,
    Meeting,
}

/// `GET /leads/{id}/events`: its history, newest first. 404 unknown.
pub(crate) async fn list(
    caller: Caller,
    Path(lead_id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<LeadEventView>>, Problem> {
    let lead_id: Uuid = id(&lead_id, LEAD)?;
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    if find(&mut transaction, caller.workspace_id, lead_id).await?.is_none() {
        return Err(no_such(lead_id));
    }
    let rows = history(&mut transaction, caller.workspace_id, lead_id, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row: &HistoryRow| row.event_id, LeadEventView::from)))
}

/// `POST /leads/{id}/events {type, text}`: 201 with what was noted. 404 unknown, 422 `invalid_lead`.
pub(crate) async fn create(author: Author, Path(lead_id): Path<String>, request: Request) -> Result<Response, Problem> {
    let lead_id: Uuid = id(&lead_id, LEAD)?;
    let LeadNote { kind, text } = body::typed(request, LEAD_BYTES_MAX).await?;
    let kind = match kind {
        LeadNoteType::Note => NoteKind::Note,
        LeadNoteType::Email => NoteKind::Email,
        LeadNoteType::Call => NoteKind::Call,
        LeadNoteType::Meeting => NoteKind::Meeting,
    };
    let mut transaction = author.caller.write().await?;
    let noted = note(&mut transaction, author.caller.workspace_id, &author.by, lead_id, &Note { kind, text }).await?;
    let row = noted.map_err(|flaw| refusal(Done::Flawed(vec![flaw])))?.ok_or_else(|| no_such(lead_id))?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(LeadEventView::from(row))).into_response())
}
