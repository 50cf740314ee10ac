//! Executions that go on with another version, while workers claim them.

use capstan_domain::restart::Recorded;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, VersionId};
use capstan_engine::store::bulk::{Filter, Onto, Work};
use capstan_engine::store::executions;
use capstan_engine::store::migration::{Migrated, migrate};
use capstan_engine::store::orders::What;
use capstan_engine::store::workflows::{About, publish};
use serde_json::{Value, json};

use crate::support::{Cell, Version, graph, node};
use crate::verbs::{api, kinds, say};

/// Waits for a person, and then says which version this is.
fn says(version: u8, wait: &str) -> Value {
    let nodes = vec![
        node(wait, "logic.wait_for_signal", json!({ "signal": "go" })),
        node("b", "debug.noop", json!({})),
        node("says", "data.set", json!({ "values": { "version": version } })),
    ];
    graph(nodes, &[("start", "out", wait), (wait, "received", "b"), ("b", "out", "says")])
}

async fn next_version(cell: &Cell, version: Version, document: &Value) -> VersionId {
    let graph = Graph::compile(document, &*cell.registry).unwrap();
    let mut owner = cell.owner().await;
    let next =
        publish(&mut owner, cell.workspace_id, version.workflow_id, document, &graph, &[], &About::default()).await;
    VersionId(next.unwrap().unwrap().version_id)
}

/// Migrates an execution, or tells why not.
async fn go_on(cell: &Cell, id: ExecutionId, old: &Value, new: &Value, to: VersionId) -> Result<Migrated, String> {
    let mut api = api(cell).await;
    let [old, new] = [old, new].map(|document| Graph::compile(document, &*cell.registry).unwrap());
    let row = executions::find(&mut api, cell.workspace_id, id).await.unwrap().unwrap();
    let entries = executions::journal(&mut api, cell.workspace_id, id, 0, 1_000).await.unwrap();
    let recorded = Recorded { row: &row, graph: &old, entries: &entries };
    if let Some(misfit) = recorded.misfits(&new).unwrap().first() {
        return Err(misfit.to_string());
    }
    let migration = recorded.migration(to, "ops", None);
    Ok(migrate(&mut api, &[migration], 20_000).await.unwrap()[0])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_or_is_paused_goes_on_with_the_new_version_and_keeps_what_it_waits_for() {
    let cell = Cell::new().await;
    let (old, new) = (says(1, "wait"), says(2, "wait"));
    let version = cell.publish(&old).await;
    let to = next_version(&cell, version, &new).await;
    let other = says(3, "renamed");
    let elsewhere = next_version(&cell, version, &other).await;
    let worker = cell.worker().await;
    let [waits, paused] = [cell.start(version, json!({})).await, cell.start(version, json!({})).await];
    cell.until(waits, &["waiting"]).await;
    cell.until(paused, &["waiting"]).await;
    assert!(say(&cell, paused, What::Pause).await);
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'paused'", 1).await;
    cell.until_count("SELECT count(*) FROM leases", 0).await;
    let refused = go_on(&cell, waits, &old, &other, elsewhere).await.unwrap_err();
    assert_eq!(
        refused,
        "step wait: journal entry 1 could not have come about: step wait does not exist in this execution"
    );
    for id in [waits, paused] {
        assert_eq!(go_on(&cell, id, &old, &new, to).await, Ok(Migrated::Done));
        cell.signal(id, "go", json!(1)).await;
    }
    assert!(say(&cell, paused, What::Resume).await);
    for id in [waits, paused] {
        let row = cell.until(id, &["completed"]).await;
        assert_eq!((row.version_id, row.output), (to.0, Some(json!({ "version": 2 }))));
    }
    assert_eq!(kinds(&cell, waits).await, ["waiting", "signalled", "settled", "settled", "settled"]);
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_execution_mixes_two_versions_however_migrations_and_claims_meet() {
    let cell = Cell::new().await;
    let (old, new) = (says(1, "wait"), says(2, "wait"));
    let version = cell.publish(&old).await;
    let to = next_version(&cell, version, &new).await;
    let worker = cell.worker().await;
    let ids = cell.start_many(version, json!({}), 40).await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting'", 40).await;
    cell.until_count("SELECT count(*) FROM leases", 0).await;
    let signals = async {
        for &id in &ids {
            cell.signal(id, "go", json!(1)).await;
        }
    };
    let migrations = async {
        let mut told = Vec::new();
        for &id in ids.iter().rev() {
            told.push((id, go_on(&cell, id, &old, &new, to).await == Ok(Migrated::Done)));
        }
        told
    };
    let ((), told) = tokio::join!(signals, migrations);
    for (id, migrated) in told {
        let row = cell.until(id, &["completed"]).await;
        let (expected, says) = if migrated { (to, 2) } else { (version.version_id, 1) };
        assert_eq!((row.version_id, row.output), (expected.0, Some(json!({ "version": says }))), "{id}");
    }
    worker.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_job_migrates_what_fits_and_says_of_each_other_why_not() {
    let cell = Cell::new().await;
    let (old, new) = (says(1, "wait"), says(2, "wait"));
    let version = cell.publish(&old).await;
    let worker = cell.worker().await;
    let ids = cell.start_many(version, json!({}), 3).await;
    cell.until_count("SELECT count(*) FROM journal WHERE kind = 'waiting'", 3).await;
    cell.signal(ids[0], "go", json!(1)).await;
    cell.until(ids[0], &["completed"]).await;
    cell.until_count("SELECT count(*) FROM leases", 0).await;
    let to = next_version(&cell, version, &new).await;
    let filter = || Filter { workflow_id: Some(version.workflow_id), ..Filter::default() };
    let job = cell.bulk(filter(), Work::Migrate { onto: Onto::Latest, reason: Some("corrected".into()) }).await;
    let done = cell.until_completed(&job).await;
    assert_eq!((done.done, done.failed, done.skipped), (2, 0, 1));
    assert_eq!(cell.end(&job, ids[0]).await.1.as_deref(), Some("the execution is completed"));
    let kept = "SELECT count(*) FROM execution_migrations WHERE migrated_by = 'a bulk job' AND reason = 'corrected'";
    assert_eq!(cell.count(kept).await, 2);
    let other = next_version(&cell, version, &says(3, "renamed")).await;
    let job = cell.bulk(filter(), Work::Migrate { onto: Onto::Named(other), reason: None }).await;
    let done = cell.until_completed(&job).await;
    assert_eq!((done.done, done.failed, done.skipped), (0, 2, 1));
    let reason = cell.end(&job, ids[1]).await.1.unwrap();
    assert!(reason.starts_with("the version does not fit: step wait: "), "{reason}");
    for &id in &ids[1..] {
        cell.signal(id, "go", json!(1)).await;
        let row = cell.until(id, &["completed"]).await;
        assert_eq!((row.version_id, row.output), (to.0, Some(json!({ "version": 2 }))));
    }
    worker.drain().await;
    cell.assert_clean().await;
}
