use std::collections::HashMap;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::claim::{Claimed, NO_BOUND, claim};
use capstan_engine::store::commit::Then;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::start::Start;
use capstan_engine::store::workers::{beat, retire};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::support::{Cell, claim_all, end, new_start, step, write};

#[tokio::test]
async fn two_workers_that_claim_at_once_lease_each_execution_once() {
    let cell = Cell::new().await;
    let started = cell.start(1_000).await;
    let (one, two) = (cell.worker().await, cell.worker().await);
    let drain = |mut worker: (sqlx::PgConnection, i32)| async move {
        let mut all = Vec::new();
        loop {
            let claimed = claim(&mut worker.0, worker.1, 30, NO_BOUND, false).await.unwrap();
            if claimed.is_empty() {
                return all;
            }
            all.extend(claimed);
        }
    };
    let (one, two) = (tokio::spawn(drain(one)), tokio::spawn(drain(two)));
    let claimed: Vec<Claimed> = one.await.unwrap().into_iter().chain(two.await.unwrap()).collect();
    let mut times = HashMap::new();
    for claimed in &claimed {
        assert!(claimed.held_by.is_none() && claimed.fresh && claimed.losses == 0);
        *times.entry(claimed.execution_id).or_insert(0) += 1;
    }
    assert_eq!((claimed.len(), times.len()), (started.len(), started.len()));
    assert_eq!(cell.count("SELECT count(DISTINCT lease_no) FROM leases").await, 1_000);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 0);
}

#[tokio::test]
async fn a_claim_brings_what_is_needed_to_go_on() {
    let cell = Cell::new().await;
    let item = Start { timeout_ms: Some(60_000), input: json!({ "a": [1, "x"] }), ..new_start(cell.workspace) };
    cell.start_all(std::slice::from_ref(&item)).await;
    let mut worker = cell.worker().await;
    let claimed = claim_all(&mut worker).await.remove(0);
    assert_eq!(claimed.execution_id, item.execution_id.0);
    assert_eq!(claimed.workspace_id, cell.workspace.0);
    assert_eq!(claimed.trigger_node_id, "start");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&claimed.input).unwrap(), item.input);
    let time = claimed.deadline_at.unwrap() - claimed.begun_at;
    assert!((59..=61).contains(&time.num_seconds()), "{time}");
}

#[tokio::test]
async fn a_claim_takes_no_more_than_it_has_room_for() {
    let cell = Cell::new().await;
    cell.start(5).await;
    let (mut connection, worker_no) = cell.worker().await;
    let claimed = claim(&mut connection, worker_no, 3, NO_BOUND, false).await.unwrap();
    assert_eq!((claimed.len(), cell.count("SELECT count(*) FROM queue").await), (3, 2));
    assert!(claim(&mut connection, worker_no, 0, NO_BOUND, false).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_fenced_worker_cannot_claim() {
    let cell = Cell::new().await;
    cell.start(1).await;
    let (mut connection, worker_no) = cell.worker().await;
    retire(&mut connection, worker_no).await.unwrap();
    let error = claim(&mut connection, worker_no, 1, NO_BOUND, false).await.unwrap_err();
    assert!(matches!(error, StoreError::Fenced), "{error:?}");
    let unregistered = claim(&mut connection, worker_no + 1, 1, NO_BOUND, false).await.unwrap_err();
    assert!(matches!(unregistered, StoreError::Fenced), "{unregistered:?}");
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 0);
}

#[tokio::test]
async fn a_workspace_with_few_executions_does_not_wait_for_one_with_many() {
    let cell = Cell::new().await;
    let stamped = |workspace: WorkspaceId, count: i64| -> Vec<Start> {
        (1..=count).map(|n| Start { vt: n * 1_000_000, ..new_start(workspace) }).collect()
    };
    let (many, few) = (WorkspaceId::new(), WorkspaceId::new());
    cell.start_all(&stamped(many, 1_000)).await;
    cell.start_all(&stamped(few, 10)).await;
    let (mut connection, worker_no) = cell.worker().await;
    let first = claim(&mut connection, worker_no, 25, NO_BOUND, false).await.unwrap();
    assert_eq!(first.iter().filter(|claimed| claimed.workspace_id == few.0).count(), 10);
}

#[tokio::test]
async fn a_bound_hides_nothing_that_was_stamped_at_or_above_it() {
    let cell = Cell::new().await;
    let early = cell.start(1).await[0];
    cell.execute("UPDATE queue_front SET updated_at = updated_at - interval '1 minute'").await;
    let (mut connection, worker_no) = cell.worker().await;
    let raised = beat(&mut connection, worker_no, 500, DateTime::<Utc>::UNIX_EPOCH, false).await.unwrap();
    assert_eq!(raised.front, 500);
    let late = cell.start(1).await[0];
    let above = cell.start_all(&[Start { vt: 501, ..new_start(cell.workspace) }]).await[0];
    let ids = |claimed: Vec<Claimed>| {
        let mut ids: Vec<_> = claimed.into_iter().map(|claimed| claimed.execution_id).collect();
        ids.sort();
        ids
    };
    let bounded = claim(&mut connection, worker_no, 10, 500, false).await.unwrap();
    assert_eq!(ids(bounded), [late.0, above.0]);
    let sweep = claim(&mut connection, worker_no, 10, NO_BOUND, false).await.unwrap();
    assert_eq!(ids(sweep), [early.0]);
}

#[tokio::test]
async fn the_front_never_falls_and_rises_at_most_about_once_a_second() {
    let cell = Cell::new().await;
    cell.execute("UPDATE queue_front SET updated_at = updated_at - interval '1 minute'").await;
    let (mut connection, worker_no) = cell.worker().await;
    let mut fronts = Vec::new();
    for front in [500, 400, 600] {
        fronts.push(beat(&mut connection, worker_no, front, DateTime::<Utc>::UNIX_EPOCH, false).await.unwrap().front);
    }
    assert_eq!(fronts, [500, 500, 500]);
}

#[tokio::test]
async fn tokens_of_ended_executions_are_dropped_with_signals_that_came_too_late() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased_many(&mut worker, 2).await;
    cell.signal(claimed[0].execution_id).await;
    cell.signal(claimed[1].execution_id).await;
    write(&mut worker, &[&step(&claimed[0], 1, end(false)), &step(&claimed[1], 1, Then::Hold)]).await;
    // As of a month that was dropped.
    cell.execute(
        "INSERT INTO queue (vt, execution_id, workspace_id, fresh) \
         VALUES (0, uuid_floor_1(now() - interval '1 year'), gen_random_uuid(), false)",
    )
    .await;
    let woken = claim_all(&mut worker).await;
    let ids: Vec<_> = woken.iter().map(|claimed| (claimed.execution_id, claimed.held_by)).collect();
    assert_eq!(ids, [(claimed[1].execution_id, Some(worker.1))]);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 0);
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 1, "that of the one that goes on");
    assert_eq!(cell.count("SELECT count(*) FROM signals").await, 1);
}
