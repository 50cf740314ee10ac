//! The side of the fleet: what is due, alone or many of a workspace together.

use capstan_engine::core::ids::{ExecutionId, VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{Connection, FromRow, PgConnection};
use uuid::Uuid;

/// The oldest starts that are due among which turns are given, by workspace.
const WINDOW: i64 = 2_000;
/// Workspaces that have a turn however old their starts are; of more at a time the last ones wait until they are in the window.
const SPACES_MAX: i32 = 1_000;
/// Starts of each of them that have a turn so.
const FIRST_OF_EACH: i64 = 5;
/// Starts that one look finds at most.
const CANDIDATES_MAX: i64 = 50;
/// First pause after a refusal, in seconds; each is twice as long as the one before.
const PAUSE_S: i64 = 1;
/// Longest pause, in seconds.
const PAUSE_S_MAX: i64 = 300;
/// Longest reason that is kept, in characters.
const REASON_CHARS_MAX: usize = 500;
/// Begins a transaction that writes starts, locks or settles one: what is read in an order is read by the index that has it, however little
/// is known of the table.
pub const BEGIN: &str = "BEGIN; SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off";
/// The same of one that makes executions of starts. Whoever publishes or deletes their workflow waits for it: a start is either made before
/// that, or not of that version any more. So the server ends it before that wait is long, if its process stands still in the middle.
pub const BEGIN_MAKING: &str = "BEGIN; SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; \
                                SET LOCAL idle_in_transaction_session_timeout = '3s'";

/// Which start.
#[derive(Clone, Debug, PartialEq, Eq, Hash, FromRow)]
pub struct Key {
    /// The tenant.
    pub workspace_id: Uuid,
    /// The workflow.
    pub workflow_id: Uuid,
    /// The trigger.
    pub node_id: String,
    /// What for.
    pub subject: String,
}

/// A start whose row this transaction has.
#[derive(Clone, Debug, FromRow)]
pub struct TriggerStart {
    /// The tenant.
    pub workspace_id: Uuid,
    /// The workflow.
    pub workflow_id: Uuid,
    /// The version to start.
    pub version_id: Uuid,
    /// The trigger.
    pub node_id: String,
    /// What for.
    pub subject: String,
    /// Why.
    pub cause: String,
    /// What the execution is given, if it is whole.
    pub input: Value,
    /// Whether the input was not too large to be read.
    pub is_whole: bool,
    /// See [`crate::schedules::Overlap`].
    pub overlap: String,
    /// How many events led to it.
    pub depth: i32,
    /// What it belongs to, if that is known.
    pub trace: Option<String>,
    /// Whether its workflow is not deleted.
    pub is_there: bool,
    /// Where the row is, as long as the transaction has it.
    place: String,
}

impl TriggerStart {
    /// Whose it is.
    #[must_use]
    pub fn ids(&self) -> (WorkspaceId, WorkflowId, VersionId) {
        (WorkspaceId(self.workspace_id), WorkflowId(self.workflow_id), VersionId(self.version_id))
    }

    /// Which it is.
    #[must_use]
    pub fn key(&self) -> Key {
        let (node_id, subject) = (self.node_id.clone(), self.subject.clone());
        Key { workspace_id: self.workspace_id, workflow_id: self.workflow_id, node_id, subject }
    }

    /// The key of its start: the same for the same trigger and subject, whatever becomes of this row.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("trigger:{}:{}:{}", self.workflow_id, self.node_id, self.subject)
    }
}

/// What came of a start that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// That execution exists, or will.
    Started(ExecutionId),
    /// Another one was at work.
    Skipped(ExecutionId),
    /// Nothing will come of it.
    Missed(String),
}

impl Verdict {
    fn status(&self) -> &'static str {
        match self {
            Self::Started(_) => "started",
            Self::Skipped(_) => "skipped",
            Self::Missed(_) => "missed",
        }
    }

    fn execution(&self) -> Option<Uuid> {
        match self {
            Self::Started(id) | Self::Skipped(id) => Some(id.0),
            Self::Missed(_) => None,
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Started(_) => None,
            Self::Skipped(_) => Some("another execution of the schedule was at work"),
            Self::Missed(reason) => Some(reason),
        }
    }
}

/// Starts that are due, of all workspaces in turn, behind so many that others have: the oldest of all, and the oldest of each workspace
/// that has any, so that the burst of one holds up no other. Nothing is locked. By trigger_starts_due_at and trigger_starts_turns.
///
/// # Errors
/// If the database does.
pub async fn candidates(connection: &mut PgConnection, behind: i64) -> Result<Vec<Key>, StoreError> {
    let keys = sqlx::query_as(
        "WITH RECURSIVE now AS MATERIALIZED (SELECT clock_timestamp() AS now), spaces AS ( \
           (SELECT t.workspace_id, t.due_at, 1 AS nth FROM trigger_starts t \
             WHERE t.status = 'due' ORDER BY t.workspace_id, t.due_at LIMIT 1) \
           UNION ALL \
           SELECT n.workspace_id, n.due_at, s.nth + 1 FROM spaces s \
            CROSS JOIN LATERAL (SELECT t.workspace_id, t.due_at FROM trigger_starts t \
              WHERE t.status = 'due' AND t.workspace_id > s.workspace_id ORDER BY t.workspace_id, t.due_at LIMIT 1) AS n \
            WHERE s.nth < $4 \
         ), waiting AS ( \
           (SELECT t.workspace_id, t.workflow_id, t.node_id, t.subject, t.due_at FROM trigger_starts t \
             WHERE t.status = 'due' AND t.due_at <= (SELECT n.now FROM now n) ORDER BY t.due_at LIMIT $1) \
           UNION \
           SELECT t.workspace_id, t.workflow_id, t.node_id, t.subject, t.due_at FROM spaces s \
            CROSS JOIN LATERAL (SELECT x.workspace_id, x.workflow_id, x.node_id, x.subject, x.due_at FROM trigger_starts x \
              WHERE x.status = 'due' AND x.workspace_id = s.workspace_id AND x.due_at <= (SELECT n.now FROM now n) \
              ORDER BY x.workspace_id, x.due_at LIMIT $5) AS t \
            WHERE s.due_at <= (SELECT n.now FROM now n) \
         ) \
         SELECT w.workspace_id, w.workflow_id, w.node_id, w.subject FROM ( \
           SELECT w.workspace_id, w.workflow_id, w.node_id, w.subject, w.due_at, \
                  row_number() OVER (PARTITION BY w.workspace_id ORDER BY w.due_at, w.subject) AS turn FROM waiting w) AS w \
          ORDER BY w.turn, w.due_at LIMIT $2 OFFSET $3",
    );
    let keys = keys.bind(WINDOW).bind(CANDIDATES_MAX).bind(behind).bind(SPACES_MAX).bind(FIRST_OF_EACH);
    let mut transaction = connection.begin_with(BEGIN).await?;
    let keys = keys.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(keys)
}

/// Takes those starts that are still due and that nobody else has, until the transaction ends, which is to begin as [`BEGIN`] does. By
/// the primary key, which the order names: of a table that has just been filled a planner knows nothing, and would take any index that
/// begins like it, and read all starts of the trigger for one. An input of more than `bytes_max` bytes is not read.
///
/// # Errors
/// If the database does.
pub async fn lock(
    connection: &mut PgConnection,
    keys: &[Key],
    bytes_max: Option<i32>,
) -> Result<Vec<TriggerStart>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT t.place, t.workspace_id, t.workflow_id, t.version_id, t.node_id, t.subject, t.cause, t.input, t.is_whole, t.overlap, \
           t.depth, t.trace, EXISTS (SELECT FROM workflows w WHERE w.workspace_id = t.workspace_id AND w.workflow_id = t.workflow_id \
             AND w.deleted_at IS NULL) AS is_there \
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS n (workspace_id, workflow_id, node_id, subject) \
          CROSS JOIN LATERAL (SELECT t.ctid::text AS place, t.workspace_id, t.workflow_id, t.version_id, t.node_id, t.subject, \
              t.cause, CASE WHEN s.is_whole THEN t.input ELSE 'null' END AS input, s.is_whole, t.overlap, t.depth, t.trace \
              FROM trigger_starts t CROSS JOIN LATERAL (SELECT CASE WHEN pg_column_size(t.input) <= $5 \
                THEN octet_length(t.input::text) <= $5 ELSE $5 IS NULL END AS is_whole OFFSET 0) AS s \
            WHERE t.ctid = (SELECT x.ctid FROM trigger_starts x WHERE x.workspace_id = n.workspace_id \
                AND x.workflow_id = n.workflow_id AND x.node_id = n.node_id AND x.subject >= n.subject ORDER BY x.subject LIMIT 1) \
              AND t.workspace_id = n.workspace_id AND t.workflow_id = n.workflow_id AND t.node_id = n.node_id \
              AND t.subject = n.subject AND t.status = 'due' AND t.due_at <= clock_timestamp() FOR UPDATE OF t SKIP LOCKED) AS t",
    );
    let rows = rows
        .bind(keys.iter().map(|key| key.workspace_id).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.workflow_id).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.node_id.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.subject.as_str()).collect::<Vec<_>>())
        .bind(bytes_max);
    Ok(rows.fetch_all(connection).await?)
}

/// Settles starts that [`lock`] has taken, in the transaction that made them: by their places.
///
/// # Errors
/// If the database does, or [`StoreError::Corrupt`] if one of them is not there any more.
pub async fn settle(connection: &mut PgConnection, ends: &[(&TriggerStart, Verdict)]) -> Result<(), StoreError> {
    let settled = sqlx::query(
        "UPDATE trigger_starts t SET (status, execution_id, reason) = (SELECT n.status, n.execution_id, n.reason \
             FROM unnest($1::text[], $3::text[], $4::uuid[], $5::text[]) AS n (place, status, execution_id, reason) \
            WHERE n.place = t.ctid::text), \
           input = NULL, tries = t.tries + 1, settled_at = clock_timestamp() \
         WHERE t.ctid = ANY ($1::text[]::tid[]) AND t.workspace_id || '' = ANY ($2::text[])",
    );
    let settled = settled
        .bind(ends.iter().map(|(start, _)| start.place.as_str()).collect::<Vec<_>>())
        .bind(ends.iter().map(|(start, _)| start.workspace_id.to_string()).collect::<Vec<_>>())
        .bind(ends.iter().map(|(_, verdict)| verdict.status()).collect::<Vec<_>>())
        .bind(ends.iter().map(|(_, verdict)| verdict.execution()).collect::<Vec<_>>())
        .bind(ends.iter().map(|(_, verdict)| verdict.reason()).collect::<Vec<_>>());
    match settled.execute(connection).await?.rows_affected() == ends.len() as u64 {
        true => Ok(()),
        false => Err(StoreError::Corrupt("a start of a trigger that is being made is gone".into())),
    }
}

/// Has a start that was refused come again after a pause, not before `not_before`; past its deadline it is missed. Answers
/// whether it is. One that another worker has settled meanwhile stays so.
///
/// # Errors
/// If the database does.
pub async fn refuse(
    connection: &mut PgConnection,
    key: &Key,
    reason: &str,
    not_before: Option<DateTime<Utc>>,
) -> Result<bool, StoreError> {
    let reason: String = reason.chars().take(REASON_CHARS_MAX).collect();
    let missed = sqlx::query_scalar(
        "UPDATE trigger_starts t SET tries = t.tries + 1, reason = $5, \
           due_at = CASE WHEN n.next_at <= t.until_at THEN n.next_at ELSE t.due_at END, \
           status = CASE WHEN n.next_at <= t.until_at THEN 'due' ELSE 'missed' END, \
           settled_at = CASE WHEN n.next_at > t.until_at THEN clock_timestamp() END \
         FROM (SELECT x.ctid AS tid, greatest($6, clock_timestamp() + least($8, $7 * 2 ^ least(x.tries, 20)) * interval '1 second') \
                 AS next_at FROM trigger_starts x \
                WHERE x.workspace_id = $1 AND x.workflow_id = $2 AND x.node_id = $3 AND x.subject = $4 AND x.status = 'due' \
                  FOR UPDATE) AS n \
         WHERE t.ctid = n.tid RETURNING t.status = 'missed'",
    )
    .bind(key.workspace_id)
    .bind(key.workflow_id)
    .bind(&key.node_id)
    .bind(&key.subject)
    .bind(reason)
    .bind(not_before)
    .bind(PAUSE_S)
    .bind(PAUSE_S_MAX)
    .fetch_optional(&mut *connection)
    .await?;
    let missed = missed.unwrap_or(false);
    if missed {
        sqlx::query(
            "UPDATE schedules SET missed = missed + 1 WHERE workspace_id = $1 AND workflow_id = $2 AND node_id = $3",
        )
        .bind(key.workspace_id)
        .bind(key.workflow_id)
        .bind(&key.node_id)
        .execute(connection)
        .await?;
    }
    Ok(missed)
}
