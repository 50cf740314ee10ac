//! Beginnings and steps come to endpoints that ask for them by name.

use super::*;

const TOLD: &str = "SELECT count(*) FROM outbox WHERE type LIKE 'step.%' OR type = 'execution.started'";

/// A step that completes, and one that fails.
fn two_steps() -> Value {
    let steps = vec![node("a", "debug.noop", json!({})), node("bad", "debug.fail", json!({ "class": "broken" }))];
    graph(steps, &[("start", "out", "a"), ("a", "out", "bad")])
}

#[tokio::test(flavor = "multi_thread")]
async fn beginnings_and_steps_come_to_who_asks_for_them_by_name_and_to_nobody_else() {
    let place = Place::new().await;
    let named = place.endpoint(&place.receiver.url("/named"), &["execution.started", "step.*"], None).await;
    place.endpoint(&place.receiver.url("/all"), &["*"], None).await;
    place.endpoint(&place.receiver.url("/ends"), &["execution.*"], None).await;
    let version = place.cell.publish(&two_steps()).await;
    let worker = place.worker().await;
    let id = place.cell.start(version, json!({})).await;
    let got = place.receiver.until("/named", 3).await;
    place.cell.until_count(DELIVERED, 5).await;
    worker.drain().await;
    assert_eq!((place.receiver.on("/all").len(), place.receiver.on("/ends").len()), (1, 1));
    assert!(got.iter().all(|one| verifies(&named.secret, one)));
    let bodies: Vec<Value> = got.iter().map(|one| serde_json::from_str(&one.body).unwrap()).collect();
    let of = |name: &str| &bodies.iter().find(|body| body["type"] == name).unwrap()["data"];
    let (begun, done, failed) = (of("execution.started"), of("step.completed"), of("step.failed"));
    assert_eq!((&begun["execution_id"], &begun["status"]), (&json!(id.0), &json!("started")));
    assert_eq!((&begun["ended_at"], &begun["error"], &begun["output"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!((&done["node_id"], &done["status"], &done["attempts"]), (&json!("a"), &json!("completed"), &json!(1)));
    assert_eq!((&failed["node_id"], &failed["error"]["class"]), (&json!("bad"), &json!("broken")));
    for step in [done, failed] {
        assert_eq!((&step["execution_id"], &step["workflow_id"]), (&json!(id.0), &json!(version.workflow_id)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_of_workspaces_where_nobody_listens_are_told_nowhere_until_somebody_does() {
    let place = Place::new().await;
    place.endpoint(&place.receiver.url("/all"), &["*"], None).await;
    let version = place.cell.publish(&two_steps()).await;
    let worker = place.worker().await;
    let quiet = place.cell.start(version, json!({})).await;
    place.cell.until(quiet, &["failed"]).await;
    assert_eq!((place.cell.count(TOLD).await, place.cell.count("SELECT count(*) FROM outbox").await), (0, 1));
    place.endpoint(&place.receiver.url("/failed"), &["step.failed"], None).await;
    // The next look of the worker sees it, about a second later.
    for _ in 0..5_000 {
        let id = place.cell.start(version, json!({})).await;
        place.cell.until(id, &["failed"]).await;
        if place.cell.count(TOLD).await > 0 {
            break;
        }
    }
    let got = place.receiver.until("/failed", 1).await;
    assert_eq!(serde_json::from_str::<Value>(&got[0].body).unwrap()["data"]["node_id"], "bad");
    assert_eq!(
        place.cell.count("SELECT count(*) FROM outbox WHERE type IN ('step.completed', 'execution.started')").await,
        0
    );
    worker.drain().await;
}
