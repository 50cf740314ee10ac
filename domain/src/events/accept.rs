//! Events from outside, each once.

use std::collections::HashMap;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::event::{COLUMNS, EventRow, NewEvent};
use super::room::Room;
use crate::trace;

/// An event that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// As it is stored.
    pub row: EventRow,
    /// Whether it had come before.
    pub replayed: bool,
}

/// What became of events that came together.
#[derive(Clone, Debug, PartialEq)]
pub enum Intake {
    /// All are durable with this commit, in the order in which they came.
    Accepted(Vec<Accepted>),
    /// The id of the event at this index was used before for another one; roll back.
    Conflict(usize),
    /// [`super::EVENTS_PENDING_MAX`] wait already; roll back.
    Full,
}

/// Takes events in, all or none, with ids that differ. Only [`Intake::Accepted`] is to be committed. For the API's
/// role.
///
/// # Errors
/// If the database does.
pub async fn accept(
    connection: &mut PgConnection,
    room: &Room,
    workspace_id: WorkspaceId,
    events: &[NewEvent],
) -> Result<Intake, StoreError> {
    if !room.take(connection, workspace_id, events.len()).await? {
        return Ok(Intake::Full);
    }
    let mut made = insert(connection, workspace_id, events, 0).await?;
    let mut earlier = earlier(connection, workspace_id, events, &made).await?;
    let mut accepted = Vec::with_capacity(events.len());
    for (index, event) in events.iter().enumerate() {
        if let Some(made) = made.remove(&event.id) {
            accepted.push(Accepted { row: made.row(event, 0), replayed: false });
            continue;
        }
        let row = earlier
            .remove(&event.id)
            .ok_or_else(|| StoreError::Corrupt("an event that was taken in is gone".into()))?;
        if !event.is_same(&row) {
            return Ok(Intake::Conflict(index));
        }
        accepted.push(Accepted { row, replayed: true });
    }
    Ok(Intake::Accepted(accepted))
}

/// Those that had come before, by the ids of their sender.
async fn earlier(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    events: &[NewEvent],
    made: &HashMap<String, Made>,
) -> Result<HashMap<String, EventRow>, StoreError> {
    let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).filter(|id| !made.contains_key(*id)).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!("SELECT {COLUMNS} FROM events WHERE workspace_id = $1 AND client_id = ANY ($2)");
    let rows: Vec<EventRow> = sqlx::query_as(&sql).bind(workspace_id.0).bind(&ids).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (row.client_id.clone(), row)).collect())
}

/// What the database knows of an event that it has just stored.
#[derive(FromRow)]
pub(super) struct Made {
    event_id: Uuid,
    client_id: String,
    received_at: DateTime<Utc>,
}

impl Made {
    /// As it is stored.
    pub(super) fn row(self, event: &NewEvent, depth: i32) -> EventRow {
        let NewEvent { type_name, key, data, .. } = event.clone();
        let Self { event_id, client_id, received_at } = self;
        EventRow { event_id, client_id, type_name, key, data, depth, received_at }
    }
}

/// Inserts those whose ids are new, in the order of these, for the trace of this task; answers which, by the ids of their sender.
pub(super) async fn insert(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    events: &[NewEvent],
    depth: i32,
) -> Result<HashMap<String, Made>, StoreError> {
    let made: Vec<Made> = sqlx::query_as(
        "INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth, trace) \
         SELECT $1, n.event_id, n.client_id, n.type, n.key, n.data, $7, $8 \
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[]) \
           AS n (event_id, client_id, type, key, data) ORDER BY n.client_id \
         ON CONFLICT (workspace_id, client_id) DO NOTHING RETURNING event_id, client_id, received_at",
    )
    .bind(workspace_id.0)
    .bind(events.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.id.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.type_name.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.key.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| &event.data).collect::<Vec<_>>())
    .bind(depth)
    .bind(trace::written())
    .fetch_all(connection)
    .await?;
    Ok(made.into_iter().map(|made| (made.client_id.clone(), made)).collect())
}
