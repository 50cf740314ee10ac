//! What was done to leads. Rows are added, and never changed.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::by::By;

/// Longest name of who acts, in characters.
const BY_CHARS_MAX: usize = 300;

/// One row of it.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct HistoryRow {
    /// Made by us; orders by time.
    pub event_id: Uuid,
    /// Of the lead.
    pub lead_id: Uuid,
    /// `created`, `updated`, `status_changed`, `form_submitted`, `webhook_received`, `note`, `email`, `call`, `meeting`,
    /// `deleted`, `restored`.
    #[sqlx(rename = "type")]
    pub type_name: String,
    /// `user`, `key`, `step`, `form` or `hook`.
    pub by_kind: String,
    /// Who it was.
    pub by_name: String,
    /// Of a step.
    pub execution_id: Option<Uuid>,
    /// What there is to know.
    pub data: Value,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
}

const COLUMNS: &str = "event_id, lead_id, type, by_kind, by_name, execution_id, data, created_at";

pub(super) struct NewHistory<'a> {
    pub(super) lead_id: Uuid,
    pub(super) history: &'a str,
    pub(super) once: Option<&'a str>,
    pub(super) data: &'a Value,
}

/// What was done under a key.
#[derive(FromRow)]
pub(super) struct DoneBefore {
    pub(super) lead_id: Uuid,
    r#type: String,
    data: Value,
}

impl DoneBefore {
    /// Whether the lead was made by it. The row of a submission or a booking does not tell.
    pub(super) fn created(&self) -> bool {
        self.r#type == "created"
    }

    /// Whether anything was other afterwards; as above.
    pub(super) fn changed(&self) -> bool {
        match self.r#type.as_str() {
            "created" => true,
            "updated" => self.data["changes"].as_object().is_some_and(|changes| !changes.is_empty()),
            "status_changed" => self.data["from"] != self.data["to"],
            _ => false,
        }
    }
}

/// What was done under that key, to which lead.
pub(super) async fn done_before(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    once: &str,
) -> Result<Option<DoneBefore>, StoreError> {
    let found = sqlx::query_as("SELECT lead_id, type, data FROM lead_events WHERE workspace_id = $1 AND once = $2");
    Ok(found.bind(workspace_id.0).bind(once).fetch_optional(connection).await?)
}

/// Adds a row; nothing if one with its key is there.
pub(super) async fn write(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    new: &NewHistory<'_>,
) -> Result<Option<HistoryRow>, StoreError> {
    let sql = format!(
        "INSERT INTO lead_events (workspace_id, lead_id, event_id, type, by_kind, by_name, execution_id, once, data) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (workspace_id, once) WHERE once IS NOT NULL DO NOTHING RETURNING {COLUMNS}"
    );
    let row = sqlx::query_as(&sql)
        .bind(workspace_id.0)
        .bind(new.lead_id)
        .bind(Uuid::now_v7())
        .bind(new.history)
        .bind(by.kind.as_str())
        .bind(by.name.chars().take(BY_CHARS_MAX).collect::<String>())
        .bind(by.execution_id.map(|id| id.0))
        .bind(new.once)
        .bind(new.data)
        .fetch_optional(connection)
        .await?;
    Ok(row)
}

/// The history of a lead before `before`, newest first.
///
/// # Errors
/// If the database does.
pub async fn history(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    lead_id: Uuid,
    before: Uuid,
    limit: i64,
) -> Result<Vec<HistoryRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM lead_events WHERE workspace_id = $1 AND lead_id = $2 AND event_id < $3 \
         ORDER BY event_id DESC LIMIT $4"
    );
    let rows = sqlx::query_as(&sql).bind(workspace_id.0).bind(lead_id).bind(before).bind(limit);
    Ok(rows.fetch_all(connection).await?)
}
