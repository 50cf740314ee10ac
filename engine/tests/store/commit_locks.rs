use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::commit::{Reply, Then, commit};

use super::support::{Cell, PARK, claim_all, end, pid, run, step, write};

#[tokio::test]
async fn a_commit_locks_the_leases_of_ends_and_parks_in_execution_order_as_claims_do() {
    let cell = Cell::new().await;
    let mut holder = cell.worker().await;
    let held = cell.leased_many(&mut holder, 2).await;
    let mut waker = cell.worker().await;
    run(&mut waker.0, "BEGIN").await;
    cell.signal(held[0].execution_id).await;
    assert_eq!(claim_all(&mut waker).await[0].held_by, Some(holder.1));
    // The commit waits for the earlier lease, which it parks; it must not have taken the later one, which it ends.
    let holder_pid = pid(&mut holder.0).await;
    let (parks, ends) = (step(&held[0], 1, PARK), step(&held[1], 1, end(false)));
    let committing = tokio::spawn(async move { commit(&mut holder.0, holder.1, &[&parks, &ends]).await });
    cell.until_blocked(holder_pid).await;
    cell.signal(held[1].execution_id).await;
    assert_eq!(claim_all(&mut waker).await.len(), 1);
    run(&mut waker.0, "COMMIT").await;
    let reply = committing.await.unwrap().unwrap();
    assert_eq!(reply, Reply::Written(vec![ExecutionId(held[0].execution_id)]));
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 1);
}

#[tokio::test]
async fn an_execution_that_ends_while_it_is_claimed_is_not_handed_out() {
    let cell = Cell::new().await;
    let mut holder = cell.worker().await;
    let held = cell.leased(&mut holder).await;
    cell.signal(held.execution_id).await;
    run(&mut holder.0, "BEGIN").await;
    write(&mut holder, &[&step(&held, 1, end(true))]).await;
    let mut other = cell.worker().await;
    let other_pid = pid(&mut other.0).await;
    let claiming = tokio::spawn(async move { claim_all(&mut other).await });
    cell.until_blocked(other_pid).await;
    run(&mut holder.0, "COMMIT").await;
    // The claim looks at the execution after it has waited for the lease, so it sees the end.
    assert!(claiming.await.unwrap().is_empty());
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
