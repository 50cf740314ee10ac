//! What rules look at: silence, lateness, the front of the queue, figures of the day.

use std::collections::HashMap;

use capstan_engine::store::day::id_floor;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::watching::{newest, oldest_waiting, open_page, still_open, time_of};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::change::Finding;
use super::mark::Mark;
use super::page::Watched;
use super::rule::METRICS;

/// Executions that are looked at in one statement.
const ROWS_PER_PAGE: i64 = 5_000;
/// Pages of one rule and look; what is left is looked at by the next.
const PAGES_MAX: i64 = 10;
/// Late executions that are remembered of one rule. When there are as many, it goes on once some of them have ended.
const LATE_MAX: usize = 100;
/// Late executions that an alert names.
const NAMED_MAX: usize = 10;
/// Front of the queue that is looked at.
const QUEUE_ROWS_MAX: i64 = 50_000;
/// How far ids may be committed out of order: so much is looked at twice.
const OVERLAP: TimeDelta = TimeDelta::seconds(10);
/// How far back a new rule looks for executions that are late already.
const LOOK_BACK: TimeDelta = TimeDelta::days(1);

/// What a rule found, what it is to remember, and how many executions were looked at.
pub(super) type Looked = (Finding, Option<Mark>, i64);

/// A new rule looks back for as long as silence may last, within a page; what it does not find then, it counts from its own
/// beginning.
pub(super) async fn silence(
    connection: &mut PgConnection,
    rule: &Watched,
    now: DateTime<Utc>,
) -> Result<Looked, StoreError> {
    let Some(workflow_id) = rule.rule.workflow_id else { return Ok((Finding::Unsure, None, 0)) };
    let after = rule.mark.after.unwrap_or_else(|| id_floor(now - rule.longest()));
    let found = newest(connection, rule.workspace_id(), workflow_id, after, ROWS_PER_PAGE).await?;
    let seen_at = found.found.and_then(time_of).max(rule.mark.seen_at).unwrap_or_else(|| rule.since(now));
    let next = found.last.unwrap_or(after).min(id_floor(now - OVERLAP)).max(after);
    let mark = Mark { after: Some(next), seen_at: Some(seen_at), late: Some(Vec::new()) };
    if now - seen_at < rule.longest() {
        return Ok((Finding::Holds, Some(mark), found.looked_at));
    }
    let summary = format!("a workflow has begun no execution for {}", words(rule.after_s()));
    let detail = json!({ "last_seen_at": seen_at, "after_s": rule.after_s() });
    Ok((Finding::Broken(summary, detail), Some(mark), found.looked_at))
}

/// While its workflow is held up, silence is what was asked for: it is counted from its end.
pub(super) fn silence_held(rule: &Watched, now: DateTime<Utc>) -> Mark {
    let after = id_floor(now - OVERLAP).max(rule.mark.after.unwrap_or_default());
    Mark { after: Some(after), seen_at: Some(now), late: Some(Vec::new()) }
}

/// Each execution is looked at once, as it comes to the age that is too much; those that are open then are remembered until
/// they end.
pub(super) async fn sla(
    connection: &mut PgConnection,
    rule: &Watched,
    now: DateTime<Utc>,
) -> Result<Looked, StoreError> {
    let workspace_id = rule.workspace_id();
    let end = id_floor(now - rule.longest());
    let mut after = rule.mark.after.unwrap_or_else(|| id_floor(rule.since(now) - rule.longest() - LOOK_BACK));
    let mut late = still_open(&mut *connection, workspace_id, rule.mark.late.as_deref().unwrap_or_default()).await?;
    let mut rows = 0;
    while rows < PAGES_MAX * ROWS_PER_PAGE && late.len() < LATE_MAX {
        let page = open_page(&mut *connection, workspace_id, rule.rule.workflow_id, after, end, ROWS_PER_PAGE).await?;
        rows += page.looked_at;
        let room = LATE_MAX - late.len();
        after = if page.open.len() > room { page.open[room - 1] } else { page.last.unwrap_or(after) };
        late.extend(page.open.into_iter().take(room));
        if page.looked_at < ROWS_PER_PAGE {
            break;
        }
    }
    let finding = lateness(&late, rule.after_s());
    Ok((finding, Some(Mark { after: Some(after), seen_at: None, late: Some(late) }), rows))
}

fn lateness(late: &[Uuid], after_s: i32) -> Finding {
    let who = match late.len() {
        0 => return Finding::Holds,
        1 => "an execution has".to_owned(),
        LATE_MAX => format!("{LATE_MAX} executions or more have"),
        some => format!("{some} executions have"),
    };
    let summary = format!("{who} not ended within {}", words(after_s));
    let named = &late[..late.len().min(NAMED_MAX)];
    Finding::Broken(summary, json!({ "late": late.len(), "executions": named, "after_s": after_s }))
}

/// A figure of the day so far, as it was last counted.
pub(super) async fn metric(
    connection: &mut PgConnection,
    rule: &Watched,
    now: DateTime<Utc>,
) -> Result<Finding, StoreError> {
    let name = METRICS.into_iter().find(|name| rule.rule.metric.as_deref() == Some(*name));
    let (Some(name), Some(above)) = (name, rule.rule.above) else { return Ok(Finding::Unsure) };
    let sql = format!("SELECT s.{name} FROM workspace_daily_stats s WHERE s.workspace_id = $1 AND s.day = $2");
    let value = sqlx::query_scalar(&sql).bind(rule.of.workspace_id).bind(now.date_naive());
    let value: Option<Option<i64>> = value.fetch_optional(connection).await?;
    Ok(match value.flatten().filter(|value| *value > above) {
        None => Finding::Holds,
        Some(value) => {
            let detail = json!({ "metric": name, "value": value, "above": above, "day": now.date_naive() });
            Finding::Broken(format!("{name} is {value} today, above {above}"), detail)
        }
    })
}

/// The oldest execution of each workspace at the front of the queue.
pub(super) struct Front {
    oldest: HashMap<Uuid, Uuid>,
    is_whole: bool,
}

impl Front {
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Self, StoreError> {
        let oldest = oldest_waiting(connection, QUEUE_ROWS_MAX).await?;
        let is_whole = oldest.first().is_none_or(|(.., rows)| *rows < QUEUE_ROWS_MAX);
        Ok(Self { oldest: oldest.into_iter().map(|(workspace, id, _)| (workspace, id)).collect(), is_whole })
    }

    pub(super) fn judge(&self, rule: &Watched, now: DateTime<Utc>) -> Finding {
        let Some((id, since)) = self.oldest.get(&rule.of.workspace_id).and_then(|id| Some((id, time_of(*id)?))) else {
            return if self.is_whole { Finding::Holds } else { Finding::Unsure };
        };
        if now - since < rule.longest() {
            return Finding::Holds;
        }
        let summary = format!("an execution has waited for a worker for {}", words(rule.after_s()));
        Finding::Broken(summary, json!({ "execution_id": id, "since": since, "after_s": rule.after_s() }))
    }
}

/// A time in words: in the largest unit that fits it exactly.
pub(super) fn words(seconds: i32) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (unit, name) = units.into_iter().find(|(unit, _)| seconds % unit == 0).unwrap_or((1, "second"));
    let count = seconds / unit;
    if count == 1 { format!("1 {name}") } else { format!("{count} {name}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_largest_unit_that_fits() {
        let told = [60, 90, 3_600, 5_400, 86_400, 172_800, 61].map(words);
        assert_eq!(told, ["1 minute", "90 seconds", "1 hour", "90 minutes", "1 day", "2 days", "61 seconds"]);
    }
}
