//! How far a standby follows its primary.

use sqlx::PgConnection;

use super::error::StoreError;

/// A place in the log of one database system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which system: a standby has that of its primary.
    pub system: i64,
    /// Bytes of log up to here.
    pub position: i64,
}

/// How far the primary's log is on disk: all that has been acknowledged lies before it.
///
/// # Errors
/// If the database does, so on a standby.
pub async fn written(connection: &mut PgConnection) -> Result<Mark, StoreError> {
    let asked =
        "SELECT system_identifier, (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint FROM pg_control_system()";
    let (system, position) = sqlx::query_as(asked).fetch_one(connection).await?;
    Ok(Mark { system, position })
}

/// How far a standby shows the log; none if the server is no standby.
///
/// # Errors
/// If the database does.
pub async fn replayed(connection: &mut PgConnection) -> Result<Option<Mark>, StoreError> {
    let asked = "SELECT system_identifier, CASE WHEN pg_is_in_recovery() \
                   THEN (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint END FROM pg_control_system()";
    let (system, position): (i64, Option<i64>) = sqlx::query_as(asked).fetch_one(connection).await?;
    Ok(position.map(|position| Mark { system, position }))
}
