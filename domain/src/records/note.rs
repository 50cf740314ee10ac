//! Noting what was done about a record.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::act::{Done, RecordFlaw};
use super::doing::{REASON_CHARS_MAX, note};
use super::history::{EntryKind, NewEntry};
use super::store;
use crate::by::By;
use crate::note_kind::NoteKind;

/// A row of history that says so; the record stays as it is, and nobody is told.
pub(super) async fn write_down(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    record_id: Uuid,
    (kind, text): (NoteKind, &str),
) -> Result<Done, StoreError> {
    let text = text.trim();
    if !(1..=REASON_CHARS_MAX).contains(&text.chars().count()) {
        let detail = format!("a note has 1 to {REASON_CHARS_MAX} characters");
        return Ok(Done::Flawed(RecordFlaw::new("/text", "invalid", detail)));
    }
    // Who deletes it at the same time waits, or is waited for.
    let Some(record) = store::lock(connection, workspace_id, record_id).await? else { return Ok(Done::NotFound) };
    let entry = NewEntry { reason: Some(text), ..NewEntry::of(record_id, EntryKind::Noted(kind)) };
    note(connection, workspace_id, by, (Some(record.clone()), record), &entry).await
}
