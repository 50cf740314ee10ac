//! Limits, while workers are killed: as the outside world sees it, no more are at work than may be.

use capstan_engine::core::gate::Gate;
use capstan_engine::store::limits;
use serde_json::{Value, json};

use crate::crew::Crew;
use crate::graphs::row;
use crate::site::Site;
use crate::world::World;

const CUSTOMERS: usize = 8;
const EACH: usize = 40;
const EACH_MAX: usize = 2;
const ALL_MAX: u32 = 10;
const WORKERS: usize = 3;
const KILLS: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn no_limit_is_passed_and_no_slot_is_stuck_though_workers_are_killed() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let version = site.publish(&document(&world)).await;
    let gate = Gate::workflow(version.workflow_id);
    limits::set(&mut site.owner().await, site.workspace_id, &gate, Some(ALL_MAX)).await.unwrap();
    for customer in 0..CUSTOMERS {
        site.start_many(&version, &json!({ "customer": format!("c{customer}") }), EACH).await;
    }
    let total = CUSTOMERS * EACH;
    world.work.only(total / 4);
    let crew = Crew::start(&site, &world, WORKERS).await;
    let ended = "SELECT count(*) FROM executions WHERE ended_at IS NOT NULL";
    for nth in 1..=KILLS {
        // Who comes beyond so many answers hangs, and so some worker holds it, until one is killed. Of those answers,
        // some may have gone to the calls of one that was killed before.
        let in_vain = (nth - 1) * ALL_MAX as usize;
        site.until_count(ended, (nth * total / 4 - in_vain) as i64).await;
        let held = "SELECT count(*) FROM (SELECT FROM slots WHERE gate LIKE 'workflow:%') AS s";
        assert!(site.count(held).await <= i64::from(ALL_MAX));
        crew.kill9_busiest(&site).await;
        world.work.only(total / 4);
    }
    world.work.all();
    site.until_count("SELECT count(*) FROM executions WHERE status = 'completed'", total as i64).await;

    let most = world.most_at_once();
    assert_eq!(most.len(), CUSTOMERS);
    assert!(most.values().all(|most| *most <= EACH_MAX), "{most:?}");
    assert!(most.values().any(|most| *most == EACH_MAX), "the limits were never reached: {most:?}");
    let hit = "SELECT count(DISTINCT worker_name) FROM losses";
    assert_eq!(site.count(hit).await, KILLS as i64, "each that was killed was at work");
    site.until_count("SELECT 1 - least(count(*), 1) FROM (SELECT FROM slots UNION ALL SELECT FROM gated) AS s", 1)
        .await;
}

fn document(world: &World) -> Value {
    let call = json!({ "url": format!("{}/work?of={{{{ input.customer }}}}", world.url) });
    let mut document = row(&[("call", "action.http_request", call), ("after", "debug.noop", json!({}))]);
    document["settings"] = json!({ "concurrency": { "key": "{{ input.customer }}", "limit": EACH_MAX } });
    document
}
