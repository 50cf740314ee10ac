//! A thousand executions are repaired by one bulk job, whose worker is killed in the middle.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use sqlx::Connection;

use crate::graphs::{call, row};
use crate::site::Site;
use crate::world::World;

const EXECUTIONS: usize = 1_000;
const CALLS: [&str; 4] = ["a", "b", "c", "d"];

/// Five calls, of which the last goes to `last`.
fn five(world: &World, last: &str) -> Value {
    let calls = CALLS.map(|id| call(id, format!("{}/effect", world.url)));
    row(&[&calls[..], &[call("e", format!("{}/{last}", world.url))]].concat())
}

/// How often each node of executions was called, with how many keys.
fn calls_by_node(world: &World) -> BTreeMap<String, (usize, usize)> {
    let mut by_node = BTreeMap::new();
    for (key, times) in world.calls() {
        let (calls, keys): &mut (usize, usize) = by_node.entry(key.split(':').nth(1).unwrap().to_owned()).or_default();
        *calls += times;
        *keys += 1;
    }
    by_node
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bulk_restart_repairs_a_thousand_executions_though_its_worker_is_killed() {
    let _alone = crate::outage::CROWD.lock().await;
    let (world, _) = World::start().await;
    world.answer();
    let site = Site::new().await;
    let broken = site.publish(&five(&world, "broken")).await;
    let (server, url) = site.serve().await;
    let victim = site.worker(&world).await;
    site.start_many(&broken, &json!({}), EXECUTIONS).await;
    site.until_count("SELECT count(*) FROM executions WHERE status = 'failed'", EXECUTIONS as i64).await;
    let once = (EXECUTIONS, EXECUTIONS);
    assert_eq!(calls_by_node(&world), CALLS.map(|id| (id.to_owned(), once)).into());

    site.publish_next(broken.workflow_id, &five(&world, "effect")).await;
    // Nothing is done before the job cannot get to its end.
    victim.stop().await;
    let filter = json!({ "workflow_id": broken.workflow_id, "status": ["failed"] });
    let body = json!({ "verb": "restart", "filter": filter, "arguments": { "version_id": "latest" } });
    let made = site.post(&url, "bulk-jobs", "repair", &body).await;
    assert_eq!((made.status, &made.body["counts"]["total"]), (202, &json!(EXECUTIONS)), "{}", made.body);
    let (mut owner, half) = (site.owner().await, EXECUTIONS / 2);
    let mut bar = owner.begin().await.unwrap();
    let item = format!("SELECT execution_id FROM bulk_items ORDER BY execution_id OFFSET {half} LIMIT 1");
    let item = format!("SELECT FROM bulk_items WHERE execution_id = ({item}) FOR UPDATE");
    sqlx::query(&item).execute(&mut *bar).await.unwrap();
    victim.signal(Signal::SIGCONT);
    // It is killed in the middle of a chunk, and has done some before.
    let barred = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%bulk_items%'";
    site.until_count(barred, 1).await;
    victim.kill9().await;
    let done = site.count("SELECT done::bigint FROM bulk_jobs").await;
    assert!(done > 0 && done <= half as i64, "{done} were done before the item that was held");
    let restarted = "SELECT count(*) FROM executions WHERE restart_of IS NOT NULL";
    // In one statement: a commit of the dead worker may still be on its way.
    let gap = format!("SELECT ({restarted}) - (SELECT done FROM bulk_jobs)");
    assert_eq!(site.count(&gap).await, 0, "what was done is recorded, and nothing else was done");
    bar.rollback().await.unwrap();

    let another = site.worker(&world).await;
    site.until_count("SELECT count(*) FROM executions WHERE status = 'completed'", EXECUTIONS as i64).await;
    let path = format!("bulk-jobs/{}", made.body["id"].as_str().unwrap());
    site.until_count("SELECT count(*) FROM bulk_jobs WHERE status = 'completed'", 1).await;
    let job = site.get(&url, &path).await.body;
    assert_eq!(job["counts"], json!({ "total": EXECUTIONS, "done": EXECUTIONS, "failed": 0, "skipped": 0 }));
    let originals = "SELECT count(DISTINCT restart_of) FROM executions WHERE restart_of IS NOT NULL";
    assert_eq!((site.count(restarted).await, site.count(originals).await), (EXECUTIONS as i64, EXECUTIONS as i64));
    let told = "SELECT count(*) FROM bulk_items i JOIN executions e ON e.execution_id = i.new_execution_id \
                WHERE e.restart_of = i.execution_id";
    assert_eq!(site.count(told).await, EXECUTIONS as i64);

    let mut calls = calls_by_node(&world);
    let (last, keys) = calls.remove("e").unwrap();
    assert_eq!(calls, CALLS.map(|id| (id.to_owned(), once)).into(), "a step that had been done was repeated");
    // What the killed worker was calling may be called again, under the same key.
    assert!(keys == EXECUTIONS && last < 2 * EXECUTIONS, "{last} calls of the last step under {keys} keys");
    let again = site.post(&url, "bulk-jobs", "repair", &body).await;
    assert_eq!((&again.body["id"], again.body["counts"]["total"].as_u64()), (&job["id"], Some(EXECUTIONS as u64)));
    another.end().await;
    server.end().await;
}
