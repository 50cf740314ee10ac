//! Finding records.

use axum::Json;
use capstan_domain::records::{Filter, RecordRow, list as find_records};
use schemars::JsonSchema;
use serde::Deserialize;

use super::RecordView;
use crate::auth::Caller;
use crate::paging::{Page, Paging};
use crate::problem::Problem;
use crate::query::Query;

/// What can be asked of the list; all of it has to be so.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    /// Of this type.
    #[serde(rename = "type")]
    type_name: Option<String>,
    /// In this state of that type.
    state: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /records?type=&state=`: newest first. 400 `state_without_type`.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Json<Page<RecordView>>, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let ListQuery { type_name, state, .. } = query;
    if state.is_some() && type_name.is_none() {
        let detail = "the query names a state and no type";
        return Err(Problem::bad_request(
            "state_without_type",
            detail,
            "send type as well: each type has states of its own",
        ));
    }
    let mut transaction = caller.read().await?;
    let filter = Filter { type_name, state };
    let rows = find_records(&mut transaction, caller.workspace_id, &filter, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row: &RecordRow| row.record_id, RecordView::from)))
}
