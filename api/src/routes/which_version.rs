//! Which version a start or a restart takes.

use std::sync::Arc;

use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::store::workflows;

use crate::Api;
use crate::auth::Caller;
use crate::graphs::Version;
use crate::problem::Problem;

/// The version asked for, else the newest.
pub(super) async fn version(
    api: &Api,
    caller: &Caller,
    workflow_id: WorkflowId,
    wanted: Option<VersionId>,
) -> Result<(VersionId, Arc<Version>), Problem> {
    let workspace_id = caller.workspace_id;
    let ask = current(api, caller, workflow_id, wanted);
    let current = api.graphs.current.answer((workspace_id, workflow_id, wanted), ask).await?;
    let version_id = match (current, wanted) {
        (Some(version_id), _) => version_id,
        (None, None) => return Err(not_published()),
        (None, Some(wanted)) => return Err(no_such_version(caller, workflow_id, wanted).await?),
    };
    if let Some(version) = api.graphs.find(workspace_id, version_id) {
        return Ok((version_id, version));
    }
    let mut transaction = caller.read().await?;
    let version = api.graphs.version(&mut transaction, workspace_id, version_id).await?;
    transaction.commit().await?;
    let version = version.ok_or_else(|| Problem::not_found("version", &version_id.to_string()))?;
    Ok((version_id, version))
}

/// The version as the database knows it now, if there is one; its graph is kept from then on.
async fn current(
    api: &Api,
    caller: &Caller,
    workflow_id: WorkflowId,
    wanted: Option<VersionId>,
) -> Result<Option<VersionId>, Problem> {
    let workspace_id = caller.workspace_id;
    let mut transaction = caller.read().await?;
    if workflows::find(&mut transaction, workspace_id, workflow_id).await?.is_none() {
        return Err(Problem::not_found("workflow", &workflow_id.to_string()));
    }
    let found = match wanted {
        Some(wanted) => workflows::find_version(&mut transaction, workspace_id, wanted).await?,
        None => workflows::versions(&mut transaction, workspace_id, workflow_id, 1).await?.pop(),
    };
    let found = found.filter(|row| row.workflow_id == workflow_id.0);
    let version_id = found.map(|row| VersionId(row.version_id));
    if let Some(version_id) = version_id {
        api.graphs.version(&mut transaction, workspace_id, version_id).await?;
    }
    transaction.commit().await?;
    Ok(version_id)
}

fn not_published() -> Problem {
    Problem::conflict("not_published", "the workflow has no version yet", "publish its draft first")
}

/// Why a version that was named is none of the workflow.
async fn no_such_version(caller: &Caller, workflow_id: WorkflowId, wanted: VersionId) -> Result<Problem, Problem> {
    let mut transaction = caller.read().await?;
    let found = workflows::find_version(&mut transaction, caller.workspace_id, wanted).await?;
    transaction.commit().await?;
    let unknown = Problem::not_found("version", &wanted.to_string());
    Ok(match found.filter(|row| row.workflow_id != workflow_id.0) {
        None => unknown,
        Some(row) => {
            let detail =
                format!("version \"{wanted}\" is of workflow \"{}\", not of \"{workflow_id}\"", row.workflow_id);
            let hint = "name a version of this workflow, or leave version_id out to start its newest one";
            Problem { detail: detail.into(), hint: hint.into(), ..unknown }
        }
    })
}
