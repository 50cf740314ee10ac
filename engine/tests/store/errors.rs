//! What the database says, sorted: what passes by itself, and what does not.

use capstan_engine::store::connect::Role;
use capstan_engine::store::error::StoreError;

use super::support::{Cell, run};

#[tokio::test]
async fn a_database_that_is_slow_or_away_is_told_from_a_statement_that_is_wrong() {
    let cell = Cell::new().await;
    let mut owner = cell.connect(Role::Owner).await;
    for (code, is_away) in [
        ("08006", true),  // a broken connection
        ("40001", true),  // not serializable
        ("40P01", true),  // a deadlock
        ("53300", true),  // too many connections
        ("55P03", true),  // a lock
        ("57014", true),  // a statement that took too long
        ("25006", true),  // a standby
        ("58030", true),  // a disk
        ("22012", false), // a division by zero
        ("23505", false), // a row that is there
        ("42P01", false), // no such table
        ("42501", false), // no right
        ("54001", false), // too complex
        ("XX001", false), // a broken table
        ("CAP01", false), // a fenced worker
    ] {
        let raise = format!("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$");
        let error = StoreError::from(sqlx::query(&raise).execute(&mut owner).await.unwrap_err());
        assert_eq!(error.is_away(), is_away, "{code}: {error}");
    }
    let one_day = sqlx::query("UPDATE retention SET keep_days = 1").execute(&mut owner).await.unwrap_err();
    let refused = StoreError::from(one_day);
    assert!(matches!(refused, StoreError::Data(_)) && !refused.is_month_missing(), "{refused}");
    run(&mut owner, "SET statement_timeout = 1").await;
    let slow = StoreError::from(sqlx::query("SELECT pg_sleep(60)").execute(&mut owner).await.unwrap_err());
    assert!(slow.is_away(), "{slow}");
    let others = [(sqlx::Error::PoolTimedOut, true), (sqlx::Error::RowNotFound, false)];
    for (error, is_away) in others {
        assert_eq!(StoreError::from(error).is_away(), is_away);
    }
}
