//! Where a record has been, and what was done to it.

use axum::Json;
use axum::extract::Path;
use capstan_domain::records::{EntryRow, find, history};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::doing::no_such;
use super::{RECORD, RecordEntryView};
use crate::auth::Caller;
use crate::paging::{Page, Paging};
use crate::problem::Problem;
use crate::query::Query;
use crate::routes::id;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
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
