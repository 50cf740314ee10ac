//! Limits on how many executions are at work at a time.

use axum::Json;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_engine::core::gate::{Gate, SLOTS_MAX};
use capstan_engine::core::ids::WorkflowId;
use capstan_engine::store::limits::{self, Limit};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::workflows;
use crate::auth::Caller;
use crate::body;
use crate::problem::Problem;

/// Most bytes of a request that sets a limit.
const WISH_BYTES_MAX: usize = 1024;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewLimit")]
pub(crate) struct Wish {
    #[schemars(with = "u32")]
    slots_max: Value,
}

/// A limit as clients see it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Limit")]
pub(crate) struct LimitView {
    /// `workspace`, `workflow` or `key`.
    of: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::openapi::shapes::Id>")]
    workflow_id: Option<WorkflowId>,
    slots_max: i32,
    /// Slots that are held; of a key, those of all its values.
    held: i64,
    #[schemars(with = "crate::openapi::shapes::Time")]
    updated_at: DateTime<Utc>,
}

/// `GET /limits`: those that are set, and how many executions hold slots under each.
pub(crate) async fn list(caller: Caller) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let rows = limits::list(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    let items: Vec<LimitView> = rows.into_iter().map(LimitView::from).collect();
    Ok(Json(json!({ "items": items })).into_response())
}

/// `PUT /limits/workspace {slots_max}`: 204. 422 `bad_limit`.
pub(crate) async fn set_of_workspace(caller: Caller, request: Request) -> Result<Response, Problem> {
    let most = wish(request).await?;
    set(&caller, &Gate::workspace(), Some(most)).await
}

/// `DELETE /limits/workspace`: 204, also if there was none.
pub(crate) async fn remove_of_workspace(caller: Caller) -> Result<Response, Problem> {
    set(&caller, &Gate::workspace(), None).await
}

/// `PUT /workflows/{id}/limits/executions {slots_max}`: 204. 404 unknown, 422 `bad_limit`.
pub(crate) async fn set_of_workflow(
    caller: Caller,
    Path(workflow_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let most = wish(request).await?;
    set(&caller, &Gate::workflow(known(&caller, &workflow_id).await?), Some(most)).await
}

/// `DELETE /workflows/{id}/limits/executions`: 204, also if there was none. 404 unknown.
pub(crate) async fn remove_of_workflow(caller: Caller, Path(workflow_id): Path<String>) -> Result<Response, Problem> {
    set(&caller, &Gate::workflow(known(&caller, &workflow_id).await?), None).await
}

/// `PUT /workflows/{id}/limits/key {slots_max}`: 204; holds for each value of the key instead of what versions say. 404
/// unknown, 422 `bad_limit`.
pub(crate) async fn set_of_key(
    caller: Caller,
    Path(workflow_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let most = wish(request).await?;
    set(&caller, &Gate::each_key(known(&caller, &workflow_id).await?), Some(most)).await
}

/// `DELETE /workflows/{id}/limits/key`: 204; what each version says holds again. 404 unknown.
pub(crate) async fn remove_of_key(caller: Caller, Path(workflow_id): Path<String>) -> Result<Response, Problem> {
    set(&caller, &Gate::each_key(known(&caller, &workflow_id).await?), None).await
}

async fn wish(request: Request) -> Result<u32, Problem> {
    let Wish { slots_max } = body::typed(request, WISH_BYTES_MAX).await?;
    let most = slots_max.as_u64().and_then(|most| u32::try_from(most).ok());
    most.filter(|most| (1..=SLOTS_MAX).contains(most)).ok_or_else(|| {
        let detail = format!("slots_max is {slots_max}, but has to be a whole number from 1 to {SLOTS_MAX}");
        let hint = "pause executions to hold all of them up; DELETE the limit to have none";
        Problem::unprocessable("bad_limit", detail.chars().take(200).collect::<String>(), hint)
    })
}

/// The workflow of that id, of this workspace.
async fn known(caller: &Caller, workflow_id: &str) -> Result<WorkflowId, Problem> {
    Ok(WorkflowId(workflows::find(caller, workflow_id).await?.workflow_id))
}

async fn set(caller: &Caller, gate: &Gate, slots_max: Option<u32>) -> Result<Response, Problem> {
    let mut transaction = caller.write().await?;
    caller.hold(&mut transaction, &format!("limit {}", gate.as_str())).await?;
    let before = limits::find(&mut transaction, caller.workspace_id, gate).await?;
    limits::set(&mut transaction, caller.workspace_id, gate, slots_max).await?;
    let (before, after) = (json!({ "slots_max": before }), json!({ "slots_max": slots_max }));
    caller.differs(&mut transaction, &before, &after).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl From<Limit> for LimitView {
    fn from(Limit { name, slots_max, held, updated_at }: Limit) -> Self {
        let (of, id) = match name.split_once(':') {
            Some(("workflow", id)) => ("workflow", id.parse().ok()),
            Some((_, id)) => ("key", id.parse().ok()),
            None => ("workspace", None),
        };
        Self { of, workflow_id: id, slots_max, held, updated_at }
    }
}
