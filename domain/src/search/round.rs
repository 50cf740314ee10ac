//! The side of the fleet: words of what has ended, some executions at a time, in one transaction with how far they are written.

use std::time::Duration;

use capstan_engine::store::error::StoreError;
use sqlx::{Connection, FromRow, PgConnection};
use uuid::Uuid;

use super::gather::{LOCK, write};
use crate::moved::{IS_FOREIGN, bound};

/// Rows of the outbox that are looked at together.
const EVENTS_MAX: i64 = 200;
/// Executions from before there were words that are looked at together.
const WALK_MAX: i64 = 200;

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Executions whose words were written.
    pub executions: i32,
    /// Whether there may be more to write at once.
    pub is_more: bool,
}

/// How far words are written.
#[derive(FromRow)]
struct Cursor {
    xid: String,
    event_id: Uuid,
    walked_to: Option<Uuid>,
    /// Whether its transaction is yet to come here: the database was moved from another server since.
    is_foreign: bool,
}

/// A row of the outbox.
#[derive(FromRow)]
struct Fact {
    xid: String,
    event_id: Uuid,
    execution_id: Uuid,
    is_end: bool,
    is_ripe: bool,
}

/// Whether words are to be written, of what has ended `lag` ago or earlier. One step into `outbox_xid`, and one row. For the workers'
/// role.
///
/// # Errors
/// If the database does.
pub async fn is_due(connection: &mut PgConnection, lag: Duration) -> Result<bool, StoreError> {
    let sql = format!(
        "SELECT c.walked_to IS NOT NULL OR c.{IS_FOREIGN} OR coalesce(( \
           SELECT o.created_at < clock_timestamp() - make_interval(secs => $1) FROM outbox o \
            WHERE o.xid >= c.xid AND (o.xid, o.event_id) > (c.xid, c.event_id) AND {} \
            ORDER BY o.xid, o.event_id LIMIT 1), false) FROM word_cursor c WHERE c.one",
        bound(false)
    );
    Ok(sqlx::query_scalar(&sql).bind(lag.as_secs_f64()).fetch_one(connection).await?)
}

/// Writes the words of some executions that have ended `lag` ago or earlier, so that the last lines of their logs are there; nothing
/// if another process is at it. What is written twice is the same. For the workers' role.
///
/// # Errors
/// If the database does.
pub async fn write_words(connection: &mut PgConnection, lag: Duration) -> Result<Option<Written>, StoreError> {
    let mut transaction = connection.begin().await?;
    let is_ours = format!("SELECT pg_try_advisory_xact_lock({LOCK})");
    if !sqlx::query_scalar(&is_ours).fetch_one(&mut *transaction).await? {
        return Ok(None);
    }
    let mut place = cursor(&mut transaction).await?;
    let facts = read(&mut transaction, &place, lag).await?;
    let ripe = facts.iter().take_while(|fact| fact.is_ripe).count();
    let is_more = ripe as i64 == EVENTS_MAX || place.is_foreign || place.walked_to.is_some();
    let mut written = Written { executions: 0, is_more };
    if let Some(last) = facts.get(..ripe).and_then(<[Fact]>::last) {
        let ended: Vec<Uuid> =
            facts.iter().take(ripe).filter(|fact| fact.is_end).map(|fact| fact.execution_id).collect();
        written.executions = write(&mut transaction, &ended).await?;
        (place.xid, place.event_id) = (last.xid.clone(), last.event_id);
        keep(&mut transaction, &place).await?;
    } else if place.is_foreign && facts.is_empty() {
        // What came along is done; here transactions are counted anew.
        (place.xid, place.event_id) = ("0".into(), Uuid::nil());
        keep(&mut transaction, &place).await?;
    } else if let Some(before) = place.walked_to {
        let (reached, ended) = walk(&mut transaction, before).await?;
        written.executions = write(&mut transaction, &ended).await?;
        (place.walked_to, written.is_more) = (reached, true);
        keep(&mut transaction, &place).await?;
    }
    transaction.commit().await?;
    Ok(Some(written))
}

async fn cursor(connection: &mut PgConnection) -> Result<Cursor, StoreError> {
    let sql = format!(
        "SELECT c.xid::text AS xid, c.event_id, c.walked_to, c.{IS_FOREIGN} AS is_foreign FROM word_cursor c WHERE c.one"
    );
    Ok(sqlx::query_as(&sql).fetch_one(connection).await?)
}

/// The next rows below the horizon, in the order of their transactions, by `outbox_xid`.
async fn read(connection: &mut PgConnection, cursor: &Cursor, lag: Duration) -> Result<Vec<Fact>, StoreError> {
    let sql = format!(
        "SELECT o.xid::text AS xid, o.event_id, o.aggregate_id AS execution_id, \
           o.type IN ('execution.completed', 'execution.failed', 'execution.cancelled') AS is_end, \
           o.created_at < clock_timestamp() - make_interval(secs => $4) AS is_ripe \
         FROM outbox o WHERE o.xid >= $1::text::xid8 AND (o.xid, o.event_id) > ($1::text::xid8, $2) AND {} \
         ORDER BY o.xid, o.event_id LIMIT $3",
        bound(cursor.is_foreign)
    );
    let facts = sqlx::query_as(&sql).bind(&cursor.xid).bind(cursor.event_id).bind(EVENTS_MAX).bind(lag.as_secs_f64());
    Ok(facts.fetch_all(connection).await?)
}

/// The newest executions before one, of all workspaces, as the key of executions has them: the last one that was looked at, and those
/// of them that have ended. No last one if there are no more.
async fn walk(connection: &mut PgConnection, before: Uuid) -> Result<(Option<Uuid>, Vec<Uuid>), StoreError> {
    let sql = "SELECT e.execution_id, e.ended_at IS NOT NULL FROM executions e WHERE e.execution_id < $1 \
                ORDER BY e.execution_id DESC LIMIT $2";
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(sql).bind(before).bind(WALK_MAX).fetch_all(connection).await?;
    let last = rows.last().filter(|_| rows.len() as i64 == WALK_MAX).map(|(id, _)| *id);
    Ok((last, rows.into_iter().filter_map(|(id, has_ended)| has_ended.then_some(id)).collect()))
}

async fn keep(connection: &mut PgConnection, place: &Cursor) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE word_cursor SET xid = $1::text::xid8, event_id = $2, walked_to = $3, moved_at = clock_timestamp() WHERE one",
    )
    .bind(&place.xid)
    .bind(place.event_id)
    .bind(place.walked_to)
    .execute(connection)
    .await?;
    Ok(())
}
