//! The life of a worker in the database: registered, beating, fenced.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::{Connection, FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
pub use super::lost::{losses, note_death};
use crate::core::ids::ExecutionId;
use crate::faults::{ask, told};

/// Longest wait of a reaper for the lock of a lost worker, in milliseconds.
const REAP_LOCK_TIMEOUT_MS: u32 = 1_000;

/// The answer to a beat.
#[derive(Clone, Debug, FromRow)]
pub struct Beat {
    /// False once the worker is fenced.
    pub alive: bool,
    /// Database time.
    pub now: DateTime<Utc>,
    /// Where claims stand in virtual time.
    pub front: i64,
    /// The earliest timer.
    pub next_due_at: Option<DateTime<Utc>>,
    /// Leases of this worker for which a signal is there.
    pub woken: Vec<Uuid>,
    /// The database's timeline; another one means a failover.
    pub timeline: String,
    /// The rest of the fleet, as [`peers`] tells it.
    #[sqlx(json)]
    pub peers: Vec<Peer>,
    /// Whether executions that lost two workers wait.
    pub suspects: bool,
}

/// The answer to a look between two beats.
#[derive(Clone, Debug, FromRow)]
pub struct Look {
    /// The rest of the fleet, as [`peers`] tells it.
    #[sqlx(json)]
    pub peers: Vec<Peer>,
    /// What there is to do on the side.
    #[sqlx(flatten)]
    pub agenda: Agenda,
}

/// What there is to do on the side. Milliseconds are until something is due, none where nothing is pending.
#[derive(Clone, Debug, Default, FromRow)]
pub struct Agenda {
    /// There are limits, of workspaces, workflows or keys.
    pub limits: bool,
    /// Executions wait at gates.
    pub lines: bool,
    /// How often what is paused has changed, see [`super::pauses::all`]; negative if that is not known.
    pub pauses_no: i64,
    /// Executions are held up.
    pub held: bool,
    /// Starts that flow control holds back.
    pub starts_ms: Option<i64>,
    /// Schedules, and what triggers are to start.
    pub triggers_ms: Option<i64>,
    /// Webhook endpoints hear of events.
    pub endpoints: bool,
    /// Webhook endpoints have something to be sent, now or later.
    pub lanes: bool,
    /// Custom events have come.
    pub events: bool,
    /// Bulk jobs run, or jobs about persons have their turn.
    pub jobs: bool,
    /// Credentials are to be tested.
    pub tests: bool,
    /// Addresses of forms are to be written to.
    pub form_mails: bool,
    /// How often it has changed who hears of facts, see [`super::facts::all`]; negative if that is not known.
    pub facts_no: i64,
}

impl Agenda {
    /// That of who does not know it: there may be something to do everywhere.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            limits: true,
            lines: true,
            pauses_no: -1,
            held: true,
            starts_ms: Some(0),
            triggers_ms: Some(0),
            endpoints: true,
            lanes: true,
            events: true,
            jobs: true,
            tests: true,
            form_mails: true,
            facts_no: -1,
        }
    }
}

/// What names one life of a worker, also across databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, FromRow)]
pub struct Registered {
    /// Its number in its cell.
    pub worker_no: i32,
    /// When it registered there.
    pub created_at: DateTime<Utc>,
}

/// Another worker, as a watcher sees it.
#[derive(Clone, Debug, FromRow, Deserialize)]
pub struct Peer {
    /// Its number.
    pub worker_no: i32,
    /// A mark that moves while it lives.
    pub beat: DateTime<Utc>,
    /// Whether its control connection holds its session lock.
    pub connected: bool,
}

/// Registers a worker with a fresh number and takes the session lock that tells that it lives.
///
/// # Errors
/// If the database does.
pub async fn register(control: &mut PgConnection, name: &str) -> Result<Registered, StoreError> {
    let worker: Registered = sqlx::query_as("INSERT INTO workers (name) VALUES ($1) RETURNING worker_no, created_at")
        .bind(name)
        .fetch_one(&mut *control)
        .await?;
    show_alive(control, worker.worker_no).await?;
    Ok(worker)
}

/// Those of some lives of workers that are of this cell, and whether each is fenced.
///
/// # Errors
/// If the database does.
pub async fn fates(
    connection: &mut PgConnection,
    workers: &[Registered],
) -> Result<HashMap<Registered, bool>, StoreError> {
    let (numbers, times): (Vec<i32>, Vec<_>) = workers.iter().map(|it| (it.worker_no, it.created_at)).unzip();
    let rows: Vec<(i32, DateTime<Utc>, bool)> = sqlx::query_as(
        "SELECT w.worker_no, w.created_at, w.fenced \
           FROM unnest($1::int[], $2::timestamptz[]) AS d (worker_no, created_at) \
           JOIN workers w USING (worker_no, created_at)",
    )
    .bind(numbers)
    .bind(times)
    .fetch_all(connection)
    .await?;
    let fate = |(worker_no, created_at, fenced)| (Registered { worker_no, created_at }, fenced);
    Ok(rows.into_iter().map(fate).collect())
}

/// Takes the session lock of a worker on its control connection, without waiting: another session of the same
/// worker may still hold it, until the database notices that it is gone.
///
/// # Errors
/// If the database does.
pub async fn show_alive(control: &mut PgConnection, worker_no: i32) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_try_advisory_lock_shared(alive_lock_1(), $1)").bind(worker_no).execute(control).await?;
    Ok(())
}

/// A beat, and a look at the fleet in the same round trip.
const BEAT: &str = "\
    SELECT b.alive, b.now, b.front, b.next_due_at, b.woken, b.timeline, \
           (SELECT coalesce(json_agg(p), '[]') FROM peers_1($1) p) AS peers, \
           (SELECT true FROM queue q WHERE q.losses >= 2 LIMIT 1) IS NOT NULL AS suspects \
      FROM beat_1($1, $2, $3, $4) b";

/// A look at the fleet and at what there is to do.
const LOOK: &str = "\
    SELECT (SELECT coalesce(json_agg(p), '[]') FROM peers_1($1) p) AS peers, \
           a.limits, a.lines, a.pauses_no, a.held, a.starts_ms, a.triggers_ms, a.endpoints, a.lanes, a.events, a.jobs, \
           credential_tests_asked_1() AS tests, form_mails_due_1() AS form_mails, facts_no_1() AS facts_no \
      FROM agenda_3() a";

/// One beat; raises the front of the queue to `front` and looks for timers from `bound` on. A worker that is `full`
/// hears of the signals of its executions here, for it claims no tokens.
///
/// # Errors
/// If the database does.
pub async fn beat(
    control: &mut PgConnection,
    worker_no: i32,
    front: i64,
    bound: DateTime<Utc>,
    full: bool,
) -> Result<Beat, StoreError> {
    let beat = sqlx::query_as(BEAT).bind(worker_no).bind(front).bind(bound).bind(full).fetch_one(control);
    told(ask::Beat { worker_no }, async { Ok(beat.await?) }).await
}

/// All other workers that are not fenced.
///
/// # Errors
/// If the database does.
pub async fn peers(control: &mut PgConnection, worker_no: i32) -> Result<Vec<Peer>, StoreError> {
    let peers =
        sqlx::query_as("SELECT worker_no, beat, connected FROM peers_1($1)").bind(worker_no).fetch_all(control).await?;
    Ok(peers)
}

/// All other workers that are not fenced, and what there is to do on the side.
///
/// # Errors
/// If the database does.
pub async fn look(control: &mut PgConnection, worker_no: i32) -> Result<Look, StoreError> {
    Ok(sqlx::query_as(LOOK).bind(worker_no).fetch_one(control).await?)
}

/// Fences a lost worker and gives its executions back; answers how many, or none if somebody else is at it. The loss
/// counts against those that it held among `at_work`, what it ran when it died; against all where that is not known. If
/// connections of it still hold its lock after a second, they are ended, and [`StoreError::LockTimeout`] asks the caller
/// to come again.
///
/// # Errors
/// If the database does.
pub async fn reap(
    connection: &mut PgConnection,
    lost: i32,
    at_work: Option<&[ExecutionId]>,
) -> Result<Option<i32>, StoreError> {
    match told(ask::Reap { lost }, try_reap(connection, lost, at_work)).await {
        Err(StoreError::LockTimeout) => {
            sqlx::query("SELECT evict_1($1)").bind(lost).execute(connection).await?;
            Err(StoreError::LockTimeout)
        }
        result => result,
    }
}

async fn try_reap(
    connection: &mut PgConnection,
    lost: i32,
    at_work: Option<&[ExecutionId]>,
) -> Result<Option<i32>, StoreError> {
    let at_work: Option<Vec<Uuid>> = at_work.map(|ids| ids.iter().map(|id| id.0).collect());
    let mut transaction = connection.begin().await?;
    sqlx::query(&format!("SET LOCAL lock_timeout = {REAP_LOCK_TIMEOUT_MS}")).execute(&mut *transaction).await?;
    let reaped = sqlx::query_scalar("SELECT reap_3($1, $2)");
    let reaped: Option<i32> = reaped.bind(lost).bind(at_work).fetch_one(&mut *transaction).await?;
    if reaped.is_some() {
        // Under its lock: later than any beat that told it that it lives.
        sqlx::query("UPDATE workers SET fenced_at = clock_timestamp() WHERE worker_no = $1 AND fenced_at IS NULL")
            .bind(lost)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(reaped)
}

/// The database's timeline; another one than before means a failover.
///
/// # Errors
/// If the database does.
pub async fn timeline(connection: &mut PgConnection) -> Result<String, StoreError> {
    let timeline =
        sqlx::query_scalar("SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)").fetch_one(connection).await?;
    Ok(timeline)
}

/// Takes the worker's own lock exclusively until the transaction ends: nothing of the worker is in flight then.
///
/// # Errors
/// If the database does.
pub async fn exclude_self(connection: &mut PgConnection, worker_no: i32) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock(worker_lock_1(), $1)").bind(worker_no).execute(connection).await?;
    Ok(())
}

/// Gives executions back unharmed: their leases become tokens and no loss is counted. Answers how many.
///
/// # Errors
/// [`StoreError::Fenced`] if the worker is.
pub async fn release(
    connection: &mut PgConnection,
    worker_no: i32,
    leases: &[(ExecutionId, i64)],
) -> Result<i32, StoreError> {
    told(ask::Release { worker_no, leases }, give_back(connection, worker_no, leases)).await
}

async fn give_back(
    connection: &mut PgConnection,
    worker_no: i32,
    leases: &[(ExecutionId, i64)],
) -> Result<i32, StoreError> {
    if leases.is_empty() {
        return Ok(0);
    }
    let mut leases = leases.to_vec();
    // Leases are locked in execution order.
    leases.sort_unstable();
    let ids: Vec<Uuid> = leases.iter().map(|(id, _)| id.0).collect();
    let numbers: Vec<i64> = leases.iter().map(|&(_, lease_no)| lease_no).collect();
    let released = sqlx::query_scalar("SELECT release_1($1, $2, $3)")
        .bind(worker_no)
        .bind(ids)
        .bind(numbers)
        .fetch_one(connection)
        .await?;
    Ok(released)
}

/// Fences the worker by its own wish, at the end of its life; whatever it still holds goes back, and no loss is
/// counted. Waits out what may still run for it on a connection that it has given up. Repeating it changes nothing.
///
/// # Errors
/// If the database does.
pub async fn retire(connection: &mut PgConnection, worker_no: i32) -> Result<(), StoreError> {
    told(ask::Retire { worker_no }, fence_self(connection, worker_no)).await
}

async fn fence_self(connection: &mut PgConnection, worker_no: i32) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await?;
    let held = unknown(&mut transaction, worker_no, |_, _| false).await?;
    match give_back(&mut transaction, worker_no, &held).await {
        // Fenced before: whoever did that has taken the leases.
        Err(StoreError::Fenced) => return Ok(()),
        released => released?,
    };
    sqlx::query("UPDATE workers SET fenced = true, fenced_at = clock_timestamp() WHERE worker_no = $1 AND NOT fenced")
        .bind(worker_no)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// What a hint says: tokens are there.
pub const TOKENS: &str = "";
/// The same, and some of them may have lost two workers.
pub const LOST: &str = "lost";

/// Sends a wake-up hint to all processes of the cell: [`TOKENS`] or [`LOST`]. Never inside a work transaction.
///
/// # Errors
/// If the database does.
pub async fn hint(connection: &mut PgConnection, channel: &str, says: &str) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_notify($1, $2)").bind(channel).bind(says).execute(connection).await?;
    Ok(())
}

/// Gives back the leases of this worker that `known` does not know: a claim whose answer was lost left them.
///
/// Only the process's one claimer may call it, with no claim in flight. Answers how many.
///
/// # Errors
/// If the database does.
pub async fn release_unknown(
    connection: &mut PgConnection,
    worker_no: i32,
    known: impl Fn(ExecutionId, i64) -> bool,
) -> Result<i32, StoreError> {
    let mut transaction = connection.begin().await?;
    let leases = unknown(&mut transaction, worker_no, known).await?;
    told(ask::Release { worker_no, leases: &leases }, async {
        let released = give_back(&mut transaction, worker_no, &leases).await?;
        transaction.commit().await?;
        Ok(released)
    })
    .await
}

/// The leases of this worker that `known` does not know.
async fn unknown(
    transaction: &mut PgConnection,
    worker_no: i32,
    known: impl Fn(ExecutionId, i64) -> bool,
) -> Result<Vec<(ExecutionId, i64)>, StoreError> {
    // Waits out a claim that may still run on a connection which this process has given up.
    exclude_self(transaction, worker_no).await?;
    let leases: Vec<(Uuid, i64)> = sqlx::query_as("SELECT execution_id, lease_no FROM leases WHERE worker_no = $1")
        .bind(worker_no)
        .fetch_all(&mut *transaction)
        .await?;
    let leases = leases.into_iter().map(|(id, lease_no)| (ExecutionId(id), lease_no));
    Ok(leases.filter(|&(id, lease_no)| !known(id, lease_no)).collect())
}
