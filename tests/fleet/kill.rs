//! A worker is killed in the middle of a crowd.

use capstan_engine::core::ids::{ExecutionId, SignalId, WorkspaceId};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::signals;
use serde_json::json;
use tokio::sync::mpsc::Receiver;

use crate::graphs::{EXAMPLE_STEPS, example, lead};
use crate::site::Site;
use crate::world::World;

const EXECUTIONS: i64 = 2_000;
/// So many get to know their company only once the worker was killed: not all are over before, however slow this test is.
const HELD_UP: i64 = EXECUTIONS / 10;
/// Far enough for a customer to answer before it.
const REPLY_MS: u64 = 3_000;

#[tokio::test(flavor = "multi_thread")]
async fn three_workers_finish_two_thousand_executions_though_one_is_killed() {
    let _alone = crate::outage::CROWD.lock().await;
    let (world, letters) = World::start().await;
    let site = Site::new().await;
    let version = site.publish(&example(&world, REPLY_MS)).await;
    world.companies.only((EXECUTIONS - HELD_UP) as usize);
    let (first, second, victim) = tokio::join!(site.worker(&world), site.worker(&world), site.worker(&world));
    let victim_no = site.worker_no(&victim).await.unwrap();
    let customers = tokio::spawn(answer_every_second(letters, site.place.clone(), site.workspace_id));
    site.start_many(&version, &lead(), EXECUTIONS as usize).await;

    let settled = "SELECT count(*) FROM journal WHERE kind = 'settled'";
    site.until_count(settled, EXECUTIONS * EXAMPLE_STEPS / 3).await;
    let taken_over = site.kill9_holding(victim).await;
    world.companies.all();

    site.until_completed(EXECUTIONS).await;
    customers.abort();
    site.assert_settled_once(EXECUTIONS * EXAMPLE_STEPS).await;
    let ports = site.ports("reply").await;
    assert!(ports["received"] > 0 && ports["timeout"] > 0, "{ports:?}");
    assert_eq!(site.count("SELECT min(worker_no)::bigint FROM workers WHERE fenced").await, i64::from(victim_no));
    assert_eq!(site.count("SELECT count(*) FROM workers WHERE fenced").await, 1);

    let mails = world.mails();
    assert_eq!(mails.len(), EXECUTIONS as usize, "each execution sends its mail, under one key");
    for (key, count) in mails {
        let id: ExecutionId = key.split(':').next().unwrap().parse().unwrap();
        assert!(count == 1 || (count == 2 && taken_over.contains(&id)), "{count} mails of step {key}");
    }
    first.end().await;
    second.end().await;
}

/// Every second customer answers as soon as the mail is there.
async fn answer_every_second(mut letters: Receiver<ExecutionId>, place: Place, workspace_id: WorkspaceId) {
    let mut owner = place.connect(Role::Owner).await.unwrap();
    let mut answers = false;
    while let Some(id) = letters.recv().await {
        answers = !answers;
        if answers {
            let payload = json!({ "answer": "yes" });
            signals::send(&mut owner, workspace_id, id, SignalId::new(), "reply", &payload).await.unwrap();
        }
    }
}
