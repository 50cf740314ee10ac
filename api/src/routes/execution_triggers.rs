//! What is wrong with the workflows that triggers wait for, as the workspace is.

use capstan_domain::execution_triggers::{Flaw, flaws};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::core::problem::Problem as Finding;
use capstan_engine::store::error::StoreError;
use capstan_node_types::triggers::triggers_of;
use serde_json::Value;
use sqlx::PgConnection;

/// `unknown_workflow` for a workflow that is not there, `waits_for_itself` for one that is the trigger's own: `own`, if that is
/// there already.
pub(super) async fn source_findings(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    own: Option<WorkflowId>,
    graph: &Graph,
    document: &Value,
) -> Result<Vec<Finding>, StoreError> {
    let flaws = flaws(connection, workspace_id, own, &triggers_of(graph).executions).await?;
    Ok(flaws.iter().map(|flaw| finding(flaw, document)).collect())
}

fn finding(flaw: &Flaw, document: &Value) -> Finding {
    let (code, hint) = match flaw {
        Flaw::Itself { .. } => ("waits_for_itself", "name another workflow, or none for all others"),
        Flaw::Unknown { .. } => ("unknown_workflow", "write the id or name of a workflow of this workspace"),
        Flaw::TooMany => ("too_many_triggers", "publish workflows without theirs first"),
    };
    let nodes = document.get("nodes").and_then(Value::as_array);
    let id = |node: &Value| node.get("id").and_then(Value::as_str).map(str::to_owned);
    let ix = nodes.and_then(|nodes| nodes.iter().position(|node| id(node).as_deref() == flaw.node_id()));
    Finding {
        code: code.into(),
        node_id: flaw.node_id().map(str::to_owned),
        edge_id: None,
        pointer: ix.map_or(String::new(), |ix| format!("/nodes/{ix}/data/config/workflows")),
        detail: flaw.to_string(),
        hint: hint.into(),
    }
}
