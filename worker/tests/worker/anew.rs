//! A worker that was given up begins with nothing that it knew before.

use capstan_engine::core::gate::Gate;
use capstan_engine::core::ids::WorkflowId;
use capstan_engine::store::limits;
use capstan_engine::store::signals::CANCEL;
use capstan_node_types::registry::Registry;
use serde_json::json;
use sqlx::Executor;

use crate::outside::Effects;
use crate::support::{Cell, Version, graph, node};

/// Has it begin a new life.
async fn give_up_all(cell: &Cell) {
    cell.owner().await.execute("UPDATE workers SET fenced = true").await.unwrap();
    cell.until_count("SELECT count(*) FROM workers WHERE NOT fenced", 1).await;
}

async fn publish(cell: &Cell, effects: &Effects) -> Version {
    let call = node("call", "action.http_request", json!({ "method": "POST", "url": effects.url }));
    cell.publish(&graph(vec![call], &[("start", "out", "call")])).await
}

/// What a failover may do that loses the last changes: others have their numbers and times. No worker hears of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_life_reads_what_is_paused_and_limited_though_nothing_tells_of_a_change() {
    let effects = Effects::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&effects.address]).await;
    let (paused, limited) = (publish(&cell, &effects).await, publish(&cell, &effects).await);
    // Changes are read from this one on.
    let other = Gate::workflow(WorkflowId::new());
    limits::set(&mut cell.owner().await, cell.workspace_id, &other, Some(1)).await.unwrap();
    let worker = cell.worker().await;
    let mut owner = cell.owner().await;
    owner.execute("SET session_replication_role = replica").await.unwrap();
    sqlx::query("INSERT INTO pauses (workspace_id, workflow_id, paused_by) VALUES ($1, $2, 'ops')")
        .bind(cell.workspace_id.0)
        .bind(paused.workflow_id.0)
        .execute(&mut owner)
        .await
        .unwrap();
    let old =
        "INSERT INTO limits (workspace_id, name, slots_max, updated_at) VALUES ($1, $2, 1, now() - interval '1 hour')";
    sqlx::query(old)
        .bind(cell.workspace_id.0)
        .bind(Gate::workflow(limited.workflow_id).as_str())
        .execute(&mut owner)
        .await
        .unwrap();

    give_up_all(&cell).await;
    cell.start(paused, json!({})).await;
    let ids = cell.start_many(limited, json!({}), 2).await;
    cell.until_count("SELECT count(*) FROM held", 1).await;
    cell.until_count("SELECT count(*) FROM gated", 1).await;
    effects.until_called(1).await;
    assert_eq!(effects.keys().len(), 1, "one has a slot, one waits for it, and one is held up");
    for id in ids {
        cell.signal(id, CANCEL, json!({ "force": true })).await;
        cell.until(id, &["cancelled"]).await;
    }
    worker.drain().await;
}
