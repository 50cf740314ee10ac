//! Timers, while the workers that could fire them are killed.

use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::json;

use crate::crew::Crew;
use crate::graphs::row;
use crate::site::Site;
use crate::world::World;

const TIMERS: i64 = 300;
const WORKERS: usize = 3;
/// The time in which all are due.
const WINDOW_MS: i64 = 3_000;

#[tokio::test(flavor = "multi_thread")]
async fn timers_are_neither_early_nor_lost_though_each_worker_is_killed() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let wait = ("wait", "logic.delay", json!({ "until": "{{ input.at }}" }));
    let version = site.publish(&row(&[wait, ("after", "debug.noop", json!({}))])).await;
    let crew = Crew::start(&site, &world, WORKERS).await;
    for nth in 0..TIMERS {
        let at = Utc::now() + TimeDelta::milliseconds(WINDOW_MS * (nth + 1) / TIMERS);
        site.start(&version, json!({ "at": at.to_rfc3339_opts(SecondsFormat::Millis, true) })).await;
    }
    let settled = "SELECT count(*) FROM journal WHERE kind = 'settled' AND node_id = 'wait'";
    for seat in 0..WORKERS {
        site.until_count(settled, TIMERS * (seat as i64 + 1) / (WORKERS as i64 + 2)).await;
        assert!(crew.kill9(seat), "no worker in seat {seat}");
    }

    site.until_completed(TIMERS).await;
    let early = "SELECT count(*) FROM executions e JOIN journal j USING (execution_id) \
                 WHERE j.kind = 'settled' AND j.node_id = 'wait' AND j.recorded_at < (e.input ->> 'at')::timestamptz";
    assert_eq!(site.count(early).await, 0);
    site.assert_settled_once(2 * TIMERS).await;
}
