//! What was done to records. Rows are added, and never changed.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::by::By;
use crate::note_kind::NoteKind;

/// Longest name of who acts, in characters.
const BY_CHARS_MAX: usize = 300;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// It is new.
    Created,
    /// Its data changed.
    Updated,
    /// It went to another state.
    Transitioned,
    /// It was hidden.
    Deleted,
    /// It was shown again.
    Restored,
    /// Something that was done about it was noted.
    Noted(NoteKind),
}

impl EntryKind {
    /// As in tables, events and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Transitioned => "transitioned",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
            Self::Noted(kind) => kind.as_str(),
        }
    }
}

/// One row of it.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct EntryRow {
    /// Made by us; orders by time.
    pub entry_id: Uuid,
    /// Of the record.
    pub record_id: Uuid,
    /// See [`EntryKind`].
    pub kind: String,
    /// Where it was; of a transition.
    pub from_state: Option<String>,
    /// Where it went; of a transition and of what is new.
    pub to_state: Option<String>,
    /// What the way is called, if it has a name.
    pub transition: Option<String>,
    /// Why, if somebody said so; of a note, what it says.
    pub reason: Option<String>,
    /// Names of what changed in its data.
    pub fields: Vec<String>,
    /// `user`, `key` or `step`.
    pub by_kind: String,
    /// Who it was.
    pub by_name: String,
    /// Of a step.
    pub execution_id: Option<Uuid>,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
}

const COLUMNS: &str = "entry_id, record_id, kind, from_state, to_state, transition, reason, fields, by_kind, by_name, \
    execution_id, created_at";

/// A row on its way in.
pub(super) struct NewEntry<'a> {
    pub(super) record_id: Uuid,
    pub(super) kind: EntryKind,
    pub(super) from: Option<&'a str>,
    pub(super) to: Option<&'a str>,
    pub(super) transition: Option<&'a str>,
    pub(super) reason: Option<&'a str>,
    pub(super) fields: &'a [String],
}

impl NewEntry<'_> {
    pub(super) fn of(record_id: Uuid, kind: EntryKind) -> Self {
        Self { record_id, kind, from: None, to: None, transition: None, reason: None, fields: &[] }
    }
}

/// What was done under that key.
pub(super) async fn done_before(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    once: &str,
) -> Result<Option<EntryRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM record_history WHERE workspace_id = $1 AND once = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(once).fetch_optional(connection).await?)
}

/// Adds a row; nothing if one with the key of the act is there.
pub(super) async fn write(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    new: &NewEntry<'_>,
) -> Result<Option<EntryRow>, StoreError> {
    let sql = format!(
        "INSERT INTO record_history (workspace_id, record_id, entry_id, kind, from_state, to_state, transition, reason, \
           fields, by_kind, by_name, execution_id, once) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (workspace_id, once) WHERE once IS NOT NULL DO NOTHING RETURNING {COLUMNS}"
    );
    let row = sqlx::query_as(&sql)
        .bind(workspace_id.0)
        .bind(new.record_id)
        .bind(Uuid::now_v7())
        .bind(new.kind.as_str())
        .bind(new.from)
        .bind(new.to)
        .bind(new.transition)
        .bind(new.reason)
        .bind(new.fields)
        .bind(by.kind.as_str())
        .bind(by.name.chars().take(BY_CHARS_MAX).collect::<String>())
        .bind(by.execution_id.map(|id| id.0))
        .bind(by.once.as_deref())
        .fetch_optional(connection)
        .await?;
    Ok(row)
}

/// The history of a record before `before`, newest first.
///
/// # Errors
/// If the database does.
pub async fn history(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    record_id: Uuid,
    before: Uuid,
    limit: i64,
) -> Result<Vec<EntryRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM record_history WHERE workspace_id = $1 AND record_id = $2 AND entry_id < $3 \
         ORDER BY entry_id DESC LIMIT $4"
    );
    let rows = sqlx::query_as(&sql).bind(workspace_id.0).bind(record_id).bind(before).bind(limit);
    Ok(rows.fetch_all(connection).await?)
}
