use std::collections::HashSet;

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::commit::Then;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workers::{peers, reap, release, release_unknown, retire};

use super::support::{Cell, claim_all, pid, run, step, write};

#[tokio::test]
async fn a_release_counts_no_loss_and_the_execution_comes_again() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let held = cell.leased(&mut worker).await;
    let lease = [(ExecutionId(held.execution_id), held.lease_no)];
    assert_eq!(release(&mut worker.0, worker.1, &lease).await.unwrap(), 1);
    assert_eq!(release(&mut worker.0, worker.1, &lease).await.unwrap(), 0);
    let again = claim_all(&mut worker).await.remove(0);
    assert_eq!((again.losses, again.fresh, again.held_by), (0, false, None));
    assert_ne!(again.lease_no, held.lease_no);
}

#[tokio::test]
async fn a_release_keeps_earlier_losses_unless_the_journal_has_moved() {
    let cell = Cell::new().await;
    let (mut lost, mut worker) = (cell.worker().await, cell.worker().await);
    cell.leased(&mut lost).await;
    reap(&mut worker.0, lost.1, None).await.unwrap();
    for (expected, moves) in [(1, false), (1, true), (0, false)] {
        let held = claim_all(&mut worker).await.remove(0);
        assert_eq!(held.losses, expected);
        if moves {
            write(&mut worker, &[&step(&held, 1, Then::Hold)]).await;
        }
        release(&mut worker.0, worker.1, &[(ExecutionId(held.execution_id), held.lease_no)]).await.unwrap();
    }
}

#[tokio::test]
async fn a_release_leaves_leases_of_others_and_newer_ones_alone() {
    let cell = Cell::new().await;
    let (mut ours, mut theirs) = (cell.worker().await, cell.worker().await);
    let foreign = cell.leased(&mut theirs).await;
    let mine = cell.leased(&mut ours).await;
    let wrong = [
        (ExecutionId(foreign.execution_id), foreign.lease_no),
        (ExecutionId(mine.execution_id), mine.lease_no + 1_000),
    ];
    assert_eq!(release(&mut ours.0, ours.1, &wrong).await.unwrap(), 0);
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 2);
}

#[tokio::test]
async fn release_unknown_gives_back_only_what_is_unknown() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let held = cell.leased_many(&mut worker, 5).await;
    let known: HashSet<_> = held[..2].iter().map(|held| (held.execution_id, held.lease_no)).collect();
    let mut other = cell.worker().await;
    cell.leased(&mut other).await;
    let is_known = |id: ExecutionId, lease_no: i64| known.contains(&(id.0, lease_no));
    assert_eq!(release_unknown(&mut worker.0, worker.1, is_known).await.unwrap(), 3);
    assert_eq!(release_unknown(&mut worker.0, worker.1, is_known).await.unwrap(), 0);
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 3);
    assert_eq!(claim_all(&mut worker).await.len(), 3);
}

#[tokio::test]
async fn release_unknown_waits_for_a_claim_in_flight() {
    let cell = Cell::new().await;
    cell.start(2).await;
    let mut worker = cell.worker().await;
    let mut forgotten = (cell.worker().await.0, worker.1);
    run(&mut forgotten.0, "BEGIN").await;
    assert_eq!(claim_all(&mut forgotten).await.len(), 2);
    let worker_pid = pid(&mut worker.0).await;
    let releasing = tokio::spawn(async move { release_unknown(&mut worker.0, worker.1, |_, _| false).await });
    cell.until_blocked(worker_pid).await;
    run(&mut forgotten.0, "COMMIT").await;
    assert_eq!(releasing.await.unwrap().unwrap(), 2);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 2);
}

#[tokio::test]
async fn who_retires_gives_back_everything_and_counts_no_loss() {
    let cell = Cell::new().await;
    let (mut leaving, mut other) = (cell.worker().await, cell.worker().await);
    let held = cell.leased_many(&mut leaving, 2).await;
    write(&mut leaving, &[&step(&held[0], 1, Then::Hold)]).await;
    retire(&mut leaving.0, leaving.1).await.unwrap();
    retire(&mut leaving.0, leaving.1).await.unwrap();
    let claimed = claim_all(&mut other).await;
    assert_eq!(claimed.iter().map(|claimed| (claimed.losses, claimed.held_by)).collect::<Vec<_>>(), [(0, None); 2]);
    assert!(peers(&mut other.0, other.1).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_fenced_worker_cannot_release() {
    let cell = Cell::new().await;
    let (mut lost, mut reaper) = (cell.worker().await, cell.worker().await);
    let held = cell.leased(&mut lost).await;
    reap(&mut reaper.0, lost.1, None).await.unwrap();
    let error = release(&mut lost.0, lost.1, &[(ExecutionId(held.execution_id), held.lease_no)]).await.unwrap_err();
    assert!(matches!(error, StoreError::Fenced), "{error:?}");
}

#[tokio::test]
async fn a_release_locks_leases_in_execution_order_however_they_are_named() {
    let cell = Cell::new().await;
    let mut holder = cell.worker().await;
    let held = cell.leased_many(&mut holder, 2).await;
    let mut waker = cell.worker().await;
    run(&mut waker.0, "BEGIN").await;
    cell.signal(held[0].execution_id).await;
    claim_all(&mut waker).await;
    let holder_pid = pid(&mut holder.0).await;
    let leases = [&held[1], &held[0]].map(|held| (ExecutionId(held.execution_id), held.lease_no));
    let releasing = tokio::spawn(async move { release(&mut holder.0, holder.1, &leases).await });
    cell.until_blocked(holder_pid).await;
    cell.signal(held[1].execution_id).await;
    assert_eq!(claim_all(&mut waker).await.len(), 1);
    run(&mut waker.0, "COMMIT").await;
    assert_eq!(releasing.await.unwrap().unwrap(), 2);
}
