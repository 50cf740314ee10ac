//! Failure rates: of what ended within a window, too much failed.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::change::{Finding, Judged};
use super::rule::{DEFAULT_NAME, shipped};
use super::watch::words;

/// An alert is cleared only below so many of a hundred of its rule's rate, so that it does not come and go.
const CLEARS_AT_PERCENT: i64 = 80;

/// A rule with what it is about.
#[derive(FromRow)]
pub(super) struct Rate {
    #[sqlx(flatten)]
    pub(super) of: Judged,
    window_s: i32,
    percent: i32,
    ended_min: i32,
    completed: i64,
    failed: i64,
}

/// The next rules behind a workspace and name: those that are written, and the shipped one where anything has failed or its
/// alert is open. One step into `alert_ends_pkey` for each, over the rows of its window: whole buckets, so up to five minutes
/// more.
pub(super) async fn page(
    connection: &mut PgConnection,
    after: (Uuid, &str),
    rows: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Rate>, StoreError> {
    let own = shipped();
    let rates = sqlx::query_as(
        "WITH unwritten AS ( \
           SELECT w.workspace_id FROM ( \
             SELECT e.workspace_id FROM alert_ends e \
              WHERE e.bucket_at > $8::timestamptz - make_interval(secs => $4::int + 300) AND e.failed > 0 \
                AND e.workflow_id = '00000000-0000-0000-0000-000000000000' \
             UNION SELECT a.workspace_id FROM alerts a WHERE a.rule = $3 AND a.cleared_at IS NULL) AS w \
            WHERE NOT EXISTS (SELECT FROM alert_rules r WHERE r.workspace_id = w.workspace_id AND r.name = $3) \
         ), judged AS MATERIALIZED ( \
           SELECT j.workspace_id, j.name, j.rule_at, j.is_mailed, j.workflow_id, j.window_s, j.percent, j.ended_min FROM ( \
             SELECT r.workspace_id, r.name, r.updated_at AS rule_at, r.is_mailed, r.workflow_id, r.window_s, r.percent, \
                    r.ended_min \
               FROM alert_rules r WHERE r.kind = 'failure_rate' AND r.is_enabled AND (r.workspace_id, r.name) > ($1, $2) \
             UNION ALL SELECT u.workspace_id, $3, NULL, true, NULL, $4::int, $5::int, $6::int FROM unwritten u) AS j \
            WHERE (j.workspace_id, j.name) > ($1, $2) ORDER BY j.workspace_id, j.name LIMIT $7 \
         ) \
         SELECT j.workspace_id, j.name, 'failure_rate' AS kind, j.workflow_id, j.rule_at, j.is_mailed, \
                a.alert_id IS NOT NULL AS is_open, a.holds_since, j.window_s, j.percent, j.ended_min, s.completed, s.failed \
           FROM judged j LEFT JOIN alerts a ON a.workspace_id = j.workspace_id AND a.rule = j.name AND a.cleared_at IS NULL \
          CROSS JOIN LATERAL ( \
                SELECT coalesce(sum(e.completed), 0)::bigint AS completed, coalesce(sum(e.failed), 0)::bigint AS failed \
                  FROM alert_ends e WHERE e.workspace_id = j.workspace_id \
                   AND e.workflow_id = coalesce(j.workflow_id, '00000000-0000-0000-0000-000000000000') \
                   AND e.bucket_at > $8::timestamptz - make_interval(secs => j.window_s + 300)) AS s \
          ORDER BY j.workspace_id, j.name",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(DEFAULT_NAME)
    .bind(own.window_s)
    .bind(own.percent)
    .bind(own.ended_min)
    .bind(rows)
    .bind(now)
    .fetch_all(connection)
    .await?;
    Ok(rates)
}

pub(super) fn judge(rate: &Rate) -> Finding {
    let ended = rate.completed + rate.failed;
    let (share, limit) = (rate.failed.saturating_mul(100), ended.saturating_mul(rate.percent.into()));
    if ended >= rate.ended_min.into() && share >= limit {
        let summary = format!("{} of {ended} executions failed within {}", rate.failed, words(rate.window_s));
        let detail = json!({
            "failed": rate.failed, "ended": ended, "window_s": rate.window_s, "percent": rate.percent,
        });
        return Finding::Broken(summary, detail);
    }
    if rate.failed == 0 || share.saturating_mul(100) < limit.saturating_mul(CLEARS_AT_PERCENT) {
        return Finding::Holds;
    }
    Finding::Unsure
}

#[cfg(test)]
mod tests {
    use super::super::rule::Kind;
    use super::*;

    fn judged(completed: i64, failed: i64) -> &'static str {
        let of = Judged {
            workspace_id: Uuid::nil(),
            name: DEFAULT_NAME.into(),
            kind: Kind::FailureRate,
            workflow_id: None,
            rule_at: None,
            is_mailed: true,
            is_open: false,
            holds_since: None,
        };
        let own = shipped();
        let (window_s, percent) = (own.window_s.unwrap(), own.percent.unwrap());
        match judge(&Rate { of, window_s, percent, ended_min: own.ended_min.unwrap(), completed, failed }) {
            Finding::Broken(..) => "broken",
            Finding::Holds => "holds",
            Finding::Unsure => "unsure",
        }
    }

    #[test]
    fn half_of_five_break_the_shipped_rule_and_two_fifths_keep_what_was() {
        for (completed, failed, expected) in [
            (0, 0, "holds"),
            (0, 5, "broken"),
            (2, 3, "broken"),
            (5, 5, "broken"),
            (3, 2, "unsure"),
            (61, 39, "holds"),
            (60, 40, "unsure"),
            (51, 49, "unsure"),
            // Too few to judge by; what was stays until they are out of the window.
            (0, 4, "unsure"),
            (i64::MAX / 4, i64::MAX / 4, "broken"),
        ] {
            assert_eq!(judged(completed, failed), expected, "{failed} failed, {completed} completed");
        }
    }
}
