//! Events as endpoints get them.

use capstan_engine::core::trace::Trace;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// Most bytes of the output of an execution that its event carries, as JSON.
pub(super) const OUTPUT_BYTES_MAX: usize = 64 * 1024;

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
pub(super) struct Ended {
    pub(super) execution_id: Uuid,
    workflow_id: Uuid,
    workflow_name: Option<String>,
    version_id: Uuid,
    trigger_node_id: String,
    trial: bool,
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

/// The data of `execution.*`; of one that is no longer kept only the id and the status are known.
pub(super) fn of_execution(execution_id: Uuid, status: &str, ended: Option<&Ended>) -> Value {
    let Some(ended) = ended else { return json!({ "execution_id": execution_id, "status": status }) };
    let output = ended.output.as_ref().filter(|output| output.to_string().len() <= OUTPUT_BYTES_MAX);
    json!({
        "execution_id": execution_id,
        "status": status,
        "workflow_id": ended.workflow_id,
        "workflow_name": ended.workflow_name,
        "version_id": ended.version_id,
        "trigger_node_id": ended.trigger_node_id,
        "trial": ended.trial,
        "created_at": time(ended.created_at),
        "ended_at": ended.ended_at.filter(|_| status != "incident").map(time),
        "output": output.filter(|_| status == "completed"),
        "error": ended.error.as_ref().filter(|_| status != "completed"),
    })
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
