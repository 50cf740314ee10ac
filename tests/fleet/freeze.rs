//! A worker freezes, is given up, and wakes.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::graphs::{call, row};
use crate::site::Site;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_worker_wakes_as_a_zombie_and_writes_nothing() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let version = site.publish(&row(&[call("call", format!("{}/effect", world.url))])).await;
    let zombie = site.worker(&world).await;
    let first_no = site.worker_no(&zombie).await.unwrap();
    let id = site.start(&version, json!({})).await;
    world.until_called(1).await;
    zombie.signal(Signal::SIGSTOP);
    // The answer lies ready for the moment it wakes.
    world.answer();

    let heir = site.worker(&world).await;
    let heir_no = site.worker_no(&heir).await.unwrap();
    assert_eq!(site.until_ended(id).await.0, "completed");
    assert_eq!(site.worker_no(&zombie).await, None, "the frozen worker is fenced");
    let journal = site.journal(id).await;
    heir.end().await;

    zombie.signal(Signal::SIGCONT);
    let anew = format!("SELECT count(*) FROM workers WHERE name = 'pid-{}' AND NOT fenced", zombie.id());
    site.until_count(&anew, 1).await;
    assert!(site.worker_no(&zombie).await.unwrap() > heir_no.max(first_no));
    assert_eq!(site.journal(id).await, journal, "the zombie has written");
    let next = site.start(&version, json!({})).await;
    assert_eq!(site.until_ended(next).await.0, "completed");
    assert_eq!(site.journal(id).await, journal, "the zombie has written");

    let mut calls: Vec<usize> = world.calls().into_values().collect();
    calls.sort_unstable();
    assert_eq!(calls, [1, 2], "both attempts of the first step carry one key");
    site.assert_settled_once(2).await;
    zombie.end().await;
}
