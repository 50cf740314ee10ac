//! The queue of an endpoint, for whoever sends. Who holds its lease is the only one to send for it, so that concurrency, rate
//! and circuit of an endpoint are one process's business. No connection is held while a request runs; what an attempt came to
//! is written in one call that checks the lease.

use std::time::Duration;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::core::trace::Trace;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{Connection, FromRow, PgConnection};
use uuid::Uuid;

use super::schedule::{CIRCUIT_FAILURES, DISABLE_HOURS, WARN_HOURS};
use super::secrets::StoredSecret;
pub use super::settle::{cancel, give_up, settle};
use super::telling::{tell, tell_people};
use crate::secrets::Sealed;

/// A lease of an endpoint's queue.
#[derive(Clone, Debug, FromRow)]
pub struct Lane {
    /// The tenant.
    pub workspace_id: Uuid,
    /// The endpoint.
    pub endpoint_id: Uuid,
    /// Which lease.
    pub lease_no: i64,
    /// Failures in a row.
    pub failures: i32,
    /// Since when it only fails.
    pub failing_since: Option<DateTime<Utc>>,
    /// Whether its owner was told.
    pub warned: bool,
}

/// What is to be known of an endpoint to send to it.
#[derive(Clone, Debug, FromRow)]
pub struct Target {
    /// Where to.
    pub url: String,
    /// `enabled`, `failing`, `disabled` or `deleted`.
    pub status: String,
    /// Requests a second at most.
    pub rate_per_s: Option<i32>,
    /// Requests at a time at most.
    pub concurrency: i32,
    /// Whether deliveries may wait in lines though it is not ordered any more: they are to be let go.
    pub is_loose: bool,
    has_lines: bool,
    /// By the database's clock.
    pub now: DateTime<Utc>,
    certificate_sealed: Option<Vec<u8>>,
    certificate_key_id: Option<String>,
}

/// A delivery whose time has come.
#[derive(Clone, Debug, FromRow)]
pub struct Due {
    /// Its id.
    pub delivery_id: Uuid,
    /// What it brings.
    pub event_id: Uuid,
    /// Attempts since it was last sent by hand.
    pub tried: i32,
    /// Whether it is past its deadline. One that has waited in line until then is tried once.
    pub over: bool,
    /// Whether its time was over before this attempt: no other follows.
    pub is_last: bool,
    /// As it is sent.
    pub body: String,
    /// By the database's clock: the time of the attempt.
    pub now: DateTime<Utc>,
    trace: Option<String>,
}

impl Due {
    /// What its event belongs to.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.trace.as_deref().and_then(Trace::parse).unwrap_or(Trace::of(self.event_id))
    }
}

/// How a delivery goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It has arrived.
    Delivered,
    /// It is tried again after that time.
    Retry(Duration),
    /// It is given up.
    Failed(&'static str),
}

/// How an endpoint is after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Failures in a row.
    pub failures: i32,
    /// How long nothing is to be sent.
    pub pause: Duration,
    /// Whether it said that it wants nothing any more.
    pub gone: bool,
}

/// How many leases may be taken.
#[derive(Clone, Copy, Debug)]
pub struct Room<'a> {
    /// Of all workspaces.
    pub places: usize,
    /// Of each workspace, with those that it has taken.
    pub share: usize,
    /// Workspaces with how many they have taken.
    pub taken: &'a [(Uuid, usize)],
}

/// For whom leases are taken, and how long they last.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The worker that sends. Once it is fenced its leases end before their time; those of nobody do not.
    pub worker_no: Option<i32>,
    /// How long a lease lasts.
    pub lease: Duration,
    /// How long after a worker was fenced an attempt that it began may still be under way, unless its process is known to be
    /// dead. The same for all workers.
    pub attempt: Duration,
}

/// Takes leases of queues that are due: of endpoints that work, or of those that fail. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn claim_lanes(
    connection: &mut PgConnection,
    ailing: bool,
    room: Room<'_>,
    terms: Terms,
) -> Result<Vec<Lane>, StoreError> {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX / 2);
    let (workspaces, taken): (Vec<Uuid>, Vec<i32>) =
        room.taken.iter().map(|&(workspace_id, taken)| (workspace_id, number(taken))).unzip();
    let lanes = sqlx::query_as(
        "SELECT workspace_id, endpoint_id, lease_no, failures, failing_since, warned \
         FROM claim_lanes_2($1, $2, $3, $4, $5, $6, $7, $8)",
    );
    let lanes = lanes.bind(ailing).bind(number(room.places)).bind(millis(terms.lease));
    let lanes = lanes.bind(workspaces).bind(taken).bind(number(room.share));
    Ok(lanes.bind(terms.worker_no).bind(millis(terms.attempt)).fetch_all(connection).await?)
}

/// The endpoint of a lane, and the secrets that sign for it now, newest first.
///
/// # Errors
/// If the database does.
pub async fn target(
    connection: &mut PgConnection,
    lane: &Lane,
) -> Result<Option<(Target, Vec<StoredSecret>)>, StoreError> {
    let target: Option<Target> = sqlx::query_as(
        "SELECT url, status, rate_per_s, concurrency, has_lines AND NOT is_ordered AS is_loose, has_lines, \
           clock_timestamp() AS now, certificate_sealed, certificate_key_id \
         FROM webhook_endpoints WHERE workspace_id = $1 AND endpoint_id = $2",
    )
    .bind(lane.workspace_id)
    .bind(lane.endpoint_id)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(target) = target else { return Ok(None) };
    let secrets: Vec<StoredSecret> = sqlx::query_as(
        "SELECT secret_id, sealed, key_id, pair_sealed, pair_key_id FROM webhook_secrets \
         WHERE workspace_id = $1 AND endpoint_id = $2 \
           AND (until_at IS NULL OR until_at > clock_timestamp()) ORDER BY secret_id DESC",
    )
    .bind(lane.workspace_id)
    .bind(lane.endpoint_id)
    .fetch_all(connection)
    .await?;
    Ok(Some((target, secrets)))
}

/// Deliveries that are due, the longest first, but those that are in flight.
///
/// # Errors
/// If the database does.
pub async fn due(
    connection: &mut PgConnection,
    lane: &Lane,
    in_flight: &[Uuid],
    limit: usize,
) -> Result<Vec<Due>, StoreError> {
    let due = sqlx::query_as(
        "SELECT d.delivery_id, d.event_id, d.tried, d.deadline_at <= statement_timestamp() AS is_last, \
           d.deadline_at <= statement_timestamp() AND (d.line IS NULL OR d.tried > 0) AS over, e.body, \
           clock_timestamp() AS now, e.trace \
         FROM webhook_deliveries d JOIN webhook_events e ON e.workspace_id = d.workspace_id AND e.event_id = d.event_id \
         WHERE d.workspace_id = $1 AND d.endpoint_id = $2 AND d.status = 'pending' AND d.due_at <= statement_timestamp() \
           AND d.delivery_id <> ALL ($3) ORDER BY d.due_at, d.delivery_id LIMIT $4",
    );
    let due = due.bind(lane.workspace_id).bind(lane.endpoint_id).bind(in_flight);
    Ok(due.bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(connection).await?)
}

/// Gives a lane back, with how its endpoint is: tells the owner of one that fails for days, and disables it in the end. Under
/// a lease that was lost nothing of it stays. Locks: the endpoint, then the lane, as those do who change an endpoint.
///
/// # Errors
/// If the database does.
pub async fn release(
    connection: &mut PgConnection,
    lane: &Lane,
    target: Option<&Target>,
    health: Health,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await?;
    let failing_since = lane.failing_since.filter(|_| health.failures > 0);
    let (mut warned, mut disabled) = (lane.warned && failing_since.is_some(), false);
    if let Some(target) = target.filter(|target| is_live(&target.status)) {
        let hours = failing_since.map_or(0, |since| (target.now - since).num_hours());
        if health.gone {
            let reason = "it answered 410 Gone: it wants nothing any more";
            disabled = disable(&mut transaction, lane, target, reason).await?;
        } else if hours >= i64::from(DISABLE_HOURS) {
            disabled = disable(&mut transaction, lane, target, "every attempt has failed for 5 days").await?;
        } else {
            if hours >= i64::from(WARN_HOURS) && !warned {
                warned = true;
                let reason = "every attempt has failed for days; it is disabled after 5";
                tell(&mut transaction, lane, "webhook.endpoint_failing", target, reason).await?;
            }
            let status = if health.failures >= CIRCUIT_FAILURES { "failing" } else { "enabled" };
            if status != target.status {
                set_status(&mut transaction, lane, status, None).await?;
            }
        }
    }
    let kept: bool = sqlx::query_scalar("SELECT release_lane_1($1, $2, $3, $4, $5, $6)")
        .bind(lane.workspace_id)
        .bind(lane.endpoint_id)
        .bind(lane.lease_no)
        .bind(health.failures)
        .bind(warned)
        .bind(millis(health.pause))
        .fetch_one(&mut *transaction)
        .await?;
    if !kept {
        return Ok(transaction.rollback().await?);
    }
    if disabled || target.is_some_and(|target| target.has_lines && is_live(&target.status)) {
        // Whoever takes it next cancels what waits, or lets it go if the endpoint ceased to be ordered during the turn.
        sqlx::query(
            "UPDATE webhook_lanes SET due_at = clock_timestamp() WHERE workspace_id = $1 AND endpoint_id = $2 \
               AND ($3 OR EXISTS (SELECT FROM webhook_endpoints p \
                 WHERE p.workspace_id = $1 AND p.endpoint_id = $2 AND p.has_lines AND NOT p.is_ordered))",
        )
        .bind(lane.workspace_id)
        .bind(lane.endpoint_id)
        .bind(disabled)
        .execute(&mut *transaction)
        .await?;
    }
    Ok(transaction.commit().await?)
}

/// Whether events go to an endpoint of that status.
#[must_use]
pub fn is_live(status: &str) -> bool {
    matches!(status, "enabled" | "failing")
}

async fn disable(
    connection: &mut PgConnection,
    lane: &Lane,
    target: &Target,
    reason: &str,
) -> Result<bool, StoreError> {
    let disabled = set_status(connection, lane, "disabled", Some(reason)).await?;
    if disabled {
        tell(&mut *connection, lane, "webhook.endpoint_disabled", target, reason).await?;
        tell_people(connection, lane, target, reason).await?;
    }
    Ok(disabled)
}

/// Sets it, unless a person was faster; whether it did.
async fn set_status(
    connection: &mut PgConnection,
    lane: &Lane,
    status: &str,
    reason: Option<&str>,
) -> Result<bool, StoreError> {
    let set = sqlx::query(
        "UPDATE webhook_endpoints SET status = $3, reason = $4 \
         WHERE workspace_id = $1 AND endpoint_id = $2 AND status IN ('enabled', 'failing')",
    );
    let set = set.bind(lane.workspace_id).bind(lane.endpoint_id).bind(status).bind(reason);
    Ok(set.execute(connection).await?.rows_affected() > 0)
}

impl Target {
    /// What is shown to the receiver if it asks for a certificate, if there is one.
    #[must_use]
    pub fn certificate(&self) -> Option<Sealed> {
        let (bytes, key_id) = self.certificate_sealed.clone().zip(self.certificate_key_id.clone())?;
        Some(Sealed { key_id, bytes })
    }
}

impl Lane {
    /// The tenant.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        WorkspaceId(self.workspace_id)
    }
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
