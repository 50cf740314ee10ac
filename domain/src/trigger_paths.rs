//! Where the triggers of a workflow answer: forms at `/p/{workspace}/{path}`, hooks at `/hooks/{workspace}/{path}`, bookings at
//! `/api/webhook/calendly/{workspace}/{path}`.

use capstan_engine::core::graph::{Graph, Node};
use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use serde_json::Value;
use sqlx::PgConnection;

/// Kind of the path of a `trigger.form`.
pub const FORM: &str = "form";
/// Kind of the path of a `trigger.webhook`.
pub const WEBHOOK: &str = "webhook";
/// Kind of the path of a `trigger.demo_booked`.
pub const BOOKING: &str = "booking";
/// Path of a `trigger.demo_booked` that says none.
pub const BOOKING_PATH: &str = "calendly";
/// Most forms of a workspace among which those that take leads are looked for.
const FORMS_MAX: i64 = 1_000;
/// Most bytes of a path.
pub const PATH_BYTES_MAX: usize = 200;

/// The paths of the triggers of `graph`, as `(kind, path, node_id)`, for publishing it.
///
/// A form without a path answers at `{workflow_id}/{node_id}`, which no other form can have.
#[must_use]
pub fn trigger_paths(graph: &Graph, workflow_id: WorkflowId) -> Vec<(&'static str, String, String)> {
    let path = |node: &Node| node.config.get("path").and_then(Value::as_str).map(str::to_owned);
    graph
        .triggers()
        .map(|ix| &graph.nodes[ix])
        .filter_map(|node| match node.type_name.as_str() {
            "trigger.form" => {
                Some((FORM, path(node).unwrap_or_else(|| format!("{workflow_id}/{}", node.id)), node.id.to_string()))
            }
            "trigger.webhook" => Some((WEBHOOK, path(node)?, node.id.to_string())),
            "trigger.demo_booked" => {
                Some((BOOKING, path(node).unwrap_or_else(|| BOOKING_PATH.into()), node.id.to_string()))
            }
            _ => None,
        })
        .collect()
}

/// Whether `path` can be that of a form or hook; a look-up of anything else is in vain.
#[must_use]
pub fn is_path(path: &str) -> bool {
    path.len() <= PATH_BYTES_MAX
        && path.split('/').all(|part| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}

/// Paths of the first `limit` published forms of a workspace that take leads, in order. One statement, which looks at no more
/// than [`FORMS_MAX`] forms, each by its primary key.
///
/// # Errors
/// If the database does.
pub async fn lead_forms(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let paths = sqlx::query_scalar(
        "SELECT f.path FROM (SELECT t.path, t.version_id, t.node_id FROM trigger_paths t \
                              WHERE t.workspace_id = $1 AND t.kind = $2 ORDER BY t.path LIMIT $3) AS f \
           JOIN workflow_nodes n ON n.workspace_id = $1 AND n.version_id = f.version_id AND n.node_id = f.node_id \
          WHERE jsonb_typeof(n.config -> 'lead') = 'object' ORDER BY f.path LIMIT $4",
    )
    .bind(workspace_id.0)
    .bind(FORM)
    .bind(FORMS_MAX)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(paths)
}

/// Paths of that kind that a workspace's published workflows answer at, in order.
///
/// # Errors
/// If the database does.
pub async fn list_paths(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    kind: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let paths = sqlx::query_scalar(
        "SELECT path FROM trigger_paths WHERE workspace_id = $1 AND kind = $2 ORDER BY path LIMIT $3",
    )
    .bind(workspace_id.0)
    .bind(kind)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(paths)
}
