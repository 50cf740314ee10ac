//! Starts under flow control: refused, delayed, gathered or let in, in one round trip.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use super::executions::ExecutionRow;
use super::start::Start;
use crate::core::flow::Wish;
use crate::core::ids::{ExecutionId, WorkflowId, WorkspaceId};

/// Most bytes of the inputs of a batch, as JSON; the one that would be too much begins the next batch.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Most executions to be that a workspace may have pending.
pub const PENDING_MAX: i32 = 10_000;
/// Longest time that a throttle may hold a start, in milliseconds: a week.
pub const DELAY_MS_MAX: i64 = 7 * 86_400_000;
/// Pending starts that one call begins at most.
const DRAIN_MAX: i32 = 200;
/// Rows that one call of [`tidy`] removes at most of each kind.
const BITE: i32 = 5_000;

/// A start, and what flow control is to do with it.
#[derive(Clone, Debug)]
pub struct Ruled {
    /// The start.
    pub start: Start,
    /// The rules of its version, with their keys filled in.
    pub wish: Wish,
}

/// What became of a start under flow control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowStarted {
    /// Its own, or that which it has become a part of.
    pub execution_id: ExecutionId,
    /// How it was taken.
    pub verdict: Verdict,
    /// Another request with the same key got this answer first.
    pub replayed: bool,
    /// When it begins, if that is known, or when it is worth asking again.
    pub until: Option<DateTime<Utc>>,
    /// Milliseconds until then, by the database's clock.
    pub wait_ms: Option<i64>,
    /// How many starts the pending execution is made of so far.
    pub starts: Option<i32>,
}

/// How a start was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is in line.
    Started,
    /// It exists, and begins later.
    Throttled,
    /// It is the first of what will be one execution.
    Pending,
    /// It is part of one that is pending.
    Joined,
    /// The same, and that one began with it.
    Filled,
    /// Another one is at work; nothing was started.
    Skipped,
    /// Too many came; nothing was started.
    Limited,
    /// It would have been delayed for too long; nothing was started.
    Late,
    /// Too much is pending in its workspace; nothing was started.
    Full,
    /// Its key was used before with another request; nothing was started.
    Conflict,
}

impl Verdict {
    /// Whether there is one execution more, or will be.
    #[must_use]
    pub fn is_new(self) -> bool {
        matches!(self, Self::Started | Self::Throttled | Self::Pending)
    }
}

/// The answer to a batch of starts.
#[derive(Debug)]
pub struct FlowReply {
    /// In the order of the batch.
    pub started: Vec<FlowStarted>,
    /// Where claims stand in virtual time.
    pub front: i64,
}

#[derive(Serialize)]
struct Row<'a> {
    n: usize,
    execution_id: Uuid,
    workspace_id: Uuid,
    workflow_id: Uuid,
    version_id: Uuid,
    trigger: &'a str,
    input: &'a Value,
    bytes: usize,
    timeout_ms: Option<u64>,
    vt: i64,
    key_hash: Option<String>,
    request_hash: Option<String>,
    trace: Option<String>,
    #[serde(flatten)]
    wish: &'a Wish,
}

#[derive(FromRow)]
struct Answer {
    execution_id: Uuid,
    verdict: String,
    replayed: bool,
    until_at: Option<DateTime<Utc>>,
    wait_ms: Option<i64>,
    starts: Option<i32>,
    front: i64,
}

impl<'a> Row<'a> {
    fn new((n, Ruled { start, wish }): (usize, &'a Ruled)) -> Self {
        Self {
            n: n + 1,
            execution_id: start.execution_id.0,
            workspace_id: start.workspace_id.0,
            workflow_id: start.workflow_id.0,
            version_id: start.version_id.0,
            trigger: start.trigger.as_str(),
            input: &start.input,
            bytes: start.input.to_string().len(),
            timeout_ms: start.timeout_ms,
            vt: start.vt,
            key_hash: start.key_hash().as_deref().map(hex),
            request_hash: start.request_hash().as_deref().map(hex),
            trace: start.trace.as_ref().map(ToString::to_string),
            wish,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl TryFrom<Answer> for FlowStarted {
    type Error = StoreError;

    fn try_from(row: Answer) -> Result<Self, StoreError> {
        let verdict = match row.verdict.as_str() {
            "started" => Verdict::Started,
            "throttled" => Verdict::Throttled,
            "pending" => Verdict::Pending,
            "joined" => Verdict::Joined,
            "filled" => Verdict::Filled,
            "skipped" => Verdict::Skipped,
            "limited" => Verdict::Limited,
            "late" => Verdict::Late,
            "full" => Verdict::Full,
            "conflict" => Verdict::Conflict,
            other => return Err(StoreError::Corrupt(format!("start_flow_1 answered {other:?}"))),
        };
        let Answer { execution_id, replayed, until_at: until, wait_ms, starts, .. } = row;
        Ok(Self { execution_id: ExecutionId(execution_id), verdict, replayed, until, wait_ms, starts })
    }
}

/// Whether the months of all of these ids have tables. What waits would be begun in its month: where that has none, it would never be,
/// and hold up all that is held behind it.
const MONTHS_ARE_THERE: &str = "NOT EXISTS (SELECT FROM unnest($5::uuid[]) AS s (id) \
    WHERE to_regclass('executions_' || to_char(to_timestamp( \
      ('x' || left(replace(s.id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) AT TIME ZONE 'UTC', 'YYYY_MM')) IS NULL)";

/// Starts a batch of executions as their flow control says, in one round trip.
///
/// # Errors
/// As [`super::start::start`]; [`StoreError::NoMonth`] if there are no tables for the month of one of them, and none was taken.
pub async fn start_flow(connection: &mut PgConnection, starts: &[Ruled]) -> Result<FlowReply, StoreError> {
    let rows: Vec<Row<'_>> = starts.iter().enumerate().map(Row::new).collect();
    let rows = serde_json::to_string(&rows).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let sql = format!(
        "SELECT execution_id, verdict, replayed, until_at, wait_ms, starts, front FROM start_flow_1($1, $2, $3, $4) \
          WHERE {MONTHS_ARE_THERE} ORDER BY ordinal"
    );
    let answers: Vec<Answer> = sqlx::query_as(&sql)
        .bind(rows)
        .bind(i64::try_from(BATCH_BYTES_MAX).unwrap_or(i64::MAX))
        .bind(PENDING_MAX)
        .bind(DELAY_MS_MAX)
        .bind(starts.iter().map(|ruled| ruled.start.execution_id.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    if answers.is_empty() && !starts.is_empty() {
        return Err(StoreError::NoMonth);
    }
    let front = answers.first().map_or(0, |row| row.front);
    Ok(FlowReply { started: answers.into_iter().map(FlowStarted::try_from).collect::<Result<_, _>>()?, front })
}

/// What was pending and has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Drained {
    /// How many executions.
    pub begun: i32,
    /// Milliseconds until the next look is worth it; none if nothing is pending.
    pub next_ms: Option<i64>,
}

/// Begins what is pending and due, a bounded number at a time. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn drain(connection: &mut PgConnection) -> Result<Drained, StoreError> {
    Ok(sqlx::query_as("SELECT begun, next_ms FROM drain_starts_1($1)").bind(DRAIN_MAX).fetch_one(connection).await?)
}

/// Removes what flow control needs no more; answers how many rows. Come again while it is not zero.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<i32, StoreError> {
    Ok(sqlx::query_scalar("SELECT tidy_flow_1($1)").bind(BITE).fetch_one(connection).await?)
}

/// An execution to be.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct PendingStart {
    /// The id that it will have.
    pub execution_id: Uuid,
    /// Its workflow.
    pub workflow_id: Uuid,
    /// The version of the start that came last.
    pub version_id: Uuid,
    /// The trigger it will begin at.
    pub trigger_node_id: String,
    /// `debounce`, `batch` or `singleton`.
    pub rule: String,
    /// What the key came to; empty without one.
    pub key: String,
    /// How many starts came.
    pub starts: i32,
    /// When the first one came.
    pub first_at: DateTime<Utc>,
    /// When it begins; a singleton's waits for the end of another, and has none.
    pub due_at: Option<DateTime<Utc>>,
}

/// An execution of the workspace that is pending.
///
/// # Errors
/// If the database does.
pub async fn find_pending(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<Option<PendingStart>, StoreError> {
    let row = sqlx::query_as(
        "SELECT execution_id, workflow_id, version_id, trigger_node_id, rule, key, starts, first_at, \
           CASE WHEN rule <> 'singleton' THEN due_at END AS due_at \
         FROM pending_starts WHERE execution_id = $1 AND workspace_id = $2",
    );
    Ok(row.bind(execution_id.0).bind(workspace_id.0).fetch_optional(connection).await?)
}

/// A page of the executions of a workspace that are pending, newest first, older than `before`, as they are to be. Reads the
/// rows of the workspace, which are at most [`PENDING_MAX`].
///
/// # Errors
/// If the database does.
pub async fn list_pending(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: Option<WorkflowId>,
    before: ExecutionId,
    limit: i64,
) -> Result<Vec<ExecutionRow>, StoreError> {
    let rows = sqlx::query_as(
        "WITH own AS MATERIALIZED (SELECT p.execution_id, p.workspace_id, p.workflow_id, p.version_id, p.trigger_node_id, \
           p.first_at FROM pending_starts p WHERE p.workspace_id = $1 AND ($2::uuid IS NULL OR p.workflow_id = $2)) \
         SELECT o.execution_id, o.workspace_id, o.workflow_id, o.version_id, o.trigger_node_id, 'pending' AS status, \
           'null'::jsonb AS input, NULL::jsonb AS output, NULL::jsonb AS error, o.first_at AS created_at, o.first_at AS begun_at, \
           NULL::timestamptz AS deadline_at, NULL::timestamptz AS ended_at, false AS trial \
         FROM own o WHERE o.execution_id < $3 ORDER BY o.execution_id DESC LIMIT $4",
    );
    let rows = rows.bind(workspace_id.0).bind(workflow_id.map(|id| id.0)).bind(before.0).bind(limit);
    Ok(rows.fetch_all(connection).await?)
}

/// Cancels an execution that is pending, of the workspace that the transaction names; whether it was.
///
/// # Errors
/// If the database does.
pub async fn cancel_pending(
    connection: &mut PgConnection,
    execution_id: ExecutionId,
    reason: &str,
) -> Result<bool, StoreError> {
    let cancelled = sqlx::query_scalar("SELECT cancel_pending_1($1, $2, $3)").bind(execution_id.0);
    Ok(cancelled.bind(Uuid::now_v7()).bind(reason).fetch_one(connection).await?)
}
