//! Finding published forms.

use std::sync::Arc;

use capstan_domain::trigger_paths::{FORM, is_path, lead_forms};
use capstan_engine::core::flow::Flow;
use capstan_engine::core::ids::{NodeId, VersionId, WorkflowId};
use capstan_engine::store::workflows;
use capstan_node_types::types::FormConfig;
use serde_json::Value;

use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;

/// A published form.
pub(super) struct Found {
    pub(super) caller: Caller,
    pub(super) workflow_id: WorkflowId,
    pub(super) version_id: VersionId,
    pub(super) trigger: NodeId,
    pub(super) node_config: Value,
    pub(super) timeout_ms: Option<u64>,
    pub(super) flow: Option<Arc<Flow>>,
    pub(super) config: FormConfig,
    pub(super) path: String,
}

fn unknown(path: &str) -> Problem {
    Problem { hint: "check the address, or ask whom you have it from".into(), ..Problem::not_found("form", path) }
}

/// The form at a path of a workspace. 404 unknown.
pub(super) async fn find(api: &Api, slug: &str, path: String) -> Result<Found, Problem> {
    let caller = Caller::by_slug(api, slug).await?.filter(|_| is_path(&path)).ok_or_else(|| unknown(&path))?;
    let mut transaction = caller.read().await?;
    let trigger = workflows::trigger_at(&mut transaction, caller.workspace_id, FORM, &path).await?;
    let trigger = trigger.ok_or_else(|| unknown(&path))?;
    let version_id = VersionId(trigger.version_id);
    let version = api.graphs.version(&mut transaction, caller.workspace_id, version_id).await?;
    transaction.commit().await?;
    let node = version.as_deref().and_then(|version| version.node(&trigger.node_id)).ok_or_else(|| unknown(&path))?;
    let config = serde_json::from_value(node.config.clone())
        .map_err(|error| Problem::internal(format!("form \"{path}\" cannot be read: {error}")))?;
    Ok(Found {
        workflow_id: WorkflowId(trigger.workflow_id),
        version_id,
        trigger: node.id.clone(),
        node_config: node.config.clone(),
        timeout_ms: version.as_deref().and_then(|version| version.graph.timeout_ms),
        flow: version.as_deref().and_then(|version| version.graph.flow.clone()),
        config,
        path,
        caller,
    })
}

/// The only form of a workspace that takes leads. 404 if there is none, 422 `form_required` if there are several.
pub(super) async fn only_of_leads(api: &Api, slug: &str) -> Result<Found, Problem> {
    let caller = Caller::by_slug(api, slug).await?.ok_or_else(|| unknown(slug))?;
    let mut transaction = caller.read().await?;
    let mut paths = lead_forms(&mut transaction, caller.workspace_id, 2).await?.into_iter();
    transaction.commit().await?;
    match (paths.next(), paths.next()) {
        (Some(path), None) => find(api, slug, path).await,
        (Some(path), Some(other)) => {
            let detail = format!("the workspace has several forms that take leads, such as {path} and {other}");
            Err(Problem::unprocessable("form_required", detail, "name the form by its path"))
        }
        (None, _) => Err(unknown(slug)),
    }
}
