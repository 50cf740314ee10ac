//! A signal and a park at the same moment, in every order: afterwards a lease is held and woken, or a token waits.

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::claim::Claimed;
use capstan_engine::store::commit::{Reply, commit};
use capstan_engine::store::connect::Role;
use capstan_engine::store::signals::{Sent, heed, pending};
use sqlx::PgConnection;

use super::support::{Cell, PARK, claim_all, pid, run, send, step, write};

struct Race {
    cell: Cell,
    holder: (PgConnection, i32),
    held: Claimed,
}

impl Race {
    async fn new() -> Self {
        let cell = Cell::new().await;
        let mut holder = cell.worker().await;
        let held = cell.leased(&mut holder).await;
        Self { cell, holder, held }
    }

    fn id(&self) -> ExecutionId {
        ExecutionId(self.held.execution_id)
    }

    /// Claims as another worker: the execution must come, with its signal.
    async fn assert_wakes(&self) {
        let mut other = self.cell.worker().await;
        let claimed = claim_all(&mut other).await;
        let of_ours: Vec<_> =
            claimed.iter().map(|claimed| (claimed.execution_id, claimed.held_by, claimed.fresh)).collect();
        assert_eq!(of_ours, [(self.held.execution_id, None, false)]);
        assert_eq!(pending(&mut other.0, self.id()).await.unwrap().len(), 1);
    }

    async fn assert_held_and_woken(&self) {
        let holder = self.holder.1;
        assert_eq!(
            self.cell.count(&format!("SELECT count(*) FROM leases WHERE woken AND worker_no = {holder}")).await,
            1
        );
    }
}

#[tokio::test]
async fn a_signal_that_is_durable_after_the_park_leaves_a_token() {
    let mut race = Race::new().await;
    let mut sender = race.cell.connect(Role::Worker).await;
    run(&mut sender, "BEGIN").await;
    assert_eq!(send(&mut sender, race.cell.workspace, race.held.execution_id).await, Sent::Accepted);
    write(&mut race.holder, &[&step(&race.held, 1, PARK)]).await;
    assert!(claim_all(&mut race.cell.worker().await).await.is_empty());
    run(&mut sender, "COMMIT").await;
    race.assert_wakes().await;
}

#[tokio::test]
async fn a_signal_that_is_durable_before_the_park_but_not_claimed_leaves_a_token() {
    let mut race = Race::new().await;
    race.cell.signal(race.held.execution_id).await;
    write(&mut race.holder, &[&step(&race.held, 1, PARK)]).await;
    race.assert_wakes().await;
}

#[tokio::test]
async fn a_signal_that_is_sent_while_the_park_is_not_yet_durable_leaves_a_token() {
    let mut race = Race::new().await;
    run(&mut race.holder.0, "BEGIN").await;
    write(&mut race.holder, &[&step(&race.held, 1, PARK)]).await;
    assert_eq!(race.cell.signal(race.held.execution_id).await, Sent::Accepted);
    run(&mut race.holder.0, "COMMIT").await;
    race.assert_wakes().await;
}

#[tokio::test]
async fn a_park_that_waits_for_a_wake_is_refused_once_it_is_durable() {
    let mut race = Race::new().await;
    race.cell.signal(race.held.execution_id).await;
    let mut claimer = race.cell.worker().await;
    run(&mut claimer.0, "BEGIN").await;
    assert_eq!(claim_all(&mut claimer).await[0].held_by, Some(race.holder.1));
    let holder_pid = pid(&mut race.holder.0).await;
    let (mut holder, parks) = (race.holder, step(&race.held, 1, PARK));
    let parking = tokio::spawn(async move {
        let reply = commit(&mut holder.0, holder.1, &[&parks]).await.unwrap();
        (holder, reply)
    });
    race.cell.until_blocked(holder_pid).await;
    run(&mut claimer.0, "COMMIT").await;
    let reply;
    (race.holder, reply) = parking.await.unwrap();
    assert_eq!(reply, Reply::Written(vec![ExecutionId(race.held.execution_id)]));
    race.assert_held_and_woken().await;
}

#[tokio::test]
async fn a_park_that_waits_for_a_wake_is_done_if_that_is_undone_and_the_token_stays() {
    let mut race = Race::new().await;
    race.cell.signal(race.held.execution_id).await;
    let mut claimer = race.cell.worker().await;
    run(&mut claimer.0, "BEGIN").await;
    claim_all(&mut claimer).await;
    let holder_pid = pid(&mut race.holder.0).await;
    let (mut holder, parks) = (race.holder, step(&race.held, 1, PARK));
    let parking = tokio::spawn(async move {
        let reply = commit(&mut holder.0, holder.1, &[&parks]).await.unwrap();
        (holder, reply)
    });
    race.cell.until_blocked(holder_pid).await;
    run(&mut claimer.0, "ROLLBACK").await;
    let reply;
    (race.holder, reply) = parking.await.unwrap();
    assert_eq!(reply, Reply::Written(Vec::new()));
    race.assert_wakes().await;
}

#[tokio::test]
async fn a_claim_that_waits_for_a_park_leases_the_execution_anew() {
    let mut race = Race::new().await;
    race.cell.signal(race.held.execution_id).await;
    run(&mut race.holder.0, "BEGIN").await;
    write(&mut race.holder, &[&step(&race.held, 1, PARK)]).await;
    let mut claimer = race.cell.worker().await;
    let claimer_pid = pid(&mut claimer.0).await;
    let claiming = tokio::spawn(async move {
        let claimed = claim_all(&mut claimer).await.remove(0);
        (claimer, claimed)
    });
    race.cell.until_blocked(claimer_pid).await;
    run(&mut race.holder.0, "COMMIT").await;
    let (mut claimer, claimed) = claiming.await.unwrap();
    assert_eq!(claimed.held_by, None);
    assert_ne!(claimed.lease_no, race.held.lease_no);
    assert_eq!(pending(&mut claimer.0, race.id()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_claim_that_waits_for_a_park_that_is_undone_wakes_the_lease() {
    let mut race = Race::new().await;
    race.cell.signal(race.held.execution_id).await;
    run(&mut race.holder.0, "BEGIN").await;
    write(&mut race.holder, &[&step(&race.held, 1, PARK)]).await;
    let mut claimer = race.cell.worker().await;
    let claimer_pid = pid(&mut claimer.0).await;
    let claiming = tokio::spawn(async move { claim_all(&mut claimer).await.remove(0) });
    race.cell.until_blocked(claimer_pid).await;
    run(&mut race.holder.0, "ROLLBACK").await;
    assert_eq!(claiming.await.unwrap().held_by, Some(race.holder.1));
    race.assert_held_and_woken().await;
}

#[tokio::test]
async fn heeding_a_wake_reads_the_signal_and_a_later_one_wakes_again() {
    let mut race = Race::new().await;
    let id = race.id();
    race.cell.signal(id.0).await;
    claim_all(&mut race.cell.worker().await).await;
    assert_eq!(heed(&mut race.holder.0, id, race.held.lease_no).await.unwrap().len(), 1);
    assert_eq!(race.cell.count("SELECT count(*) FROM leases WHERE woken").await, 0);
    race.cell.signal(id.0).await;
    claim_all(&mut race.cell.worker().await).await;
    race.assert_held_and_woken().await;
    assert_eq!(heed(&mut race.holder.0, id, race.held.lease_no).await.unwrap().len(), 2);
    write(&mut race.holder, &[&step(&race.held, 1, PARK)]).await;
}

#[tokio::test]
async fn a_wake_is_not_heeded_under_another_lease() {
    let mut race = Race::new().await;
    race.cell.signal(race.held.execution_id).await;
    let mut other = race.cell.worker().await;
    claim_all(&mut other).await;
    heed(&mut other.0, race.id(), race.held.lease_no + 1).await.unwrap();
    race.assert_held_and_woken().await;
    let reply = commit(&mut race.holder.0, race.holder.1, &[&step(&race.held, 1, PARK)]).await.unwrap();
    assert_eq!(reply, Reply::Written(vec![race.id()]));
}
