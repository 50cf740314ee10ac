//! Raising and clearing. The change, its event and that people are to be mailed are one transaction, the caller's.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::list::{AlertRow, COLUMNS};
use super::page::Watched;
use crate::events::{NewEvent, tell};
use crate::notifications::{Kind, leave};

/// How long a rule has to hold before its alert is cleared, so that alerts do not come and go.
pub(super) const HOLDS_FOR: TimeDelta = TimeDelta::minutes(5);
/// Most characters of a summary.
const SUMMARY_CHARS_MAX: usize = 500;

/// What a rule has found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Finding {
    /// It is broken: a sentence for people, and figures.
    Broken(String, Value),
    /// It holds.
    Holds,
    /// It is neither broken for certain nor surely kept: what was stays.
    Unsure,
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Raised,
    Cleared,
    Nothing,
}

/// Which rule is judged, and its open alert.
#[derive(Debug, FromRow)]
pub(super) struct Judged {
    pub(super) workspace_id: Uuid,
    pub(super) name: String,
    /// When it was written; absent for the shipped one.
    pub(super) rule_at: Option<DateTime<Utc>>,
    #[sqlx(flatten)]
    pub(super) open: Open,
}

/// Whether an alert of the rule is open.
#[derive(Clone, Copy, Debug, FromRow)]
pub(super) struct Open {
    pub(super) is_open: bool,
    /// Since when the rule holds again.
    pub(super) holds_since: Option<DateTime<Utc>>,
}

/// Raises, clears or leaves as it is. Asks the database for nothing where nothing changes.
pub(super) async fn settle(
    connection: &mut PgConnection,
    rule: &Watched,
    finding: Finding,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    let Judged { name, open: Open { is_open, holds_since }, .. } = &rule.of;
    match (finding, is_open, holds_since) {
        (Finding::Broken(summary, detail), false, _) => raise(connection, rule, summary, detail, now).await,
        (Finding::Broken(..), true, Some(_)) => note(connection, rule, None).await,
        (Finding::Holds, true, None) => note(connection, rule, Some(now)).await,
        (Finding::Holds, true, Some(since)) if now - since >= HOLDS_FOR => {
            clear(connection, rule.workspace_id(), name, "recovered", now).await
        }
        _ => Ok(Change::Nothing),
    }
}

/// Raises an alert, unless one of the rule is open (`alerts_open`).
async fn raise(
    connection: &mut PgConnection,
    rule: &Watched,
    summary: String,
    detail: Value,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    let sql = format!(
        "INSERT INTO alerts (workspace_id, alert_id, rule, rule_at, kind, workflow_id, summary, detail, raised_at, is_mailed, \
           mail_due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $10 THEN $9 END) \
         ON CONFLICT (workspace_id, rule) WHERE cleared_at IS NULL DO NOTHING RETURNING {COLUMNS}"
    );
    let raised = sqlx::query_as(&sql)
        .bind(rule.of.workspace_id)
        .bind(Uuid::now_v7())
        .bind(&rule.of.name)
        .bind(rule.of.rule_at)
        .bind(rule.rule.kind.as_str())
        .bind(rule.rule.workflow_id)
        .bind(summary.chars().take(SUMMARY_CHARS_MAX).collect::<String>())
        .bind(detail)
        .bind(now)
        .bind(rule.rule.is_mailed)
        .fetch_optional(&mut *connection)
        .await?;
    told(connection, rule.workspace_id(), raised, Change::Raised).await
}

/// Clears the open alert of a rule, if there is one.
pub(super) async fn clear(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    rule: &str,
    because: &str,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    let sql = format!(
        "UPDATE alerts SET cleared_at = $4, cleared_because = $3, mail_tries = 0, \
           mail_due_at = CASE WHEN is_mailed THEN $4 END \
          WHERE workspace_id = $1 AND rule = $2 AND cleared_at IS NULL RETURNING {COLUMNS}"
    );
    let cleared = sqlx::query_as(&sql).bind(workspace_id.0).bind(rule).bind(because).bind(now);
    let cleared = cleared.fetch_optional(&mut *connection).await?;
    told(connection, workspace_id, cleared, Change::Cleared).await
}

/// Since when the rule of an open alert holds.
async fn note(
    connection: &mut PgConnection,
    rule: &Watched,
    holds_since: Option<DateTime<Utc>>,
) -> Result<Change, StoreError> {
    sqlx::query("UPDATE alerts SET holds_since = $3 WHERE workspace_id = $1 AND rule = $2 AND cleared_at IS NULL")
        .bind(rule.of.workspace_id)
        .bind(&rule.of.name)
        .bind(holds_since)
        .execute(connection)
        .await?;
    Ok(Change::Nothing)
}

/// Tells the event of a change, if there was one. It comes as the events do that a workspace sends itself, so that endpoints and
/// workflows get it. There is always room: rules are few, and each changes at most once a minute.
async fn told(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    alert: Option<AlertRow>,
    change: Change,
) -> Result<Change, StoreError> {
    let Some(alert) = alert else { return Ok(Change::Nothing) };
    let what = if change == Change::Raised { "raised" } else { "cleared" };
    let event = NewEvent {
        id: format!("$alert:{}:{what}", alert.alert_id),
        type_name: format!("alert.{what}"),
        key: alert.rule.clone(),
        data: json!(alert),
    };
    tell(&mut *connection, workspace_id, &event, 0).await?;
    if change == Change::Raised {
        let key = format!("alert:{}", alert.alert_id);
        leave(connection, workspace_id.0, Kind::AlertRaised, &key, &alert.summary, "alerts").await?;
    }
    Ok(change)
}
