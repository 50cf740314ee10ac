//! What the triggers of a workflow have started by themselves.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use capstan_domain::trigger_starts;
use capstan_engine::core::ids::WorkflowId;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::workflows::find;
use crate::auth::Caller;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

const STATUSES: [&str; 5] = ["due", "held", "started", "skipped", "missed"];

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    status: Option<String>,
    limit: Option<String>,
}

/// `GET /workflows/{id}/trigger-starts?status&limit`: `{items}`, the newest. 404 unknown workflow, 400 `bad_status`.
pub(crate) async fn list(
    caller: Caller,
    Path(workflow_id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), None)?;
    let status = query.status.as_deref();
    if let Some(status) = status.filter(|status| !STATUSES.contains(status)) {
        let shown: String = status.chars().take(50).collect();
        let hint = format!("use one of {}", STATUSES.join(", "));
        return Err(Problem::bad_request("bad_status", format!("no start has the status \"{shown}\""), hint));
    }
    let id = WorkflowId(find(&caller, &workflow_id).await?.workflow_id);
    let mut transaction = caller.read().await?;
    let items = trigger_starts::list(&mut transaction, caller.workspace_id, id, status, paging.limit).await?;
    transaction.commit().await?;
    Ok(Json(json!({ "items": items })).into_response())
}
