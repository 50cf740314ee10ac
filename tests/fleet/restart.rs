//! Everything is stopped and started again.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::graphs::row;
use crate::site::Site;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_outlives_a_restart_of_everything() {
    let (world, _) = World::start().await;
    let mut site = Site::new().await;
    let (server, url) = site.serve().await;
    let worker = site.worker(&world).await;
    let mut ids = Vec::new();
    // The first is due while everything is down, or nearly so; the second later.
    for for_ms in [500, 4_000] {
        let delay = ("wait", "logic.delay", json!({ "for_ms": for_ms }));
        let version = site.publish(&row(&[delay, ("after", "debug.noop", json!({}))])).await;
        let body = json!({ "workflow_id": version.workflow_id, "input": {} });
        let started = site.post(&url, "executions", &format!("delay-{for_ms}"), &body).await;
        assert_eq!(started.status, 202, "{}", started.body);
        ids.push((started.body["id"].as_str().unwrap().parse().unwrap(), TimeDelta::milliseconds(for_ms)));
    }
    site.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting'", 2).await;
    worker.end().await;
    server.end().await;
    site.stop_database();

    site.start_database();
    let (server, url) = site.serve().await;
    let worker = site.worker(&world).await;
    for (id, span) in ids {
        assert_eq!(site.until_ended(id).await.0, "completed");
        let shown = site.get(&url, &format!("executions/{id}")).await;
        assert_eq!((shown.status, &shown.body["status"]), (200, &json!("completed")), "{}", shown.body);
        let (created_at, settled_at): (DateTime<Utc>, DateTime<Utc>) = sqlx::query_as(
            "SELECT e.created_at, j.recorded_at FROM executions e JOIN journal j USING (execution_id) \
             WHERE execution_id = $1 AND j.kind = 'settled' AND j.node_id = 'wait'",
        )
        .bind(id.0)
        .fetch_one(&mut site.owner().await)
        .await
        .unwrap();
        assert!(settled_at - created_at >= span, "the delay of {span} ended after {}", settled_at - created_at);
    }
    site.assert_settled_once(4).await;
    worker.end().await;
    server.end().await;
}
