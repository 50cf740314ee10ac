//! What people do to a schedule: pause, resume, back-fill, fire now.

use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Duration, Utc};
use sqlx::PgConnection;
use thiserror::Error;

use super::calendar::Calendar;
use super::list::ScheduleRow;
use super::rules::{Overlap, input};
use crate::trigger_starts::{self, KEPT_DAYS, NewStart, Outcome, subject};

/// Most fire times that are back-filled at once.
const TIMES_MAX: usize = 1_000;

/// Fire times of the past that are to start after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backfill {
    /// The first one that counts.
    pub from: DateTime<Utc>,
    /// None from then on.
    pub to: DateTime<Utc>,
    /// Instead of the schedule's own.
    pub overlap: Option<Overlap>,
}

/// Why a range cannot be back-filled.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BackfillFlaw {
    /// It is none.
    #[error("the range ends before it begins, or in the future")]
    Range,
    /// It is unknown what has started then.
    #[error("the range begins more than {KEPT_DAYS} days ago, and what has started then is not known any more")]
    TooOld,
    /// Too much at once.
    #[error("the range holds more than {TIMES_MAX} fire times")]
    TooMany,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfilled {
    /// All fire times of the range.
    pub times: Vec<DateTime<Utc>>,
    /// How many of them had not started before.
    pub new: u64,
}

/// Has a schedule fire no more until it is resumed; what is to start and has not yet is held. For the API's role, in a
/// transaction, as all of these.
///
/// # Errors
/// If the database does.
pub async fn pause(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    row: &ScheduleRow,
    by: &str,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let paused = sqlx::query(
        "UPDATE schedules SET paused_at = clock_timestamp(), paused_by = $3, paused_reason = $4, next_at = NULL, \
           updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND schedule_id = $2 AND paused_at IS NULL",
    );
    paused.bind(workspace_id.0).bind(row.schedule_id).bind(by).bind(reason).execute(&mut *connection).await?;
    trigger_starts::hold(connection, workspace_id, WorkflowId(row.workflow_id), &row.node_id).await
}

/// Has a schedule fire again, from now on; what was held starts.
///
/// # Errors
/// If the database does.
pub async fn resume(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    row: &ScheduleRow,
    calendar: &Calendar,
) -> Result<(), StoreError> {
    let resumed = sqlx::query(
        "UPDATE schedules SET paused_at = NULL, paused_by = NULL, paused_reason = NULL, next_at = $3, \
           updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND schedule_id = $2 AND paused_at IS NOT NULL",
    );
    let next_at = calendar.next(row.now);
    resumed.bind(workspace_id.0).bind(row.schedule_id).bind(next_at).execute(&mut *connection).await?;
    trigger_starts::let_go(connection, workspace_id, WorkflowId(row.workflow_id), &row.node_id).await
}

/// Starts an execution now, whatever the calendar says; answers the time it stands for.
///
/// # Errors
/// If the database does.
pub async fn fire_now(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    row: &ScheduleRow,
    calendar: &Calendar,
) -> Result<DateTime<Utc>, StoreError> {
    trigger_starts::insert(connection, &[start(workspace_id, row, calendar, row.now, "now", None)]).await?;
    Ok(row.now)
}

/// Starts executions for the fire times of a range that have not started. A dry run changes nothing, and counts all.
///
/// # Errors
/// If the database does.
pub async fn backfill(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    row: &ScheduleRow,
    calendar: &Calendar,
    wish: Backfill,
    dry_run: bool,
) -> Result<Result<Backfilled, BackfillFlaw>, StoreError> {
    let times = match times(calendar, wish, row.now) {
        Ok(times) => times,
        Err(flaw) => return Ok(Err(flaw)),
    };
    let starts: Vec<NewStart> =
        times.iter().map(|at| start(workspace_id, row, calendar, *at, "backfill", wish.overlap)).collect();
    let new = if dry_run { 0 } else { trigger_starts::insert_or_revive(connection, &starts).await? };
    Ok(Ok(Backfilled { times, new }))
}

fn times(calendar: &Calendar, wish: Backfill, now: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, BackfillFlaw> {
    if wish.from >= wish.to || wish.to > now {
        return Err(BackfillFlaw::Range);
    } else if wish.from < now - Duration::days(KEPT_DAYS.into()) {
        return Err(BackfillFlaw::TooOld);
    }
    let first = calendar.next(wish.from - Duration::microseconds(1));
    let all = std::iter::successors(first, |at| calendar.next(*at)).take_while(|at| *at < wish.to);
    let times: Vec<_> = all.take(TIMES_MAX + 1).collect();
    if times.len() > TIMES_MAX { Err(BackfillFlaw::TooMany) } else { Ok(times) }
}

fn start(
    workspace_id: WorkspaceId,
    row: &ScheduleRow,
    calendar: &Calendar,
    at: DateTime<Utc>,
    cause: &'static str,
    overlap: Option<Overlap>,
) -> NewStart {
    let within = i64::try_from(row.rules.start_within_ms).unwrap_or(i64::MAX / 1_000_000);
    NewStart {
        workspace_id,
        workflow_id: WorkflowId(row.workflow_id),
        version_id: VersionId(row.version_id),
        node_id: row.node_id.clone(),
        subject: subject(at),
        cause,
        at,
        input: input(&row.rules, calendar, at, cause),
        overlap: overlap.unwrap_or(row.rules.overlap),
        depth: 0,
        due_at: row.now,
        until_at: row.now + Duration::milliseconds(within),
        outcome: Outcome::Due,
        trace: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::Rules;
    use super::*;

    #[test]
    fn only_a_range_of_the_past_that_is_not_too_much_is_back_filled() {
        let calendar = Rules::new("0 * * * *", "UTC").calendar().unwrap();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let hours = |from: i64, to: i64| {
            let wish = Backfill { from: now - Duration::hours(from), to: now - Duration::hours(to), overlap: None };
            times(&calendar, wish, now).map(|times| times.len())
        };
        assert_eq!(hours(24, 0), Ok(24));
        assert_eq!(hours(0, 24), Err(BackfillFlaw::Range));
        assert_eq!(hours(1, -1), Err(BackfillFlaw::Range));
        assert_eq!(hours(36 * 24, 0), Err(BackfillFlaw::TooOld));
        let seconds = Rules::new("* * * * * *", "UTC").calendar().unwrap();
        let wish = Backfill { from: now - Duration::hours(1), to: now, overlap: None };
        assert_eq!(times(&seconds, wish, now), Err(BackfillFlaw::TooMany));
    }
}
