//! Where the triggers of a workflow answer: forms at `/p/{workspace}/{path}`, hooks at `/hooks/{workspace}/{path}`, bookings at
//! `/api/webhook/calendly/{workspace}/{path}`, mails at addresses that begin with their path.

use capstan_engine::core::graph::{Graph, Node};
use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Kind of the path of a `trigger.form`.
pub const FORM: &str = "form";
/// Kind of the path of a `trigger.webhook`.
pub const WEBHOOK: &str = "webhook";
/// Kind of the path of a `trigger.demo_booked`.
pub const BOOKING: &str = "booking";
/// Path of a `trigger.demo_booked` that says none.
pub const BOOKING_PATH: &str = "calendly";
/// Kind of the path of a `trigger.email`.
pub const EMAIL: &str = "email";
/// Most bytes of the path of a `trigger.email`: with the workspace behind it, it is one side of an address.
pub const EMAIL_PATH_BYTES_MAX: usize = 37;
/// Letters and digits of the path of a `trigger.email` that says none.
const EMAIL_PATH_CHARS: usize = 20;
/// Most forms of a workspace among which those that take leads are looked for.
const FORMS_MAX: i64 = 1_000;
/// How many of the newest executions of a workspace are looked at for what forms have started.
pub const LOOKED_AT_MAX: i64 = 2_000;
/// How many of the newest submissions of a form are looked at for how proving their addresses goes.
pub const SUBMISSIONS_MAX: i64 = 1_000;
/// Most bytes of a path.
pub const PATH_BYTES_MAX: usize = 200;

/// The paths of the triggers of `graph`, as `(kind, path, node_id)`, for publishing it.
///
/// A form without a path answers at `{workflow_id}/{node_id}`, which no other form can have; mails without one come to an address
/// that is made of these, and stays the same.
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
            "trigger.email" => {
                Some((EMAIL, path(node).unwrap_or_else(|| of_mails(workflow_id, node)), node.id.to_string()))
            }
            _ => None,
        })
        .collect()
}

fn of_mails(workflow_id: WorkflowId, node: &Node) -> String {
    let hash = Sha256::digest(format!("mails\n{workflow_id}\n{}", node.id).as_bytes());
    hash.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).map(char::from).take(EMAIL_PATH_CHARS).collect()
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

/// A published form.
#[derive(Clone, Debug, FromRow)]
pub struct FormRow {
    /// Where it answers.
    pub path: String,
    /// The trigger.
    pub node_id: String,
    /// What its page is headed; empty if it says none.
    pub title: String,
    /// Whether it writes leads.
    pub takes_leads: bool,
    /// Its workflow.
    pub workflow_id: Uuid,
    /// What people call that.
    pub workflow_name: String,
    /// The number of the version that answers.
    pub version: i32,
    /// What it has started, of the newest [`LOOKED_AT_MAX`] executions of the workspace.
    pub started: i64,
    /// The newest of those.
    pub execution_id: Option<Uuid>,
    /// When that was started.
    pub started_at: Option<DateTime<Utc>>,
    /// The field whose address has to be proven, if one has.
    pub verify_email: Option<String>,
    /// Submissions that wait for that, of the newest [`SUBMISSIONS_MAX`].
    pub waiting: i64,
    /// Why the newest of their mails that failed was not sent.
    pub mail_error: Option<String>,
}

/// With what each has started of the newest $4 executions, trials of drafts apart, and how proving addresses goes in the newest $5
/// submissions of each. Locks nothing; goes through `trigger_paths_pkey`, `executions_workspace` and `form_submissions_path`.
const LIST_FORMS: &str = "\
    WITH newest AS ( \
    SELECT e.execution_id, e.workflow_id, e.version_id, e.trigger_node_id, e.created_at \
    FROM executions e \
    WHERE e.workspace_id = $1 \
    ORDER BY e.execution_id DESC \
    LIMIT $4 \
    ), started AS ( \
    SELECT n.workflow_id, n.trigger_node_id, count(*) AS started, \
    (array_agg(n.execution_id ORDER BY n.execution_id DESC))[1] AS execution_id, \
    max(n.created_at) AS started_at \
    FROM newest n \
    JOIN workflow_versions v ON v.workspace_id = $1 AND v.version_id = n.version_id \
    GROUP BY n.workflow_id, n.trigger_node_id \
    ) \
    SELECT p.path, p.node_id, coalesce(n.config ->> 'title', '') AS title, \
    jsonb_typeof(n.config -> 'lead') IS NOT DISTINCT FROM 'object' AS takes_leads, \
    p.workflow_id, w.name AS workflow_name, v.number AS version, \
    coalesce(s.started, 0) AS started, s.execution_id, s.started_at, \
    n.config ->> 'verify_email' AS verify_email, u.waiting, u.mail_error \
    FROM trigger_paths p \
    JOIN workflows w ON w.workspace_id = $1 AND w.workflow_id = p.workflow_id AND w.deleted_at IS NULL \
    JOIN workflow_versions v ON v.workspace_id = $1 AND v.version_id = p.version_id \
    JOIN workflow_nodes n ON n.workspace_id = $1 AND n.version_id = p.version_id AND n.node_id = p.node_id \
    LEFT JOIN started s ON s.workflow_id = p.workflow_id AND s.trigger_node_id = p.node_id \
    CROSS JOIN LATERAL ( \
    SELECT count(*) FILTER (WHERE l.confirmed_at IS NULL AND l.expires_at > clock_timestamp()) AS waiting, \
    (array_agg(l.mail_error ORDER BY l.submission_id DESC) FILTER (WHERE l.mail_error IS NOT NULL))[1] AS mail_error \
    FROM ( \
    SELECT f.submission_id, f.confirmed_at, f.expires_at, f.mail_error \
    FROM form_submissions f \
    WHERE f.workspace_id = $1 AND f.path = p.path AND n.config ->> 'verify_email' IS NOT NULL \
    ORDER BY f.submission_id DESC \
    LIMIT $5 \
    ) l \
    ) u \
    WHERE p.workspace_id = $1 AND p.kind = 'form' AND p.path > $2 \
    ORDER BY p.path \
    LIMIT $3";

/// Forms that answer, by path, behind the path `after`.
///
/// # Errors
/// If the database does.
pub async fn list_forms(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    after: &str,
    limit: i64,
) -> Result<Vec<FormRow>, StoreError> {
    let rows = sqlx::query_as(LIST_FORMS)
        .bind(workspace_id.0)
        .bind(after)
        .bind(limit)
        .bind(LOOKED_AT_MAX)
        .bind(SUBMISSIONS_MAX)
        .fetch_all(connection)
        .await?;
    Ok(rows)
}
