//! Publishing a document as a version of a workflow that is found by its name, unless it is published already.

use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use capstan_domain::rules::is_off;
use capstan_domain::trigger_paths::trigger_paths;
use capstan_domain::triggers::{Triggers, keep_in_step};
use capstan_domain::workflows::named;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{NodeId, VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::workflows::{self, About};
use capstan_node_types::registry::Registry;
use capstan_node_types::triggers::triggers_of;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

use crate::output::failure::BadInput;
use crate::tenant;

/// Longest name of a workflow, in characters.
const NAME_CHARS_MAX: usize = 200;

/// A version that can be started.
pub(crate) struct Published {
    pub(crate) workflow_id: WorkflowId,
    pub(crate) version_id: VersionId,
    pub(crate) graph: Arc<Graph>,
}

/// Publishes `document` under `name`; does nothing if the newest version of that workflow is the same.
pub(crate) async fn publish(
    pool: &PgPool,
    workspace: WorkspaceId,
    name: &str,
    document: &Value,
    registry: &Registry,
) -> anyhow::Result<Published> {
    let graph = compile(document, registry)?;
    // The end of a path tells more than its beginning.
    let skipped = name.chars().count().saturating_sub(NAME_CHARS_MAX);
    let name: String = name.chars().skip(skipped).collect();
    let mut transaction = tenant::begin(pool, workspace).await?;
    let workflow_id = find_or_create(&mut transaction, workspace, &name, document).await?;
    let version_id = match newest_if_same(&mut transaction, workspace, workflow_id, document).await? {
        Some(version_id) => version_id,
        None => add_version(&mut transaction, workspace, workflow_id, document, &graph).await?,
    };
    transaction.commit().await?;
    Ok(Published { workflow_id, version_id, graph: Arc::new(graph) })
}

/// The trigger to start at: the one named, else the first.
pub(crate) fn trigger(graph: &Graph, named: Option<&str>) -> anyhow::Result<NodeId> {
    let ids: Vec<&NodeId> = graph.triggers().map(|ix| &graph.nodes[ix].id).collect();
    let found = match named {
        Some(named) => ids.iter().find(|id| id.as_str() == named),
        None => ids.first(),
    };
    found.map(|&id| id.clone()).ok_or_else(|| {
        let known: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
        BadInput(format!("there is no trigger {:?}: the triggers are {}", named.unwrap_or_default(), known.join(", ")))
            .into()
    })
}

fn compile(document: &Value, registry: &Registry) -> anyhow::Result<Graph> {
    registry.compile(document).map_err(|problems| {
        let details: Vec<String> = problems.into_iter().map(|problem| problem.detail).collect();
        BadInput(format!("the workflow is not valid: {}", details.join("; "))).into()
    })
}

async fn find_or_create(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    name: &str,
    document: &Value,
) -> anyhow::Result<WorkflowId> {
    if let Some(workflow_id) = named(connection, workspace, name).await? {
        return Ok(workflow_id);
    }
    let workflow_id = WorkflowId::new();
    workflows::create(connection, workspace, workflow_id, name, document)
        .await
        .context("the workflow was not stored")?;
    Ok(workflow_id)
}

async fn newest_if_same(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    workflow_id: WorkflowId,
    document: &Value,
) -> anyhow::Result<Option<VersionId>> {
    let Some(newest) = workflows::versions(connection, workspace, workflow_id, 1).await?.pop() else {
        return Ok(None);
    };
    let version_id = VersionId(newest.version_id);
    let published = workflows::version_graph(connection, workspace, version_id).await?;
    Ok(published.filter(|published| published.graph == *document).map(|_| version_id))
}

async fn add_version(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    workflow_id: WorkflowId,
    document: &Value,
    graph: &Graph,
) -> anyhow::Result<VersionId> {
    let row = workflows::find(connection, workspace, workflow_id).await?;
    let revision = row.map(|row| row.revision).ok_or_else(|| anyhow!("workflow {workflow_id} has been deleted"))?;
    // A rule that is disabled starts nothing, whoever publishes. Before anything else of the workflow is locked.
    let is_off = is_off(connection, workspace, workflow_id).await?;
    workflows::save_draft(connection, workspace, workflow_id, revision, document).await?;
    let (paths, triggers) = if is_off {
        (Vec::new(), Triggers::default())
    } else {
        (trigger_paths(graph, workflow_id), triggers_of(graph))
    };
    match workflows::publish(connection, workspace, workflow_id, document, graph, &paths, &About::default()).await? {
        Ok(version) => {
            let version_id = VersionId(version.version_id);
            keep_in_step(connection, workspace, workflow_id, version_id, &triggers).await??;
            Ok(version_id)
        }
        Err(taken) => bail!(
            "another workflow of the workspace has the {} path {:?} already: rename or delete that one, or publish \
             under its name",
            taken.kind,
            taken.path
        ),
    }
}
