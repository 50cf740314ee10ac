//! The side of the fleet: what is due becomes rows of `trigger_starts`, in the commit that moves schedules on.

use std::collections::HashMap;
use std::time::Instant;

use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use sqlx::{Connection, FromRow, PgConnection};
use tracing::warn;
use uuid::Uuid;

use super::due::{Due, due};
use super::rules::{Rules, input};
use crate::trigger_starts::{self, NewStart, Outcome, subject};

/// Schedules that one transaction moves on at most.
const SCHEDULES_BITE: i64 = 20;
/// Starts after which it takes no further schedule.
const STARTS_BITE: usize = 1_000;
/// Schedules that are due among which turns are given, by workspace.
const WINDOW: i64 = 2_000;
/// Most missed fire times of a schedule that are recorded one by one, the newest.
const MISSED_MAX: usize = 100;
/// How long a process passes a schedule by that it cannot read, and how many at most; of more, each look reads the rest.
const PASSED_BY_FOR: std::time::Duration = std::time::Duration::from_secs(60);
const PASSED_BY_MAX: usize = 1_000;
/// Why a fire time is missed after an outage.
const OUTAGE: &str = "nothing could be started at that time, and the schedule does not catch up on it";

#[derive(FromRow)]
struct Row {
    workspace_id: Uuid,
    schedule_id: Uuid,
    workflow_id: Uuid,
    node_id: String,
    version_id: Uuid,
    rules: Value,
    next_at: DateTime<Utc>,
    now: DateTime<Utc>,
}

/// Moves some schedules on that are due, of all workspaces in turn; how many. Come again while it is not zero. For the
/// worker's role.
///
/// # Errors
/// If the database does.
pub async fn advance(connection: &mut PgConnection, passed_by: &mut PassedBy) -> Result<usize, StoreError> {
    let mut transaction = connection.begin().await?;
    let rows = pick(&mut transaction, &passed_by.ids()).await?;
    let (mut moved, mut starts) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in &rows {
        match judge(row) {
            Ok((due, more)) => {
                starts.extend(more);
                moved.push((row, due));
            }
            Err(reason) => {
                warn!(schedule_id = %row.schedule_id, %reason, "a schedule cannot be read by this build; it is left to a newer one");
                passed_by.add(row.schedule_id);
            }
        }
        if starts.len() >= STARTS_BITE {
            break;
        }
    }
    trigger_starts::insert(&mut transaction, &starts).await?;
    write(&mut transaction, &moved).await?;
    transaction.commit().await?;
    Ok(moved.len())
}

/// Schedules that this build cannot read, as a newer one has written them. Their times stay as they are, since the newer one
/// goes by them; this process passes them by for a while.
#[derive(Debug, Default)]
pub struct PassedBy(HashMap<Uuid, Instant>);

impl PassedBy {
    /// Those that are passed by now.
    fn ids(&mut self) -> Vec<Uuid> {
        self.0.retain(|_, since| since.elapsed() < PASSED_BY_FOR);
        self.0.keys().copied().collect()
    }

    fn add(&mut self, schedule_id: Uuid) {
        if self.0.len() < PASSED_BY_MAX {
            self.0.insert(schedule_id, Instant::now());
        }
    }
}

/// Milliseconds until something is due, a schedule that is not passed by or a start; none if nothing ever is.
///
/// # Errors
/// If the database does.
pub async fn next_ms(connection: &mut PgConnection, passed_by: &mut PassedBy) -> Result<Option<i64>, StoreError> {
    let next = sqlx::query_scalar(
        "SELECT ceil(extract(epoch FROM least( \
           (SELECT min(s.next_at) FROM schedules s WHERE s.next_at IS NOT NULL AND s.schedule_id <> ALL ($1)), \
           (SELECT min(t.due_at) FROM trigger_starts t WHERE t.status = 'due')) - clock_timestamp()) * 1000)::bigint",
    );
    Ok(next.bind(passed_by.ids()).fetch_one(connection).await?)
}

/// Those whose turn it is, locked; others skip them.
async fn pick(connection: &mut PgConnection, passed_by: &[Uuid]) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as(
        "WITH now AS MATERIALIZED (SELECT clock_timestamp() AS now), waiting AS MATERIALIZED ( \
           SELECT s.workspace_id, s.schedule_id, s.next_at FROM schedules s \
            WHERE s.next_at <= (SELECT n.now FROM now n) AND s.schedule_id <> ALL ($3) ORDER BY s.next_at LIMIT $1 \
         ), turns AS MATERIALIZED ( \
           SELECT w.workspace_id, w.schedule_id, w.next_at, \
                  row_number() OVER (PARTITION BY w.workspace_id ORDER BY w.next_at) AS turn \
             FROM waiting w ORDER BY turn, w.next_at LIMIT $2 \
         ) \
         SELECT s.workspace_id, s.schedule_id, s.workflow_id, s.node_id, s.version_id, s.rules, s.next_at, n.now \
           FROM now n CROSS JOIN turns t \
           JOIN schedules s ON s.workspace_id = t.workspace_id AND s.schedule_id = t.schedule_id \
          WHERE s.next_at <= n.now FOR UPDATE OF s SKIP LOCKED",
    );
    Ok(rows.bind(WINDOW).bind(SCHEDULES_BITE).bind(passed_by).fetch_all(connection).await?)
}

fn judge(row: &Row) -> Result<(Due, Vec<NewStart>), String> {
    let rules: Rules = serde_json::from_value(row.rules.clone()).map_err(|error| error.to_string())?;
    let calendar = rules.calendar().map_err(|flaw| flaw.to_string())?;
    let due = due(&rules, &calendar, row.next_at, row.now);
    let start = |at: DateTime<Utc>, cause: &'static str, due_at, outcome| NewStart {
        workspace_id: WorkspaceId(row.workspace_id),
        workflow_id: WorkflowId(row.workflow_id),
        version_id: VersionId(row.version_id),
        node_id: row.node_id.clone(),
        subject: subject(at),
        cause,
        at,
        input: input(&rules, &calendar, at, cause),
        overlap: rules.overlap,
        depth: 0,
        due_at,
        until_at: due_at + Duration::milliseconds(i64::try_from(rules.start_within_ms).unwrap_or(i64::MAX / 1_000_000)),
        outcome,
        trace: None,
    };
    let fires = due.fires.iter().map(|&(at, is_late)| match is_late {
        true => start(at, "catch_up", row.now, Outcome::Due),
        false => start(at, "schedule", at + rules.jitter(at), Outcome::Due),
    });
    let missed = due.missed.iter().take(MISSED_MAX).map(|&at| start(at, "schedule", at, Outcome::Missed(OUTAGE)));
    let starts = fires.chain(missed).collect();
    Ok((due, starts))
}

async fn write(connection: &mut PgConnection, moved: &[(&Row, Due)]) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE schedules s SET next_at = m.next_at, missed = s.missed + m.missed, updated_at = clock_timestamp() \
           FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[]) \
             AS m (workspace_id, schedule_id, next_at, missed) \
          WHERE s.workspace_id = m.workspace_id AND s.schedule_id = m.schedule_id",
    )
    .bind(moved.iter().map(|(row, _)| row.workspace_id).collect::<Vec<_>>())
    .bind(moved.iter().map(|(row, _)| row.schedule_id).collect::<Vec<_>>())
    .bind(moved.iter().map(|(_, due)| due.next_at).collect::<Vec<_>>())
    .bind(moved.iter().map(|(_, due)| i64::try_from(due.missed.len()).unwrap_or(i64::MAX)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
