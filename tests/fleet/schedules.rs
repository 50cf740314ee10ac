//! Many fire times of schedules at once, also across changes of the clocks, while workers are killed.

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::crew::Crew;
use crate::graphs::call;
use crate::site::Site;
use crate::world::World;

const WORKERS: usize = 4;
/// Schedules that fire each New Year.
const YEARLY: usize = 4;
/// The first year that these catch up on, which is also the first that a calendar knows.
const FIRST_YEAR: i64 = 1_970;

/// A schedule across a change of the clocks: its zone, its cron expression, until when, and its fire times in UTC.
type Change = (&'static str, &'static str, &'static str, [&'static str; 3]);

/// Both changes in three zones.
const CHANGES: [Change; 6] = [
    // 02:30 does not exist on the 31st: the first instant after the gap.
    ("Europe/Berlin", "30 2 * * *", "2024-04-01T12", ["2024-03-30T01:30", "2024-03-31T01:00", "2024-04-01T00:30"]),
    // 02:30 exists twice on the 27th: the first of the two.
    ("Europe/Berlin", "30 2 * * *", "2024-10-28T12", ["2024-10-26T00:30", "2024-10-27T00:30", "2024-10-28T01:30"]),
    ("America/New_York", "30 2 * * *", "2024-03-11T12", ["2024-03-09T07:30", "2024-03-10T07:00", "2024-03-11T06:30"]),
    ("America/New_York", "30 1 * * *", "2024-11-04T12", ["2024-11-02T05:30", "2024-11-03T05:30", "2024-11-04T06:30"]),
    // By half an hour: 02:00 becomes 02:30 on the 6th of October, and 02:00 becomes 01:30 on the 7th of April.
    (
        "Australia/Lord_Howe",
        "15 2 * * *",
        "2024-10-07T12",
        ["2024-10-04T15:45", "2024-10-05T15:30", "2024-10-06T15:15"],
    ),
    (
        "Australia/Lord_Howe",
        "45 1 * * *",
        "2024-04-08T12",
        ["2024-04-05T14:45", "2024-04-06T14:45", "2024-04-07T15:15"],
    ),
];

/// Schedules by the ids of their triggers, as configured, and a step behind all of them.
fn graph(schedules: &[(String, Value)], (step, kind, config): (&str, &str, Value)) -> Value {
    let node = |id: &str, kind: &str, config: &Value| json!({ "id": id, "type": kind, "data": { "config": config } });
    let mut nodes: Vec<Value> = schedules.iter().map(|(id, config)| node(id, "trigger.schedule", config)).collect();
    nodes.push(node(step, kind, &config));
    let edge = |(id, _): &(String, Value)| json!({ "id": format!("e_{id}"), "source": id, "target": step });
    json!({ "nodes": nodes, "edges": schedules.iter().map(edge).collect::<Vec<_>>() })
}

fn yearly() -> Value {
    let config = json!({ "cron": "0 0 1 1 *", "catch_up": "all", "catch_up_max": 1_000 });
    let schedules: Vec<_> = (0..YEARLY).map(|n| (format!("t{n}"), config.clone())).collect();
    graph(&schedules, ("a", "debug.noop", json!({})))
}

/// Its step hangs until the world answers.
fn changing(world: &World) -> Value {
    let config = |(n, (zone, cron, until, _)): (usize, &Change)| {
        let end_at = format!("{until}:00:00Z");
        (format!("c{n}"), json!({ "cron": cron, "zone": zone, "end_at": end_at, "catch_up": "all" }))
    };
    let schedules: Vec<_> = CHANGES.iter().enumerate().map(config).collect();
    graph(&schedules, call("a", format!("{}/effect", world.url)))
}

/// Triggers with all of their fire times up to that year, in order.
fn expected(year: i64) -> Vec<(String, String)> {
    let changes =
        CHANGES.iter().enumerate().flat_map(|(n, (.., times))| times.map(|at| (format!("c{n}"), at.to_owned())));
    let new_years = |n| (FIRST_YEAR..=year).map(move |year| (format!("t{n}"), format!("{year}-01-01T00:00")));
    changes.chain((0..YEARLY).flat_map(new_years)).collect()
}

impl Site {
    /// Has all schedules be due since their first fire times, as after an outage of decades.
    async fn long_ago(&self, expected: &[(String, String)]) {
        let (triggers, times): (Vec<&str>, Vec<&str>) =
            expected.iter().map(|(trigger, at)| (trigger.as_str(), at.as_str())).unzip();
        sqlx::query(
            "UPDATE schedules s SET next_at = d.at FROM ( \
               SELECT n.trigger, min((n.at || 'Z')::timestamptz) AS at FROM unnest($1::text[], $2::text[]) AS n (trigger, at) \
                GROUP BY n.trigger) AS d WHERE s.node_id = d.trigger",
        )
        .bind(triggers)
        .bind(times)
        .execute(&mut self.owner().await)
        .await
        .unwrap();
    }

    /// Lets nobody write to a table until the connection is closed.
    async fn hold(&self, table: &str) -> PgConnection {
        let mut holder = self.owner().await;
        let hold = format!("BEGIN; LOCK TABLE {table} IN SHARE MODE");
        sqlx::raw_sql(&hold).execute(&mut holder).await.unwrap();
        holder
    }

    /// Waits until so many connections wait to write to a table.
    async fn until_waiting(&self, table: &str, connections: usize) {
        let waiting = format!(
            "SELECT count(DISTINCT pid) FROM pg_locks \
              WHERE NOT granted AND locktype = 'relation' AND relation = '{table}'::regclass"
        );
        self.until_count(&waiting, connections as i64).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fire_time_across_changes_of_the_clocks_starts_one_execution_though_four_workers_are_killed() {
    let _alone = crate::outage::CROWD.lock().await;
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let (server, url) = site.serve().await;
    site.publish_over_http(&url, "yearly", &yearly()).await;
    site.publish_over_http(&url, "changing", &changing(&world)).await;
    server.end().await;
    let expected = expected(site.count("SELECT extract(year FROM clock_timestamp() AT TIME ZONE 'UTC')::bigint").await);

    // Upkeep, which writes to the same tables, is done for an hour: who waits below is at starts of triggers, of which each
    // worker makes some at a time, others than the others.
    let mut crew = Crew::start(&site, &world, 1).await;
    const KEPT_UP: &str = "SELECT count(*) FROM duties \
        WHERE name IN ('partitions', 'tidying', 'retention') AND last_ended_at IS NOT NULL";
    site.until_count(KEPT_UP, 3).await;
    let (moves, starts) = (site.hold("trigger_starts").await, site.hold("idempotency_keys").await);
    site.long_ago(&expected).await;
    site.until_waiting("trigger_starts", 1).await;
    crew.join(&site, &world, WORKERS - 1).await;
    let kill = |seat| assert!(crew.kill9(seat), "nobody is in seat {seat}");
    // The first one moves the schedules on.
    kill(0);
    moves.close().await.unwrap();
    // All four start something that is not there yet.
    site.until_waiting("idempotency_keys", WORKERS).await;
    kill(1);
    let settlements = site.hold("trigger_starts").await;
    starts.close().await.unwrap();
    // All four have an execution of which the trigger does not know yet.
    site.until_waiting("trigger_starts", WORKERS).await;
    kill(2);
    settlements.close().await.unwrap();
    // Some worker holds executions, those across changes if no others.
    crew.kill9_busiest(&site).await;
    world.answer();
    site.until_completed(expected.len() as i64).await;

    const STARTED: &str = "SELECT t.node_id, to_char(t.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI'), t.status, \
          count(e.execution_id), count(*) FILTER (WHERE e.execution_id = t.execution_id) \
        FROM trigger_starts t LEFT JOIN executions e ON e.workflow_id = t.workflow_id AND e.trigger_node_id = t.node_id \
          AND (e.input ->> 'at')::timestamptz = t.at \
        GROUP BY t.workflow_id, t.node_id, t.subject, t.at, t.status ORDER BY t.node_id, t.at";
    let started: Vec<(String, String, String, i64, i64)> =
        sqlx::query_as(STARTED).fetch_all(&mut site.owner().await).await.unwrap();
    let once: Vec<_> = expected.into_iter().map(|(trigger, at)| (trigger, at, "started".to_owned(), 1, 1)).collect();
    assert_eq!(started, once);
    let coming = "SELECT count(*) FROM schedules WHERE next_at > clock_timestamp()";
    assert_eq!(site.count(coming).await, YEARLY as i64);
    assert_eq!(site.count("SELECT count(*) FROM schedules WHERE next_at IS NULL").await, CHANGES.len() as i64);
    site.until_count("SELECT count(*) FROM workers WHERE fenced", WORKERS as i64).await;
}
