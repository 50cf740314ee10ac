//! Bulk jobs: what workers do with each execution, and what becomes of the others when one is bad.

use capstan_engine::core::graph::SEMANTICS;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::bulk::{self, Beginning, Filter, JobRow, Made, NewJob, Onto, Status, Work};
use capstan_engine::store::connect::Role;
use capstan_engine::store::{executions, trials};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::{Cell, Version, graph, node};

/// Executions of the job that is cancelled: two whole chunks, and a part.
const MANY: usize = 150;
const CHUNK: usize = 60;

/// What became of an execution: status, reason, and the new one.
pub(crate) type End = (String, Option<String>, Option<Uuid>);

impl Cell {
    /// A connection of the API for the cell's workspace.
    async fn api(&self) -> PgConnection {
        let mut api = self.place.connect(Role::Api).await.unwrap();
        let tenant = format!("SET app.workspace_id = '{}'", self.workspace_id);
        sqlx::query(&tenant).execute(&mut api).await.unwrap();
        api
    }

    pub(crate) async fn bulk(&self, filter: Filter, work: Work) -> JobRow {
        let new = NewJob { job_id: Uuid::now_v7(), filter, work, idempotency_key: None };
        let mut api = self.api().await;
        let mut transaction = api.begin().await.unwrap();
        let Made::New(job) = bulk::create(&mut transaction, self.workspace_id, &new).await.unwrap() else {
            panic!("the job was not made")
        };
        transaction.commit().await.unwrap();
        job
    }

    pub(crate) async fn until_completed(&self, job: &JobRow) -> JobRow {
        let sql = format!("SELECT count(*) FROM bulk_jobs WHERE job_id = '{}' AND status = 'completed'", job.job_id);
        self.until_count(&sql, 1).await;
        bulk::find(&mut self.owner().await, self.workspace_id, job.job_id).await.unwrap().unwrap()
    }

    pub(crate) async fn end(&self, job: &JobRow, id: ExecutionId) -> End {
        let before = ExecutionId(Uuid::max());
        let items = bulk::items(&mut self.owner().await, self.workspace_id, job.job_id, None, before, 100).await;
        let item = items.unwrap().into_iter().find(|item| item.execution_id == id.0).unwrap();
        (item.status, item.reason, item.new_execution_id)
    }
}

fn of(ids: &[ExecutionId]) -> Filter {
    Filter { ids: Some(ids.iter().map(|id| id.0).collect()), ..Filter::default() }
}

fn counts(job: &JobRow) -> [i32; 4] {
    [job.total, job.done, job.failed, job.skipped]
}

fn skipped(reason: &str) -> End {
    ("skipped".into(), Some(reason.into()), None)
}

fn done() -> End {
    ("done".into(), None, None)
}

async fn waiting(cell: &Cell, count: usize) -> (Version, Vec<ExecutionId>) {
    let reply = node("reply", "logic.wait_for_signal", json!({ "signal": "go" }));
    let version = cell.publish(&graph(vec![reply], &[("start", "out", "reply")])).await;
    let ids = cell.start_many(version, json!({}), count).await;
    for &id in &ids {
        cell.until(id, &["waiting"]).await;
    }
    (version, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_skipped_and_the_others_are_signalled_and_cancelled() {
    let cell = Cell::new().await;
    let worker = cell.worker().await;
    let (version, ids) = waiting(&cell, 3).await;
    let go = Work::Signal { name: "go".into(), payload: json!({ "n": 7 }) };
    let job = cell.bulk(of(&ids[..1]), go).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [1, 1, 0, 0]);
    cell.until(ids[0], &["completed"]).await;

    let filter = Filter { version_id: Some(version.version_id), ..Filter::default() };
    let job = cell.bulk(filter, Work::Cancel { reason: Some("enough".into()), force: false }).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [3, 2, 0, 1]);
    assert_eq!(cell.end(&job, ids[0]).await, skipped("the execution had already ended"));
    for &id in &ids[1..] {
        assert_eq!(cell.end(&job, id).await, done());
        let row = cell.until(id, &["cancelled"]).await;
        assert_eq!(row.error.unwrap()["reason"], "enough");
    }
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_that_cannot_be_restarted_fail_alone_and_say_where_and_why() {
    let cell = Cell::new().await;
    let worker = cell.worker().await;
    let fails = |when: &str| {
        let steps = vec![node("a", "debug.noop", json!({})), node("b", "debug.fail", json!({ "reason": when }))];
        graph(steps, &[("start", "out", "a"), ("a", "out", "b")])
    };
    let version = cell.publish(&fails("planned")).await;
    let ids = cell.start_many(version, json!({}), 4).await;
    for &id in &ids {
        cell.until(id, &["failed"]).await;
    }
    let fine = cell.publish(&graph(vec![node("a", "debug.noop", json!({}))], &[("start", "out", "a")])).await;
    let completed = cell.start(fine, json!({})).await;
    cell.until(completed, &["completed"]).await;
    for (id, change) in [
        (ids[0], "UPDATE journal SET detail = '{\"error\": 1}' WHERE node_id = 'b' AND"),
        (ids[1], "DELETE FROM journal WHERE node_id = 'a' AND"),
    ] {
        let sql = format!("{change} execution_id = '{id}'");
        sqlx::query(&sql).execute(&mut cell.owner().await).await.unwrap();
    }

    let all = of(&[&ids[..], &[completed]].concat());
    let from_failed = Work::Restart { from: Beginning::Failed, onto: Onto::Own };
    let job = cell.bulk(all.clone(), from_failed).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [5, 2, 2, 1]);
    assert_eq!(cell.end(&job, completed).await, skipped("no step of it has failed"));
    let (status, reason, _) = cell.end(&job, ids[0]).await;
    let reason = reason.unwrap();
    assert!(
        status == "failed" && reason.contains(" (b) of execution") && reason.contains("cannot be read"),
        "{reason}"
    );
    let (status, reason, _) = cell.end(&job, ids[1]).await;
    let reason = reason.unwrap();
    assert!(status == "failed" && reason.contains("cannot be folded") && reason.contains('b'), "{reason}");
    for &id in &ids[2..] {
        let (status, _, new) = cell.end(&job, id).await;
        let row = cell.until(ExecutionId(new.unwrap()), &["failed"]).await;
        assert_eq!((status.as_str(), row.error.unwrap()["reason"].clone()), ("done", json!("planned")));
    }

    let failed = Filter { status: Some(vec![Status::Failed]), ..of(&ids[2..]) };
    let from_c = Work::Restart { from: Beginning::Step("c".into()), onto: Onto::Own };
    let job = cell.bulk(failed, from_c).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [2, 0, 2, 0]);
    let reason = "there is no step c outside of containers in the version to restart on";
    assert_eq!(cell.end(&job, ids[2]).await, ("failed".into(), Some(reason.into()), None));
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_uses_the_graph_of_a_trial_and_fails_alone_where_it_is_no_longer_kept() {
    let cell = Cell::new().await;
    let document = graph(vec![node("fail", "debug.fail", json!({}))], &[("start", "out", "fail")]);
    let draft = cell.publish(&document).await;
    let frozen =
        trials::freeze(&mut cell.api().await, cell.workspace_id, draft.workflow_id, &document, SEMANTICS).await;
    let trial = Version { version_id: frozen.unwrap().unwrap(), ..draft };
    let _worker = cell.worker().await;
    let id = cell.start(trial, json!({})).await;
    cell.until(id, &["failed"]).await;
    cell.run("UPDATE trial_versions SET used_at = now() - interval '10 days'").await;
    let again = || Work::Restart { from: Beginning::Failed, onto: Onto::Own };
    let job = cell.bulk(of(&[id]), again()).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [1, 1, 0, 0]);
    let used = "SELECT count(*) FROM trial_versions WHERE used_at > now() - interval '1 day'";
    assert_eq!(cell.count(used).await, 1, "it is used now, and its graph stays");

    cell.run("UPDATE trial_versions SET graph = NULL").await;
    let job = cell.bulk(of(&[id]), again()).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [1, 0, 1, 0]);
    let (_, reason, new) = cell.end(&job, id).await;
    assert!(reason.unwrap().contains("no longer kept") && new.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_stops_after_the_chunk_that_is_worked_on() {
    let cell = Cell::new().await;
    let version = cell.publish(&graph(vec![node("a", "debug.noop", json!({}))], &[("start", "out", "a")])).await;
    let mut ids = cell.start_many(version, json!({}), MANY).await;
    ids.sort_unstable();
    let work = Work::Signal { name: "none".into(), payload: Value::Null };
    let job = cell.bulk(Filter { version_id: Some(version.version_id), ..Filter::default() }, work).await;
    // Whoever wants to record what became of this item's chunk has to wait.
    let (mut owner, mut api) = (cell.owner().await, cell.api().await);
    let mut brake = owner.begin().await.unwrap();
    let item = "SELECT FROM bulk_items WHERE execution_id = $1 FOR UPDATE";
    sqlx::query(item).bind(ids[CHUNK].0).execute(&mut *brake).await.unwrap();

    let worker = cell.worker().await;
    let blocked =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    cell.until_count(blocked, 1).await;
    let (workspace_id, job_id) = (cell.workspace_id, job.job_id);
    let cancel = tokio::spawn(async move { bulk::cancel(&mut api, workspace_id, job_id).await.unwrap() });
    cell.until_count(blocked, 2).await;
    brake.rollback().await.unwrap();
    assert!(cancel.await.unwrap());

    // A job that comes later is done, and nothing more of this one.
    let later = cell.bulk(of(&ids[..1]), Work::Cancel { reason: None, force: false }).await;
    cell.until_completed(&later).await;
    let row = bulk::find(&mut cell.owner().await, cell.workspace_id, job.job_id).await.unwrap().unwrap();
    // A chunk is shorter where the machine is slow.
    let done = (row.done + row.failed + row.skipped) as usize;
    assert_eq!(row.status, "cancelled");
    assert!((CHUNK + 1..=2 * CHUNK).contains(&done), "{done} executions");
    assert_eq!(cell.count("SELECT count(*) FROM bulk_items WHERE status = 'pending'").await, (MANY - done) as i64);
    for &id in &ids {
        cell.until(id, &["completed"]).await;
    }
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_all_that_failed_does_not_chase_what_it_starts() {
    let cell = Cell::new().await;
    let worker = cell.worker().await;
    let version = cell.publish(&graph(vec![node("a", "debug.fail", json!({}))], &[("start", "out", "a")])).await;
    for id in cell.start_many(version, json!({}), 5).await {
        cell.until(id, &["failed"]).await;
    }
    let failed = Filter { status: Some(vec![Status::Failed]), ..Filter::default() };
    let job = cell.bulk(failed, Work::Restart { from: Beginning::Failed, onto: Onto::Own }).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [5, 5, 0, 0]);
    cell.until_count("SELECT count(*) FROM executions WHERE status = 'failed'", 10).await;
    assert_eq!(cell.count("SELECT count(*) FROM bulk_items").await, 5);
    let newest = ExecutionId(Uuid::max());
    let listed = executions::list(&mut cell.owner().await, cell.workspace_id, None, None, newest, 100).await.unwrap();
    assert_eq!(listed.len(), 10);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_are_paused_hastened_and_resumed_if_there_is_something_to_do() {
    let cell = Cell::new().await;
    let worker = cell.worker().await;
    let (_, mut ids) = waiting(&cell, 2).await;
    let mut fail = node("fail", "debug.fail", json!({ "retryable": true, "succeed_at_attempt": 2 }));
    fail["data"]["policy"] =
        json!({ "retry": { "attempts_max": 2, "delay_ms": 3_000_000, "delay_ms_max": 3_000_000 } });
    let version = cell.publish(&graph(vec![fail], &[("start", "out", "fail")])).await;
    ids.push(cell.start(version, json!({})).await);
    cell.until(ids[2], &["waiting"]).await;

    let reason = Some("maintenance".to_owned());
    let job = cell.bulk(of(&ids[..2]), Work::Pause { reason: reason.clone() }).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [2, 2, 0, 0]);
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'paused'", 2).await;
    let job = cell.bulk(of(&ids), Work::RetryNow { reason: reason.clone() }).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [3, 1, 0, 2]);
    assert_eq!(cell.end(&job, ids[0]).await, skipped("no step waits for its next attempt"));
    cell.until(ids[2], &["completed"]).await;
    let job = cell.bulk(of(&ids), Work::Pause { reason: reason.clone() }).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [3, 0, 0, 3]);
    assert_eq!(cell.end(&job, ids[0]).await, skipped("the execution is paused"));
    assert_eq!(cell.end(&job, ids[2]).await, skipped("the execution is completed"));

    let job = cell.bulk(of(&ids[..1]), Work::Cancel { reason, force: false }).await;
    cell.until_completed(&job).await;
    cell.until(ids[0], &["cancelled"]).await;
    let filter = Filter { status: Some(vec![Status::Paused]), ..of(&ids) };
    let job = cell.bulk(filter, Work::Resume { reason: None }).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [1, 1, 0, 0]);
    cell.signal(ids[1], "go", json!(1)).await;
    cell.until(ids[1], &["completed"]).await;
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_resolved_as_is_said_and_those_that_cannot_be_fail_alone() {
    let cell = Cell::new().await;
    let document = graph(
        vec![node("a", "debug.noop", json!({})), node("b", "debug.noop", json!({ "output": "{{ steps.a }}" }))],
        &[("start", "out", "a"), ("a", "out", "b")],
    );
    let version = cell.publish(&document).await;
    let ids = cell.start_many(version, json!({}), 5).await;
    // Two that a worker has set aside, one that is paused beside, one that cannot be read, and one that is none.
    let set_aside = "UPDATE executions SET status = 'incident', error = '{\"reason\": \"it broke\"}' \
                     WHERE execution_id = ANY ($1)";
    let incidents: Vec<Uuid> = ids[..4].iter().map(|id| id.0).collect();
    sqlx::query(set_aside).bind(&incidents).execute(&mut cell.owner().await).await.unwrap();
    let strange = "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, detail, recorded_at) \
                   VALUES ($1, 1, $2, 1, 'poisoned', '1', now())";
    let strange = sqlx::query(strange).bind(ids[3].0).bind(cell.workspace_id.0);
    strange.execute(&mut cell.owner().await).await.unwrap();
    let said = |text: Value| Work::Resolve(serde_json::from_value(text).unwrap());
    let all = of(&ids);

    let nowhere = said(json!({ "action": "skip", "step": "a", "port": "nowhere" }));
    let job = cell.bulk(of(&ids[..1]), nowhere).await;
    let worker = cell.worker().await;
    assert_eq!(counts(&cell.until_completed(&job).await), [1, 0, 1, 0]);
    let reason = "step a has no port \"nowhere\"; it has out";
    assert_eq!(cell.end(&job, ids[0]).await, ("failed".into(), Some(reason.into()), None));
    cell.until(ids[4], &["completed"]).await;

    let skip = said(json!({ "action": "skip", "step": "a", "output": { "by": "hand" }, "reason": "known outage" }));
    let job = cell.bulk(all, skip).await;
    assert_eq!(counts(&cell.until_completed(&job).await), [5, 3, 1, 1]);
    assert_eq!(cell.end(&job, ids[4]).await, skipped("the execution is completed, and no incident"));
    let (status, reason, _) = cell.end(&job, ids[3]).await;
    assert!(status == "failed" && reason.as_ref().unwrap().contains("cannot be read"), "{reason:?}");
    for &id in &ids[..3] {
        let row = cell.until(id, &["completed"]).await;
        assert_eq!(row.output, Some(json!({ "by": "hand" })));
    }
    let told: Vec<Value> = sqlx::query_scalar("SELECT detail - 'signal_id' FROM journal WHERE kind = 'resolved'")
        .fetch_all(&mut cell.owner().await)
        .await
        .unwrap();
    assert_eq!((told.len(), &told[0]["by"], &told[0]["reason"]), (3, &json!("a bulk job"), &json!("known outage")));
    worker.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_waits_for_the_row_of_one_execution_holds_up_no_other() {
    let cell = Cell::new().await;
    // They write nothing more to their rows: only the job does.
    let wait = node("a", "logic.wait_for_signal", json!({ "signal": "go" }));
    let version = cell.publish(&graph(vec![wait], &[("start", "out", "a")])).await;
    let mut ids = cell.start_many(version, json!({}), 5).await;
    ids.sort_unstable();
    let job = cell.bulk(of(&ids), Work::Pause { reason: None }).await;
    // As a commit does that ends the last one, and waits for another.
    let lock = "SELECT FROM executions WHERE execution_id = $1 FOR UPDATE";
    let (mut owner, mut other) = (cell.owner().await, cell.owner().await);
    let mut commit = owner.begin().await.unwrap();
    sqlx::query(lock).bind(ids[4].0).execute(&mut *commit).await.unwrap();
    let worker = cell.worker().await;
    let blocked =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    cell.until_count(blocked, 1).await;
    sqlx::query("SET lock_timeout = '20s'").execute(&mut other).await.unwrap();
    sqlx::query(lock).bind(ids[0].0).execute(&mut other).await.unwrap();
    assert_eq!(
        cell.count("SELECT count(*) FROM bulk_items WHERE status = 'pending'").await,
        5,
        "the job has not got on"
    );
    commit.rollback().await.unwrap();
    let job = cell.until_completed(&job).await;
    assert_eq!((job.total, job.failed), (5, 0));
    worker.drain().await;
}
