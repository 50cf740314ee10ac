//! Restarting from a step: what had been done is not done again.

use capstan_engine::core::fold::fold;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, VersionId};
use capstan_engine::core::restart::{Past, Plan, plan};
use capstan_engine::store::connect::Role;
use capstan_engine::store::executions;
use capstan_engine::store::restart::{Restart, restart};
use capstan_engine::store::start::{IdempotencyKey, Started};
use capstan_node_types::registry::Registry;
use serde_json::{Value, json};

use crate::outside::Effects;
use crate::support::{Cell, graph, node};

/// Four calls, and a last step that fails or not.
fn five(effects: &Effects, last: &str) -> Value {
    let call = |id: &str| node(id, "action.http_request", json!({ "method": "POST", "url": effects.url }));
    let nodes = vec![call("a"), call("b"), call("c"), call("d"), node("e", last, json!({}))];
    let edges = [("start", "out", "a"), ("a", "out", "b"), ("b", "out", "c"), ("c", "out", "d"), ("d", "out", "e")];
    graph(nodes, &edges)
}

/// The plan for a restart, and where its entries stand.
async fn planned(cell: &Cell, id: ExecutionId, old: &Value, new: &Value, from: &str) -> (Plan, Vec<i32>) {
    let compile = |document: &Value| Graph::compile(document, &*cell.registry).unwrap();
    let (old, new, mut owner) = (compile(old), compile(new), cell.owner().await);
    let row = executions::find(&mut owner, cell.workspace_id, id).await.unwrap().unwrap();
    let entries = executions::journal(&mut owner, cell.workspace_id, id, 0, 1_000).await.unwrap();
    let (positions, entries): (Vec<i32>, Vec<_>) = entries.into_iter().unzip();
    let trigger = StepKey::root(NodeId::from("start"));
    let state = fold(&old, &trigger, row.input.clone(), row.created_at, &entries).unwrap();
    let past = Past { graph: &old, state: &state, entries: &entries, trigger: &trigger, input: &row.input };
    let plan = plan(past, &new, &from.into()).unwrap();
    let kept = positions.into_iter().zip(&entries).filter(|(_, entry)| plan.entries.contains(entry));
    let kept = kept.map(|(position, _)| position).collect();
    (plan, kept)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_last_step_runs_and_the_four_before_it_do_not() {
    let effects = Effects::start().await;
    effects.answer();
    let cell = Cell::with_registry(Registry::standard(), &[&effects.address]).await;
    let (broken, corrected) = (five(&effects, "debug.fail"), five(&effects, "debug.noop"));
    let version = cell.publish(&broken).await;
    // Somebody wants to hear of beginnings, though of none of these.
    let heard = "INSERT INTO event_triggers (workspace_id, workflow_id, node_id, version_id, type, key, start_within_ms) \
                 VALUES ($1, gen_random_uuid(), 'n', gen_random_uuid(), 'execution.started', 'another', 1)";
    sqlx::query(heard).bind(cell.workspace_id.0).execute(&mut cell.owner().await).await.unwrap();
    let worker = cell.worker().await;
    let id = cell.start(version, json!({ "n": 1 })).await;
    cell.until(id, &["failed"]).await;
    assert_eq!(effects.keys().len(), 4);

    let (plan, positions) = planned(&cell, id, &broken, &corrected, "e").await;
    assert_eq!(plan.kept, ["a", "b", "c", "d"].map(NodeId::from));
    let corrected = cell.publish(&corrected).await;
    let again = Restart {
        execution_id: ExecutionId::new(),
        of: id,
        version_id: VersionId(corrected.version_id.0),
        timeout_ms: None,
        positions,
        idempotency_key: Some(IdempotencyKey::from("once".to_owned())),
        trace: None,
    };
    let mut api = cell.place.connect(Role::Api).await.unwrap();
    let tenant = format!("SET app.workspace_id = '{}'", cell.workspace_id);
    sqlx::query(&tenant).execute(&mut api).await.unwrap();
    let new = again.execution_id;
    assert_eq!(restart(&mut api, &again).await.unwrap(), Some(Started::New(new)));
    let repeated = Restart { execution_id: ExecutionId::new(), ..again.clone() };
    assert_eq!(restart(&mut api, &repeated).await.unwrap(), Some(Started::Replayed(new)));
    let unknown = Restart { of: ExecutionId::new(), idempotency_key: None, ..again };
    assert_eq!(restart(&mut api, &unknown).await.unwrap(), None);

    cell.until(new, &["completed"]).await;
    assert_eq!(effects.keys().len(), 4, "no call is repeated");
    assert_eq!(cell.steps(new).await.len(), 5);
    let begun = "SELECT count(DISTINCT aggregate_id) FROM outbox WHERE type = 'execution.started'";
    assert_eq!(cell.count(begun).await, 2, "what goes on from another one begins, too");
    assert_eq!(cell.count("SELECT count(*) FROM outbox WHERE type = 'execution.started'").await, 2);
    assert_eq!(cell.until(id, &["failed"]).await.output, None, "the old one stays as it was");
    worker.drain().await;
    cell.assert_clean().await;
}
