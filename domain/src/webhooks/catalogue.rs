//! The types of events that endpoints may get, with schemas and examples.

use serde::Serialize;
use serde_json::{Value, json};

use super::catalogue_steps::steps;

/// A type of events.
#[derive(Clone, Debug, Serialize)]
pub struct EventType {
    /// Such as `execution.completed`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// For people.
    pub title: String,
    /// Whether the workspace itself sends it.
    pub custom: bool,
    /// JSON Schema (2020-12) of the whole body.
    pub schema: Value,
    /// A body.
    pub example: Value,
}

/// The types that Capstan sends.
#[must_use]
pub fn catalogue() -> Vec<EventType> {
    let executions = [
        ("completed", "An execution has completed"),
        ("failed", "An execution has failed"),
        ("cancelled", "An execution was cancelled"),
        ("incident", "An execution waits for a person: it is an incident"),
        ("started", "An execution has begun; comes to who asks for it by its name"),
    ];
    let executions = executions.map(|(status, title)| {
        let data = execution_example(status);
        own(&format!("execution.{status}"), title, execution_schema(status), &data)
    });
    let endpoints = [
        ("webhook.endpoint_failing", "Every attempt at an endpoint has failed for days"),
        ("webhook.endpoint_disabled", "An endpoint was disabled, as it only fails or is gone"),
    ];
    let endpoints = endpoints.map(|(name, title)| {
        let data = json!({
            "endpoint_id": "01927f3e-2c50-7000-8000-000000000001", "url": "https://example.com/hooks",
            "failing_since": "2026-01-01T00:00:00.000000Z", "reason": "every attempt has failed for 5 days",
        });
        own(name, title, endpoint_schema(), &data)
    });
    let failed = own(
        "webhook.delivery_failed",
        "A delivery has used up its attempts or its time, and is given up",
        delivery_schema(),
        &json!({
            "endpoint_id": "01927f3e-2c50-7000-8000-000000000001",
            "delivery_id": "01927f3e-2c50-7000-8000-00000000000a", "event_id": "evt_01927f3e2c507000800000000000000b",
            "type": "lead.created", "attempts": 10, "reason": "all attempts have failed",
        }),
    );
    let tenants = [
        ("activated", "The workspace is made, and works", "provisioning", "active"),
        ("suspended", "The workspace is suspended: nobody gets in, and nothing runs", "active", "suspended"),
        ("resumed", "The workspace works again", "suspended", "active"),
        ("archived", "The workspace is archived, and is not changed any more", "active", "archived"),
    ];
    let tenants = tenants.map(|(what, title, from, to)| {
        let data = json!({
            "workspace_id": "01927f3e-2c50-7000-8000-000000000005", "from": from, "to": to, "reason": "unpaid",
            "by": "root@example.com",
        });
        own(&format!("tenant.{what}"), title, tenant_schema(), &data)
    });
    let test = json!({ "endpoint_id": "01927f3e-2c50-7000-8000-000000000001", "message": "This is a test." });
    let schema = object(&["endpoint_id", "message"], json!({ "endpoint_id": uuid(), "message": { "type": "string" } }));
    let test = own(super::deliveries::TEST_TYPE, "A test, sent by hand to one endpoint", schema, &test);
    executions
        .into_iter()
        .chain(steps())
        .chain(endpoints)
        .chain(tenants)
        .chain(billing())
        .chain(leads())
        .chain(records())
        .chain(alerts())
        .chain(quotas())
        .chain([failed, test])
        .collect()
}

/// What the provider of payments tells of the workspace.
fn billing() -> [EventType; 3] {
    let workspace_id = "01927f3e-2c50-7000-8000-000000000005";
    let plan = json!({ "workspace_id": workspace_id, "from": "free", "to": "starter", "by": "billing" });
    let properties = json!({
        "workspace_id": uuid(), "from": { "type": ["string", "null"] }, "to": { "type": "string" },
        "by": { "type": "string" },
    });
    let schema = object(&["workspace_id", "to", "by"], properties);
    let invoice = json!({
        "workspace_id": workspace_id, "invoice_id": "in_1", "amount": 2900, "currency": "eur", "attempts": 1,
        "next_attempt_at": "2026-01-04T00:00:00Z", "at": "2026-01-01T00:00:00Z",
    });
    let properties = json!({
        "workspace_id": uuid(), "invoice_id": { "type": "string" }, "amount": { "type": "integer" },
        "currency": { "type": "string" }, "attempts": { "type": ["integer", "null"] },
        "next_attempt_at": { "type": ["string", "null"] }, "at": time(),
    });
    let of_invoice = object(&["workspace_id", "invoice_id", "amount", "currency", "at"], properties);
    [
        own("tenant.plan_changed", "What is paid for has given the workspace another plan", schema, &plan),
        own("tenant.invoice_paid", "An invoice of the workspace was paid", of_invoice.clone(), &invoice),
        own("tenant.payment_failed", "A payment for the workspace has failed", of_invoice, &invoice),
    ]
}

/// What happens to leads. They come as the events do that a workspace sends itself.
fn leads() -> [EventType; 4] {
    let kinds = [
        ("created", "There is a new lead"),
        ("updated", "A lead has changed"),
        ("status_changed", "A lead was moved in the pipeline"),
        ("restored", "A lead that was deleted is there again"),
    ];
    kinds.map(|(kind, title)| {
        let lead_id = "01927f3e-2c50-7000-8000-000000000005";
        let mut data = json!({
            "lead": { "id": lead_id, "email": "ada@example.com", "name": "Ada", "status": "qualified", "source": "manual",
                "fields": { "budget": 3000 } },
            "by": { "kind": "user", "name": "owner@example.com" },
        });
        match kind {
            "updated" => data["changes"] = json!({ "name": { "from": null, "to": "Ada" } }),
            "status_changed" => (data["from"], data["to"]) = (json!("new"), json!("qualified")),
            _ => {}
        }
        let id = "$lead:01927f3e-2c50-7000-8000-000000000006";
        let properties = json!({ "id": { "type": "string" }, "key": uuid(), "data": { "type": "object" } });
        let schema = object(&["id", "key", "data"], properties);
        own(&format!("lead.{kind}"), title, schema, &json!({ "id": id, "key": lead_id, "data": data }))
    })
}

/// What happens to records. They come in the same way.
fn records() -> [EventType; 4] {
    let kinds = [
        ("created", "There is a new record"),
        ("updated", "The data of a record has changed"),
        ("transitioned", "A record has gone to another state"),
        ("restored", "A record that was deleted is there again"),
    ];
    kinds.map(|(kind, title)| {
        let record_id = "01927f3e-2c50-7000-8000-000000000008";
        let state = if kind == "transitioned" { "qualified" } else { "lead" };
        let mut data = json!({
            "record": { "id": record_id, "type": "pursuit", "state": state, "data": { "client": "Engines Ltd" },
                "revision": 2, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z" },
            "by": { "kind": "user", "name": "owner@example.com" },
        });
        let mut properties = json!({ "record": record_schema(), "by": { "type": "object" } });
        match kind {
            "updated" => {
                data["fields"] = json!(["client"]);
                properties["fields"] = json!({ "type": "array", "items": { "type": "string" } });
            }
            "transitioned" => {
                (data["from"], data["to"]) = (json!("lead"), json!("qualified"));
                (data["transition"], data["reason"]) = (json!("qualify"), json!("they have a budget"));
                (properties["from"], properties["to"]) = (json!({ "type": "string" }), json!({ "type": "string" }));
                properties["transition"] = json!({ "type": ["string", "null"] });
                properties["reason"] = json!({ "type": ["string", "null"] });
            }
            _ => {}
        }
        let required: &[&str] = match kind {
            "updated" => &["record", "by", "fields"],
            "transitioned" => &["record", "by", "from", "to"],
            _ => &["record", "by"],
        };
        let id = "$record:01927f3e-2c50-7000-8000-000000000009";
        let whole = json!({ "id": { "type": "string" }, "key": uuid(), "data": object(required, properties) });
        let schema = object(&["id", "key", "data"], whole);
        own(&format!("record.{kind}"), title, schema, &json!({ "id": id, "key": record_id, "data": data }))
    })
}

/// What becomes of alerts. They come in the same way.
fn alerts() -> [EventType; 2] {
    [("raised", "A rule of alerts is broken"), ("cleared", "A rule of alerts holds again, or has changed")].map(
        |(what, title)| {
            let mut data = json!({
                "alert_id": "01927f3e-2c50-7000-8000-000000000007", "rule": "failures", "kind": "failure_rate",
                "workflow_id": null, "summary": "6 of 10 executions failed within 1 hour",
                "detail": { "failed": 6, "ended": 10, "window_s": 3600, "percent": 50 },
                "raised_at": "2026-01-01T00:00:00Z", "cleared_at": null, "cleared_because": null,
            });
            if what == "cleared" {
                (data["cleared_at"], data["cleared_because"]) = (json!("2026-01-01T01:10:00Z"), json!("recovered"));
            }
            let id = "$alert:01927f3e-2c50-7000-8000-000000000007:raised".replace("raised", what);
            let properties = json!({ "id": { "type": "string" }, "key": { "type": "string" }, "data": alert_schema() });
            let schema = object(&["id", "key", "data"], properties);
            own(&format!("alert.{what}"), title, schema, &json!({ "id": id, "key": "failures", "data": data }))
        },
    )
}

/// What is used of quotas. The first two come as the events do that a workspace sends itself.
fn quotas() -> [EventType; 3] {
    let kinds = [
        ("soft", "A quota of the month has reached its limit; a little more is served", 1000),
        ("exceeded", "A quota of the month is used up, and something was refused for the first time", 1200),
    ];
    let [soft, exceeded] = kinds.map(|(kind, title, used)| {
        let data = json!({
            "quota": "executions_per_month", "period": "2026-01", "limit": 1000, "hard": 1200, "used": used,
            "resets_at": "2026-02-01T00:00:00Z",
        });
        let id = format!("$quota:executions_per_month:2026-01:{kind}");
        let properties = json!({ "id": { "type": "string" }, "key": { "type": "string" }, "data": quota_schema() });
        let schema = object(&["id", "key", "data"], properties);
        own(&format!("quota.{kind}"), title, schema, &json!({ "id": id, "key": "executions_per_month", "data": data }))
    });
    let mended = json!({ "quota": "executions_per_month", "period": "2026-01", "counted": 901, "facts": 900 });
    let properties = json!({
        "quota": { "type": "string" }, "period": { "type": "string" }, "counted": { "type": "integer" },
        "facts": { "type": "integer" },
    });
    let schema = object(&["quota", "period", "counted", "facts"], properties);
    let title = "What was counted of a quota was not what its receipts say, and is set right";
    [soft, exceeded, own("quota.reconciled", title, schema, &mended)]
}

/// A type that a workspace sends itself.
#[must_use]
pub fn custom(type_name: &str) -> EventType {
    let data = json!({ "id": "order-7-paid", "key": "7", "data": { "amount": 3 } });
    let properties = json!({ "id": { "type": "string" }, "key": { "type": "string" }, "data": true });
    let schema = whole(type_name, object(&["id", "key", "data"], properties));
    let title = format!("An event of this workspace: {type_name}");
    EventType { type_name: type_name.into(), title, custom: true, schema, example: example(type_name, &data) }
}

pub(super) fn own(type_name: &str, title: &str, data_schema: Value, data: &Value) -> EventType {
    EventType {
        type_name: type_name.into(),
        title: title.into(),
        custom: false,
        schema: whole(type_name, data_schema),
        example: example(type_name, data),
    }
}

fn example(type_name: &str, data: &Value) -> Value {
    json!({
        "id": "evt_01927f3e2c5070008000000000000000", "type": type_name, "timestamp": "2026-01-01T00:00:00.000000Z",
        "data": data,
    })
}

fn whole(type_name: &str, data: Value) -> Value {
    let properties = json!({
        "id": { "type": "string", "pattern": "^evt_[0-9a-f]{32}$" }, "type": { "const": type_name }, "timestamp": time(),
        "data": data,
    });
    let mut schema = object(&["id", "type", "timestamp", "data"], properties);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema
}

pub(super) fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

pub(super) fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

pub(super) fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn execution_schema(status: &str) -> Value {
    let properties = json!({
        "execution_id": uuid(), "status": { "const": status }, "workflow_id": uuid(), "version_id": uuid(),
        "workflow_name": { "type": ["string", "null"] }, "trigger_node_id": { "type": "string" },
        "trial": { "type": "boolean" }, "created_at": time(), "ended_at": { "type": ["string", "null"] },
        "output": { "description": "of a completed one, if it has at most 64 KiB" },
        "error": { "type": ["object", "null"] },
    });
    object(&["execution_id", "status"], properties)
}

fn execution_example(status: &str) -> Value {
    json!({
        "execution_id": "01927f3e-2c50-7000-8000-000000000002", "status": status,
        "workflow_id": "01927f3e-2c50-7000-8000-000000000003", "workflow_name": "Orders",
        "version_id": "01927f3e-2c50-7000-8000-000000000004", "trigger_node_id": "start", "trial": false,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "ended_at": if matches!(status, "incident" | "started") { Value::Null } else { json!("2026-01-01T00:00:01.000000Z") },
        "output": if status == "completed" { json!({ "order": 7 }) } else { Value::Null },
        "error": if matches!(status, "completed" | "started") { Value::Null } else { json!({ "class": "config", "reason": "no order" }) },
    })
}

fn tenant_schema() -> Value {
    let properties = json!({
        "workspace_id": uuid(), "from": { "type": "string" }, "to": { "type": "string" },
        "reason": { "type": ["string", "null"] }, "by": { "type": "string" },
    });
    object(&["workspace_id", "from", "to", "by"], properties)
}

fn record_schema() -> Value {
    let properties = json!({
        "id": uuid(), "type": { "type": "string" }, "state": { "type": "string" }, "data": { "type": "object" },
        "revision": { "type": "integer" }, "created_at": time(), "updated_at": time(),
    });
    object(&["id", "type", "state", "data", "revision"], properties)
}

fn quota_schema() -> Value {
    let number = || json!({ "type": "integer" });
    let properties = json!({
        "quota": { "type": "string" }, "period": { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$" }, "limit": number(),
        "hard": number(), "used": number(), "resets_at": time(),
    });
    object(&["quota", "period", "limit", "hard", "used", "resets_at"], properties)
}

fn alert_schema() -> Value {
    let properties = json!({
        "alert_id": uuid(), "rule": { "type": "string" }, "kind": { "type": "string" },
        "workflow_id": { "type": ["string", "null"] }, "summary": { "type": "string" }, "detail": { "type": "object" },
        "raised_at": time(), "cleared_at": { "type": ["string", "null"] },
        "cleared_because": { "type": ["string", "null"] },
    });
    object(&["alert_id", "rule", "kind", "summary", "detail", "raised_at"], properties)
}

fn endpoint_schema() -> Value {
    let properties = json!({
        "endpoint_id": uuid(), "url": { "type": "string" }, "failing_since": { "type": ["string", "null"] },
        "reason": { "type": "string" },
    });
    object(&["endpoint_id", "url", "reason"], properties)
}

fn delivery_schema() -> Value {
    let properties = json!({
        "endpoint_id": uuid(), "delivery_id": uuid(), "event_id": { "type": "string" }, "type": { "type": "string" },
        "attempts": { "type": "integer" }, "reason": { "type": ["string", "null"] },
    });
    object(&["endpoint_id", "delivery_id", "event_id", "type", "attempts"], properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_an_example_that_its_schema_requires() {
        let types = catalogue();
        assert_eq!(types.len(), 33);
        for one in types.iter().chain([&custom("order.paid")]) {
            assert_eq!(one.example["type"], one.type_name);
            assert_eq!(one.schema["properties"]["type"]["const"], one.type_name);
            let required = one.schema["properties"]["data"]["required"].as_array().unwrap();
            for field in required {
                assert!(!one.example["data"][field.as_str().unwrap()].is_null(), "{}: {field}", one.type_name);
            }
        }
    }
}
