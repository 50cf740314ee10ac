//! A worker is killed while executions wait for those that they have started.

use serde_json::json;

use crate::graphs::{call, row};
use crate::site::Site;
use crate::world::World;

const PARENTS: i64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn every_parent_has_one_child_and_hears_of_its_end_though_a_worker_is_killed() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let child = site.publish(&row(&[call("effect", format!("{}/effect", world.url))])).await;
    let config = json!({ "workflow": child.workflow_id.to_string() });
    let version = site.publish(&row(&[("call", "logic.sub_workflow", config)])).await;
    let victim = site.worker(&world).await;
    let victim_no = site.worker_no(&victim).await.unwrap();
    site.start_many(&version, &json!({}), PARENTS as usize).await;
    // The effects hang, so the victim holds executions when it is killed, and somebody must take them over.
    world.until_called(PARENTS as usize / 4).await;
    let survivor = site.worker(&world).await;
    site.kill9_holding(victim).await;
    world.answer();

    site.until_completed(2 * PARENTS).await;
    site.assert_settled_once(2 * PARENTS).await;
    let families = "SELECT count(*) FROM children c JOIN executions p ON p.execution_id = c.parent_id \
                    WHERE c.root_id = c.parent_id AND c.depth = 1";
    assert_eq!((site.count(families).await, site.count("SELECT count(*) FROM children").await), (PARENTS, PARENTS));
    let heard = "SELECT count(*) FROM journal WHERE kind = 'signalled' AND output ->> 'status' = 'completed'";
    assert_eq!(site.count(heard).await, PARENTS);
    assert_eq!(site.count("SELECT min(worker_no)::bigint FROM workers WHERE fenced").await, i64::from(victim_no));
    assert_eq!(world.calls().len(), PARENTS as usize, "each child calls under one key");
    survivor.end().await;
}
