//! Deleted records: hidden for a while, so that they can be restored.

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use capstan_domain::records::{Act, DeletedRecord, deleted};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::RECORD;
use super::doing::act;
use super::view::shown;
use crate::auth::Caller;
use crate::openapi::shapes::{Id, Time};
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

/// A record that was deleted.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeletedRecord")]
pub(crate) struct DeletedView {
    #[schemars(with = "Id")]
    id: Uuid,
    /// Name of its type.
    #[serde(rename = "type")]
    type_name: String,
    /// Where it was.
    state: String,
    #[schemars(with = "Time")]
    created_at: DateTime<Utc>,
    #[schemars(with = "Time")]
    deleted_at: DateTime<Utc>,
}

impl From<DeletedRecord> for DeletedView {
    fn from(row: DeletedRecord) -> Self {
        let DeletedRecord { record_id: id, type_name, state, created_at, deleted_at } = row;
        Self { id, type_name, state, created_at, deleted_at }
    }
}

/// `GET /deleted-records?limit&cursor`: those whose data is still kept, the newest made first.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Json<Page<DeletedView>>, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let rows = deleted(&mut transaction, caller.workspace_id, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row: &DeletedRecord| row.record_id, DeletedView::from)))
}

/// `POST /deleted-records/{id}/restore`: 200 with the record, as it was, and its `ETag`. One that is not deleted stays as it is. 404
/// unknown, or deleted too long ago; 422 `unknown_type` or `unknown_state` if there is none such any more; 429 `too_many_events`.
pub(crate) async fn restore(author: Author, Path(record_id): Path<String>) -> Result<Response, Problem> {
    let record_id: Uuid = id(&record_id, RECORD)?;
    Ok(shown(act(&author, Act::Restore { record_id }).await?.record))
}
