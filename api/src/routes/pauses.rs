//! Pauses of a workflow and of the whole workspace.

use axum::Json;
use axum::extract::{Path, Request};
use axum::response::{IntoResponse, Response};
use capstan_engine::core::explain::{Level, Reason};
use capstan_engine::core::ids::{ExecutionId, WorkflowId};
use capstan_engine::core::state::State;
use capstan_engine::store::orders::pause_on_its_way;
use capstan_engine::store::pauses::{self, Closed, PauseRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::executions::Loaded;
use super::signals::check_reason;
use super::workflows;
use crate::auth::{Caller, Holder};
use crate::body;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

/// Most bytes of a request.
const WISH_BYTES_MAX: usize = 16 * 1024;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PauseOrder")]
pub(crate) struct Wish {
    /// Why, for people.
    reason: Option<String>,
}

/// A pause as clients see it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Pause")]
pub(crate) struct PauseView {
    #[schemars(with = "crate::openapi::shapes::PauseLevel")]
    level: Level,
    #[schemars(with = "Option<crate::openapi::shapes::Id>")]
    workflow_id: Option<WorkflowId>,
    #[serde(flatten)]
    #[schemars(with = "crate::openapi::shapes::PauseRow")]
    row: PauseRow,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// `POST /workflows/{id}/pause {reason?}`: 200 with the pause; within about a second nothing more of the workflow's executions
/// starts. One that is there already is answered as it is. 404 unknown.
pub(crate) async fn pause(holder: Holder, Path(id): Path<String>, request: Request) -> Result<Response, Problem> {
    let workflow = workflows::find(&holder.caller, &id).await?;
    begin(holder, Some(WorkflowId(workflow.workflow_id)), request).await
}

/// `POST /workflows/{id}/resume`: 200 `{resumed}`, whether it was paused; its executions go on. 404 unknown.
pub(crate) async fn resume(holder: Holder, Path(id): Path<String>, request: Request) -> Result<Response, Problem> {
    let workflow = workflows::find(&holder.caller, &id).await?;
    end(&holder.caller, Some(WorkflowId(workflow.workflow_id)), request).await
}

/// `POST /workspace/pause {reason?}`: the same for all workflows of the workspace.
pub(crate) async fn pause_all(holder: Holder, request: Request) -> Result<Response, Problem> {
    begin(holder, None, request).await
}

/// `POST /workspace/resume`: workflows that were paused by themselves stay so.
pub(crate) async fn resume_all(holder: Holder, request: Request) -> Result<Response, Problem> {
    end(&holder.caller, None, request).await
}

/// `GET /pauses?limit&cursor`: what is paused, that of the whole workspace last.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let before = WorkflowId(paging.before);
    let rows = pauses::list(&mut transaction, caller.workspace_id, before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.workflow_id, PauseView::from)).into_response())
}

async fn begin(holder: Holder, workflow_id: Option<WorkflowId>, request: Request) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    let wish: Wish = body::typed_or_default(request, WISH_BYTES_MAX).await?;
    check_reason(wish.reason.as_deref().unwrap_or_default())?;
    let (workspace_id, reason) = (caller.workspace_id, wish.reason.as_deref());
    let mut transaction = caller.write().await?;
    let before = held(&mut transaction, &caller, workflow_id).await?;
    let row = pauses::pause(&mut transaction, workspace_id, workflow_id, &key.name, reason).await?;
    caller.differs(&mut transaction, &before, &shown(Some(&row))).await?;
    transaction.commit().await?;
    Ok(Json(PauseView::from(row)).into_response())
}

async fn end(caller: &Caller, workflow_id: Option<WorkflowId>, request: Request) -> Result<Response, Problem> {
    let _: Wish = body::typed_or_default(request, WISH_BYTES_MAX).await?;
    let mut transaction = caller.write().await?;
    let before = held(&mut transaction, caller, workflow_id).await?;
    let resumed = pauses::resume(&mut transaction, caller.workspace_id, workflow_id).await?;
    caller.differs(&mut transaction, &before, &shown(None)).await?;
    transaction.commit().await?;
    Ok(Json(json!({ "resumed": resumed })).into_response())
}

/// The pause as the audit log shows it, which nobody else changes until the transaction has ended.
async fn held(
    connection: &mut PgConnection,
    caller: &Caller,
    workflow_id: Option<WorkflowId>,
) -> Result<Value, Problem> {
    let of = workflow_id.map_or_else(|| "workspace".into(), |id| id.to_string());
    caller.hold(connection, &format!("pause {of}")).await?;
    Ok(shown(pauses::find(connection, caller.workspace_id, workflow_id).await?.as_ref()))
}

fn shown(row: Option<&PauseRow>) -> Value {
    json!({ "paused": row.is_some(), "reason": row.and_then(|row| row.reason.as_deref()) })
}

/// What else holds an execution up that has not ended: that its workspace is not active, pauses, one that no worker has taken
/// in yet among them, and that it waits to be run alone.
pub(super) async fn reasons(
    connection: &mut PgConnection,
    caller: &Caller,
    loaded: &Loaded,
    state: &State,
) -> Result<Vec<Reason>, Problem> {
    let (workspace_id, id) = (caller.workspace_id, ExecutionId(loaded.row.execution_id));
    let mut reasons = Vec::new();
    if let Some(losses) = pauses::apart(connection, id).await? {
        reasons.push(Reason::Alone { losses });
    }
    if !state.is_ending() {
        let closed = pauses::closed(connection, workspace_id).await?;
        reasons.extend(closed.map(|Closed { state, reason, since }| Reason::Closed { state, reason, since }));
        let rows = pauses::of(connection, workspace_id, WorkflowId(loaded.row.workflow_id)).await?;
        reasons.extend(rows.into_iter().map(PauseView::from).map(|PauseView { level, row, .. }| Reason::Pause {
            level,
            paused_by: row.paused_by,
            reason: row.reason,
            since: row.since,
        }));
    }
    if loaded.row.status == "paused"
        && !state.is_paused()
        && let Some((order, since)) = pause_on_its_way(connection, workspace_id, id).await?
    {
        reasons.push(Reason::Resume { paused_by: order.by, reason: order.reason, since });
    }
    Ok(reasons)
}

impl From<PauseRow> for PauseView {
    fn from(row: PauseRow) -> Self {
        let workflow_id = row.workflow();
        let level = if workflow_id.is_some() { Level::Workflow } else { Level::Workspace };
        Self { level, workflow_id, row }
    }
}
