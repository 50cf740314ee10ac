use capstan_engine::store::claim::fire_timers;
use capstan_engine::store::commit::Then;
use capstan_engine::store::connect::Role;
use capstan_engine::store::workers::beat;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::support::{Cell, claim_all, run, step, write};

/// Parks `count` executions, due so many seconds after now.
async fn parked(cell: &Cell, count: usize, due_s: i64) -> Vec<Uuid> {
    let mut worker = cell.worker().await;
    let claimed = cell.leased_many(&mut worker, count).await;
    let due_at = Some(Utc::now() + TimeDelta::seconds(due_s));
    for claimed in &claimed {
        write(&mut worker, &[&step(claimed, 1, Then::Park { due_at })]).await;
    }
    claimed.into_iter().map(|claimed| claimed.execution_id).collect()
}

async fn fire(cell: &Cell, room: i32) -> i32 {
    let mut connection = cell.connect(Role::Worker).await;
    fire_timers(&mut connection, room, DateTime::<Utc>::UNIX_EPOCH).await.unwrap().fired
}

#[tokio::test]
async fn a_timer_never_fires_early() {
    let cell = Cell::new().await;
    parked(&cell, 2, 3_600).await;
    assert_eq!(fire(&cell, 100).await, 0);
    assert_eq!(cell.count("SELECT count(*) FROM timers").await, 2);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 0);
}

#[tokio::test]
async fn a_due_timer_becomes_a_token_and_the_execution_is_claimed() {
    let cell = Cell::new().await;
    let due = parked(&cell, 1, -1).await;
    parked(&cell, 1, 3_600).await;
    assert_eq!(fire(&cell, 100).await, 1);
    assert_eq!(cell.count("SELECT count(*) FROM timers").await, 1);
    let claimed = claim_all(&mut cell.worker().await).await;
    assert_eq!(claimed.iter().map(|c| (c.execution_id, c.fresh)).collect::<Vec<_>>(), [(due[0], false)]);
    assert_eq!(fire(&cell, 100).await, 0);
}

#[tokio::test]
async fn the_earliest_timers_fire_first_and_no_more_than_there_is_room_for() {
    let cell = Cell::new().await;
    let early = parked(&cell, 1, -20).await;
    parked(&cell, 2, -10).await;
    assert_eq!(fire(&cell, 1).await, 1);
    assert_eq!(claim_all(&mut cell.worker().await).await[0].execution_id, early[0]);
    assert_eq!(fire(&cell, 10).await, 2);
}

#[tokio::test]
async fn two_callers_at_once_move_a_due_timer_once() {
    let cell = Cell::new().await;
    parked(&cell, 10, -1).await;
    let mut first = cell.connect(Role::Worker).await;
    run(&mut first, "BEGIN").await;
    assert_eq!(fire_timers(&mut first, 6, DateTime::<Utc>::UNIX_EPOCH).await.unwrap().fired, 6);
    // The second one does not wait for the first, nor take what it has.
    assert_eq!(fire(&cell, 100).await, 4);
    run(&mut first, "COMMIT").await;
    assert_eq!(fire(&cell, 100).await, 0);
    assert_eq!(cell.count("SELECT count(DISTINCT execution_id) FROM queue").await, 10);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 10);
}

#[tokio::test]
async fn a_timer_below_the_bound_waits_for_the_sweep() {
    let cell = Cell::new().await;
    parked(&cell, 1, -60).await;
    let mut connection = cell.connect(Role::Worker).await;
    assert_eq!(fire_timers(&mut connection, 100, Utc::now() - TimeDelta::seconds(10)).await.unwrap().fired, 0);
    assert_eq!(fire(&cell, 100).await, 1);
}

#[tokio::test]
async fn a_beat_names_the_earliest_timer_from_the_bound_on() {
    let cell = Cell::new().await;
    parked(&cell, 1, -60).await;
    parked(&cell, 1, 100).await;
    parked(&cell, 1, 50).await;
    let (mut connection, worker_no) = cell.worker().await;
    let next = beat(&mut connection, worker_no, 0, Utc::now(), false).await.unwrap();
    let seconds = (next.next_due_at.unwrap() - next.now).num_seconds();
    assert!((40..=50).contains(&seconds), "{seconds}");
    assert!(
        beat(&mut connection, worker_no, 0, Utc::now() + TimeDelta::days(1), false)
            .await
            .unwrap()
            .next_due_at
            .is_none()
    );
}
