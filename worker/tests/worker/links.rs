//! Connections come and go, and what is read over them may be broken.

use capstan_worker::WorkerSettings;
use serde_json::json;
use sqlx::Executor;

use crate::outside::Proxy;
use crate::support::{Cell, graph, node};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_control_session_shows_that_its_worker_lives() {
    let cell = Cell::new().await;
    let proxy = Proxy::start(&cell.place).await;
    let worker = cell.worker_of(proxy.place(), WorkerSettings::default()).await;
    cell.until_count(&alive_but(&[]), 1).await;
    let old: Vec<i32> =
        sqlx::query_scalar("SELECT pid FROM pg_stat_activity").fetch_all(&mut cell.owner().await).await.unwrap();
    // The side connection, the control connection, and the latter once more when its first try takes too long.
    proxy.cut_until_tried(3).await;
    cell.until_count(&alive_but(&old), 1).await;
    assert_eq!(cell.count("SELECT count(*) FROM workers WHERE NOT fenced").await, 1);
    worker.drain().await;
}

/// Counts session locks that tell of living workers, held by others than these.
fn alive_but(sessions: &[i32]) -> String {
    let sessions: Vec<String> = sessions.iter().map(ToString::to_string).collect();
    format!(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
          WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database() \
            AND l.classid::bigint = (hashtext('cell_1#alive')::bigint & 4294967295) AND l.pid <> ALL ('{{{}}}')",
        sessions.join(",")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_cannot_be_read_holds_up_nobody_else() {
    let cell = Cell::new().await;
    let wait = node("wait", "logic.wait_for_signal", json!({ "signal": "go" }));
    let noop = node("before", "debug.noop", json!({}));
    let version =
        cell.publish(&graph(vec![noop, wait], &[("start", "out", "before"), ("before", "out", "wait")])).await;
    let worker = cell.worker().await;
    let ids = cell.start_many(version, json!({}), 20).await;
    cell.until_count("SELECT count(*) FROM executions e JOIN journal j USING (execution_id)", 40).await;
    cell.until_count("SELECT count(*) FROM leases", 0).await;
    worker.drain().await;
    let broken = ids[7];
    let damage = format!(
        "ALTER TABLE journal ALTER kind DROP NOT NULL; UPDATE journal SET kind = NULL WHERE execution_id = '{broken}'"
    );
    cell.owner().await.execute(damage.as_str()).await.unwrap();
    for &id in &ids {
        cell.signal(id, "go", json!(1)).await;
    }
    let worker = cell.worker().await;
    for &id in ids.iter().filter(|&&id| id != broken) {
        cell.until(id, &["completed"]).await;
    }
    assert_eq!(cell.until(broken, &["incident"]).await.error.unwrap()["class"], "incident");
    worker.drain().await;
}
