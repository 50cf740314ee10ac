//! Timers, while the workers that fire them are killed.

use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::json;

use crate::crew::Crew;
use crate::graphs::{call, row};
use crate::site::Site;
use crate::world::World;

const WORKERS: usize = 3;
const KILLS: i64 = 3;
/// Timers of each turn, in which one worker is killed, and the time in which all of them are due.
const TIMERS: i64 = 100;
const WINDOW_MS: i64 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn timers_are_neither_early_nor_lost_though_workers_are_killed_with_what_they_have_fired() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let wait = ("wait", "logic.delay", json!({ "until": "{{ input.at }}" }));
    let work = call("after", format!("{}/work?of=timers", world.url));
    let version = site.publish(&row(&[wait, work])).await;
    let crew = Crew::start(&site, &world, WORKERS).await;
    let settled = "SELECT count(*) FROM journal WHERE kind = 'settled' AND node_id = 'wait'";
    for turn in 0..KILLS {
        // What has gone on hangs, so that some worker holds it, until one is killed.
        world.work.only(0);
        for nth in 0..TIMERS {
            let at = Utc::now() + TimeDelta::milliseconds(WINDOW_MS * (nth + 1) / TIMERS);
            site.start(&version, json!({ "at": at.to_rfc3339_opts(SecondsFormat::Millis, true) })).await;
        }
        site.until_count(settled, turn * TIMERS + TIMERS / 3).await;
        crew.kill9_busiest(&site).await;
        world.work.all();
        // Nothing is held by three that are killed: it would be taken for what kills them.
        site.until_completed((turn + 1) * TIMERS).await;
    }

    let hit = "SELECT count(DISTINCT worker_name) FROM losses";
    assert_eq!(site.count(hit).await, KILLS, "each that was killed held what it had gone on with");
    let early = "SELECT count(*) FROM executions e JOIN journal j USING (execution_id) \
                 WHERE j.kind = 'settled' AND j.node_id = 'wait' AND j.recorded_at < (e.input ->> 'at')::timestamptz";
    assert_eq!(site.count(early).await, 0);
    site.assert_settled_once(2 * KILLS * TIMERS).await;
}
