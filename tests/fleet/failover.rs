//! The primary is killed, and its standby takes over.
//!
//! Replication is synchronous, so nothing that was acknowledged may be missing. What a worker drops when it meets another
//! timeline shows in the effects that hung when the primary died: each is called once more, since no answer to the first call
//! is written. Were both looks at the timeline missing (`worker/src/control.rs`, `worker/src/committer.rs`), those answers would
//! be, and no worker would have a new number; `worker/src/failover_tests.rs` asks for each look alone.

use std::collections::HashSet;
use std::time::Duration;

use capstan_engine::core::ids::{ExecutionId, WorkflowId};
use capstan_private_postgres::PrivatePostgres;
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::Executor;
use tokio::sync::watch;
use tokio::task::{JoinHandle, block_in_place};
use tokio::time::{interval, timeout};
use uuid::Uuid;

use crate::PATIENCE;
use crate::graphs::row;
use crate::process::Process;
use crate::site::Site;
use crate::way::Way;
use crate::world::World;

/// Executions of each of two kinds that there are when the primary dies, beside those that are started over HTTP.
const EXECUTIONS: usize = 20;
/// Steps of each kind.
const STEPS: i64 = 2;
/// Starts over HTTP that are acknowledged before the failover, and as many after it, at least.
const STARTS_MIN: usize = 5;
/// Time between two requests for a start.
const START_EVERY: Duration = Duration::from_millis(100);
/// So that it is over some time after the failover has begun.
const DELAY_MS: u64 = 3_000;
/// How long an effect may hang: longer than this test.
const HANGS_MS_MAX: u64 = 600_000;
/// Connections of processes to the standby that it refuses, more or less: it is not promoted before.
const TOO_EARLY: usize = 20;

/// Who starts one execution after the other over HTTP, each under a key of its own, which is repeated until it is acknowledged.
struct Starts {
    stop: watch::Sender<bool>,
    acknowledged: watch::Receiver<Vec<ExecutionId>>,
    task: JoinHandle<()>,
}

impl Starts {
    fn begin(site: &Site, url: &str, workflow_id: WorkflowId) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (told, acknowledged) = watch::channel(Vec::<ExecutionId>::new());
        let (url, api_key) = (format!("{url}/api/v1/executions"), site.key.clone());
        let task = tokio::spawn(async move {
            let (client, mut ticks, mut nth) = (Client::new(), interval(START_EVERY), 0);
            while !*stopped.borrow() {
                ticks.tick().await;
                let body = json!({ "workflow_id": workflow_id, "input": { "nth": nth } });
                let request = client.post(&url).bearer_auth(&api_key).header("idempotency-key", format!("start-{nth}"));
                let response = request.json(&body).send().await.unwrap();
                let status = response.status().as_u16();
                let answer: Value = response.json().await.unwrap();
                match status {
                    202 => {
                        told.send_modify(|ids| ids.push(answer["id"].as_str().unwrap().parse().unwrap()));
                        nth += 1;
                    }
                    // The same again.
                    429 | 503 => {}
                    _ => panic!("{status}: {answer}"),
                }
            }
        });
        Self { stop, acknowledged, task }
    }

    fn count(&self) -> usize {
        self.acknowledged.borrow().len()
    }

    async fn until(&self, count: usize) {
        let mut acknowledged = self.acknowledged.clone();
        let until = timeout(PATIENCE, acknowledged.wait_for(|ids| ids.len() >= count)).await;
        until.unwrap_or_else(|_| panic!("fewer than {count} starts were acknowledged")).unwrap();
    }

    /// Stops once the last one is acknowledged or refused, and tells of all that were acknowledged.
    async fn stop(self) -> Vec<ExecutionId> {
        self.stop.send_replace(true);
        timeout(PATIENCE, self.task).await.expect("the last start was not answered").unwrap();
        self.acknowledged.borrow().clone()
    }
}

/// A primary that acknowledges only what its standby has, and a way there for processes, which can be turned over.
async fn pair() -> (Site, PrivatePostgres, Way) {
    let mut site = Site::new().await;
    let standby = site.standby();
    let way = Way::to(site.socket_dir()).await;
    site.go_by(way.address);
    for sql in ["ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"] {
        site.owner().await.execute(sql).await.unwrap();
    }
    site.until_count("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", 1).await;
    (site, standby, way)
}

/// Waits until a process works under a number beyond `last`.
async fn until_registered_anew(site: &Site, worker: &Process, last: i64) {
    let name = format!("pid-{}", worker.id());
    let anew = format!("SELECT count(*) FROM workers WHERE name = '{name}' AND NOT fenced AND worker_no > {last}");
    site.until_count(&anew, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failover_the_same_processes_go_on_and_nothing_that_was_acknowledged_is_lost() {
    let (world, _) = World::start().await;
    let (mut site, standby, way) = pair().await;
    let config = json!({ "url": format!("{}/effect", world.url), "timeout_ms": HANGS_MS_MAX });
    let effect = || ("effect", "action.http_request", config.clone());
    let at_once = site.publish(&row(&[effect(), ("after", "debug.noop", json!({}))])).await;
    let later = site.publish(&row(&[("wait", "logic.delay", json!({ "for_ms": DELAY_MS })), effect()])).await;
    let (server, url) = site.serve().await;
    let workers = [site.worker(&world).await, site.worker(&world).await];
    let last = site.count("SELECT max(worker_no)::bigint FROM workers").await;
    let mut ids = site.start_many(&at_once, &json!({}), EXECUTIONS).await;
    ids.extend(site.start_many(&later, &json!({}), EXECUTIONS).await);
    let starts = Starts::begin(&site, &url, at_once.workflow_id);
    starts.until(STARTS_MIN).await;
    world.until_called(EXECUTIONS + STARTS_MIN).await;
    site.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting'", EXECUTIONS as i64).await;
    // Nobody is answered yet.
    let hung: Vec<String> = world.calls().into_keys().collect();

    site.crash_database();
    // Too early: it reads still, and refuses to write.
    way.turn_over_to(standby.socket_dir());
    way.until_came(TOO_EARLY).await;
    block_in_place(|| standby.promote()).unwrap();
    starts.until(starts.count() + STARTS_MIN).await;
    for worker in &workers {
        until_registered_anew(&site, worker, last).await;
    }
    site.until_count(&format!("SELECT count(*) FROM workers WHERE fenced AND worker_no <= {last}"), 2).await;
    let timeline = "SELECT count(*) WHERE pg_walfile_name(pg_current_wal_lsn()) LIKE '00000002%'";
    assert_eq!(site.count(timeline).await, 1, "this is no failover");

    ids.extend(starts.stop().await);
    world.answer();
    site.until_completed(ids.len() as i64).await;
    site.assert_settled_once(ids.len() as i64 * STEPS).await;
    let all = "SELECT execution_id FROM executions";
    let all: Vec<Uuid> = sqlx::query_scalar(all).fetch_all(&mut site.owner().await).await.unwrap();
    let all: HashSet<ExecutionId> = all.into_iter().map(ExecutionId).collect();
    assert!(ids.iter().all(|id| all.contains(id)), "what was acknowledged is lost");

    let calls = world.calls();
    assert_eq!(calls.len(), ids.len(), "each effect has one key, however often it is called");
    assert!(!calls.contains_key("none"));
    let once: Vec<&String> = hung.iter().filter(|key| calls[*key] < 2).collect();
    assert!(once.is_empty(), "answers were written to a timeline that had not asked: {once:?}");
    for worker in workers {
        worker.end().await;
    }
    server.end().await;
}
