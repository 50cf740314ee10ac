//! Workflows: drafts that change and versions that do not.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use super::trials;
use crate::core::graph::{EdgeKind, Graph, SEMANTICS};
use crate::core::ids::{VersionId, WorkflowId, WorkspaceId};

/// A workflow with its draft.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct WorkflowRow {
    /// Its id.
    pub workflow_id: Uuid,
    /// What people call it.
    pub name: String,
    /// The draft, as the editor has it.
    pub graph: Value,
    /// Rises by one with each save of the draft.
    pub revision: i32,
    /// Number of the newest version, if one was published.
    pub published: Option<i32>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When name or draft last changed.
    pub updated_at: DateTime<Utc>,
}

/// A published version.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct VersionRow {
    /// Its id.
    pub version_id: Uuid,
    /// Its workflow.
    pub workflow_id: Uuid,
    /// From 1.
    pub number: i32,
    /// Number of the rules under which it was published.
    pub semantics: i32,
    /// What people call it.
    pub name: Option<String>,
    /// What they say of it.
    pub note: Option<String>,
    /// When it was published.
    pub created_at: DateTime<Utc>,
}

/// What people say of a version as they publish it.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// What they call it: 1 to 100 characters.
    pub name: Option<String>,
    /// What is new in it, for people: 1 to 2,000 characters.
    pub note: Option<String>,
}

/// Where a form or hook leads.
#[derive(Clone, Debug, FromRow)]
pub struct TriggerPath {
    /// The workflow.
    pub workflow_id: Uuid,
    /// Its version that answers.
    pub version_id: Uuid,
    /// The trigger.
    pub node_id: String,
}

/// A trigger path that another workflow of the workspace already has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTaken {
    /// `form` or `webhook`.
    pub kind: String,
    /// The path.
    pub path: String,
}

const WORKFLOW: &str = "SELECT w.workflow_id, w.name, d.graph, d.revision, \
    (SELECT max(v.number) FROM workflow_versions v \
      WHERE v.workspace_id = w.workspace_id AND v.workflow_id = w.workflow_id) AS published, \
    w.created_at, greatest(w.updated_at, d.updated_at) AS updated_at \
    FROM workflows w JOIN workflow_drafts d ON d.workspace_id = w.workspace_id AND d.workflow_id = w.workflow_id \
    WHERE w.workspace_id = $1 AND w.deleted_at IS NULL";

/// Makes a workflow with its first draft.
///
/// # Errors
/// If the database does.
pub async fn create(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    name: &str,
    graph: &Value,
) -> Result<(), StoreError> {
    sqlx::query(
        "WITH w AS (INSERT INTO workflows (workspace_id, workflow_id, name) VALUES ($1, $2, $3) \
         RETURNING workspace_id, workflow_id) \
         INSERT INTO workflow_drafts (workspace_id, workflow_id, graph) SELECT workspace_id, workflow_id, $4 FROM w",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(name)
    .bind(graph)
    .execute(connection)
    .await?;
    Ok(())
}

/// One workflow of a workspace.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
) -> Result<Option<WorkflowRow>, StoreError> {
    let row = sqlx::query_as(&format!("{WORKFLOW} AND w.workflow_id = $2"))
        .bind(workspace_id.0)
        .bind(workflow_id.0)
        .fetch_optional(connection)
        .await?;
    Ok(row)
}

/// Replaces the draft if it still has `revision`; answers the new revision, or none if it has moved on.
///
/// # Errors
/// If the database does.
pub async fn save_draft(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    revision: i32,
    graph: &Value,
) -> Result<Option<i32>, StoreError> {
    let revision = sqlx::query_scalar(
        "UPDATE workflow_drafts SET graph = $4, revision = revision + 1, updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND workflow_id = $2 AND revision = $3 RETURNING revision",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(revision)
    .bind(graph)
    .fetch_optional(connection)
    .await?;
    Ok(revision)
}

/// Publishes `document` as the next version and points the trigger paths at it. Run in a transaction.
///
/// `paths` are the paths of its triggers as `(kind, path, node_id)`.
///
/// # Errors
/// If the database does. `Ok(Err(_))` names a path that another workflow has; roll back then.
pub async fn publish(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    document: &Value,
    graph: &Graph,
    paths: &[(&'static str, String, String)],
    about: &About,
) -> Result<Result<VersionRow, PathTaken>, StoreError> {
    sqlx::query("SELECT FROM workflows WHERE workspace_id = $1 AND workflow_id = $2 FOR UPDATE")
        .bind(workspace_id.0)
        .bind(workflow_id.0)
        .execute(&mut *connection)
        .await?;
    let version: VersionRow = sqlx::query_as(
        "INSERT INTO workflow_versions (workspace_id, version_id, workflow_id, number, graph, semantics, name, note) \
         SELECT $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, $6, $7 FROM workflow_versions \
         WHERE workspace_id = $1 AND workflow_id = $3 \
         RETURNING version_id, workflow_id, number, semantics, name, note, created_at",
    )
    .bind(workspace_id.0)
    .bind(VersionId::new().0)
    .bind(workflow_id.0)
    .bind(document)
    .bind(graph.semantics)
    .bind(&about.name)
    .bind(&about.note)
    .fetch_one(&mut *connection)
    .await?;
    insert_graph(connection, workspace_id, version.version_id, graph).await?;
    match claim_paths(connection, workspace_id, &version, paths).await? {
        Some(taken) => Ok(Err(taken)),
        None => Ok(Ok(version)),
    }
}

async fn insert_graph(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    version_id: Uuid,
    graph: &Graph,
) -> Result<(), StoreError> {
    let nodes = &graph.nodes;
    sqlx::query(
        "INSERT INTO workflow_nodes (workspace_id, version_id, node_id, type, label, config) \
         SELECT $1, $2, n.* FROM unnest($3::text[], $4::text[], $5::text[], $6::jsonb[]) AS n",
    )
    .bind(workspace_id.0)
    .bind(version_id)
    .bind(nodes.iter().map(|node| node.id.as_str()).collect::<Vec<_>>())
    .bind(nodes.iter().map(|node| node.type_name.as_str()).collect::<Vec<_>>())
    .bind(nodes.iter().map(|node| node.label.as_str()).collect::<Vec<_>>())
    .bind(nodes.iter().map(|node| node.config_as_written().into_owned()).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    let edges = &graph.edges;
    let port = |kind: &EdgeKind| match kind {
        EdgeKind::Flow { port, .. } => (port.clone(), "flow"),
        EdgeKind::Error { .. } => ("error".to_owned(), "error"),
        EdgeKind::Undo => ("compensate".to_owned(), "compensate"),
    };
    sqlx::query(
        "INSERT INTO workflow_edges (workspace_id, version_id, edge_id, source, target, source_port, kind) \
         SELECT $1, $2, e.* FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) AS e",
    )
    .bind(workspace_id.0)
    .bind(version_id)
    .bind(edges.iter().map(|edge| edge.id.as_str()).collect::<Vec<_>>())
    .bind(edges.iter().map(|edge| nodes[edge.source].id.as_str()).collect::<Vec<_>>())
    .bind(edges.iter().map(|edge| nodes[edge.target].id.as_str()).collect::<Vec<_>>())
    .bind(edges.iter().map(|edge| port(&edge.kind).0).collect::<Vec<_>>())
    .bind(edges.iter().map(|edge| port(&edge.kind).1).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Has a workflow's triggers answer at `paths` in that version, and nowhere else. As [`publish`] does, in a transaction.
///
/// # Errors
/// As [`publish`].
pub async fn claim_paths(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    version: &VersionRow,
    paths: &[(&'static str, String, String)],
) -> Result<Option<PathTaken>, StoreError> {
    sqlx::query("DELETE FROM trigger_paths WHERE workspace_id = $1 AND workflow_id = $2")
        .bind(workspace_id.0)
        .bind(version.workflow_id)
        .execute(&mut *connection)
        .await?;
    for (kind, path, node_id) in paths {
        let inserted = sqlx::query(
            "INSERT INTO trigger_paths (workspace_id, kind, path, workflow_id, version_id, node_id) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(workspace_id.0)
        .bind(*kind)
        .bind(path)
        .bind(version.workflow_id)
        .bind(version.version_id)
        .bind(node_id)
        .execute(&mut *connection)
        .await?;
        if inserted.rows_affected() == 0 {
            return Ok(Some(PathTaken { kind: (*kind).into(), path: path.clone() }));
        }
    }
    Ok(None)
}

/// Versions of a workflow, newest first.
///
/// # Errors
/// If the database does.
pub async fn versions(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    limit: i64,
) -> Result<Vec<VersionRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT version_id, workflow_id, number, semantics, name, note, created_at FROM workflow_versions \
         WHERE workspace_id = $1 AND workflow_id = $2 ORDER BY number DESC LIMIT $3",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// A version of a workspace, whichever its workflow.
///
/// # Errors
/// If the database does.
pub async fn find_version(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    version_id: VersionId,
) -> Result<Option<VersionRow>, StoreError> {
    let row = sqlx::query_as(
        "SELECT version_id, workflow_id, number, semantics, name, note, created_at FROM workflow_versions \
         WHERE workspace_id = $1 AND version_id = $2",
    )
    .bind(workspace_id.0)
    .bind(version_id.0)
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// The graph of a version, or of a trial.
#[derive(Clone, Debug, FromRow)]
pub struct VersionGraph {
    /// Its workflow.
    pub workflow_id: Uuid,
    /// The document.
    pub graph: Value,
    /// Number of the rules that hold for it.
    pub semantics: i32,
}

/// The graph of a version, or else of a trial.
///
/// # Errors
/// If the database does, or [`StoreError::Unsupported`] if it was published under rules that this build does not have.
pub async fn version_graph(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    version_id: VersionId,
) -> Result<Option<VersionGraph>, StoreError> {
    let published = sqlx::query_as(
        "SELECT workflow_id, graph, semantics FROM workflow_versions WHERE workspace_id = $1 AND version_id = $2",
    );
    let published = published.bind(workspace_id.0).bind(version_id.0).fetch_optional(&mut *connection).await?;
    let row = match published {
        Some(row) => Some(row),
        None => trials::graph(connection, workspace_id, version_id).await?,
    };
    match row {
        Some(VersionGraph { semantics, .. }) if semantics > SEMANTICS => {
            Err(StoreError::Unsupported(format!("version {version_id} needs a newer build: its rules are {semantics}")))
        }
        row => Ok(row),
    }
}

/// The trigger that answers at a path.
///
/// # Errors
/// If the database does.
pub async fn trigger_at(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    kind: &str,
    path: &str,
) -> Result<Option<TriggerPath>, StoreError> {
    let row = sqlx::query_as(
        "SELECT workflow_id, version_id, node_id FROM trigger_paths WHERE workspace_id = $1 AND kind = $2 AND path = $3",
    )
    .bind(workspace_id.0)
    .bind(kind)
    .bind(path)
    .fetch_optional(connection)
    .await?;
    Ok(row)
}
