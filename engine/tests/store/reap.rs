use std::collections::BTreeMap;

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::claim::{NO_BOUND, claim};
use capstan_engine::store::commit::{Then, commit};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workers::{self, peers, reap, register};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::support::{Cell, claim_all, pid, run, step, write};

/// The losses that the tokens in the queue carry.
async fn losses(cell: &Cell) -> BTreeMap<Uuid, i16> {
    let mut owner = cell.connect(Role::Owner).await;
    let rows: Vec<(Uuid, i16)> =
        sqlx::query_as("SELECT execution_id, losses FROM queue").fetch_all(&mut owner).await.unwrap();
    rows.into_iter().collect()
}

#[tokio::test]
async fn a_reaper_waits_for_a_commit_in_flight_and_sees_it() {
    let cell = Cell::new().await;
    let mut lost = cell.worker().await;
    let claimed = cell.leased(&mut lost).await;
    run(&mut lost.0, "BEGIN").await;
    write(&mut lost, &[&step(&claimed, 1, Then::Hold)]).await;
    let mut reaper = cell.worker().await;
    let reaper_pid = pid(&mut reaper.0).await;
    let reaping = tokio::spawn(async move { reap(&mut reaper.0, lost.1, None).await });
    cell.until_blocked(reaper_pid).await;
    let mut second = cell.worker().await;
    assert_eq!(reap(&mut second.0, lost.1, None).await.unwrap(), None, "the first one is at it");
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 1);
    run(&mut lost.0, "COMMIT").await;
    assert_eq!(reaping.await.unwrap().unwrap(), Some(1));
    assert_eq!(cell.count("SELECT count(*) FROM journal").await, 1);
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 0);
    let late = commit(&mut lost.0, lost.1, &[&step(&claimed, 2, Then::Hold)]).await.unwrap_err();
    assert!(matches!(late, StoreError::Fenced), "{late:?}");
}

async fn assert_evicts(cell: &Cell, place: &Place) {
    let connect = async || -> PgConnection { place.connect(Role::Worker).await.unwrap() };
    let mut lost = (connect().await, 0);
    lost.1 = register(&mut lost.0, "lost").await.unwrap().worker_no;
    let claimed = cell.leased(&mut lost).await;
    run(&mut lost.0, "BEGIN").await;
    write(&mut lost, &[&step(&claimed, 1, Then::Hold)]).await;
    let mut reaper = connect().await;
    let first = reap(&mut reaper, lost.1, None).await.unwrap_err();
    assert!(matches!(first, StoreError::LockTimeout), "{first:?}");
    assert_eq!(reap(&mut reaper, lost.1, None).await.unwrap(), Some(1));
    assert!(sqlx::query("COMMIT").execute(&mut lost.0).await.is_err(), "its connection is gone");
    assert_eq!(cell.count("SELECT count(*) FROM journal").await, 0);
    // The reaper works on as the worker role.
    assert_eq!(
        sqlx::query_scalar::<_, String>("SELECT current_user").fetch_one(&mut reaper).await.unwrap(),
        "capstan_worker"
    );
}

#[tokio::test]
async fn a_reaper_ends_connections_that_keep_the_lock_for_more_than_a_second() {
    let cell = Cell::new().await;
    assert_evicts(&cell, &cell.place).await;
}

#[tokio::test]
async fn a_reaper_whose_login_is_no_superuser_can_end_them_too() {
    let cell = Cell::new().await;
    let login = format!("login_{}", Uuid::now_v7().simple());
    cell.execute(&format!("CREATE ROLE {login} LOGIN; GRANT capstan_worker TO {login}")).await;
    let place = Place { database: cell.place.database.clone().username(&login), ..cell.place.clone() };
    assert_evicts(&cell, &place).await;
    cell.execute(&format!("DROP ROLE {login}")).await;
}

#[tokio::test]
async fn losses_are_counted_in_a_row_only_where_the_journal_did_not_move() {
    let cell = Cell::new().await;
    let mut reaper = cell.worker().await;
    let (mut stuck, mut moving) = (None, None);
    for round in 1..=3_u32 {
        let mut worker = cell.worker().await;
        if round == 1 {
            cell.start(2).await;
        }
        let mut claimed = claim_all(&mut worker).await;
        if round == 3 {
            claimed.extend(claim(&mut worker.0, worker.1, 1, NO_BOUND, true).await.unwrap());
        }
        claimed.sort_by_key(|claimed| claimed.execution_id);
        assert_eq!(claimed.len(), 2, "round {round}");
        write(&mut worker, &[&step(&claimed[1], round, Then::Hold)]).await;
        (stuck, moving) = (Some(claimed[0].execution_id), Some(claimed[1].execution_id));
        assert_eq!(reap(&mut reaper.0, worker.1, None).await.unwrap(), Some(2));
        let expected = BTreeMap::from([(stuck.unwrap(), i16::try_from(round).unwrap()), (moving.unwrap(), 1)]);
        assert_eq!(losses(&cell).await, expected, "round {round}");
    }
    assert_ne!(stuck, moving);
}

#[tokio::test]
async fn a_loss_counts_only_against_those_that_were_at_work_if_that_is_known() {
    let cell = Cell::new().await;
    let mut reaper = cell.worker().await;
    cell.start(2).await;
    let mut expected = BTreeMap::new();
    for round in 1..=2 {
        let mut worker = cell.worker().await;
        let claimed = claim_all(&mut worker).await;
        let mut ids: Vec<Uuid> = claimed.iter().map(|claimed| claimed.execution_id).collect();
        ids.sort_unstable();
        let [at_work, beside] = ids[..] else { panic!("two were started") };
        reap(&mut reaper.0, worker.1, Some(&[ExecutionId(at_work)])).await.unwrap();
        expected = BTreeMap::from([(at_work, round), (beside, 0)]);
        assert_eq!(losses(&cell).await, expected);
    }
    let (&at_work, _) = expected.first_key_value().unwrap();
    let told = workers::losses(&mut reaper.0, ExecutionId(at_work), 3).await.unwrap();
    assert_eq!(told.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["test", "test"]);
    assert_eq!(cell.count("SELECT count(*) FROM losses WHERE blamed").await, 2);
}

#[tokio::test]
async fn a_worker_that_ran_no_node_when_it_died_is_counted_against_nobody() {
    let cell = Cell::new().await;
    let (mut worker, mut reaper) = (cell.worker().await, cell.worker().await);
    cell.start(2).await;
    claim_all(&mut worker).await;
    reap(&mut reaper.0, worker.1, Some(&[])).await.unwrap();
    assert_eq!(losses(&cell).await.into_values().collect::<Vec<_>>(), [0, 0]);
    assert_eq!(cell.count("SELECT count(*) FROM losses WHERE NOT blamed").await, 2);
}

#[tokio::test]
async fn what_was_spared_five_times_is_spared_no_more() {
    let cell = Cell::new().await;
    let mut reaper = cell.worker().await;
    cell.start(2).await;
    let mut counted = Vec::new();
    for _ in 1..=7 {
        cell.execute("UPDATE queue SET losses = 0").await;
        let mut worker = cell.worker().await;
        let claimed = claim_all(&mut worker).await;
        let mut ids: Vec<Uuid> = claimed.iter().map(|claimed| claimed.execution_id).collect();
        ids.sort_unstable();
        reap(&mut reaper.0, worker.1, Some(&[ExecutionId(ids[0])])).await.unwrap();
        counted.push(losses(&cell).await[&ids[1]]);
    }
    assert_eq!(counted, [0, 0, 0, 0, 0, 1, 1]);
}

#[tokio::test]
async fn what_ran_and_has_just_ended_blames_nobody_else() {
    let cell = Cell::new().await;
    let (mut worker, mut reaper) = (cell.worker().await, cell.worker().await);
    cell.start(2).await;
    claim_all(&mut worker).await;
    reap(&mut reaper.0, worker.1, Some(&[ExecutionId::new()])).await.unwrap();
    assert_eq!(losses(&cell).await.into_values().collect::<Vec<_>>(), [0, 0]);
}

#[tokio::test]
async fn what_a_reaper_gives_back_is_not_fresh() {
    let cell = Cell::new().await;
    let mut lost = cell.worker().await;
    cell.leased(&mut lost).await;
    let mut reaper = cell.worker().await;
    reap(&mut reaper.0, lost.1, None).await.unwrap();
    let claimed = claim_all(&mut reaper).await.remove(0);
    assert_eq!((claimed.fresh, claimed.losses, claimed.held_by), (false, 1, None));
}

#[tokio::test]
async fn reaping_twice_is_harmless() {
    let cell = Cell::new().await;
    let mut lost = cell.worker().await;
    cell.leased_many(&mut lost, 3).await;
    let mut reaper = cell.worker().await;
    assert_eq!(reap(&mut reaper.0, lost.1, None).await.unwrap(), Some(3));
    assert_eq!(reap(&mut reaper.0, lost.1, None).await.unwrap(), Some(0));
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 3);
    assert_eq!(claim_all(&mut reaper).await.len(), 3);
    assert_eq!(reap(&mut cell.worker().await.0, lost.1, None).await.unwrap(), Some(0));
    assert_eq!(cell.count("SELECT count(*) FROM leases").await, 3);
}

#[tokio::test]
async fn two_reapers_at_once_turn_each_lease_into_one_token() {
    let cell = Cell::new().await;
    let mut lost = cell.worker().await;
    cell.leased_many(&mut lost, 2).await;
    let (mut one, mut two) = (cell.worker().await, cell.worker().await);
    let mut first = one.0.begin().await.unwrap();
    assert_eq!(reap(&mut first, lost.1, None).await.unwrap(), Some(2));
    // The second one does not wait, and does not end the first one's connection.
    assert_eq!(reap(&mut two.0, lost.1, None).await.unwrap(), None);
    first.commit().await.unwrap();
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 2);
}

#[tokio::test]
async fn peers_show_who_lives_until_they_are_fenced() {
    let cell = Cell::new().await;
    let (mut watcher, one, two) = (cell.worker().await, cell.worker().await, cell.worker().await);
    let two_no = two.1;
    two.0.close().await.unwrap();
    let seen = |peers: Vec<capstan_engine::store::workers::Peer>| -> Vec<(i32, bool)> {
        peers.into_iter().map(|peer| (peer.worker_no, peer.connected)).collect()
    };
    // The server ends a session a moment after the client has closed it.
    let holders = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND database = \
                   (SELECT oid FROM pg_database WHERE datname = current_database())";
    cell.until_count(holders, 2).await;
    assert_eq!(seen(peers(&mut watcher.0, watcher.1).await.unwrap()), [(one.1, true), (two_no, false)]);
    reap(&mut watcher.0, two_no, None).await.unwrap();
    assert_eq!(seen(peers(&mut watcher.0, watcher.1).await.unwrap()), [(one.1, true)]);
}
