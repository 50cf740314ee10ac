//! Whether what a filter names is there: a job about nothing would look like one that has done all.

use capstan_engine::core::ids::VersionId;
use capstan_engine::store::bulk::{Filter, unknown_ids};
use capstan_engine::store::workflows;
use sqlx::PgConnection;

use crate::auth::Caller;
use crate::problem::Problem;

/// Ids that are named in an answer.
const NAMED: i64 = 5;

/// Checks that the workspace has the workflow, the version and the executions that a filter names.
pub(super) async fn check(connection: &mut PgConnection, caller: &Caller, filter: &Filter) -> Result<(), Problem> {
    if let Some(id) = filter.workflow_id {
        let found = workflows::find(connection, caller.workspace_id, id).await?;
        found.ok_or_else(|| Problem::not_found("workflow", &id.to_string()))?;
    }
    if let Some(id) = filter.version_id {
        version(connection, caller, filter, id).await?;
    }
    let unknown = unknown_ids(connection, caller.workspace_id, filter, NAMED + 1).await?;
    if unknown.is_empty() {
        return Ok(());
    }
    let is_more = unknown.len() as i64 > NAMED;
    let named: Vec<String> = unknown.iter().take(NAMED as usize).map(|id| format!("\"{id}\"")).collect();
    let detail = format!(
        "there is no execution {}{} in this workspace",
        named.join(", "),
        if is_more { ", and others that the filter names," } else { "" }
    );
    Err(Problem::unprocessable("unknown_ids", detail, "leave them out; executions of long ago are not kept"))
}

async fn version(
    connection: &mut PgConnection,
    caller: &Caller,
    filter: &Filter,
    id: VersionId,
) -> Result<(), Problem> {
    let version = workflows::find_version(connection, caller.workspace_id, id).await?;
    let version = version.ok_or_else(|| Problem::not_found("version", &id.to_string()))?;
    match filter.workflow_id {
        Some(workflow_id) if workflow_id.0 != version.workflow_id => {
            let detail =
                format!("version \"{id}\" is of workflow \"{}\", and the filter names another", version.workflow_id);
            Err(Problem::unprocessable("other_workflow", detail, "name a version of that workflow, or one of the two"))
        }
        _ => Ok(()),
    }
}
