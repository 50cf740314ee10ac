//! One record: making, reading, changing, deleting.

use axum::Json;
use axum::extract::{Path, Request};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::records::{Act, find};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::doing::{act, no_such, wished_revision};
use super::view::shown;
use super::{RECORD, RECORD_BYTES_MAX, RecordView};
use crate::auth::Caller;
use crate::body;
use crate::problem::Problem;
use crate::routes::author::Author;
use crate::routes::id;
use crate::routes::workflows::{etag, no_if_match};

/// A record that is made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewRecord")]
pub(crate) struct NewRecord {
    /// Name of its type; the record begins in that one's initial state.
    #[serde(rename = "type")]
    type_name: String,
    /// Whatever there is to know.
    #[serde(default)]
    data: Map<String, Value>,
}

/// What changes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RecordChange")]
pub(crate) struct RecordChange {
    /// Merged by name; null removes one.
    data: Map<String, Value>,
}

/// `POST /records {type, data?}`: 201 with the record. 422 `unknown_type`, `invalid_record`; 429 `too_many_events`.
pub(crate) async fn create(author: Author, request: Request) -> Result<Response, Problem> {
    let NewRecord { type_name, data } = body::typed(request, RECORD_BYTES_MAX).await?;
    let record = act(&author, Act::Create { type_name, data }).await?.record;
    let location = format!("/api/v1/records/{}", record.record_id);
    let told = [(ETAG, etag(record.revision))];
    let mut response = (StatusCode::CREATED, told, Json(RecordView::from(record))).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// `GET /records/{id}`, with its `ETag`. 404 unknown.
pub(crate) async fn get(caller: Caller, Path(record_id): Path<String>) -> Result<Response, Problem> {
    let record_id: Uuid = id(&record_id, RECORD)?;
    let mut transaction = caller.read().await?;
    let row = find(&mut transaction, caller.workspace_id, record_id).await?;
    transaction.commit().await?;
    Ok(shown(row.ok_or_else(|| no_such(record_id))?))
}

/// `PATCH /records/{id} {data}` with `If-Match`: the record. 404 unknown, 412 if it has another revision, 422
/// `invalid_record`, 428 without `If-Match`, 429 `too_many_events`.
pub(crate) async fn update(
    author: Author,
    Path(record_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let record_id: Uuid = id(&record_id, RECORD)?;
    let expected = wished_revision(request.headers())?;
    let RecordChange { data } = body::typed(request, RECORD_BYTES_MAX).await?;
    let expected = Some(expected.ok_or_else(no_if_match)?);
    Ok(shown(act(&author, Act::Update { record_id, data, expected }).await?.record))
}

/// `DELETE /records/{id}`: 204; it is hidden, can be restored for 90 days, and its history stays. 404 unknown.
pub(crate) async fn delete(author: Author, Path(record_id): Path<String>) -> Result<StatusCode, Problem> {
    let record_id: Uuid = id(&record_id, RECORD)?;
    act(&author, Act::Delete { record_id }).await?;
    Ok(StatusCode::NO_CONTENT)
}
