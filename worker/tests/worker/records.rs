//! Records in workflows: steps make and move them once, and workflows that hear of it go on from there.

use serde_json::{Value, json};

use crate::support::{Cell, graph, node};

/// A workflow that moves each pursuit that is qualified on to its proposal.
fn reacting() -> Value {
    let heard = json!({ "event": "record.transitioned", "when": "{{ event.data.to == 'qualified' }}" });
    let on = json!({ "record_id": "{{ input.data.record.id }}", "to": "proposal", "from": "qualified" });
    json!({
        "nodes": [
            { "id": "start", "type": "trigger.event", "data": { "config": heard } },
            { "id": "on", "type": "record.transition", "data": { "config": on } },
        ],
        "edges": [{ "id": "e", "source": "start", "target": "on" }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_make_and_move_records_and_a_move_starts_the_workflow_that_waits_for_it() {
    let cell = Cell::new().await;
    cell.publish_as("reacting", &reacting()).await;
    let record_id = "{{ steps.make.record.id }}";
    let document = graph(
        vec![
            node("make", "record.create", json!({ "type": "pursuit", "data": { "client": "{{ input.client }}" } })),
            node(
                "qualify",
                "record.transition",
                json!({ "record_id": record_id, "to": "qualified", "reason": "budget" }),
            ),
            node("bad", "record.transition", json!({ "record_id": record_id, "to": "delivered" })),
            node("caught", "debug.noop", json!({ "output": "caught" })),
        ],
        &[("start", "out", "make"), ("make", "out", "qualify"), ("qualify", "out", "bad"), ("bad", "error", "caught")],
    );
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({ "client": "Engines" })).await;
    let row = cell.until(id, &["completed", "failed", "incident"]).await;
    assert_eq!((row.status.as_str(), row.output), ("completed", Some(json!("caught"))), "{:?}", row.error);
    cell.until_count("SELECT count(*) FROM executions WHERE status = 'completed'", 2).await;
    cell.until_count("SELECT count(*) FROM records WHERE state = 'proposal' AND data ->> 'client' = 'Engines'", 1)
        .await;
    let told = "SELECT coalesce(from_state, '') || '>' || to_state || ':' || coalesce(reason, '') FROM record_history \
        WHERE by_kind = 'step' AND execution_id IS NOT NULL AND once IS NOT NULL ORDER BY entry_id";
    let told: Vec<String> = sqlx::query_scalar(told).fetch_all(&mut cell.owner().await).await.unwrap();
    assert_eq!(told, [">lead:", "lead>qualified:budget", "qualified>proposal:"]);
    let depths = "SELECT string_agg(type || ' ' || depth, ', ' ORDER BY event_id) FROM events";
    let depths: String = sqlx::query_scalar(depths).fetch_one(&mut cell.owner().await).await.unwrap();
    assert_eq!(depths, "record.created 0, record.transitioned 0, record.transitioned 1");
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_change_records_once_and_find_records_and_leads_or_go_on_where_there_are_none() {
    let cell = Cell::new().await;
    let change = json!({ "client": null, "owner": "Bob", "budget": "{{ input.budget }}" });
    let person = json!({ "email": "ada@example.com", "name": "Ada", "fields": { "budget": "{{ input.budget }}" } });
    let wanted =
        json!({ "type": "pursuit", "state": "lead", "data": { "owner": "Bob", "budget": "{{ input.budget }}" } });
    let same = "{{ steps.look.record.id == steps.make.record.id and steps.who.lead.id == steps.person.lead.id }}";
    let end = json!({ "output": {
        "same": same, "changed": "{{ steps.change.changed }}", "data": "{{ steps.look.record.data }}",
        "more": "{{ steps.look.more }}", "none": "{{ steps.miss.records }}", "name": "{{ steps.who.lead.name }}" } });
    let document = graph(
        vec![
            node("make", "record.create", json!({ "type": "pursuit", "data": { "client": "Engines" } })),
            node("change", "record.update", json!({ "record_id": "{{ steps.make.record.id }}", "data": change })),
            node("look", "record.find", wanted),
            node("miss", "record.find", json!({ "type": "pursuit", "data": { "budget": "3000" } })),
            node("person", "lead.upsert", person),
            node(
                "who",
                "lead.find",
                json!({ "email": "ADA@example.com", "status": "new", "field": "budget", "value": "{{ input.budget }}" }),
            ),
            node("end", "debug.noop", end),
        ],
        &[
            ("start", "out", "make"),
            ("make", "out", "change"),
            ("change", "out", "look"),
            ("look", "found", "miss"),
            ("miss", "none", "person"),
            ("person", "out", "who"),
            ("who", "found", "end"),
        ],
    );
    let version = cell.publish(&document).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({ "budget": 3000 })).await;
    let row = cell.until(id, &["completed", "failed", "incident"]).await;
    let output = json!({
        "same": true, "changed": ["budget", "client", "owner"], "data": { "owner": "Bob", "budget": 3000 },
        "more": false, "none": [], "name": "Ada",
    });
    assert_eq!((row.status.as_str(), row.output), ("completed", Some(output)), "{:?}", row.error);
    let told = "SELECT string_agg(kind || array_to_string(fields, ','), ' ' ORDER BY entry_id) FROM record_history \
        WHERE by_kind = 'step' AND once IS NOT NULL";
    let told: String = sqlx::query_scalar(told).fetch_one(&mut cell.owner().await).await.unwrap();
    assert_eq!(told, "created updatedbudget,client,owner");
    worker.drain().await;
    cell.assert_clean().await;
}
