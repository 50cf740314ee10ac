//! Alerts as people see them.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// An alert; as JSON, what its events tell.
#[derive(Clone, Debug, Serialize, FromRow)]
pub struct AlertRow {
    /// Its id; orders by time.
    pub alert_id: Uuid,
    /// The name of the rule that was broken.
    pub rule: String,
    /// What the rule looked at.
    pub kind: String,
    /// Of which workflow, if of one.
    pub workflow_id: Option<Uuid>,
    /// A sentence for people.
    pub summary: String,
    /// Figures.
    pub detail: Value,
    /// Since when.
    pub raised_at: DateTime<Utc>,
    /// Until when; absent while it is open.
    pub cleared_at: Option<DateTime<Utc>>,
    /// `recovered` or `rule_changed`.
    pub cleared_because: Option<String>,
}

/// Columns of [`AlertRow`].
pub(super) const COLUMNS: &str =
    "alert_id, rule, kind, workflow_id, summary, detail, raised_at, cleared_at, cleared_because";

/// Alerts with ids below `before`, newest first: those that are open, or all. Uses the key, or `alerts_open`.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    only_open: bool,
    before: Uuid,
    rows: i64,
) -> Result<Vec<AlertRow>, StoreError> {
    let open = if only_open { "AND cleared_at IS NULL" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} FROM alerts WHERE workspace_id = $1 AND alert_id < $2 {open} ORDER BY alert_id DESC LIMIT $3"
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(before).bind(rows).fetch_all(connection).await?)
}
