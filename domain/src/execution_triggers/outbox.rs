//! The outbox, in the order of transactions, from a cursor on.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::moved::{IS_FOREIGN, bound};

/// Rows of the outbox that are looked at together.
pub(super) const EVENTS_MAX: i64 = 200;

/// A row of the outbox.
#[derive(FromRow)]
pub(super) struct Fact {
    pub(super) event_id: Uuid,
    pub(super) workspace_id: Uuid,
    #[sqlx(rename = "type")]
    pub(super) type_name: String,
    /// The execution, or whatever else it is of.
    pub(super) execution_id: Uuid,
    pub(super) payload: Value,
    pub(super) at: DateTime<Utc>,
    pub(super) xid: String,
    /// Whether it is an end, and some workflow waits for ends.
    pub(super) wanted: bool,
    /// Whether some workflow waits for events of its type.
    pub(super) heard: bool,
}

/// How far the outbox has been looked at.
#[derive(FromRow)]
pub(super) struct Cursor {
    pub(super) xid: String,
    pub(super) event_id: Uuid,
    /// Whether its transaction is yet to come here: the database was moved from another server since.
    pub(super) is_foreign: bool,
}

impl Cursor {
    pub(super) fn beginning() -> Self {
        Self { xid: "0".into(), event_id: Uuid::nil(), is_foreign: false }
    }
}

#[cfg(test)]
impl Fact {
    /// An end that is wanted, of no type and from the epoch.
    pub(super) fn of(workspace_id: Uuid, execution_id: Uuid) -> Self {
        Self {
            event_id: Uuid::nil(),
            workspace_id,
            type_name: String::new(),
            execution_id,
            payload: Value::Null,
            at: DateTime::UNIX_EPOCH,
            xid: "1".into(),
            wanted: true,
            heard: false,
        }
    }
}

pub(super) async fn cursor(connection: &mut PgConnection) -> Result<Cursor, StoreError> {
    let sql =
        format!("SELECT c.xid::text AS xid, c.event_id, c.{IS_FOREIGN} AS is_foreign FROM end_cursor c WHERE c.one");
    Ok(sqlx::query_as(&sql).fetch_one(connection).await?)
}

pub(super) async fn move_on(connection: &mut PgConnection, place: &Cursor) -> Result<(), StoreError> {
    let moved = sqlx::query(
        "UPDATE end_cursor SET xid = $1::text::xid8, event_id = $2, moved_at = clock_timestamp() WHERE one",
    );
    moved.bind(&place.xid).bind(place.event_id).execute(connection).await?;
    Ok(())
}

/// The next rows below the horizon, in the order of their transactions, by `outbox_xid`. Behind a cursor from before the database
/// was moved, the rows that came along.
pub(super) async fn read(connection: &mut PgConnection, cursor: &Cursor) -> Result<Vec<Fact>, StoreError> {
    let bound = bound(cursor.is_foreign);
    let sql = format!(
        "SELECT o.event_id, o.workspace_id, o.type, o.aggregate_id AS execution_id, o.payload, o.created_at AS at, \
           o.xid::text AS xid, \
           o.type IN ('execution.completed', 'execution.failed', 'execution.cancelled') AND EXISTS ( \
             SELECT FROM execution_triggers t WHERE t.workspace_id = o.workspace_id) AS wanted, \
           EXISTS (SELECT FROM event_triggers g WHERE g.workspace_id = o.workspace_id AND g.type = o.type) AS heard \
         FROM outbox o WHERE o.xid >= $1::text::xid8 AND (o.xid, o.event_id) > ($1::text::xid8, $2) AND {bound} \
         ORDER BY o.xid, o.event_id LIMIT $3"
    );
    let facts = sqlx::query_as(&sql).bind(&cursor.xid).bind(cursor.event_id).bind(EVENTS_MAX);
    Ok(facts.fetch_all(connection).await?)
}
