//! Claiming: tokens become leases, in one round trip.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Row};
use uuid::Uuid;

use super::error::StoreError;
use crate::core::trace::Trace;
use crate::faults::{ask, told};

/// Lower bound of a claim's scan that misses no token.
pub const NO_BOUND: i64 = i64::MIN;

/// A token that was claimed, with what is needed to go on.
#[derive(Clone, Debug)]
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
    /// Its version, for as long as it is held.
    pub version_id: Uuid,
    /// The trigger it began at.
    pub trigger_node_id: String,
    /// Its input, as JSON.
    pub input: String,
    /// When it was started, or let begin if it was held back before: the time of its first steps.
    pub begun_at: DateTime<Utc>,
    /// When it runs out of time, if ever.
    pub deadline_at: Option<DateTime<Utc>>,
    /// Whether it waits for a person: nothing but a cancel may be done with it.
    pub incident: bool,
    /// Database time of the claim.
    pub claimed_at: DateTime<Utc>,
    /// What it belongs to, if not to itself.
    pub trace: Option<String>,
}

impl Claimed {
    /// Whether nobody has attempted a step of it before, unless it has a journal: it is claimed for the first time, or was held
    /// back until this very claim.
    #[must_use]
    pub fn begins_here(&self) -> bool {
        self.fresh || self.begun_at == self.claimed_at
    }

    /// What it belongs to.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.trace.as_deref().and_then(Trace::parse).unwrap_or(Trace::of(self.execution_id))
    }

    /// Whether it lost two workers in a row, so that the next loss makes it an incident.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.losses >= 2
    }
}

/// By place: to find fifteen columns by their names costs more than to read them.
impl FromRow<'_, PgRow> for Claimed {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            execution_id: row.try_get(0)?,
            workspace_id: row.try_get(1)?,
            lease_no: row.try_get(2)?,
            losses: row.try_get(3)?,
            held_by: row.try_get(4)?,
            fresh: row.try_get(5)?,
            vt: row.try_get(6)?,
            version_id: row.try_get(7)?,
            trigger_node_id: row.try_get(8)?,
            input: row.try_get(9)?,
            begun_at: row.try_get(10)?,
            deadline_at: row.try_get(11)?,
            incident: row.try_get(12)?,
            claimed_at: row.try_get(13)?,
            trace: row.try_get(14)?,
        })
    }
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
    let claimed = sqlx::query_as(
        "SELECT execution_id, workspace_id, lease_no, losses, held_by, fresh, vt, version_id, trigger_node_id, input, \
         created_at, deadline_at, incident, claimed_at, trace FROM claim_3($1, $2, $3, $4)",
    )
    .bind(worker_no)
    .bind(room)
    .bind(bound)
    .bind(suspect)
    .fetch_all(connection);
    told(ask::Claim { worker_no }, async { Ok(claimed.await?) }).await
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
