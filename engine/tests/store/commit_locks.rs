use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::claim::load_journal;
use capstan_engine::store::commit::{Reply, Then, commit};
use capstan_engine::store::workers::release;

use super::support::{Cell, PARK, claim_all, end, pid, run, step, write};

/// A commit that ends the later execution and parks the earlier one must not lock them the wrong way round: a claim
/// that wakes both, in execution order, would wait for the one while it holds the other.
#[tokio::test]
async fn a_commit_of_ends_and_parks_and_a_claim_that_wakes_them_do_not_deadlock() {
    let cell = Cell::new().await;
    let mut holder = cell.worker().await;
    let held = cell.leased_many(&mut holder, 2).await;
    let mut waker = cell.worker().await;
    // A third session holds the first lease, so that both queue up behind it before they go on.
    let mut gate = cell.worker().await;
    run(&mut gate.0, "BEGIN").await;
    let first = format!("UPDATE leases SET woken = false WHERE execution_id = '{}'", held[0].execution_id);
    run(&mut gate.0, &first).await;
    let holder_pid = pid(&mut holder.0).await;
    let (parks, ends) = (step(&held[0], 1, PARK), step(&held[1], 1, end(false)));
    let committing = tokio::spawn(async move { commit(&mut holder.0, holder.1, &[&parks, &ends]).await });
    cell.until_blocked(holder_pid).await;
    cell.signal(held[0].execution_id).await;
    cell.signal(held[1].execution_id).await;
    let waker_pid = pid(&mut waker.0).await;
    let claiming = tokio::spawn(async move { claim_all(&mut waker).await });
    cell.until_blocked(waker_pid).await;
    run(&mut gate.0, "COMMIT").await;
    let reply = committing.await.unwrap().unwrap();
    let claimed = claiming.await.unwrap();
    // Whoever of them came first, the parked one is awake: leased anew, or its park was refused.
    let leased_anew = claimed.iter().any(|claimed| claimed.execution_id == held[0].execution_id && claimed.held_by.is_none());
    assert_eq!(leased_anew, reply == Reply::Written(Vec::new()), "{claimed:?} {reply:?}");
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, claimed.iter().filter(|c| c.held_by.is_none()).count() as i64 + i64::from(!leased_anew));
}

#[tokio::test]
async fn an_execution_that_ends_while_it_is_claimed_shows_itself_as_ended() {
    let cell = Cell::new().await;
    let mut holder = cell.worker().await;
    let held = cell.leased(&mut holder).await;
    cell.signal(held.execution_id).await;
    run(&mut holder.0, "BEGIN").await;
    write(&mut holder, &[&step(&held, 1, end(true))]).await;
    let mut other = cell.worker().await;
    let other_pid = pid(&mut other.0).await;
    let claiming = tokio::spawn(async move {
        let claimed = claim_all(&mut other).await;
        (other, claimed)
    });
    cell.until_blocked(other_pid).await;
    run(&mut holder.0, "COMMIT").await;
    // The claim looked before the end was there, so it has a lease; the journal tells, and giving it back ends it.
    let (mut other, mut claimed) = claiming.await.unwrap();
    let claimed = claimed.remove(0);
    let id = ExecutionId(claimed.execution_id);
    assert!(load_journal(&mut other.0, id).await.unwrap().is_none());
    assert_eq!(release(&mut other.0, other.1, &[(id, claimed.lease_no)]).await.unwrap(), 1);
    assert!(claim_all(&mut other).await.is_empty());
    for table in ["queue", "leases", "signals"] {
        assert_eq!(cell.count(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn commits_of_one_worker_on_two_connections_do_not_wait_for_each_other() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased_many(&mut worker, 2).await;
    let mut second = (cell.worker().await.0, worker.1);
    run(&mut worker.0, "BEGIN").await;
    write(&mut worker, &[&step(&claimed[0], 1, end(false))]).await;
    write(&mut second, &[&step(&claimed[1], 1, Then::Hold)]).await;
    run(&mut worker.0, "COMMIT").await;
    assert_eq!(cell.count("SELECT count(*) FROM journal").await, 2);
}
