//! Events from outside, each once.

use std::collections::HashMap;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::event::{COLUMNS, EventRow, NewEvent};

/// Most events of a workspace that wait to be looked at.
pub const EVENTS_PENDING_MAX: i64 = 10_000;

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
    /// [`EVENTS_PENDING_MAX`] wait already; roll back.
    Full,
}

/// Takes events in, all or none, with ids that differ. Only [`Intake::Accepted`] is to be committed. For the API's
/// role.
///
/// # Errors
/// If the database does.
pub async fn accept(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    events: &[NewEvent],
) -> Result<Intake, StoreError> {
    if is_full(connection, workspace_id).await? {
        return Ok(Intake::Full);
    }
    let made = insert(connection, workspace_id, events, 0).await?;
    let ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
    let rows: Vec<EventRow> =
        sqlx::query_as(&format!("SELECT {COLUMNS} FROM events WHERE workspace_id = $1 AND client_id = ANY ($2)"))
            .bind(workspace_id.0)
            .bind(&ids)
            .fetch_all(connection)
            .await?;
    let mut rows: HashMap<String, EventRow> = rows.into_iter().map(|row| (row.client_id.clone(), row)).collect();
    let mut accepted = Vec::with_capacity(events.len());
    for (index, event) in events.iter().enumerate() {
        let row =
            rows.remove(&event.id).ok_or_else(|| StoreError::Corrupt("an event that was taken in is gone".into()))?;
        if !event.is_same(&row) {
            return Ok(Intake::Conflict(index));
        }
        accepted.push(Accepted { replayed: !made.contains(&row.event_id), row });
    }
    Ok(Intake::Accepted(accepted))
}

/// Whether so many events of a workspace wait that no more are taken.
pub(super) async fn is_full(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<bool, StoreError> {
    let sql =
        "SELECT count(*) FROM (SELECT FROM events WHERE workspace_id = $1 AND status = 'pending' LIMIT $2) AS waiting";
    let pending: i64 =
        sqlx::query_scalar(sql).bind(workspace_id.0).bind(EVENTS_PENDING_MAX).fetch_one(connection).await?;
    Ok(pending >= EVENTS_PENDING_MAX)
}

/// Inserts those whose ids are new, in the order of these; answers which.
pub(super) async fn insert(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    events: &[NewEvent],
    depth: i32,
) -> Result<Vec<Uuid>, StoreError> {
    let made = sqlx::query_scalar(
        "INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) \
         SELECT $1, n.event_id, n.client_id, n.type, n.key, n.data, $7 \
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[]) \
           AS n (event_id, client_id, type, key, data) ORDER BY n.client_id \
         ON CONFLICT (workspace_id, client_id) DO NOTHING RETURNING event_id",
    )
    .bind(workspace_id.0)
    .bind(events.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.id.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.type_name.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.key.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| &event.data).collect::<Vec<_>>())
    .bind(depth)
    .fetch_all(connection)
    .await?;
    Ok(made)
}
