//! A worker is asked to leave.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::graphs::{call, row};
use crate::site::Site;
use crate::world::World;

const EXECUTIONS: i64 = 50;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_end_finishes_what_runs_and_leaves_the_rest_to_others() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let effect = format!("{}/effect", world.url);
    let version = site.publish(&row(&[call("one", effect.clone()), call("two", effect)])).await;
    let mut leaving = site.worker(&world).await;
    site.start_many(&version, &json!({}), EXECUTIONS as usize).await;
    world.until_called(EXECUTIONS as usize).await;

    leaving.signal(Signal::SIGTERM);
    leaving.until_says("draining").await;
    world.answer();
    let status = leaving.ended().await;
    assert!(status.success(), "{status}");
    for (sql, wished) in [
        ("SELECT count(*) FROM leases", 0),
        ("SELECT count(*) FROM queue WHERE losses > 0", 0),
        ("SELECT count(*) FROM workers WHERE NOT fenced", 0),
        ("SELECT count(*) FROM journal WHERE kind = 'settled' AND node_id = 'one'", EXECUTIONS),
    ] {
        assert_eq!(site.count(sql).await, wished, "{sql}");
    }
    let left = site.count("SELECT count(*) FROM queue").await;
    assert!(left > 0, "nothing was left to do");

    let other = site.worker(&world).await;
    site.until_completed(EXECUTIONS).await;
    assert!(world.calls().values().all(|&count| count == 1), "a drain repeats no effect");
    site.assert_settled_once(2 * EXECUTIONS).await;
    other.end().await;
}
