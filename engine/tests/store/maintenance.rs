use std::time::Duration;

use capstan_engine::store::connect::Role;
use capstan_engine::store::maintenance::{be_gentle, bloated, drop_leftovers, reindex, vacuum, worth_vacuum};

use super::support::{Cell, run};

#[tokio::test]
async fn tables_with_dead_rows_are_vacuumed_and_indexes_that_are_mostly_empty_built_anew() {
    let cell = Cell::new().await;
    let mut owner = cell.connect(Role::Owner).await;
    // Each in a transaction of its own; statistics are told by another process, unless one waits for them.
    for sql in [
        "CREATE TABLE worn (n int PRIMARY KEY) WITH (autovacuum_enabled = false)",
        "INSERT INTO worn SELECT generate_series(1, 100000)",
        "DELETE FROM worn WHERE n % 1000 > 0",
        "SELECT pg_stat_force_next_flush()",
        "SELECT 1",
    ] {
        run(&mut owner, sql).await;
    }
    be_gentle(&mut owner, Duration::from_secs(60)).await.unwrap();
    assert!(worth_vacuum(&mut owner).await.unwrap().contains(&"worn".to_owned()));
    assert_eq!(bloated(&mut owner, 1 << 20).await.unwrap(), [""; 0], "nobody has counted its entries yet");
    assert!(vacuum(&mut owner, "worn").await.unwrap());
    run(&mut owner, "SELECT pg_stat_force_next_flush()").await;
    run(&mut owner, "SELECT 1").await;
    assert!(!worth_vacuum(&mut owner).await.unwrap().contains(&"worn".to_owned()));

    assert_eq!(bloated(&mut owner, 1 << 20).await.unwrap(), ["worn_pkey"]);
    assert_eq!(bloated(&mut owner, 1 << 30).await.unwrap(), [""; 0], "small ones do not matter");
    assert!(reindex(&mut owner, "worn_pkey").await.unwrap());
    assert_eq!(bloated(&mut owner, 1 << 20).await.unwrap(), [""; 0]);
    assert_eq!(cell.count("SELECT count(*) FROM worn").await, 100);

    // What an interrupted run leaves.
    run(&mut owner, "CREATE INDEX worn_pkey_ccnew ON worn (n)").await;
    run(&mut owner, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'worn_pkey_ccnew'::regclass").await;
    assert_eq!(drop_leftovers(&mut owner).await.unwrap(), 1);
    assert_eq!(drop_leftovers(&mut owner).await.unwrap(), 0);
}

#[tokio::test]
async fn what_was_dropped_since_it_was_named_is_no_error() {
    let cell = Cell::new().await;
    let mut owner = cell.connect(Role::Owner).await;
    be_gentle(&mut owner, Duration::from_secs(60)).await.unwrap();
    assert!(!vacuum(&mut owner, "journal_2001_01").await.unwrap());
    assert!(!reindex(&mut owner, "journal_2001_01_pkey").await.unwrap());
    // Anything else still is one.
    assert!(vacuum(&mut owner, "journal journal").await.is_err());
}
