//! Records that were deleted: hidden for a while, and restored.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::act::{Acted, Done};
use super::doing::note;
use super::history::{EntryKind, NewEntry};
use super::store;
use super::types::record_type;
use crate::by::By;

/// A record that was deleted, and whose data is still kept.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct DeletedRecord {
    /// Made by us; orders by time.
    pub record_id: Uuid,
    /// Name of its type.
    #[sqlx(rename = "type")]
    pub type_name: String,
    /// Where it was.
    pub state: String,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
    /// As above.
    pub deleted_at: DateTime<Utc>,
}

/// Records before `before` that can be restored, the newest made first; by the index `records_deleted`.
///
/// # Errors
/// If the database does.
pub async fn deleted(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<DeletedRecord>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT record_id, type, state, created_at, deleted_at FROM records \
         WHERE workspace_id = $1 AND record_id < $2 AND deleted_at IS NOT NULL AND emptied_at IS NULL \
         ORDER BY record_id DESC LIMIT $3",
    );
    Ok(rows.bind(workspace_id.0).bind(before).bind(limit).fetch_all(connection).await?)
}

/// Has a record be as it was, in its state, if its type still has that. One that is there already stays as it is.
pub(super) async fn restore(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    record_id: Uuid,
) -> Result<Done, StoreError> {
    // Who comes at the same time waits here, and finds it restored.
    let Some(hidden) = store::lock_deleted(connection, workspace_id, record_id).await? else {
        let found = store::find(connection, workspace_id, record_id).await?;
        return Ok(found.map_or(Done::NotFound, |record| {
            let before = Some(record.clone());
            Done::Acted(Box::new(Acted { record, before, entry: None, replayed: false }))
        }));
    };
    let Some(of) = record_type(connection, workspace_id, &hidden.type_name).await? else {
        return Ok(Done::NoType(hidden.type_name));
    };
    if let Err(refused) = of.machine.known(&hidden.state) {
        return Ok(Done::Refused(refused));
    }
    let record = store::show(connection, workspace_id, record_id).await?;
    note(connection, workspace_id, by, (None, record), &NewEntry::of(record_id, EntryKind::Restored)).await
}
