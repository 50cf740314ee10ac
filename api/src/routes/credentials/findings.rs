//! What is wrong with the credentials that a graph names.

use capstan_domain::access::Permission;
use capstan_domain::credentials::{self, TYPES};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{StepKey, WorkspaceId};
use capstan_engine::core::problem::Problem as Finding;
use capstan_engine::store::error::StoreError;
use serde_json::Value;
use sqlx::PgConnection;

use crate::actor::Actor;
use crate::problem::Problem;

/// A node that names a credential.
struct Use<'a> {
    node_id: &'a str,
    node_type: &'a str,
    name: String,
}

/// A finding for each node whose credential is missing or does not fit. Those that are there stay until the transaction has ended.
pub(in crate::routes) async fn credential_findings(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    graph: &Graph,
    document: &Value,
) -> Result<Vec<Finding>, StoreError> {
    let uses = uses(graph);
    let mut names: Vec<&str> = uses.iter().map(|used| used.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let known = credentials::named(connection, workspace_id, &names).await?;
    Ok(uses.iter().filter_map(|used| finding(used, known.get(&used.name).map(String::as_str), document)).collect())
}

/// Refuses who may not use credentials, where the graph names one.
pub(in crate::routes) fn require_use(actor: &Actor, graph: &Graph) -> Result<(), Problem> {
    let may = uses(graph).is_empty() || actor.permissions.has(Permission::CredentialsUse);
    if may { Ok(()) } else { Err(actor.lacks(Permission::CredentialsUse)) }
}

/// Refuses who may not use credentials, where a step whose config `patch` changes has one, or gets one by that.
pub(in crate::routes) fn require_use_of_step(
    actor: &Actor,
    graph: &Graph,
    step: Option<&StepKey>,
    patch: &Value,
) -> Result<(), Problem> {
    let node = step.and_then(|step| graph.find(&step.node_id)).map(|ix| &graph.nodes[ix]);
    let has_one = node.is_some_and(|node| node.config_as_written().get("credential").is_some());
    let is_concerned = has_one || patch.get("credential").is_some();
    let may = !is_concerned || actor.permissions.has(Permission::CredentialsUse);
    if may { Ok(()) } else { Err(actor.lacks(Permission::CredentialsUse)) }
}

fn uses(graph: &Graph) -> Vec<Use<'_>> {
    let takes = |node_type: &str| TYPES.iter().any(|kind| kind.fits.contains(&node_type));
    let nodes = graph.nodes.iter().filter(|node| takes(&node.type_name));
    nodes
        .filter_map(|node| {
            let name = node.config_as_written().get("credential")?.as_str()?.to_owned();
            Some(Use { node_id: node.id.as_str(), node_type: &node.type_name, name })
        })
        .collect()
}

fn finding(used: &Use<'_>, kind: Option<&str>, document: &Value) -> Option<Finding> {
    let Use { node_id, node_type, name } = used;
    let fitting: Vec<&str> = TYPES.iter().filter(|kind| kind.fits.contains(node_type)).map(|kind| kind.name).collect();
    let (code, detail, hint) = match kind {
        None => (
            "unknown_credential",
            format!("node \"{node_id}\" uses the credential \"{name}\", which this workspace does not have"),
            "make the credential, or name another one".to_owned(),
        ),
        Some(kind) if !fitting.contains(&kind) => (
            "credential_type",
            format!("node \"{node_id}\" uses the credential \"{name}\", whose type {kind} does not fit {node_type}"),
            format!("name a credential of type {}", fitting.join(", ")),
        ),
        Some(_) => return None,
    };
    let nodes = document.get("nodes").and_then(Value::as_array);
    let ix =
        nodes.and_then(|nodes| nodes.iter().position(|node| node.get("id").and_then(Value::as_str) == Some(node_id)));
    Some(Finding {
        code: code.into(),
        node_id: Some((*node_id).to_owned()),
        edge_id: None,
        pointer: ix.map_or(String::new(), |ix| format!("/nodes/{ix}/data/config/credential")),
        detail,
        hint,
    })
}
