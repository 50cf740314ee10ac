//! Noting what was done about a lead, and hiding one.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::history::{HistoryRow, NewHistory, write};
use super::patch::LeadFlaw;
use super::store;
use crate::by::By;
use crate::note_kind::NoteKind;

/// Most characters of a note, and of the reason of a change.
pub(super) const TEXT_CHARS_MAX: usize = 5_000;

/// A note.
#[derive(Clone, Debug)]
pub struct Note {
    /// What it is of.
    pub kind: NoteKind,
    /// What it says.
    pub text: String,
}

impl Note {
    /// What is wrong with it.
    pub(super) fn flaw(&self) -> Option<LeadFlaw> {
        let chars = self.text.trim().chars().count();
        let detail = format!("a note has 1 to {TEXT_CHARS_MAX} characters");
        (chars == 0 || chars > TEXT_CHARS_MAX).then(|| LeadFlaw::new("text", "invalid", detail))
    }

    /// What the history has of it.
    pub(super) fn data(&self) -> Value {
        json!({ "text": self.text.trim() })
    }
}

/// Notes something about a lead; nothing if there is no such lead. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn note(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    lead_id: Uuid,
    note: &Note,
) -> Result<Result<Option<HistoryRow>, LeadFlaw>, StoreError> {
    if let Some(flaw) = note.flaw() {
        return Ok(Err(flaw));
    }
    if !store::touch(connection, workspace_id, lead_id, note.kind == NoteKind::Email).await? {
        return Ok(Ok(None));
    }
    let new = NewHistory { lead_id, history: note.kind.as_str(), once: None, data: &note.data() };
    Ok(Ok(write(connection, workspace_id, by, &new).await?))
}

/// Hides a lead, whose address is free again. False if there is no such lead. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn remove(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    lead_id: Uuid,
) -> Result<bool, StoreError> {
    if !store::hide(connection, workspace_id, lead_id).await? {
        return Ok(false);
    }
    let new = NewHistory { lead_id, history: "deleted", once: None, data: &json!({}) };
    write(connection, workspace_id, by, &new).await?;
    Ok(true)
}
