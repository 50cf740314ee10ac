//! Deleted leads: hidden for a while, so that they can be restored.

use axum::Json;
use axum::extract::Path;
use capstan_domain::leads::{Act, DeletedLead, deleted};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{LEAD, LeadView};
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

/// A lead that was deleted.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeletedLead")]
pub(crate) struct DeletedView {
    #[schemars(with = "Id")]
    id: Uuid,
    email: Option<String>,
    name: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    /// Where it stood.
    status: String,
    source: String,
    #[schemars(with = "Time")]
    created_at: DateTime<Utc>,
    #[schemars(with = "Time")]
    deleted_at: DateTime<Utc>,
}

impl From<DeletedLead> for DeletedView {
    fn from(row: DeletedLead) -> Self {
        let DeletedLead { lead_id: id, email, name, phone, company, status, source, created_at, deleted_at } = row;
        Self { id, email, name, phone, company, status, source, created_at, deleted_at }
    }
}

/// `GET /deleted-leads?limit&cursor`: those of which it is still known who they were, the newest made first.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Json<Page<DeletedView>>, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let rows = deleted(&mut transaction, caller.workspace_id, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row: &DeletedLead| row.lead_id, DeletedView::from)))
}

/// `POST /deleted-leads/{id}/restore`: 200 with the lead, as it was. One that is not deleted stays as it is. 404 unknown, or deleted too
/// long ago; 409 `lead_exists` if another one has its address by now; 422 `unknown_status`; 429 `quota_exceeded`, `too_many_events`.
pub(crate) async fn restore(author: Author, Path(lead_id): Path<String>) -> Result<Json<LeadView>, Problem> {
    let lead_id: Uuid = id(&lead_id, LEAD)?;
    let acted = author.act(Act::Restore { lead_id }).await?;
    Ok(Json(acted.lead.into()))
}
