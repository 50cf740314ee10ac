//! The next rules that a round judges: those that are written, by kind, and the shipped one of workspaces where it may be broken.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::watching::failing_workspaces;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::change::{Judged, Open};
use super::mark::Mark;
use super::rule::{DEFAULT_NAME, Rule, shipped};

/// A rule with what it remembers.
#[derive(Debug, FromRow)]
pub(super) struct Watched {
    #[sqlx(flatten)]
    pub(super) of: Judged,
    #[sqlx(flatten)]
    pub(super) rule: Rule,
    #[sqlx(flatten)]
    pub(super) mark: Mark,
    /// Whether its workspace or workflow is paused, or the workspace not active.
    pub(super) is_held: bool,
}

impl Watched {
    pub(super) fn workspace_id(&self) -> WorkspaceId {
        WorkspaceId(self.of.workspace_id)
    }

    /// How long is too long, in seconds.
    pub(super) fn after_s(&self) -> i32 {
        self.rule.after_s.unwrap_or_default()
    }

    /// The same.
    pub(super) fn longest(&self) -> TimeDelta {
        TimeDelta::seconds(self.after_s().into())
    }

    /// Since when it is what it says.
    pub(super) fn since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.of.rule_at.unwrap_or(now)
    }
}

/// Rules that are written behind a kind, workspace and name, in this order. Uses `alert_rules_enabled`, and keys for the rest.
pub(super) async fn written(
    connection: &mut PgConnection,
    after: (&str, Uuid, &str),
    rows: i64,
) -> Result<Vec<Watched>, StoreError> {
    let rules = sqlx::query_as(
        "SELECT r.workspace_id, r.name, r.updated_at AS rule_at, r.kind, r.workflow_id, r.window_s, r.after_s, r.percent, \
                r.ended_min, r.metric, r.above, r.is_mailed, r.is_enabled, a.alert_id IS NOT NULL AS is_open, a.holds_since, \
                m.after_execution, m.seen_at, m.late, \
                EXISTS (SELECT FROM standings s WHERE s.workspace_id = r.workspace_id AND s.state <> 'active') \
                OR EXISTS (SELECT FROM pauses p WHERE p.workspace_id = r.workspace_id \
                              AND p.workflow_id IN ('00000000-0000-0000-0000-000000000000', r.workflow_id)) AS is_held \
           FROM alert_rules r \
           LEFT JOIN LATERAL ( \
                SELECT o.alert_id, o.holds_since FROM alerts o \
                 WHERE o.workspace_id = r.workspace_id AND o.rule = r.name AND o.cleared_at IS NULL LIMIT 1) AS a ON true \
           LEFT JOIN LATERAL ( \
                SELECT k.after_execution, k.seen_at, k.late FROM alert_marks k \
                 WHERE k.workspace_id = r.workspace_id AND k.name = r.name AND k.rule_at = r.updated_at LIMIT 1) AS m ON true \
          WHERE r.is_enabled AND (r.kind, r.workspace_id, r.name) > ($1, $2, $3) \
          ORDER BY r.kind, r.workspace_id, r.name LIMIT $4",
    );
    Ok(rules.bind(after.0).bind(after.1).bind(after.2).bind(rows).fetch_all(connection).await?)
}

/// A page of workspaces that have the shipped rule.
pub(super) struct Shipped {
    pub(super) rules: Vec<Watched>,
    /// The workspace up to which all were seen; none if there are no more.
    pub(super) next: Option<Uuid>,
}

#[derive(FromRow)]
struct Unwritten {
    workspace_id: Uuid,
    #[sqlx(flatten)]
    open: Open,
}

/// The shipped rule of workspaces behind one that have not written it and had failures since then, or its alert open. Looks at as
/// many workspaces with failures as it may have rows.
pub(super) async fn unwritten(
    connection: &mut PgConnection,
    after: Uuid,
    since: DateTime<Utc>,
    rows: i64,
) -> Result<Shipped, StoreError> {
    let failing = failing_workspaces(&mut *connection, after, rows).await?;
    let full = |len: usize| i64::try_from(len).is_ok_and(|len| len >= rows);
    let upper = failing.last().filter(|_| full(failing.len())).map(|(last, _)| last.0);
    let lately = failing.iter().filter(|(_, at)| *at >= since);
    let found: Vec<Unwritten> = sqlx::query_as(
        "WITH seen AS ( \
           SELECT f.workspace_id FROM unnest($1::uuid[]) AS f (workspace_id) \
           UNION SELECT a.workspace_id FROM alerts a \
            WHERE a.rule = $2 AND a.cleared_at IS NULL AND a.workspace_id > $3 AND a.workspace_id <= $4 \
         ) \
         SELECT s.workspace_id, a.alert_id IS NOT NULL AS is_open, a.holds_since FROM seen s \
           LEFT JOIN LATERAL ( \
                SELECT o.alert_id, o.holds_since FROM alerts o \
                 WHERE o.workspace_id = s.workspace_id AND o.rule = $2 AND o.cleared_at IS NULL LIMIT 1) AS a ON true \
          WHERE NOT EXISTS (SELECT FROM alert_rules r WHERE r.workspace_id = s.workspace_id AND r.name = $2) \
          ORDER BY s.workspace_id LIMIT $5",
    )
    .bind(lately.map(|(workspace, _)| workspace.0).collect::<Vec<_>>())
    .bind(DEFAULT_NAME)
    .bind(after)
    .bind(upper.unwrap_or(Uuid::max()))
    .bind(rows)
    .fetch_all(connection)
    .await?;
    let cut = found.last().filter(|_| full(found.len())).map(|last| last.workspace_id);
    Ok(Shipped { rules: found.into_iter().map(Watched::from).collect(), next: cut.or(upper) })
}

impl From<Unwritten> for Watched {
    fn from(Unwritten { workspace_id, open }: Unwritten) -> Self {
        let of = Judged { workspace_id, name: DEFAULT_NAME.into(), rule_at: None, open };
        Self { of, rule: shipped(), mark: Mark::default(), is_held: false }
    }
}
