//! The types of events that tell of steps.

use serde_json::{Value, json};

use super::catalogue::{EventType, object, own, time, uuid};

/// What becomes of steps. They come to who asks for them by name.
pub(super) fn steps() -> [EventType; 4] {
    let kinds = [
        ("waiting", "A step waits for a time, a signal or a child"),
        ("completed", "A step has completed"),
        ("failed", "A step has failed, with all of its attempts"),
        ("outcome_unknown", "It is not known what a step did that is run at most once"),
    ];
    kinds.map(|(status, title)| own(&format!("step.{status}"), title, schema(status), &example(status)))
}

fn schema(status: &str) -> Value {
    let text = || json!({ "type": ["string", "null"] });
    let properties = json!({
        "execution_id": uuid(), "workflow_id": uuid(), "workflow_name": text(), "version_id": uuid(),
        "trial": { "type": "boolean" }, "node_id": text(), "scope": { "type": "string" },
        "position": { "type": "integer", "description": "of its entry in the journal" }, "status": { "const": status },
        "port": text(), "attempts": { "type": ["integer", "null"] }, "error": { "type": ["object", "null"] },
        "waits_for": { "enum": ["time", "signal", "child", null] }, "until": text(), "at": time(),
    });
    object(&["execution_id", "position"], properties)
}

fn example(status: &str) -> Value {
    let is_waiting = status == "waiting";
    json!({
        "execution_id": "01927f3e-2c50-7000-8000-000000000002",
        "workflow_id": "01927f3e-2c50-7000-8000-000000000003", "workflow_name": "Orders",
        "version_id": "01927f3e-2c50-7000-8000-000000000004", "trial": false,
        "node_id": if is_waiting { "approve" } else { "charge" }, "scope": "", "position": 4, "status": status,
        "port": if status == "completed" { json!("out") } else { Value::Null },
        "attempts": if is_waiting { Value::Null } else { json!(1) },
        "error": match status {
            "failed" => json!({ "class": "http", "reason": "503 Service Unavailable" }),
            "outcome_unknown" => json!({ "class": "outcome_unknown", "reason": "its worker was lost" }),
            _ => Value::Null,
        },
        "waits_for": if is_waiting { json!("signal") } else { Value::Null }, "until": null,
        "at": "2026-01-01T00:00:00.000000Z",
    })
}
