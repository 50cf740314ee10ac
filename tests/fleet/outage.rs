//! The database goes away in the middle of a crowd.

use tokio::sync::Mutex;

use crate::graphs::{EXAMPLE_STEPS, example, lead};
use crate::site::Site;
use crate::world::World;

/// Tests with crowds take turns: together they would be slow enough to look dead.
pub(crate) static CROWD: Mutex<()> = Mutex::const_new(());

const EXECUTIONS: i64 = 2_000;
/// So many get to know their company only once the database has stopped: not all are over before, however slow this test is.
const HELD_UP: i64 = EXECUTIONS / 10;
const REPLY_MS: u64 = 500;

#[tokio::test(flavor = "multi_thread")]
async fn the_database_may_stop_at_once_and_come_back() {
    let _alone = CROWD.lock().await;
    let (world, _) = World::start().await;
    let mut site = Site::new().await;
    let version = site.publish(&example(&world, REPLY_MS)).await;
    world.companies.only((EXECUTIONS - HELD_UP) as usize);
    let workers = tokio::join!(site.worker(&world), site.worker(&world), site.worker(&world));
    site.start_many(&version, &lead(), EXECUTIONS as usize).await;

    let settled = "SELECT count(*) FROM journal WHERE kind = 'settled'";
    site.until_count(settled, EXECUTIONS * EXAMPLE_STEPS / 3).await;
    site.crash_database();
    world.companies.all();
    site.start_database();
    let left = site.count("SELECT count(*) FROM executions WHERE ended_at IS NULL").await;
    assert!(left > 0, "all was done before the outage");

    site.until_completed(EXECUTIONS).await;
    site.assert_settled_once(EXECUTIONS * EXAMPLE_STEPS).await;
    assert_eq!(site.count("SELECT count(*) FROM workers").await, 3, "a worker began anew");
    assert_eq!(site.count("SELECT count(*) FROM workers WHERE fenced").await, 0, "an outage is no worker's fault");
    let mails = world.mails();
    assert_eq!(mails.len(), EXECUTIONS as usize);
    assert!(mails.values().all(|&count| count == 1), "an outage of the database repeats no effect");

    for worker in [workers.0, workers.1, workers.2] {
        worker.end().await;
    }
}
