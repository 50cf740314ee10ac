//! Many fire times of schedules at once, while workers are killed.

use serde_json::{Value, json};

use crate::crew::Crew;
use crate::site::Site;
use crate::world::World;

const WORKERS: usize = 4;
/// Schedules of the workflow, which fire each New Year.
const TRIGGERS: usize = 4;
/// The first year that is caught up on, which is also the first that a calendar knows.
const FIRST_YEAR: i64 = 1_970;

fn yearly() -> Value {
    let config = json!({ "cron": "0 0 1 1 *", "catch_up": "all", "catch_up_max": 1_000 });
    let trigger = |n| json!({ "id": format!("t{n}"), "type": "trigger.schedule", "data": { "config": config } });
    let mut nodes: Vec<Value> = (0..TRIGGERS).map(trigger).collect();
    nodes.push(json!({ "id": "a", "type": "debug.noop", "data": { "config": {} } }));
    let edge = |n| json!({ "id": format!("e{n}"), "source": format!("t{n}"), "target": "a" });
    json!({ "nodes": nodes, "edges": (0..TRIGGERS).map(edge).collect::<Vec<_>>() })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fire_time_starts_one_execution_though_each_of_four_workers_is_killed() {
    let _alone = crate::outage::CROWD.lock().await;
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let (server, url) = site.serve().await;
    let made = site.post(&url, "workflows", "made", &json!({ "name": "yearly", "graph": yearly() })).await;
    let id = made.body["id"].as_str().unwrap_or_else(|| panic!("{}", made.body)).to_owned();
    let published = site.post(&url, &format!("workflows/{id}/publish"), "published", &json!({})).await;
    assert_eq!(published.status, 201, "{}", published.body);
    // As after an outage of decades.
    let first = format!("UPDATE schedules SET next_at = '{FIRST_YEAR}-01-01T00:00:00Z'");
    sqlx::query(&first).execute(&mut site.owner().await).await.unwrap();
    let years = "SELECT extract(year FROM clock_timestamp() AT TIME ZONE 'UTC')::bigint";
    let fire_times = (site.count(years).await - FIRST_YEAR + 1) * TRIGGERS as i64;

    let crew = Crew::start(&site, &world, WORKERS).await;
    const STARTED: &str = "SELECT count(*) FROM trigger_starts WHERE status = 'started'";
    for seat in 0..WORKERS {
        site.until_count(STARTED, 1 + fire_times * seat as i64 / 6).await;
        assert!(crew.kill9(seat), "nobody is in seat {seat}");
    }
    site.until_count("SELECT count(*) FROM executions WHERE status = 'completed'", fire_times).await;

    let each =
        "SELECT count(DISTINCT (trigger_node_id, input ->> 'at')) FROM executions WHERE input ->> 'cause' = 'catch_up'";
    assert_eq!(site.count(each).await, fire_times);
    assert_eq!(site.count("SELECT count(*) FROM executions").await, fire_times, "a fire time has started two");
    assert_eq!(site.count("SELECT count(*) FROM trigger_starts").await, fire_times);
    let as_told = "SELECT count(*) FROM trigger_starts t JOIN executions e ON e.execution_id = t.execution_id \
        AND e.trigger_node_id = t.node_id AND (e.input ->> 'at')::timestamptz = t.at";
    assert_eq!(site.count(as_told).await, fire_times);
    assert_eq!(site.count("SELECT count(*) FROM schedules WHERE next_at > clock_timestamp()").await, TRIGGERS as i64);
    site.until_count("SELECT count(*) FROM workers WHERE fenced", WORKERS as i64).await;
    server.end().await;
}
