//! Triggers that wait for executions of other workflows to end: one execution for each end and trigger.

use capstan_domain::events::{self, DEPTH_MAX, NewEvent};
use capstan_domain::execution_triggers::{Unfit, sync};
use capstan_engine::core::ids::WorkflowId;
use serde_json::{Value, json};

use crate::support::{Cell, graph, node};

/// A workflow with one trigger, and a step behind it.
fn at_end(config: Value, step: Value) -> Value {
    let trigger = node("start", "trigger.execution", config);
    json!({ "nodes": [trigger, step], "edges": [{ "id": "e", "source": "start", "target": step["id"] }] })
}

fn noop() -> Value {
    node("a", "debug.noop", json!({}))
}

/// Completes with what its input says, or fails.
fn worked() -> Value {
    let nodes = vec![
        node("fails", "logic.condition", json!({ "condition": "{{ input.fails }}" })),
        node("fall", "debug.fail", json!({ "class": "oops", "reason": "it was told to" })),
        node("done", "data.set", json!({ "values": { "n": "{{ input.n }}" } })),
    ];
    graph(nodes, &[("start", "out", "fails"), ("fails", "true", "fall"), ("fails", "false", "done")])
}

const STARTED: &str =
    "SELECT count(*) FROM executions e JOIN workflows w USING (workspace_id, workflow_id) WHERE w.name = ";

impl Cell {
    async fn started(&self, workflow: &str) -> i64 {
        self.count(&format!("{STARTED}'{workflow}'")).await
    }

    /// Waits until all ends so far have been looked at, and what they start has ended.
    async fn until_calm(&self, executions: i64) {
        self.until_count("SELECT count(*) FROM executions WHERE ended_at IS NOT NULL", executions).await;
        let behind =
            "SELECT count(*) FROM outbox o, execution_trigger_cursor c WHERE (o.xid, o.event_id) > (c.xid, c.event_id)";
        self.until_count(behind, 0).await;
        self.until_count("SELECT count(*) FROM trigger_starts WHERE settled_at IS NULL", 0).await;
        self.until_count("SELECT count(*) FROM executions WHERE ended_at IS NOT NULL", executions).await;
    }
}

#[tokio::test]
async fn an_end_starts_one_execution_of_each_trigger_that_waits_for_it() {
    let cell = Cell::new().await;
    let (order, other) = (cell.publish_as("order", &worked()).await, cell.publish_as("other", &worked()).await);
    // What has ended before somebody waits for it is not told.
    let workers = [cell.worker().await, cell.worker().await];
    cell.start(order, json!({ "fails": false, "n": 0 })).await;
    cell.until_count("SELECT count(*) FROM executions WHERE ended_at IS NOT NULL", 1).await;
    let of_order = |status: &str| json!({ "workflow": order.workflow_id, "status": status });
    cell.publish_as("alarm", &at_end(of_order("failed"), noop())).await;
    cell.publish_as("next", &at_end(of_order("completed"), noop())).await;
    let when = json!({ "workflow": order.workflow_id, "when": "{{ event.output.n > 1 }}" });
    cell.publish_as("large", &at_end(when, noop())).await;
    let (good, bad) = (json!({ "fails": false, "n": 2 }), json!({ "fails": true, "n": 0 }));
    let failed = cell.start(order, bad.clone()).await;
    cell.start_many(order, good.clone(), 20).await;
    cell.start(order, json!({ "fails": false, "n": 1 })).await;
    cell.start_many(other, good, 3).await;
    cell.start(other, bad).await;
    // 1 + 22 + 4 by hand; the alarm, 21 that follow, 20 of them large.
    cell.until_calm(27 + 1 + 21 + 20).await;
    for (name, count) in [("alarm", 1), ("next", 21), ("large", 20)] {
        assert_eq!(cell.started(name).await, count, "{name}");
    }
    let subjects = "SELECT count(DISTINCT (e.workflow_id, e.input ->> 'execution_id')) FROM executions e \
        WHERE e.input ? 'execution_id'";
    assert_eq!(cell.count(subjects).await, 42);
    let input: Value = sqlx::query_scalar(
        "SELECT e.input FROM executions e JOIN workflows w USING (workspace_id, workflow_id) WHERE w.name = 'alarm'",
    )
    .fetch_one(&mut cell.owner().await)
    .await
    .unwrap();
    assert_eq!((&input["execution_id"], &input["status"]), (&json!(failed), &json!("failed")));
    assert_eq!((&input["workflow_name"], &input["error"]["class"]), (&json!("order"), &json!("oops")));
    assert!(input["created_at"].is_string() && input["ended_at"].is_string() && input["output"].is_null(), "{input}");
    for worker in workers {
        worker.drain().await;
    }
}

#[tokio::test]
async fn a_circle_of_workflows_that_start_each_other_stops_with_an_explanation() {
    let cell = Cell::new().await;
    let fall = || node("a", "debug.fail", json!({ "class": "oops", "reason": "always" }));
    let mut first = at_end(json!({ "status": "failed" }), fall());
    first["nodes"].as_array_mut().unwrap().push(node("ping", "trigger.event", json!({ "event": "ping" })));
    first["edges"].as_array_mut().unwrap().push(json!({ "id": "p", "source": "ping", "target": "a" }));
    cell.publish_as("first", &first).await;
    cell.publish_as("second", &at_end(json!({ "status": "failed" }), fall())).await;
    let worker = cell.worker().await;
    let ping = NewEvent { id: "ping".into(), type_name: "ping".into(), key: String::new(), data: json!({}) };
    // As if many had led to it: the first of each is at the depth before the last.
    events::tell(&mut cell.owner().await, cell.workspace_id, &ping, DEPTH_MAX - 2).await.unwrap();
    cell.until_calm(3).await;
    assert_eq!((cell.started("first").await, cell.started("second").await), (2, 1), "none starts itself");
    let missed: String = sqlx::query_scalar("SELECT reason FROM trigger_starts WHERE status = 'missed'")
        .fetch_one(&mut cell.owner().await)
        .await
        .unwrap();
    assert!(missed.contains("circle"), "{missed}");
    worker.drain().await;
}

#[tokio::test]
async fn trials_and_parts_of_an_execution_start_nothing() {
    let cell = Cell::new().await;
    let trial = cell.publish_as("trial", &worked()).await;
    cell.run(&format!(
        "INSERT INTO trial_versions (workspace_id, version_id, workflow_id, digest, semantics) \
         SELECT workspace_id, version_id, workflow_id, '', 1 FROM workflow_versions WHERE version_id = '{}'",
        trial.version_id
    ))
    .await;
    let each = json!({ "items": "{{ input.items }}", "spill": { "above": 10, "chunk": 10 } });
    let mut list = graph(vec![node("each", "logic.for_each", each), noop()], &[("start", "out", "each")]);
    list["nodes"][2]["parentId"] = json!("each");
    let list = cell.publish_as("list", &list).await;
    cell.publish_as("after", &at_end(json!({}), noop())).await;
    let worker = cell.worker().await;
    cell.start(trial, json!({ "fails": false, "n": 1 })).await;
    cell.start(list, json!({ "items": (0..30).collect::<Vec<_>>() })).await;
    // The trial; the list and its three chunks; what starts at the end of the list.
    cell.until_calm(1 + 1 + 3 + 1).await;
    assert_eq!(cell.started("after").await, 1);
    worker.drain().await;
}

#[tokio::test]
async fn a_trigger_names_another_workflow_of_the_workspace() {
    let cell = Cell::new().await;
    let after = cell.publish(&at_end(json!({}), noop())).await;
    let mut triggers = capstan_node_types::triggers::triggers_of(
        &cell.registry.compile(&at_end(json!({ "workflow": after.workflow_id }), noop())).unwrap(),
    )
    .executions;
    let mut owner = cell.owner().await;
    let mut refused = async |triggers: &[_]| {
        sync(&mut owner, cell.workspace_id, after.workflow_id, after.version_id, triggers).await.unwrap().unwrap_err()
    };
    assert_eq!(refused(&triggers).await, Unfit::Own("start".into()));
    let nobody = WorkflowId::new();
    triggers[0].of_workflow = Some(nobody);
    assert_eq!(refused(&triggers).await, Unfit::Unknown("start".into(), nobody));
}
