//! Turning on and off what a rule's workflow starts by itself.

use capstan_domain::triggers::Triggers;
use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::store::workflows;
use sqlx::PgConnection;

use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::publish::{keep_triggers, path_taken, triggers};

/// Has the newest version of a workflow, whoever made it, start by itself, or not, in the transaction that says so of its rule, or
/// that deletes or restores the workflow.
/// 409 `path_taken`, `too_many_triggers`.
pub(in crate::routes) async fn turn(
    api: &Api,
    transaction: &mut PgConnection,
    caller: &Caller,
    id: WorkflowId,
    is_on: bool,
) -> Result<(), Problem> {
    let newest = workflows::versions(transaction, caller.workspace_id, id, 1).await?.pop();
    let version = newest.ok_or_else(|| Problem::internal(format!("the workflow {id} has no version")))?;
    let (paths, starts) = if is_on {
        let version_id = VersionId(version.version_id);
        let found = api.graphs.version(transaction, caller.workspace_id, version_id).await?;
        let found = found.ok_or_else(|| Problem::internal(format!("version {version_id} is listed and not there")))?;
        triggers(&found.graph, id, true)
    } else {
        (Vec::new(), Triggers::default())
    };
    if let Some(taken) = workflows::claim_paths(transaction, caller.workspace_id, &version, &paths).await? {
        return Err(path_taken(&taken));
    }
    keep_triggers(transaction, caller, &version, &starts).await
}
