use std::time::Duration;

use capstan_engine::store::connect::Role;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::link::Link;
use tokio::time::timeout;

use super::support::{Cell, pid, run};

const WAIT_THEN_WRITE: &str =
    "WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(7)) INSERT INTO workers (name) SELECT 'late' FROM turn";

#[tokio::test]
async fn what_was_given_up_does_not_happen_after_the_next_request() {
    let cell = Cell::new().await;
    let mut gate = cell.connect(Role::Owner).await;
    run(&mut gate, "SELECT pg_advisory_lock(7)").await;
    let mut link = Link::new(cell.place.clone());
    let connection = link.begin().await.unwrap();
    let first = pid(connection).await;
    let given_up = timeout(Duration::from_millis(1), sqlx::query(WAIT_THEN_WRITE).execute(connection)).await;
    assert!(given_up.is_err() && !link.is_open());

    let second = pid(link.begin().await.unwrap()).await;
    link.done(Ok(())).unwrap();
    assert_ne!(first, second);
    assert_eq!(cell.count(&format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {first}")).await, 0);
    run(&mut gate, "SELECT pg_advisory_unlock(7)").await;
    assert_eq!(cell.count("SELECT count(*) FROM workers WHERE name = 'late'").await, 0);
}

#[tokio::test]
async fn a_refusal_keeps_the_connection_and_a_doubtful_failure_does_not() {
    let cell = Cell::new().await;
    let mut link = Link::new(cell.place.clone());
    let first = pid(link.begin().await.unwrap()).await;
    assert!(link.done::<()>(Err(StoreError::Fenced)).is_err());
    assert!(link.is_open());
    assert_eq!(pid(link.begin().await.unwrap()).await, first);
    assert!(link.done::<()>(Err(StoreError::LockTimeout)).is_err());
    assert!(!link.is_open());
    assert_ne!(pid(link.begin().await.unwrap()).await, first);
}
