//! Failure rates: of what ended within a window, too much failed.

use std::collections::HashSet;

use capstan_engine::store::day::id_floor;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::watching::{Sample, often_failed, sample};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::change::Finding;
use super::page::Watched;
use super::rule::{Kind, Rule};
use super::watch::{Looked, words};

/// Executions of a workspace, the newest, among which those are counted that ended within the window.
const SAMPLE_MAX: i64 = 5_000;
/// How long ago they may have begun.
const BEGUN_WITHIN: TimeDelta = TimeDelta::days(31);
/// An alert is cleared only below so many of a hundred of its rule's rate, so that it does not come and go.
const CLEARS_AT_PERCENT: i64 = 80;
/// A full sample of which so many of a hundred are open says little of what ends late, as what fails after retries does.
const OPEN_PERCENT: i64 = 20;

/// Failure rates that may be broken, since enough failed for that; by workspace and name.
pub(super) struct Suspects(HashSet<(Uuid, String)>);

impl Suspects {
    /// Looks for them among rules, in one statement; in none, where there are no failure rates.
    pub(super) async fn among(
        connection: &mut PgConnection,
        rules: &[Watched],
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let rates: Vec<&Watched> = rules.iter().filter(|it| it.rule.kind == Kind::FailureRate).collect();
        if rates.is_empty() {
            return Ok(Self(HashSet::new()));
        }
        let workspaces: Vec<Uuid> = rates.iter().map(|it| it.of.workspace_id).collect();
        let since: Vec<_> = rates.iter().map(|it| now - window(&it.rule)).collect();
        let least: Vec<_> = rates.iter().map(|it| failed_min(&it.rule)).collect();
        let often = often_failed(connection, &workspaces, &since, &least).await?;
        let often = rates.into_iter().zip(often).filter(|(_, often)| *often);
        Ok(Self(often.map(|(it, _)| (it.of.workspace_id, it.of.name.clone())).collect()))
    }

    fn has(&self, rule: &Watched) -> bool {
        self.0.contains(&(rule.of.workspace_id, rule.of.name.clone()))
    }

    /// Whether judging a rule can change nothing: it is a failure rate that cannot be broken, and has no alert open.
    pub(super) fn spare(&self, rule: &Watched) -> bool {
        rule.rule.kind == Kind::FailureRate && !rule.of.open.is_open && !self.has(rule)
    }
}

/// Takes a sample of the workspace.
pub(super) async fn rate(
    connection: &mut PgConnection,
    rule: &Watched,
    suspects: &Suspects,
    now: DateTime<Utc>,
) -> Result<Looked, StoreError> {
    let (after, since) = (id_floor(now - BEGUN_WITHIN), now - window(&rule.rule));
    let found = sample(connection, rule.workspace_id(), rule.rule.workflow_id, after, since, SAMPLE_MAX).await?;
    let is_blind = found.looked_at >= SAMPLE_MAX
        && found.open * 100 >= (found.open + found.completed + found.failed) * OPEN_PERCENT
        && suspects.has(rule);
    let finding = match judge(&rule.rule, found) {
        Finding::Holds if is_blind => Finding::Unsure,
        finding => finding,
    };
    Ok((finding, None, found.looked_at))
}

/// How far back a failure rate looks.
pub(super) fn window(rule: &Rule) -> TimeDelta {
    TimeDelta::seconds(rule.window_s.unwrap_or_default().into())
}

/// So many have to fail before the rule can be broken.
fn failed_min(rule: &Rule) -> i64 {
    let (percent, ended_min) = (rule.percent.unwrap_or_default(), rule.ended_min.unwrap_or_default());
    (i64::from(percent) * i64::from(ended_min)).div_euclid(100).max(1)
}

fn judge(rule: &Rule, Sample { completed, failed, .. }: Sample) -> Finding {
    let (percent, window_s) = (rule.percent.unwrap_or_default(), rule.window_s.unwrap_or_default());
    let ended = completed + failed;
    let (share, limit) = (failed * 100, ended * i64::from(percent));
    if ended >= rule.ended_min.unwrap_or_default().into() && share >= limit {
        let summary = format!("{failed} of {ended} executions failed within {}", words(window_s));
        let detail = json!({ "failed": failed, "ended": ended, "window_s": window_s, "percent": percent });
        return Finding::Broken(summary, detail);
    }
    if failed == 0 || share * 100 < limit * CLEARS_AT_PERCENT {
        return Finding::Holds;
    }
    Finding::Unsure
}

#[cfg(test)]
mod tests {
    use super::super::rule::shipped;
    use super::*;

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
        ] {
            let found = match judge(&shipped(), Sample { completed, failed, ..Sample::default() }) {
                Finding::Broken(..) => "broken",
                Finding::Holds => "holds",
                Finding::Unsure => "unsure",
            };
            assert_eq!(found, expected, "{failed} failed, {completed} completed");
        }
    }

    #[test]
    fn no_sample_breaks_a_rule_with_fewer_failures_than_it_needs() {
        for percent in [1, 33, 50, 99, 100] {
            for ended_min in [1, 2, 5, 7, 1_000] {
                let rule = Rule { percent: Some(percent), ended_min: Some(ended_min), ..shipped() };
                let failed = failed_min(&rule) - 1;
                let worst = Sample { completed: (i64::from(ended_min) - failed).max(0), failed, ..Sample::default() };
                let is_broken = matches!(judge(&rule, worst), Finding::Broken(..));
                assert!(!is_broken, "{percent} % of {ended_min}");
            }
        }
    }
}
