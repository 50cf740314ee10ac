//! Writing what is to be started.

use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::core::trace::Trace;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use super::KEPT_DAYS;
use crate::schedules::Overlap;
use crate::trace;

/// Rows that one call of [`tidy`] removes at most.
const BITE: i64 = 2_000;
/// Why a start that waits is missed when its trigger goes.
const GONE: &str = "its trigger is not in the published version any more";
/// Why a start is missed that waited, or was asked for, as its workflow was deleted.
pub const DELETED: &str = "its workflow was deleted";

/// What a start `n` belongs to: what it says itself, else what the fact of its event belongs to, or the execution that has ended.
const TRACE: &str = "coalesce(n.trace, CASE n.cause \
    WHEN 'event' THEN coalesce(fact_trace_1(n.workspace_id, CASE WHEN n.cause = 'event' THEN n.subject::uuid END), \
      replace(n.subject, '-', '')) \
    WHEN 'execution' THEN coalesce((SELECT e.trace FROM executions e \
      WHERE e.workspace_id = n.workspace_id AND e.execution_id = CASE WHEN n.cause = 'execution' THEN n.subject::uuid END), \
      replace(n.subject, '-', '')) END)";

/// Most starts that one trigger makes for one first cause deeper than its first ones: only what it has led to itself starts it
/// there, or what came to it another way as well.
const DESCENDANTS_MAX: i64 = 10_000;
/// Why a start beyond [`DESCENDANTS_MAX`] is missed.
const TOO_MANY: &str = "what one first cause led to has started this trigger 10000 times already behind its first starts: these \
                        workflows start each other in a circle that grows";
const _: () = assert!(DESCENDANTS_MAX == 10_000, "the reason names it");

/// Why a start `n` of the trace `r` is missed from the beginning, if it is: the one that it comes with, or as those behind the first
/// starts of its trigger for that trace are as many as may be. The trace is the first cause: it goes along with all that follows.
/// Steps into `trigger_starts_first_cause`: one for the first start, and as many as there are behind it. The orders name that index,
/// see [`super::BEGIN`].
const REASON: &str = "coalesce(n.reason, CASE WHEN n.cause IN ('event', 'execution') AND n.depth > 0 AND $16 <= ( \
    SELECT count(*) FROM ( \
      SELECT f.depth FROM trigger_starts f \
       WHERE f.cause IN ('event', 'execution') AND f.workspace_id = n.workspace_id AND f.workflow_id = n.workflow_id \
         AND f.node_id = n.node_id AND left(f.trace, 32) = left(r.trace, 32) ORDER BY left(f.trace, 32), f.depth LIMIT 1) AS first \
    CROSS JOIN LATERAL ( \
      SELECT FROM trigger_starts p \
       WHERE p.cause IN ('event', 'execution') AND p.workspace_id = n.workspace_id AND p.workflow_id = n.workflow_id \
         AND p.node_id = n.node_id AND left(p.trace, 32) = left(r.trace, 32) AND p.depth > first.depth AND p.depth <= n.depth \
       ORDER BY left(p.trace, 32), p.depth LIMIT $16) AS behind) THEN $15 END)";

/// A start to be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewStart {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// Its version.
    pub version_id: VersionId,
    /// The trigger.
    pub node_id: String,
    /// What for: the same is started once.
    pub subject: String,
    /// `schedule`, `catch_up`, `backfill`, `now`, `event`, `execution`, `form` or `booking`.
    pub cause: &'static str,
    /// The time that it stands for.
    pub at: DateTime<Utc>,
    /// What the execution is given.
    pub input: Value,
    /// When the last one of the trigger has not ended.
    pub overlap: Overlap,
    /// How many events led to it.
    pub depth: i32,
    /// From when on it is tried.
    pub due_at: DateTime<Utc>,
    /// Until when it is tried again.
    pub until_at: DateTime<Utc>,
    /// Whether it is to be tried at all.
    pub outcome: Outcome,
    /// What it belongs to, if that is known: else what the task that writes it does, or the fact or the execution that it is for.
    pub trace: Option<Trace>,
}

impl NewStart {
    fn traced(&self) -> Option<String> {
        self.trace.as_ref().map(ToString::to_string).or_else(trace::written)
    }
}

/// How a start begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is to be made.
    Due,
    /// It is missed from the beginning, for this reason.
    Missed(&'static str),
}

impl Outcome {
    fn reason(self) -> Option<&'static str> {
        match self {
            Self::Due => None,
            Self::Missed(reason) => Some(reason),
        }
    }
}

/// The subject of a fire time.
#[must_use]
pub fn subject(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Inserts starts; one whose subject is there already stays as it is. Answers how many are new.
///
/// # Errors
/// If the database does.
pub async fn insert(connection: &mut PgConnection, starts: &[NewStart]) -> Result<u64, StoreError> {
    write(connection, starts, "ON CONFLICT DO NOTHING").await
}

/// The same, and one that was missed is due again. Answers how many are due with it.
///
/// # Errors
/// If the database does.
pub async fn insert_or_revive(connection: &mut PgConnection, starts: &[NewStart]) -> Result<u64, StoreError> {
    let revive = "ON CONFLICT (workspace_id, workflow_id, node_id, subject) DO UPDATE \
         SET status = 'due', cause = excluded.cause, version_id = excluded.version_id, input = excluded.input, \
             overlap = excluded.overlap, due_at = excluded.due_at, until_at = excluded.until_at, tries = 0, reason = NULL, \
             settled_at = NULL \
       WHERE t.status = 'missed'";
    write(connection, starts, revive).await
}

async fn write(connection: &mut PgConnection, starts: &[NewStart], conflict: &str) -> Result<u64, StoreError> {
    if starts.is_empty() {
        return Ok(0);
    }
    let text = |value: fn(&NewStart) -> &str| starts.iter().map(value).collect::<Vec<_>>();
    let time = |value: fn(&NewStart) -> DateTime<Utc>| starts.iter().map(value).collect::<Vec<_>>();
    let sql = format!(
        "INSERT INTO trigger_starts AS t (workspace_id, workflow_id, version_id, node_id, subject, cause, at, input, overlap, \
           depth, due_at, until_at, reason, status, settled_at, trace) \
         SELECT n.workspace_id, n.workflow_id, n.version_id, n.node_id, n.subject, n.cause, n.at, n.input, n.overlap, n.depth, \
           n.due_at, n.until_at, m.reason, CASE WHEN m.reason IS NULL THEN 'due' ELSE 'missed' END, \
           CASE WHEN m.reason IS NOT NULL THEN clock_timestamp() END, r.trace \
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::jsonb[], \
             $9::text[], $10::int[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::text[]) \
             AS n (workspace_id, workflow_id, version_id, node_id, subject, cause, at, input, overlap, depth, due_at, until_at, \
               reason, trace) \
          CROSS JOIN LATERAL (SELECT {TRACE} AS trace OFFSET 0) AS r \
          CROSS JOIN LATERAL (SELECT {REASON} AS reason OFFSET 0) AS m \
          ORDER BY n.workspace_id, n.workflow_id, n.node_id, n.subject {conflict}"
    );
    let written = sqlx::query(&sql)
        .bind(starts.iter().map(|start| start.workspace_id.0).collect::<Vec<_>>())
        .bind(starts.iter().map(|start| start.workflow_id.0).collect::<Vec<_>>())
        .bind(starts.iter().map(|start| start.version_id.0).collect::<Vec<_>>())
        .bind(text(|start| &start.node_id))
        .bind(text(|start| &start.subject))
        .bind(text(|start| start.cause))
        .bind(time(|start| start.at))
        .bind(starts.iter().map(|start| &start.input).collect::<Vec<_>>())
        .bind(text(|start| start.overlap.as_str()))
        .bind(starts.iter().map(|start| start.depth).collect::<Vec<_>>())
        .bind(time(|start| start.due_at))
        .bind(time(|start| start.until_at))
        .bind(starts.iter().map(|start| start.outcome.reason()).collect::<Vec<_>>())
        .bind(starts.iter().map(NewStart::traced).collect::<Vec<_>>())
        .bind(TOO_MANY)
        .bind(DESCENDANTS_MAX)
        .execute(connection)
        .await?;
    Ok(written.rows_affected())
}

/// Brings starts that wait in step with a version that is published: they start that, or are missed if it has their
/// trigger no more, or are missed as their workflow is hidden. In the transaction that publishes or hides, after the triggers themselves.
///
/// # Errors
/// If the database does.
pub async fn sync(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    version_id: VersionId,
    triggers: &[&str],
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE trigger_starts SET version_id = $3, \
           status = CASE WHEN node_id = ANY ($4) THEN status ELSE 'missed' END, \
           reason = CASE WHEN node_id = ANY ($4) THEN reason \
                         WHEN EXISTS (SELECT FROM workflows w WHERE w.workspace_id = $1 AND w.workflow_id = $2 \
                                AND w.deleted_at IS NOT NULL) THEN $6 \
                         ELSE $5 END, \
           settled_at = CASE WHEN node_id <> ALL ($4) THEN clock_timestamp() END \
         WHERE workspace_id = $1 AND workflow_id = $2 AND settled_at IS NULL",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(version_id.0)
    .bind(triggers)
    .bind(GONE)
    .bind(DELETED)
    .execute(connection)
    .await?;
    Ok(())
}

/// Holds what a schedule is to start by itself.
///
/// # Errors
/// If the database does.
pub async fn hold(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    node_id: &str,
) -> Result<(), StoreError> {
    let held = sqlx::query(
        "UPDATE trigger_starts SET status = 'held' WHERE workspace_id = $1 AND workflow_id = $2 AND node_id = $3 \
           AND settled_at IS NULL AND status = 'due' AND cause IN ('schedule', 'catch_up')",
    );
    held.bind(workspace_id.0).bind(workflow_id.0).bind(node_id).execute(connection).await?;
    Ok(())
}

/// Lets it go again. It is tried at once, and as long as it would have been.
///
/// # Errors
/// If the database does.
pub async fn let_go(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    node_id: &str,
) -> Result<(), StoreError> {
    let due = sqlx::query(
        "UPDATE trigger_starts SET status = 'due', due_at = greatest(due_at, clock_timestamp()), \
           until_at = greatest(until_at, clock_timestamp() + (until_at - due_at)) \
         WHERE workspace_id = $1 AND workflow_id = $2 AND node_id = $3 AND settled_at IS NULL AND status = 'held'",
    );
    due.bind(workspace_id.0).bind(workflow_id.0).bind(node_id).execute(connection).await?;
    Ok(())
}

/// Removes what was settled long ago. Answers how many; come again while it is not zero. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let gone = sqlx::query(
        "DELETE FROM trigger_starts WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM trigger_starts t \
           WHERE t.settled_at < statement_timestamp() - make_interval(days => $1) \
             AND t.at < statement_timestamp() - make_interval(days => $1) ORDER BY t.settled_at LIMIT $2))",
    );
    Ok(gone.bind(i32::from(KEPT_DAYS)).bind(BITE).execute(connection).await?.rows_affected())
}
