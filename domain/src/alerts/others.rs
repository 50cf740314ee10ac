//! Rules that look at executions which wait or run, and at figures of the day, in the order of their kinds.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::change::{Finding, Judged};
use super::mark::{Mark, remember};
use super::rule::Kind;
use super::watch::{Front, metric, silence, silence_held, sla};

/// A rule with what it remembers.
#[derive(FromRow)]
pub(super) struct Watched {
    #[sqlx(flatten)]
    pub(super) of: Judged,
    after_s: Option<i32>,
    pub(super) metric: Option<String>,
    pub(super) above: Option<i64>,
    /// Whether its workspace or workflow is paused, or the workspace not active.
    is_held: bool,
    #[sqlx(flatten)]
    pub(super) mark: Mark,
}

impl Watched {
    pub(super) fn seconds(&self) -> i32 {
        self.after_s.unwrap_or_default()
    }

    /// How long is too long.
    pub(super) fn longest(&self) -> TimeDelta {
        TimeDelta::seconds(self.seconds().into())
    }

    /// Since when it is what it says.
    pub(super) fn since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.of.rule_at.unwrap_or(now)
    }
}

/// The next rules behind a kind, workspace and name. Uses `alert_rules_enabled`, and keys for the rest.
pub(super) async fn page(
    connection: &mut PgConnection,
    after: (&str, Uuid, &str),
    rows: i64,
) -> Result<Vec<Watched>, StoreError> {
    let rules = sqlx::query_as(
        "SELECT r.workspace_id, r.name, r.kind, r.workflow_id, r.updated_at AS rule_at, r.is_mailed, \
                a.alert_id IS NOT NULL AS is_open, a.holds_since, r.after_s, r.metric, r.above, m.after_execution, m.seen_at, m.late, \
                EXISTS (SELECT FROM standings s WHERE s.workspace_id = r.workspace_id AND s.state <> 'active') \
                OR EXISTS (SELECT FROM pauses p WHERE p.workspace_id = r.workspace_id \
                              AND p.workflow_id IN ('00000000-0000-0000-0000-000000000000', r.workflow_id)) AS is_held \
           FROM alert_rules r \
           LEFT JOIN alerts a ON a.workspace_id = r.workspace_id AND a.rule = r.name AND a.cleared_at IS NULL \
           LEFT JOIN alert_marks m ON m.workspace_id = r.workspace_id AND m.name = r.name AND m.rule_at = r.updated_at \
          WHERE r.is_enabled AND r.kind <> 'failure_rate' AND (r.kind, r.workspace_id, r.name) > ($1, $2, $3) \
          ORDER BY r.kind, r.workspace_id, r.name LIMIT $4",
    );
    Ok(rules.bind(after.0).bind(after.1).bind(after.2).bind(rows).fetch_all(connection).await?)
}

/// Judges a rule, and keeps what it remembers; with how many executions were looked at. What is held up stays as it was.
pub(super) async fn judge(
    connection: &mut PgConnection,
    rule: &Watched,
    front: &mut Option<Front>,
    now: DateTime<Utc>,
) -> Result<(Finding, i64), StoreError> {
    let (finding, mark, rows) = match (rule.of.kind, rule.is_held) {
        (Kind::Silence, true) => (Finding::Unsure, Some(silence_held(rule, now)), 0),
        (_, true) | (Kind::FailureRate, _) => (Finding::Unsure, None, 0),
        (Kind::Silence, false) => silence(&mut *connection, rule, now).await?,
        (Kind::Sla, false) => sla(&mut *connection, rule, now).await?,
        (Kind::Metric, false) => (metric(&mut *connection, rule, now).await?, None, 0),
        (Kind::QueueAge, false) => {
            if front.is_none() {
                *front = Some(Front::read(&mut *connection).await?);
            }
            (front.as_ref().map_or(Finding::Unsure, |front| front.judge(rule, now)), None, 0)
        }
    };
    if let Some(mark) = mark.filter(|mark| *mark != rule.mark) {
        remember(connection, &rule.of, &mark).await?;
    }
    Ok((finding, rows))
}
