//! Events as endpoints get them.

use std::collections::HashMap;

use capstan_engine::core::trace::Trace;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// Most bytes of the output of an execution that its event carries, as JSON.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// The value of the id header: the same at every attempt, for every endpoint. It holds no dot.
#[must_use]
pub fn wire_id(event_id: Uuid) -> String {
    format!("evt_{}", event_id.simple())
}

/// The body of an event: `{id, type, timestamp, data}`.
#[must_use]
pub(super) fn body(event_id: Uuid, type_name: &str, at: DateTime<Utc>, data: &Value) -> Value {
    json!({ "id": wire_id(event_id), "type": type_name, "timestamp": time(at), "data": data })
}

/// What is known of an execution when its event is handed out.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Ended {
    execution_id: Uuid,
    pub(crate) workflow_id: Uuid,
    workflow_name: Option<String>,
    version_id: Uuid,
    trigger_node_id: String,
    /// Whether it is a trial of a draft.
    pub(crate) trial: bool,
    error: Option<Value>,
    output: Option<Value>,
    created_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    trace: Option<String>,
}

impl Ended {
    /// What its events belong to, as rows have it.
    pub(super) fn trace(&self) -> String {
        self.trace.clone().unwrap_or_else(|| Trace::of(self.execution_id).to_string())
    }
}

/// What is known of these executions, of those that are kept.
pub(crate) async fn ended(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashMap<Uuid, Ended>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Ended> = sqlx::query_as(
        "SELECT e.execution_id, e.workflow_id, w.name AS workflow_name, e.version_id, e.trigger_node_id, \
           EXISTS (SELECT FROM trial_versions v WHERE v.workspace_id = e.workspace_id AND v.version_id = e.version_id) \
             AS trial, \
           e.error, CASE WHEN pg_column_size(e.output) <= $4 THEN e.output END AS output, e.created_at, e.ended_at, e.trace \
         FROM executions e LEFT JOIN workflows w ON w.workspace_id = e.workspace_id AND w.workflow_id = e.workflow_id \
         WHERE e.execution_id = ANY ($1) AND e.execution_id BETWEEN $2 AND $3",
    )
    .bind(ids)
    .bind(ids.iter().min())
    .bind(ids.iter().max())
    .bind(i32::try_from(OUTPUT_BYTES_MAX).unwrap_or(i32::MAX))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.execution_id, row)).collect())
}

/// The data of `execution.*`; of one that is no longer kept only the id and the status are known. Of a beginning nothing is told
/// that came later.
pub(crate) fn of_execution(execution_id: Uuid, status: &str, ended: Option<&Ended>) -> Value {
    let Some(ended) = ended else { return json!({ "execution_id": execution_id, "status": status }) };
    let output = ended.output.as_ref().filter(|output| output.to_string().len() <= OUTPUT_BYTES_MAX);
    let (is_over, has_failed) = (!matches!(status, "incident" | "started"), !matches!(status, "completed" | "started"));
    json!({
        "execution_id": execution_id,
        "status": status,
        "workflow_id": ended.workflow_id,
        "workflow_name": ended.workflow_name,
        "version_id": ended.version_id,
        "trigger_node_id": ended.trigger_node_id,
        "trial": ended.trial,
        "created_at": time(ended.created_at),
        "ended_at": ended.ended_at.filter(|_| is_over).map(time),
        "output": output.filter(|_| status == "completed"),
        "error": ended.error.as_ref().filter(|_| has_failed),
    })
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
