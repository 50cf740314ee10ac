//! One published version, with its graph.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::store::workflows;
use serde_json::json;

use super::node_types::ports;
use super::{id, publish};
use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;

/// `GET /workflows/{id}/versions/{version_id}`: with its `graph`, and the `ports` of its nodes. 404 unknown.
pub(crate) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Path((workflow_id, version_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let workflow: WorkflowId = id(&workflow_id, "workflow")?;
    let wanted: VersionId = id(&version_id, "version")?;
    let mut transaction = caller.read().await?;
    let row = workflows::find_version(&mut transaction, caller.workspace_id, wanted).await?;
    let version = workflows::version_graph(&mut transaction, caller.workspace_id, wanted).await?;
    transaction.commit().await?;
    let found = row.filter(|row| row.workflow_id == workflow.0).zip(version);
    let (row, version) = found.ok_or_else(|| Problem::not_found("version", &version_id))?;
    let mut shown = publish::show(&row);
    shown["ports"] = json!(ports(&api.registry, &version.graph));
    shown["graph"] = version.graph;
    Ok(Json(shown).into_response())
}
