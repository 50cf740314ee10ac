//! Reading what an execution recorded, whole, so that a draft can be simulated over it.

use capstan_domain::access::{Page, Permission};
use capstan_domain::recording::{self, BYTES_MAX, ENTRIES_MAX, Record};
use capstan_engine::core::ids::{ExecutionId, VersionId, WorkflowId};

use super::executions::{Loaded, find, without_version};
use crate::Api;
use crate::actor::Actor;
use crate::auth::Caller;
use crate::pages;
use crate::problem::Problem;
use crate::standing::Deed;

/// The code of what has recorded more than is read at once.
pub(super) const TOO_LARGE: &str = "record_too_large";

impl Loaded {
    /// As it is recorded; the journal was read whole.
    pub(super) fn record(&self) -> Result<Record<'_>, Problem> {
        Ok(Record::new(&self.row, &self.version.graph, &self.entries)?)
    }
}

/// The execution of that id, of this workspace, with its whole journal.
pub(super) async fn load(api: &Api, caller: &Caller, id: ExecutionId) -> Result<Loaded, Problem> {
    let mut transaction = caller.read().await?;
    let row = find(&mut transaction, caller, id).await?;
    let size = recording::size(&mut transaction, caller.workspace_id, id).await?;
    if !size.is_small() {
        let detail = format!(
            "execution {id} has recorded {} entries with {} bytes; at most {ENTRIES_MAX} with {BYTES_MAX} are simulated over",
            size.entries, size.bytes
        );
        return Err(Problem::unprocessable(TOO_LARGE, detail, "take a smaller execution"));
    }
    let entries = recording::entries(&mut transaction, caller.workspace_id, id).await?;
    let version = api.graphs.version(&mut transaction, caller.workspace_id, VersionId(row.version_id)).await?;
    let version = version.ok_or_else(|| without_version(&row))?;
    transaction.commit().await?;
    if version.graph.handed_over(&row.trigger_node_id).is_some() {
        let detail = format!("execution {id} is a chunk: it runs items of {} for another one", row.trigger_node_id);
        return Err(Problem::unprocessable("is_chunk", detail, "take its parent"));
    }
    Ok(Loaded { row, version, entries, cancel: None })
}

/// The same of an execution that is of that workflow, for who may see executions, where the workspace has their page: whatever else
/// the route needs. 403 `forbidden`, `page_not_assigned`.
pub(super) async fn of_workflow(
    api: &Api,
    caller: &Caller,
    actor: &Actor,
    id: ExecutionId,
    workflow_id: WorkflowId,
) -> Result<Loaded, Problem> {
    if !actor.permissions.has(Permission::ExecutionsRead) {
        return Err(actor.lacks(Permission::ExecutionsRead));
    }
    if let Some(tenant) = &actor.tenant {
        pages::require(api, tenant, Deed::Look, Page::Executions).await?;
    }
    let loaded = load(api, caller, id).await?;
    if loaded.row.workflow_id == workflow_id.0 {
        return Ok(loaded);
    }
    let detail = format!("execution {id} is not of workflow {workflow_id}");
    Err(Problem::unprocessable("other_workflow", detail, "name an execution of this workflow"))
}
