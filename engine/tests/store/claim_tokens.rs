use capstan_engine::store::claim::{Claimed, NO_BOUND, claim};
use capstan_engine::store::commit::{Reply, commit};
use capstan_engine::store::signals::pending;
use capstan_engine::store::start::Start;

use super::support::{Cell, PARK, claim_all, new_start, step, write};

#[tokio::test]
async fn a_token_that_meets_a_lease_wakes_it() {
    let cell = Cell::new().await;
    let mut holder = cell.worker().await;
    let held = cell.leased(&mut holder).await;
    cell.signal(held.execution_id).await;
    let mut other = cell.worker().await;
    let met = claim_all(&mut other).await.remove(0);
    assert_eq!((met.held_by, met.lease_no), (Some(holder.1), held.lease_no));
    assert_eq!(cell.count("SELECT count(*) FROM leases WHERE woken").await, 1);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 0);
}

#[tokio::test]
async fn tokens_of_one_execution_merge_and_are_fresh_only_if_all_are() {
    let cell = Cell::new().await;
    let started = cell.start(2).await;
    cell.signal(started[0].0).await;
    let mut worker = cell.worker().await;
    let mut claimed = claim_all(&mut worker).await;
    claimed.sort_by_key(|claimed| claimed.execution_id);
    let fresh: Vec<_> = claimed.iter().map(|claimed| (claimed.execution_id, claimed.fresh)).collect();
    assert_eq!(fresh, [(started[0].0, false), (started[1].0, true)]);
    assert!(claimed.iter().all(|claimed| claimed.held_by.is_none()));
}

#[tokio::test]
async fn the_token_of_a_start_that_a_wake_overtook_is_not_fresh_any_more() {
    let cell = Cell::new().await;
    let waits = Start { vt: 1_000, ..new_start(cell.workspace) };
    let id = cell.start_all(&[waits]).await[0];
    cell.signal(id.0).await;
    let mut worker = cell.worker().await;
    let first = claim(&mut worker.0, worker.1, 1, NO_BOUND, false).await.unwrap().remove(0);
    assert!(!first.fresh);
    write(&mut worker, &[&step(&first, 1, PARK)]).await;
    let second = claim_all(&mut worker).await.remove(0);
    assert_eq!((second.held_by, second.fresh), (None, false));
}

#[tokio::test]
async fn a_fresh_token_that_meets_a_lease_among_others_wakes_it_and_the_others_are_leased_once() {
    let cell = Cell::new().await;
    let late = Start { vt: 1_000, ..new_start(cell.workspace) };
    let held_id = cell.start_all(&[late]).await[0];
    cell.signal(held_id.0).await;
    let mut holder = cell.worker().await;
    // The signal's token is before that of the start, which stays.
    let held = claim(&mut holder.0, holder.1, 1, NO_BOUND, false).await.unwrap().remove(0);
    assert_eq!((held.execution_id, held.held_by), (held_id.0, None));
    assert_eq!(cell.count("SELECT count(*) FROM queue WHERE fresh").await, 1);
    let others: Vec<_> = cell.start(4).await.into_iter().map(|id| id.0).collect();
    assert_eq!(cell.count("SELECT count(*) FROM queue WHERE fresh").await, 5);

    let mut second = cell.worker().await;
    let claimed = claim_all(&mut second).await;
    assert_eq!(claimed.len(), 5);
    for claimed in &claimed {
        let (is_held, lease) = (claimed.execution_id == held_id.0, (claimed.held_by, claimed.lease_no));
        assert!(is_held || others.contains(&claimed.execution_id));
        assert_eq!(lease.0, is_held.then_some(holder.1), "{}", claimed.execution_id);
        assert_eq!(lease.1 == held.lease_no, is_held);
    }
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 5);
    let woken = format!("SELECT count(*) FROM leases WHERE woken AND execution_id = '{held_id}'");
    assert_eq!((cell.count(&woken).await, cell.count("SELECT count(*) FROM leases WHERE woken").await), (1, 1));
    let own = format!("SELECT count(*) FROM leases WHERE worker_no = {} AND NOT woken", second.1);
    assert_eq!(cell.count(&own).await, 4);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 0);
    assert!(claim_all(&mut second).await.is_empty());
}

#[tokio::test]
async fn suspects_are_claimed_only_when_asked_for_and_one_at_a_time() {
    let cell = Cell::new().await;
    cell.start(3).await;
    cell.execute("UPDATE queue SET losses = 2").await;
    let calm = cell.start(1).await[0];
    let (mut connection, worker_no) = cell.worker().await;
    let claimed = claim(&mut connection, worker_no, 10, NO_BOUND, false).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| claimed.execution_id).collect::<Vec<_>>(), [calm.0]);
    for left in [2, 1, 0] {
        let claimed = claim(&mut connection, worker_no, 10, NO_BOUND, true).await.unwrap();
        assert_eq!(claimed.iter().map(|claimed| claimed.losses).collect::<Vec<_>>(), [2]);
        assert_eq!(cell.count("SELECT count(*) FROM queue").await, left);
    }
}

#[tokio::test]
async fn a_wake_up_is_no_way_around_the_care_that_a_suspect_needs() {
    let cell = Cell::new().await;
    let [suspect, calm] = cell.start(2).await[..] else { panic!("two were started") };
    cell.execute("UPDATE queue SET losses = 2").await;
    cell.execute(&format!("UPDATE queue SET losses = 0 WHERE execution_id = '{calm}'")).await;
    for id in [suspect, calm] {
        cell.signal(id.0).await;
    }
    let (mut connection, worker_no) = cell.worker().await;
    let ids = |claimed: &[Claimed]| claimed.iter().map(|it| (it.execution_id, it.losses)).collect::<Vec<_>>();
    let claimed = claim(&mut connection, worker_no, 10, NO_BOUND, false).await.unwrap();
    assert_eq!(ids(&claimed), [(calm.0, 0)]);
    assert!(claim(&mut connection, worker_no, 10, NO_BOUND, false).await.unwrap().is_empty());
    let claimed = claim(&mut connection, worker_no, 10, NO_BOUND, true).await.unwrap();
    assert_eq!(ids(&claimed), [(suspect.0, 2)]);
    // Whoever takes it with care sees what woke it.
    assert_eq!(pending(&mut connection, suspect).await.unwrap().len(), 1);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 0);
}

#[tokio::test]
async fn two_claims_at_once_of_two_tokens_of_one_execution_lease_it_once() {
    let cell = Cell::new().await;
    let id = cell.start(1).await[0];
    let (mut one, mut two) = (cell.worker().await, cell.worker().await);
    // The first claim holds the start's token and the new lease, not yet committed.
    super::support::run(&mut one.0, "BEGIN").await;
    let first = claim_all(&mut one).await.remove(0);
    assert_eq!(first.held_by, None);
    cell.signal(id.0).await;
    let pid = super::support::pid(&mut two.0).await;
    let other = tokio::spawn(async move { claim_all(&mut two).await });
    cell.until_blocked(pid).await;
    super::support::run(&mut one.0, "COMMIT").await;
    let met = other.await.unwrap().remove(0);
    assert_eq!((met.held_by, met.lease_no), (Some(one.1), first.lease_no));
    let reply = commit(&mut one.0, one.1, &[&step(&first, 1, PARK)]).await.unwrap();
    assert_eq!(reply, Reply::Written(vec![id]));
}
