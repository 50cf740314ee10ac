//! Handing events out: from the outbox and from custom events to deliveries. One process at a time does it for a source; the
//! cursor goes by the transactions that rows came with, and stays below the horizon under which nothing can be committed any
//! more. So it misses no late commit, and moves in the transaction that makes the deliveries: each is made once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use capstan_engine::store::error::StoreError;
use capstan_engine::store::moment::id_at;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::facts::{Batch, Fact, Known, Subscriber, known};
use super::lines::places;
use super::schedule::DEADLINE_HOURS;
use crate::moved::{IS_FOREIGN, bound};

/// Events that are looked at in one round.
const EVENTS_MAX: i64 = 500;
/// Deliveries that one round makes at most, but for those of its last event.
const DELIVERIES_MAX: usize = 2_000;
/// Longest time that conditions are evaluated in one round.
const FILTER_TIME: Duration = Duration::from_secs(1);
/// How long a process may do nothing before another takes its turn.
const TURN_MS: i64 = 10_000;
/// After which time a turn is made longer.
const RENEW_AFTER: Duration = Duration::from_secs(4);
/// How often the cursor is moved past events that nobody gets.
const MOVE_EVERY: Duration = Duration::from_secs(1);
/// Endpoints that are read for a round at most; a workspace has at most 50.
const ENDPOINTS_MAX: i64 = EVENTS_MAX * 50;

/// Where events come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// What the engine tells.
    Outbox,
    /// What workspaces send.
    Events,
}

/// A turn at a source, and how far this process has come in it. The cursor in the database follows.
#[derive(Clone, Debug, FromRow)]
pub struct Turn {
    /// Whose turn it is, so far.
    pub lease_no: i64,
    xid: String,
    event_id: Uuid,
    /// Whether its transaction is yet to come here: the database was moved from another server since.
    is_foreign: bool,
    /// When the turn was last made longer.
    #[sqlx(skip)]
    renewed: Option<Instant>,
    /// When the cursor was last moved.
    #[sqlx(skip)]
    moved: Option<Instant>,
    /// Whether the cursor in the database is behind.
    #[sqlx(skip)]
    is_ahead: bool,
    /// Whether the cursor in the database is the truth, as nothing was read for a while.
    #[sqlx(skip)]
    forgotten: bool,
}

impl Turn {
    /// Reads the cursor anew the next time: it has moved on while nobody was there to hand out to.
    pub fn forget(&mut self) {
        (self.renewed, self.forgotten) = (None, true);
    }
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandedOut {
    /// Deliveries that were made.
    pub deliveries: usize,
    /// Whether more events may be there.
    pub is_more: bool,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Outbox => "outbox",
            Self::Events => "events",
        }
    }
}

/// Whether any workspace of the cell has a live endpoint. Where none has, nothing is read, and the cursors follow now and
/// then. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn is_any_endpoint(connection: &mut PgConnection) -> Result<bool, StoreError> {
    const LIVE: &str = "SELECT EXISTS (SELECT FROM webhook_endpoints WHERE status IN ('enabled', 'failing'))";
    if sqlx::query_scalar(LIVE).fetch_one(&mut *connection).await? {
        return Ok(true);
    }
    // One view of both: an endpoint that is made meanwhile is not there yet for what lies below the horizon.
    sqlx::query(
        "UPDATE webhook_cursors SET xid = pg_snapshot_xmin(pg_current_snapshot()), event_id = $1, \
           moved_at = clock_timestamp() \
         WHERE moved_at < clock_timestamp() - interval '1 minute' \
           AND NOT EXISTS (SELECT FROM webhook_endpoints WHERE status IN ('enabled', 'failing'))",
    )
    .bind(Uuid::nil())
    .execute(connection)
    .await?;
    Ok(false)
}

/// Takes or keeps the turn at a source; nothing while another process has it.
///
/// # Errors
/// If the database does.
pub async fn take_turn(
    connection: &mut PgConnection,
    source: Source,
    held: Option<Turn>,
) -> Result<Option<Turn>, StoreError> {
    if held.as_ref().and_then(|turn| turn.renewed).is_some_and(|renewed| renewed.elapsed() < RENEW_AFTER) {
        return Ok(held);
    }
    let begun = Instant::now();
    let sql = format!(
        "UPDATE webhook_cursors c SET lease_no = CASE WHEN c.lease_no = $2 THEN c.lease_no ELSE c.lease_no + 1 END, \
           leased_until = clock_timestamp() + $3 * interval '1 millisecond' \
         WHERE c.source = $1 AND (c.lease_no = $2 OR c.leased_until <= clock_timestamp()) \
         RETURNING c.lease_no, c.xid::text AS xid, c.event_id, c.{IS_FOREIGN} AS is_foreign"
    );
    let found = sqlx::query_as(&sql).bind(source.name()).bind(held.as_ref().map_or(-1, |turn| turn.lease_no));
    let found: Option<Turn> = found.bind(TURN_MS).fetch_optional(connection).await?;
    let Some(found) = found else { return Ok(None) };
    let is_further = |turn: &Turn| turn.lease_no == found.lease_no && turn.is_foreign == found.is_foreign;
    let further = held.filter(|turn| is_further(turn) && !turn.forgotten);
    Ok(Some(Turn { renewed: Some(begun), ..further.unwrap_or(found) }))
}

/// Ends a turn before its time, so that another process goes on at once; nothing if it was lost.
///
/// # Errors
/// If the database does.
pub async fn end_turn(connection: &mut PgConnection, source: Source, turn: &Turn) -> Result<(), StoreError> {
    let sql = "UPDATE webhook_cursors SET leased_until = clock_timestamp() WHERE source = $1 AND lease_no = $2";
    sqlx::query(sql).bind(source.name()).bind(turn.lease_no).execute(connection).await?;
    Ok(())
}

/// Hands out the next events of a source; nothing if the turn was lost. The cursor is moved with what is handed out, and now and
/// then. No transaction is open while conditions are
/// evaluated.
///
/// # Errors
/// If the database does.
pub async fn hand_out(
    connection: &mut PgConnection,
    source: Source,
    turn: &mut Turn,
) -> Result<Option<HandedOut>, StoreError> {
    let facts = read(connection, source, turn).await?;
    let Some(newest) = facts.last() else {
        return if turn.is_foreign {
            begin_anew(connection, source, turn).await
        } else {
            catch_up(connection, source, turn).await
        };
    };
    let (mut reached, mut batch) = ((newest.xid.clone(), newest.event_id), Batch::default());
    let mut is_more = turn.is_foreign || facts.len() == usize::try_from(EVENTS_MAX).unwrap_or(usize::MAX);
    if facts.iter().any(|fact| fact.wanted) {
        let subscribers = subscribers(connection, &facts, turn.is_foreign).await?;
        let known = if source == Source::Outbox { known(connection, &facts).await? } else { Known::default() };
        let until = Instant::now() + FILTER_TIME;
        for fact in &facts {
            let endpoints = subscribers.get(&fact.workspace_id).map(Vec::as_slice).unwrap_or_default();
            batch.add(fact, endpoints, &known);
            if batch.deliveries.len() >= DELIVERIES_MAX || Instant::now() >= until {
                is_more = is_more || fact.event_id != newest.event_id;
                reached = (fact.xid.clone(), fact.event_id);
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let deliveries = batch.deliveries.len();
    if deliveries > 0 || turn.moved.is_none_or(|moved| moved.elapsed() >= MOVE_EVERY) {
        if !write(connection, source, turn, &reached, batch).await? {
            return Ok(None);
        }
        (turn.moved, turn.is_ahead) = (Some(Instant::now()), false);
    } else {
        turn.is_ahead = true;
    }
    (turn.xid, turn.event_id) = reached;
    Ok(Some(HandedOut { deliveries, is_more }))
}

/// There is nothing more: the cursor in the database comes to where this process is, once, so that whoever asks it what is left
/// to be handed out hears that nothing is.
async fn catch_up(
    connection: &mut PgConnection,
    source: Source,
    turn: &mut Turn,
) -> Result<Option<HandedOut>, StoreError> {
    if turn.is_ahead && turn.moved.is_none_or(|moved| moved.elapsed() >= MOVE_EVERY) {
        let reached = (turn.xid.clone(), turn.event_id);
        if !write(connection, source, turn, &reached, Batch::default()).await? {
            return Ok(None);
        }
        (turn.moved, turn.is_ahead) = (Some(Instant::now()), false);
    }
    Ok(Some(HandedOut::default()))
}

/// What came along from the server before is handed out: the cursor begins anew, as transactions are counted anew here. What is
/// looked at again is not handed out twice.
async fn begin_anew(
    connection: &mut PgConnection,
    source: Source,
    turn: &mut Turn,
) -> Result<Option<HandedOut>, StoreError> {
    let beginning = ("0".to_owned(), Uuid::nil());
    if !write(connection, source, turn, &beginning, Batch::default()).await? {
        return Ok(None);
    }
    (turn.xid, turn.event_id) = beginning;
    (turn.is_foreign, turn.is_ahead, turn.moved) = (false, false, Some(Instant::now()));
    Ok(Some(HandedOut { deliveries: 0, is_more: true }))
}

/// The next events below the horizon, in the order of their transactions, by the index on these. Behind a cursor from before the
/// database was moved, those that came along.
async fn read(connection: &mut PgConnection, source: Source, turn: &Turn) -> Result<Vec<Fact>, StoreError> {
    const WANTED: &str = "EXISTS (SELECT FROM webhook_endpoints p \
         WHERE p.workspace_id = o.workspace_id AND p.status IN ('enabled', 'failing')) AS wanted";
    let behind = format!(
        "o.xid >= $1::text::xid8 AND (o.xid, o.event_id) > ($1::text::xid8, $2) AND {} \
         ORDER BY o.xid, o.event_id LIMIT $3",
        bound(turn.is_foreign)
    );
    let sql = match source {
        Source::Outbox => format!(
            "SELECT o.event_id, o.workspace_id, o.type, o.aggregate_id, NULL::text AS key, o.payload AS data, \
               o.created_at AS at, o.xid::text AS xid, NULL::text AS trace, {WANTED} FROM outbox o WHERE {behind}"
        ),
        Source::Events => format!(
            "SELECT o.event_id, o.workspace_id, o.type, o.event_id AS aggregate_id, o.key, \
               jsonb_build_object('id', o.client_id, 'key', o.key, 'data', o.data) AS data, o.received_at AS at, \
               o.xid::text AS xid, o.trace, {WANTED} FROM events o WHERE {behind}"
        ),
    };
    let facts = sqlx::query_as(&sql).bind(&turn.xid).bind(turn.event_id).bind(EVENTS_MAX);
    Ok(facts.fetch_all(connection).await?)
}

/// The endpoints that may get these. Those of before the database was moved get all that is of this server.
async fn subscribers(
    connection: &mut PgConnection,
    facts: &[Fact],
    are_foreign: bool,
) -> Result<HashMap<Uuid, Vec<Subscriber>>, StoreError> {
    let mut workspaces: Vec<Uuid> = facts.iter().filter(|fact| fact.wanted).map(|fact| fact.workspace_id).collect();
    workspaces.sort_unstable();
    workspaces.dedup();
    let rows: Vec<Subscriber> = sqlx::query_as(
        "SELECT workspace_id, endpoint_id, types, filter, is_ordered, \
           CASE WHEN since > pg_snapshot_xmax(pg_current_snapshot()) AND NOT $3 THEN '0' ELSE since::text END AS since \
         FROM webhook_endpoints WHERE workspace_id = ANY ($1) AND status IN ('enabled', 'failing') \
         ORDER BY workspace_id, endpoint_id LIMIT $2",
    )
    .bind(workspaces)
    .bind(ENDPOINTS_MAX)
    .bind(are_foreign)
    .fetch_all(connection)
    .await?;
    let mut by_workspace: HashMap<Uuid, Vec<Subscriber>> = HashMap::new();
    for row in rows {
        by_workspace.entry(row.workspace_id).or_default().push(row);
    }
    Ok(by_workspace)
}

/// Writes what is handed out, if the turn was not lost. Ids of deliveries are of the moment by the database's clock, whatever
/// the time is here: deliveries are listed and sent again by them.
async fn write(
    connection: &mut PgConnection,
    source: Source,
    turn: &Turn,
    reached: &(String, Uuid),
    batch: Batch,
) -> Result<bool, StoreError> {
    let Batch { events, deliveries } = batch;
    // The first 13 characters of a UUIDv7 are its time; the rest keeps those of one moment in order.
    const HAND_OUT: &str = "SELECT hand_out_3($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, ARRAY( \
         SELECT overlay(d.id::text PLACING (SELECT left(uuid_floor_1(statement_timestamp())::text, 13)) FROM 1 FOR 13)::uuid \
           FROM unnest($13::uuid[]) WITH ORDINALITY AS d (id, nth) ORDER BY d.nth), \
         $14, $15)";
    let places = places(deliveries.iter().map(|delivery| delivery.stand.as_ref()));
    let lines = deliveries.iter().map(|delivery| delivery.stand.as_ref().map(|stand| stand.line.as_str()));
    let kept = sqlx::query_scalar(HAND_OUT)
        .bind(source.name())
        .bind(turn.lease_no)
        .bind(&reached.0)
        .bind(reached.1)
        .bind(DEADLINE_HOURS)
        .bind(events.iter().map(|event| event.0).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.1).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.2.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.3.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.4.as_deref()).collect::<Vec<_>>())
        .bind(deliveries.iter().map(|delivery| delivery.event).collect::<Vec<_>>())
        .bind(deliveries.iter().map(|delivery| delivery.endpoint_id).collect::<Vec<_>>())
        .bind(deliveries.iter().map(|_| id_at(DateTime::UNIX_EPOCH)).collect::<Vec<_>>())
        .bind(lines.collect::<Vec<_>>())
        .bind(places);
    Ok(kept.fetch_one(connection).await?)
}

/// The data of an event that tells an endpoint's owner of it.
pub(super) fn of_endpoint(endpoint_id: Uuid, url: &str, failing_since: Option<DateTime<Utc>>, reason: &str) -> Value {
    json!({ "endpoint_id": endpoint_id, "url": url, "failing_since": failing_since, "reason": reason })
}
