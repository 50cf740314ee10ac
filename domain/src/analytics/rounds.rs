//! The duty: each day is counted again and again while it is fresh, and a few times later, for what ended late.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::day::held_months;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{Connection, FromRow, PgConnection};
use tracing::warn;
use uuid::Uuid;

use super::count::{Count, next};
use super::day;

/// Executions that one turn looks at.
const ROWS_PER_TURN: i64 = 5_000;
/// Workspaces whose day one turn writes.
const WORKSPACES_PER_TURN: u32 = 50;
/// Shortest time from the end of one count of a day to the beginning of the next, while the day is fresh.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(10);
/// A count that took long is followed by a pause of so many times as long: at most a twentieth of the time is spent on it.
const PAUSE_FACTOR: i32 = 19;
/// A day is fresh until so long after its end.
const FRESH_FOR: TimeDelta = TimeDelta::days(1);
/// Then it is counted once, and again when so long has passed since its end, for executions that waited until then.
const LATE: [TimeDelta; 2] = [TimeDelta::days(7), TimeDelta::days(30)];
/// Days that are counted at all, as far as their executions are held.
const DAYS_BACK_MAX: u64 = 400;

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing is to be counted at the moment, or somebody else counts.
    Over,
    /// So many workspaces were written; there may be more to do at once.
    Wrote(u32),
}

/// How far the count of a day has come.
#[derive(FromRow)]
struct Round {
    day: NaiveDate,
    began_at: Option<DateTime<Utc>>,
    after_workspace: Uuid,
    at_workspace: Option<Uuid>,
    at_began_at: Option<DateTime<Utc>>,
    after_execution: Option<Uuid>,
    tally: Option<Value>,
    now: DateTime<Utc>,
}

/// Whether there is anything to count. Two steps into indexes of a table with a row for each day.
///
/// # Errors
/// If the database does.
pub async fn is_due(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let sql = "SELECT NOT EXISTS (SELECT FROM stats_days d WHERE d.day = (clock_timestamp() AT TIME ZONE 'UTC')::date) \
                   OR EXISTS (SELECT FROM stats_days d WHERE d.due_at <= clock_timestamp())";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}

/// Whether the days of a month are summed up as often as they are, so that its executions are needed for that no more. Nobody knows
/// before the days until today are there.
///
/// # Errors
/// If the database does.
pub async fn is_summed_up(connection: &mut PgConnection, month: NaiveDate) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT FROM stats_days d WHERE d.day = (clock_timestamp() AT TIME ZONE 'UTC')::date) \
                  AND NOT EXISTS (SELECT FROM stats_days d WHERE d.day >= $1 AND d.day < $1 + interval '1 month' \
                        AND d.due_at <= clock_timestamp())";
    Ok(sqlx::query_scalar(sql).bind(month).fetch_one(connection).await?)
}

/// Counts some more of the newest day that is due, in one transaction with how far it has come: who dies in it has done
/// nothing. One process at a time does it.
///
/// # Errors
/// If the database does.
pub async fn turn(connection: &mut PgConnection) -> Result<Turn, StoreError> {
    let mut transaction = connection.begin().await?;
    let is_ours = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '#stats'), 0)";
    if !sqlx::query_scalar(is_ours).fetch_one(&mut *transaction).await? {
        return Ok(Turn::Over);
    }
    let months = held_months(&mut transaction).await?;
    let turn = match due(&mut transaction, &months).await? {
        None => Turn::Over,
        Some(round) if months.contains(&day::first_of_month(round.day)) => go_on(&mut transaction, round).await?,
        Some(round) => {
            end(&mut transaction, round.day, None).await?;
            Turn::Wrote(0)
        }
    };
    transaction.commit().await?;
    Ok(turn)
}

/// The newest day that is due. Makes the rows of days that are not there yet, and removes those of long ago.
async fn due(connection: &mut PgConnection, months: &[NaiveDate]) -> Result<Option<Round>, StoreError> {
    let today: NaiveDate =
        sqlx::query_scalar("SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date").fetch_one(&mut *connection).await?;
    let oldest = today.checked_sub_days(Days::new(DAYS_BACK_MAX)).unwrap_or(today);
    let first = months.first().copied().unwrap_or(today).clamp(oldest, today);
    let made = sqlx::query(
        "INSERT INTO stats_days (day, due_at) SELECT d.day::date, clock_timestamp() \
           FROM generate_series($1::timestamp, $2::timestamp, '1 day') AS d (day) \
          WHERE NOT EXISTS (SELECT FROM stats_days s WHERE s.day = $2::date) ON CONFLICT (day) DO NOTHING",
    );
    if made.bind(first).bind(today).execute(&mut *connection).await?.rows_affected() > 0 {
        sqlx::query("DELETE FROM stats_days WHERE day < $1").bind(first).execute(&mut *connection).await?;
    }
    let round = sqlx::query_as(
        "SELECT d.day, d.began_at, d.after_workspace, d.at_workspace, d.at_began_at, d.after_execution, d.tally, \
                clock_timestamp() AS now \
           FROM stats_days d WHERE d.due_at <= clock_timestamp() ORDER BY d.day DESC LIMIT 1 FOR UPDATE",
    );
    Ok(round.fetch_optional(connection).await?)
}

async fn go_on(connection: &mut PgConnection, round: Round) -> Result<Turn, StoreError> {
    let began_at = round.began_at.unwrap_or(round.now);
    let (day, mut after) = (round.day, round.after_workspace);
    let mut at_hand = round.at_hand();
    let (mut rows, mut wrote) = (ROWS_PER_TURN, 0);
    while wrote < WORKSPACES_PER_TURN {
        let count = match at_hand.take() {
            Some(count) => count,
            None => match next(&mut *connection, after, day).await? {
                Some(workspace_id) => Count::new(workspace_id, day, round.now),
                None => {
                    end(connection, day, next_due(day, began_at, round.now)).await?;
                    return Ok(Turn::Wrote(wrote));
                }
            },
        };
        let workspace_id = count.workspace_id;
        let mut apart = connection.begin().await?;
        match count_some(&mut apart, count, rows).await {
            Ok((looked_at, None)) => {
                apart.commit().await?;
                (rows, wrote) = (rows - looked_at, wrote + 1);
            }
            Ok((_, more)) => {
                apart.commit().await?;
                at_hand = more;
                break;
            }
            // The others are not to wait for it until somebody has mended it.
            Err(error) => {
                apart.rollback().await?;
                warn!(%error, %workspace_id, %day, "the day of a workspace could not be summed up; its next count may");
                after = workspace_id.0;
                break;
            }
        }
        after = workspace_id.0;
    }
    pause(connection, day, began_at, after, at_hand).await?;
    Ok(Turn::Wrote(wrote))
}

/// Looks at up to `rows` executions, and writes the day if that was all of it; answers how many it looked at, and the count
/// if there is more of it.
async fn count_some(
    connection: &mut PgConnection,
    mut count: Count,
    rows: i64,
) -> Result<(i64, Option<Count>), StoreError> {
    let looked_at = count.page(&mut *connection, rows).await?;
    if looked_at >= rows {
        return Ok((looked_at, Some(count)));
    }
    count.write(connection).await?;
    Ok((looked_at, None))
}

impl Round {
    /// The count that an earlier turn broke off. One of another build that cannot be read begins anew.
    fn at_hand(&self) -> Option<Count> {
        let (workspace_id, day) = (WorkspaceId(self.at_workspace?), self.day);
        let (began_at, after) = (self.at_began_at?, self.after_execution?);
        match serde_json::from_value(self.tally.clone()?) {
            Ok(tally) => Some(Count { workspace_id, day, began_at, after, tally }),
            Err(_) => Some(Count::new(workspace_id, day, self.now)),
        }
    }
}

/// Keeps how far a count has come.
async fn pause(
    connection: &mut PgConnection,
    day: NaiveDate,
    began_at: DateTime<Utc>,
    after: Uuid,
    at_hand: Option<Count>,
) -> Result<(), StoreError> {
    let tally = at_hand.as_ref().map(|count| serde_json::to_value(&count.tally)).transpose();
    let tally = tally.map_err(|error| StoreError::Corrupt(format!("the tally of {day} cannot be kept: {error}")))?;
    sqlx::query(
        "UPDATE stats_days SET began_at = $2, after_workspace = $3, at_workspace = $4, at_began_at = $5, \
           after_execution = $6, tally = $7 WHERE day = $1",
    )
    .bind(day)
    .bind(began_at)
    .bind(after)
    .bind(at_hand.as_ref().map(|count| count.workspace_id.0))
    .bind(at_hand.as_ref().map(|count| count.began_at))
    .bind(at_hand.as_ref().map(|count| count.after))
    .bind(tally)
    .execute(connection)
    .await?;
    Ok(())
}

/// All workspaces of a day are written.
async fn end(connection: &mut PgConnection, day: NaiveDate, due_at: Option<DateTime<Utc>>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE stats_days SET due_at = $2, began_at = NULL, after_workspace = $3, at_workspace = NULL, at_began_at = NULL, \
           after_execution = NULL, tally = NULL WHERE day = $1",
    )
    .bind(day)
    .bind(due_at)
    .bind(Uuid::nil())
    .execute(connection)
    .await?;
    Ok(())
}

/// When a day is counted again whose last count began and ended then; none if that was the last one.
fn next_due(day: NaiveDate, began_at: DateTime<Utc>, ended_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let end = day::end(day);
    if began_at < end + FRESH_FOR {
        return Some(ended_at + AGAIN_AFTER.max((ended_at - began_at) * PAUSE_FACTOR));
    }
    LATE.iter().map(|late| end + *late).find(|due_at| began_at < *due_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_counted_often_while_it_is_fresh_and_three_times_after() {
        let day: NaiveDate = "2026-05-10".parse().unwrap();
        for (began, ended, due) in [
            ("2026-05-10T00:00:00Z", "2026-05-10T00:00:02Z", Some("2026-05-10T00:10:02Z")),
            ("2026-05-11T23:59:59Z", "2026-05-12T00:00:00Z", Some("2026-05-12T00:10:00Z")),
            // A count of an hour is followed by a pause of nineteen.
            ("2026-05-10T01:00:00Z", "2026-05-10T02:00:00Z", Some("2026-05-10T21:00:00Z")),
            ("2026-05-12T00:10:00Z", "2026-05-12T00:10:01Z", Some("2026-05-18T00:00:00Z")),
            ("2026-05-18T00:00:01Z", "2026-05-18T00:00:02Z", Some("2026-06-10T00:00:00Z")),
            ("2026-06-10T00:00:30Z", "2026-06-10T00:00:31Z", None),
            ("2027-01-01T00:00:00Z", "2027-01-01T00:00:01Z", None),
        ] {
            assert_eq!(next_due(day, at(began), at(ended)), due.map(at), "{began}");
        }
    }
}
