//! Who took an execution up is written once by each activation.

use capstan_worker::WorkerSettings;
use serde_json::json;

use crate::support::{Cell, graph, node};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_entry_of_each_activation_says_who_took_it_up() {
    let cell = Cell::new().await;
    let nodes = vec![
        node("a", "debug.noop", json!({})),
        node("reply", "logic.wait_for_signal", json!({ "signal": "go" })),
        node("b", "debug.noop", json!({})),
    ];
    let version =
        cell.publish(&graph(nodes, &[("start", "out", "a"), ("a", "out", "reply"), ("reply", "received", "b")])).await;
    let settings = WorkerSettings { name: "one \"1\"".into(), ..WorkerSettings::default() };
    let worker = cell.worker_of(cell.place.clone(), settings).await;
    let id = cell.start(version, json!({})).await;
    cell.until(id, &["waiting"]).await;
    cell.signal(id, "go", json!({})).await;
    cell.until(id, &["completed"]).await;
    let rows: Vec<(bool, bool)> = sqlx::query_as(
        "SELECT detail -> 'lease' IS NOT NULL, lag(lease_no) OVER (ORDER BY position) IS DISTINCT FROM lease_no \
           FROM journal WHERE execution_id = $1 ORDER BY position",
    )
    .bind(id.0)
    .fetch_all(&mut cell.owner().await)
    .await
    .unwrap();
    assert!(rows.len() > 3 && rows.iter().all(|(says, is_first)| says == is_first), "{rows:?}");
    let right = "SELECT count(*) FROM journal j JOIN workers w ON w.worker_no = (j.detail -> 'lease' ->> 'no')::int \
                 JOIN executions e USING (execution_id) \
                 WHERE w.name = 'one \"1\"' AND j.detail -> 'lease' ->> 'worker' = w.name \
                   AND (j.detail -> 'lease' ->> 'at')::timestamptz BETWEEN e.created_at AND e.ended_at";
    assert_eq!(cell.count(right).await, 2);
    worker.drain().await;
    cell.assert_clean().await;
}
