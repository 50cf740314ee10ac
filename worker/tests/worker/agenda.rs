//! What there is to do on the side cannot stop what keeps a worker alive.

use serde_json::json;
use sqlx::{Connection, Executor};

use crate::support::{Cell, graph, node};

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_beats_and_works_while_nobody_can_tell_what_there_is_to_do() {
    let cell = Cell::new().await;
    let wait = node("wait", "debug.noop", json!({}));
    let version = cell.publish(&graph(vec![wait], &[("start", "out", "wait")])).await;
    let _worker = cell.worker().await;
    cell.until_count("SELECT count(*) FROM workers", 1).await;
    // As a migration does that waits for a long transaction.
    let mut owner = cell.owner().await;
    let mut locked = owner.begin().await.unwrap();
    locked.execute("LOCK TABLE schedules IN ACCESS EXCLUSIVE MODE").await.unwrap();
    cell.run("CREATE TABLE heard AS SELECT heartbeat_at FROM workers").await;
    for _ in 0..3 {
        cell.until_count("SELECT count(*) FROM workers w, heard h WHERE w.heartbeat_at > h.heartbeat_at", 1).await;
        cell.run("UPDATE heard SET heartbeat_at = (SELECT heartbeat_at FROM workers)").await;
    }
    let id = cell.start(version, json!({})).await;
    cell.until(id, &["completed"]).await;
    let locks = "SELECT count(*) FROM pg_locks WHERE relation = 'schedules'::regclass AND mode = 'AccessExclusiveLock'";
    assert_eq!(cell.count(locks).await, 1, "it was locked all the time");
}
