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
    let crew = Crew::start(&site, &world, WORKERS).await;
    let ended = "SELECT count(*) FROM executions WHERE ended_at IS NOT NULL";
    let total = (CUSTOMERS * EACH) as i64;
    for nth in 0..2 {
        site.until_count(ended, (nth + 1) * total / 4).await;
        let held = "SELECT count(*) FROM (SELECT FROM slots WHERE gate LIKE 'workflow:%') AS s";
        assert!(site.count(held).await <= i64::from(ALL_MAX));
        crew.kill9_busiest(&site).await;
    }
    site.until_count("SELECT count(*) FROM executions WHERE status = 'completed'", total).await;

    let most = world.most_at_once();
    assert_eq!(most.len(), CUSTOMERS);
    assert!(most.values().all(|most| *most <= EACH_MAX), "{most:?}");
    assert!(most.values().any(|most| *most == EACH_MAX), "the limits were never reached: {most:?}");
    assert!(site.count("SELECT count(*) FROM losses").await > 0, "nobody was hit");
    site.until_count("SELECT 1 - least(count(*), 1) FROM (SELECT FROM slots UNION ALL SELECT FROM gated) AS s", 1)
        .await;
}

fn document(world: &World) -> Value {
    let call = json!({ "url": format!("{}/work?of={{{{ input.customer }}}}", world.url) });
    let mut document = row(&[("call", "action.http_request", call), ("after", "debug.noop", json!({}))]);
    document["settings"] = json!({ "concurrency": { "key": "{{ input.customer }}", "limit": EACH_MAX } });
    document
}
