//! The side of the fleet: bringing events to the steps that wait, a chunk at a time. Any number of workers may do it at
//! once.

use std::collections::HashMap;

use capstan_engine::core::ids::{ExecutionId, NodeId, Scope, StepKey};
use capstan_engine::core::outcome::{EVENT_SIGNALS, signal_of};
use capstan_engine::faults::{ask, told};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::signals::SIGNALS_PENDING_MAX;
use serde_json::Value;
use sqlx::{Connection, FromRow, PgConnection, Postgres, Transaction};
use uuid::Uuid;

use super::arrivals;
use super::brought::Brought;
use super::wait::{first_key, holds};
use crate::event_triggers::{self, TRIGGERS_OF_TYPE_MAX};
use crate::trigger_starts;

/// Events that are passed by at a time, as nobody waits for them.
const EVENTS_MAX: i64 = 1_000;
/// Workspaces of which events are looked at however old they are; of more at a time the last ones wait until theirs are the oldest.
const SPACES_MAX: i32 = 200;
/// Events of each of them that are looked at so.
const FIRST_OF_EACH: i64 = 10;
/// Events of each of them among which these are: others may be put off.
const FIRST_LOOKED_AT: i64 = 100;
/// Waits that are looked at in one transaction.
const WAITS_MAX: i64 = 200;
/// When an event is looked at again that found too many signals before it, in seconds.
const AGAIN_AFTER_S: i32 = 1;
/// The same for one that could not be given, as the database refused it.
const AFTER_FAILURE_S: i32 = 5;
/// For [`begin`].
const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL enable_seqscan = off; \
                     SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off";
/// For how many hours that is tried.
const AGAIN_HOURS_MAX: i32 = 24;

/// What was done for one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched {
    /// Waits that it was given to.
    pub waits: usize,
    /// Starts that triggers are to make of it.
    pub starts: usize,
    /// Whether there may be more waits.
    pub is_more: bool,
}

#[derive(FromRow)]
struct Pending {
    reached: Uuid,
    again: bool,
    /// Whether it is looked at again where it could not be given to all.
    is_young: bool,
    #[sqlx(flatten)]
    event: Brought,
}

/// How far an event has come.
struct Progress {
    reached: Uuid,
    /// Whether it is to be looked at from the first wait again.
    again: bool,
    is_more: bool,
}

#[derive(FromRow)]
struct Candidate {
    wait_id: Uuid,
    execution_id: Uuid,
    node_id: String,
    scope: String,
    condition: Option<String>,
}

impl Candidate {
    fn signal(&self) -> String {
        let step = StepKey { node_id: NodeId::from(self.node_id.as_str()), scope: Scope(self.scope.as_str().into()) };
        signal_of(EVENT_SIGNALS, &step)
    }
}

/// Whether an event is due, of any workspace. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn is_any(connection: &mut PgConnection) -> Result<bool, StoreError> {
    // By the heads of event_turns_due and event_arrivals_due, however many are gone but not yet cleared away.
    let sql = "SELECT coalesce(least((SELECT min(due_at) FROM event_turns), (SELECT min(due_at) FROM event_arrivals)) \
                 <= clock_timestamp(), false)";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}

/// A transaction that does not wait for the disk when it commits. If the server dies right after, it is as if nobody had looked
/// at the events: what was made of them is lost together with that, and whatever is durable later has all before it.
///
/// Turns come and go by the thousand, so that what is known of how many there are is wrong at any time: only a way by an index
/// costs the same whatever it is. Uses event_turns_due and the primary key.
pub(super) async fn begin(connection: &mut PgConnection) -> Result<Transaction<'_, Postgres>, StoreError> {
    Ok(connection.begin_with(BEGIN).await?)
}

/// What became of the oldest events that were due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Those that somebody may wait for, workspaces in turn, the oldest of each first.
    pub left: Vec<Turn>,
    /// Whether there may be more that were not looked at.
    pub is_more: bool,
}

/// An event that is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub(super) workspace_id: Uuid,
    pub(super) event_id: Uuid,
}

/// Passes by events that nobody waits for, neither step nor trigger, of the oldest that are due and of the oldest of each workspace, so
/// that the burst of one holds up no other. Who begins to wait for
/// one of them later finds it. Nothing while another worker does it. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn pass_by(connection: &mut PgConnection) -> Result<Option<Passed>, StoreError> {
    let (awaited, spaces) = (first_key("t", "t.reached"), spaces("event_turns", "event_id", "$2"));
    let sql = format!(
        "WITH RECURSIVE {spaces}, oldest AS MATERIALIZED ( \
           SELECT p.ctid AS tid, p.workspace_id, p.event_id, p.due_at FROM event_turns p \
           WHERE NOT p.again AND p.due_at <= clock_timestamp() ORDER BY p.due_at LIMIT $1 FOR UPDATE SKIP LOCKED \
         ), first AS MATERIALIZED ( \
           SELECT p.ctid AS tid, p.workspace_id, p.event_id, p.due_at FROM event_turns p \
           WHERE p.ctid = ANY (ARRAY(SELECT x.tid FROM spaces s CROSS JOIN LATERAL (SELECT f.tid FROM ( \
               SELECT t.ctid AS tid, t.again, t.due_at FROM event_turns t WHERE t.workspace_id = s.workspace_id \
                ORDER BY t.workspace_id, t.event_id LIMIT $4) AS f \
              WHERE NOT f.again AND f.due_at <= clock_timestamp() LIMIT $3) AS x)) FOR UPDATE SKIP LOCKED \
         ), looked_at AS MATERIALIZED ( \
           SELECT l.tid, l.workspace_id, l.event_id, l.due_at, \
                  row_number() OVER (PARTITION BY l.workspace_id ORDER BY l.due_at, l.event_id) AS turn \
             FROM (SELECT o.tid, o.workspace_id, o.event_id, o.due_at FROM oldest o \
                   UNION SELECT f.tid, f.workspace_id, f.event_id, f.due_at FROM first f) AS l \
         ), passed AS ( \
           DELETE FROM event_turns t WHERE t.ctid = ANY (ARRAY(SELECT l.tid FROM looked_at l)) \
             AND {awaited} IS DISTINCT FROM t.key \
             AND NOT EXISTS (SELECT FROM event_triggers g WHERE g.workspace_id = t.workspace_id AND g.type = t.type) \
           RETURNING t.event_id \
         ) \
         SELECT (SELECT count(*) FROM oldest) = $1, array_agg(l.workspace_id ORDER BY l.turn, l.due_at), \
                array_agg(l.event_id ORDER BY l.turn, l.due_at) \
           FROM looked_at l WHERE l.event_id NOT IN (SELECT p.event_id FROM passed p)"
    );
    let mut transaction = begin(connection).await?;
    if !takes_turn(&mut transaction).await? {
        transaction.rollback().await?;
        return Ok(None);
    }
    let more_came = arrivals::unpack(&mut transaction).await?;
    let (is_more, workspaces, events): (bool, Option<Vec<Uuid>>, Option<Vec<Uuid>>) = sqlx::query_as(&sql)
        .bind(EVENTS_MAX)
        .bind(SPACES_MAX)
        .bind(FIRST_OF_EACH)
        .bind(FIRST_LOOKED_AT)
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let left = workspaces.unwrap_or_default().into_iter().zip(events.unwrap_or_default());
    Ok(Some(Passed {
        left: left.map(|(workspace_id, event_id)| Turn { workspace_id, event_id }).collect(),
        is_more: is_more || more_came,
    }))
}

/// `spaces`: the first `most` workspaces that have rows in a table, a step into its key for each; in SQL.
pub(super) fn spaces(table: &str, key: &str, most: &str) -> String {
    format!(
        "spaces AS ( \
           (SELECT t.workspace_id, 1 AS nth FROM {table} t ORDER BY t.workspace_id, t.{key} LIMIT 1) \
           UNION ALL \
           SELECT n.workspace_id, s.nth + 1 FROM spaces s \
            CROSS JOIN LATERAL (SELECT t.workspace_id FROM {table} t WHERE t.workspace_id > s.workspace_id \
              ORDER BY t.workspace_id, t.{key} LIMIT 1) AS n WHERE s.nth < {most})"
    )
}

/// One worker at a time passes events by: another one would walk over the same head of the same index, past what this one has locked.
/// The lock ends with the transaction, and with its worker.
async fn takes_turn(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let turn = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '#events'), 0)";
    Ok(sqlx::query_scalar(turn).fetch_one(connection).await?)
}

/// Gives an event, or else the oldest that is due, to a chunk of those who wait for it; nothing if it is not due, or nobody's.
/// What was given and how far the event has come are one transaction. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn work(connection: &mut PgConnection, turn: Option<&Turn>) -> Result<Option<Matched>, StoreError> {
    let mut transaction = begin(connection).await?;
    let Some(pending) = pick(&mut transaction, turn).await? else {
        // At once: what is only dropped ends with the next use of the connection, and holds its locks until then.
        transaction.rollback().await?;
        return Ok(None);
    };
    match give(transaction, &pending).await {
        Ok(matched) => Ok(Some(matched)),
        Err(error) => {
            if let Err(too) = postpone(connection, &pending).await {
                tracing::warn!(error = %too, "an event that could not be given keeps its turn");
            }
            Err(error)
        }
    }
}

/// Lets others have their turn before an event that could not be given.
async fn postpone(connection: &mut PgConnection, pending: &Pending) -> Result<(), StoreError> {
    if !pending.is_young {
        return end(connection, pending).await;
    }
    sqlx::query(
        "UPDATE event_turns SET due_at = clock_timestamp() + $3 * interval '1 second' \
         WHERE workspace_id = $1 AND event_id = $2",
    )
    .bind(pending.event.workspace_id)
    .bind(pending.event.row.event_id)
    .bind(AFTER_FAILURE_S)
    .execute(connection)
    .await?;
    Ok(())
}

/// Nobody looks at the event again.
async fn end(connection: &mut PgConnection, pending: &Pending) -> Result<(), StoreError> {
    let ended = sqlx::query("DELETE FROM event_turns WHERE workspace_id = $1 AND event_id = $2");
    ended.bind(pending.event.workspace_id).bind(pending.event.row.event_id).execute(connection).await?;
    Ok(())
}

/// The event of a turn, or the oldest one, if it is due and nobody works on it; nobody else does until the transaction ends. The order
/// names the primary key of the events: of a table that has just been filled a planner knows nothing, and would take any index that
/// begins like it, and read all events of the workspace for one.
async fn pick(connection: &mut PgConnection, turn: Option<&Turn>) -> Result<Option<Pending>, StoreError> {
    let which = match turn {
        Some(_) => "AND workspace_id = $2 AND event_id = $3",
        None => "ORDER BY due_at LIMIT 1",
    };
    let sql = format!(
        "SELECT t.workspace_id, t.reached, t.again, e.event_id, e.client_id, e.type, e.key, e.data, e.depth, e.received_at, e.trace, \
           e.received_at > clock_timestamp() - make_interval(hours => $1) AS is_young \
           FROM (SELECT workspace_id, event_id, reached, again FROM event_turns WHERE due_at <= clock_timestamp() \
                  {which} FOR UPDATE SKIP LOCKED) AS t \
           CROSS JOIN LATERAL (SELECT x.event_id, x.client_id, x.type, x.key, x.data, x.depth, x.received_at, x.trace FROM events x \
             WHERE x.workspace_id = t.workspace_id AND x.event_id >= t.event_id ORDER BY x.event_id LIMIT 1) AS e \
          WHERE e.event_id = t.event_id"
    );
    let mut pending = sqlx::query_as(&sql).bind(AGAIN_HOURS_MAX);
    if let Some(Turn { workspace_id, event_id }) = turn {
        pending = pending.bind(workspace_id).bind(event_id);
    }
    Ok(pending.fetch_optional(connection).await?)
}

/// Gives an event to the next waits whose condition it meets, and commits.
async fn give(mut transaction: Transaction<'_, Postgres>, pending: &Pending) -> Result<Matched, StoreError> {
    // Once for each trigger, however often the event is looked at: its id is the subject of the start.
    let starts = match pending.reached.is_nil() && !pending.again {
        true => {
            let found = event_triggers::found(&mut transaction, &[&pending.event], TRIGGERS_OF_TYPE_MAX).await?;
            event_triggers::starts(&[&pending.event], found)
        }
        false => Vec::new(),
    };
    trigger_starts::insert(&mut transaction, &starts).await?;
    let candidates = candidates(&mut transaction, pending).await?;
    let shown = pending.event.row.shown();
    let fitting: Vec<&Candidate> = candidates.iter().filter(|wait| holds(wait.condition.as_deref(), &shown)).collect();
    let executions: Vec<ExecutionId> = fitting.iter().map(|wait| ExecutionId(wait.execution_id)).collect();
    let is_more = candidates.len() == usize::try_from(WAITS_MAX).unwrap_or(usize::MAX);
    let given = told(ask::Tell { executions: &executions }, async {
        let verdicts = send(&mut transaction, pending, &shown, &fitting).await?;
        let is = |wait: &&Candidate, wanted| verdicts.get(&wait.wait_id).is_some_and(|verdict| verdict == wanted);
        let progress = Progress {
            reached: candidates.last().map_or(pending.reached, |wait| wait.wait_id),
            again: pending.again || fitting.iter().any(|wait| is(wait, "full")),
            is_more,
        };
        advance(&mut transaction, pending, &progress).await?;
        transaction.commit().await?;
        Ok::<Vec<_>, StoreError>(fitting.iter().map(|wait| is(wait, "matched")).collect())
    });
    let waits = given.await?.into_iter().filter(|is_matched| *is_matched).count();
    Ok(Matched { waits, starts: starts.len(), is_more })
}

/// The next waits for an event, in the order of their ids, by the index on open waits: see [`first_key`] for the order.
async fn candidates(connection: &mut PgConnection, pending: &Pending) -> Result<Vec<Candidate>, StoreError> {
    let waits = sqlx::query_as(
        "SELECT wait_id, execution_id, node_id, scope, condition FROM event_waits \
         WHERE workspace_id = $1 AND type = $2 AND (key, wait_id) > ($3, $4) AND key <= $3 AND status = 'open' \
           AND since_at <= $5 AND (until_at IS NULL OR until_at > $5) ORDER BY key, wait_id LIMIT $6",
    )
    .bind(pending.event.workspace_id)
    .bind(&pending.event.row.type_name)
    .bind(&pending.event.row.key)
    .bind(pending.reached)
    .bind(pending.event.row.received_at)
    .bind(WAITS_MAX)
    .fetch_all(connection)
    .await?;
    Ok(waits)
}

/// What became of each wait.
async fn send(
    connection: &mut PgConnection,
    pending: &Pending,
    shown: &Value,
    waits: &[&Candidate],
) -> Result<HashMap<Uuid, String>, StoreError> {
    if waits.is_empty() {
        return Ok(HashMap::new());
    }
    let verdicts: Vec<_> = sqlx::query_as("SELECT wait_id, verdict FROM match_event_2($1, $2, $3, $4, $5, $6)")
        .bind(pending.event.workspace_id)
        .bind(shown.to_string())
        .bind(pending.event.row.depth)
        .bind(waits.iter().map(|wait| wait.wait_id).collect::<Vec<_>>())
        .bind(waits.iter().map(|wait| wait.signal()).collect::<Vec<_>>())
        .bind(SIGNALS_PENDING_MAX)
        .fetch_all(connection)
        .await?;
    Ok(verdicts.into_iter().collect())
}

/// Records how far an event has come. One that is not done goes behind the others; one whose round is over begins
/// again, if some execution had no room for it.
async fn advance(connection: &mut PgConnection, pending: &Pending, progress: &Progress) -> Result<(), StoreError> {
    let begins_again = progress.again && !progress.is_more;
    if !(progress.is_more || begins_again && pending.is_young) {
        return end(connection, pending).await;
    }
    sqlx::query(
        "UPDATE event_turns SET reached = $3, again = $4, due_at = clock_timestamp() + $5 * interval '1 second' \
         WHERE workspace_id = $1 AND event_id = $2",
    )
    .bind(pending.event.workspace_id)
    .bind(pending.event.row.event_id)
    .bind(if begins_again { Uuid::nil() } else { progress.reached })
    .bind(progress.again && progress.is_more)
    .bind(if begins_again { AGAIN_AFTER_S } else { 0 })
    .execute(connection)
    .await?;
    Ok(())
}
