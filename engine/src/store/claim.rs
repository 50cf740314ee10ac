//! Claiming: tokens become leases, in one round trip.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::codec::{JOURNAL_COLUMNS, JournalRow};
use super::error::StoreError;
use crate::core::ids::ExecutionId;
use crate::core::journal::Entry;

/// Lower bound of a claim's scan that misses no token.
pub const NO_BOUND: i64 = i64::MIN;

/// A token that was claimed, with what is needed to go on.
#[derive(Clone, Debug, FromRow)]
pub struct Claimed {
    /// The execution.
    pub execution_id: Uuid,
    /// Its tenant.
    pub workspace_id: Uuid,
    /// Number of the lease, unique in the cell.
    pub lease_no: i64,
    /// Workers lost in a row before this claim.
    pub losses: i16,
    /// Set if another lease, or an earlier one of this worker, already holds it; it has been woken.
    pub held_by: Option<i32>,
    /// Whether it has no journal yet.
    pub fresh: bool,
    /// Virtual time of its token.
    pub vt: i64,
    /// Its version, for life.
    pub version_id: Uuid,
    /// The trigger it began at.
    pub trigger_node_id: String,
    /// Its input, as JSON.
    pub input: String,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// When it runs out of time, if ever.
    pub deadline_at: Option<DateTime<Utc>>,
    /// Whether it waits for a person: nothing but a cancel may be done with it.
    pub incident: bool,
    /// Database time of the claim.
    pub claimed_at: DateTime<Utc>,
}

/// Claims up to `room` executions from virtual time `bound` on; with `suspect`, possibly one more that
/// lost two workers.
///
/// # Errors
/// [`StoreError::Fenced`] if the worker is.
pub async fn claim(
    connection: &mut PgConnection,
    worker_no: i32,
    room: i32,
    bound: i64,
    suspect: bool,
) -> Result<Vec<Claimed>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT execution_id, workspace_id, lease_no, losses, held_by, fresh, vt, version_id, trigger_node_id, input, \
         created_at, deadline_at, incident, claimed_at FROM claim_2($1, $2, $3, $4)",
    )
    .bind(worker_no)
    .bind(room)
    .bind(bound)
    .bind(suspect)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// What became of due timers.
#[derive(Clone, Debug, FromRow)]
pub struct Fired {
    /// How many there were.
    pub fired: i32,
    /// The earliest of the rest.
    pub next_due_at: Option<DateTime<Utc>>,
}

/// Moves up to `room` due timers into the queue; looks at timers from `bound` on.
///
/// # Errors
/// If the database does.
pub async fn fire_timers(connection: &mut PgConnection, room: i32, bound: DateTime<Utc>) -> Result<Fired, StoreError> {
    let fired = sqlx::query_as("SELECT fired, next_due_at FROM fire_timers_2($1, $2)");
    Ok(fired.bind(room).bind(bound).fetch_one(connection).await?)
}

/// The journal of an execution; nothing if the execution has ended meanwhile.
///
/// # Errors
/// If the database does, or a row cannot be read.
pub async fn load_journal(
    connection: &mut PgConnection,
    execution_id: ExecutionId,
) -> Result<Option<Vec<Entry>>, StoreError> {
    let ended: bool = sqlx::query_scalar("SELECT ended_at IS NOT NULL FROM executions WHERE execution_id = $1")
        .bind(execution_id.0)
        .fetch_one(&mut *connection)
        .await?;
    if ended {
        return Ok(None);
    }
    let rows: Vec<JournalRow> =
        sqlx::query_as(&format!("SELECT {JOURNAL_COLUMNS} FROM journal WHERE execution_id = $1 ORDER BY position"))
            .bind(execution_id.0)
            .fetch_all(connection)
            .await?;
    rows.into_iter().map(JournalRow::decode).collect::<Result<_, _>>().map(Some)
}
