//! What a rule remembers from one look to the next.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::change::Judged;

/// Of a rule as it was written then: one that was changed begins anew.
#[derive(Clone, Debug, Default, PartialEq, FromRow)]
pub(super) struct Mark {
    /// Executions up to this one were looked at.
    #[sqlx(rename = "after_execution")]
    pub(super) after: Option<Uuid>,
    /// Of silence: when the workflow last began one.
    pub(super) seen_at: Option<DateTime<Utc>>,
    /// Of an SLA: those that were late and open. Absent before the first look, as all of it.
    pub(super) late: Option<Vec<Uuid>>,
}

/// Keeps the mark of a rule that was written.
pub(super) async fn remember(connection: &mut PgConnection, rule: &Judged, mark: &Mark) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO alert_marks (workspace_id, name, rule_at, after_execution, seen_at, late) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (workspace_id, name) DO UPDATE SET rule_at = excluded.rule_at, \
           after_execution = excluded.after_execution, seen_at = excluded.seen_at, late = excluded.late",
    )
    .bind(rule.workspace_id)
    .bind(&rule.name)
    .bind(rule.rule_at)
    .bind(mark.after)
    .bind(mark.seen_at)
    .bind(&mark.late)
    .execute(connection)
    .await?;
    Ok(())
}
