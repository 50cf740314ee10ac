//! The side of the step: waiting, and giving up when the time is over.

use capstan_engine::core::expression::holds_of_event;
use capstan_engine::core::ids::{ExecutionId, StepKey, WorkspaceId};
use capstan_engine::core::outcome::{EVENT_SIGNALS, signal_of};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::event::{COLUMNS, EventRow};

/// Most events of one type and key that a step looks at when it begins to wait or gives up, the oldest of its time.
const LOOK_EVENTS_MAX: i64 = 500;
/// That nobody has looked at an event yet.
const NOT_LOOKED_AT: &str = "AND (EXISTS (SELECT FROM event_turns t \
      WHERE t.workspace_id = events.workspace_id AND t.event_id = events.event_id) \
    OR EXISTS (SELECT FROM event_arrivals a WHERE a.workspace_id = events.workspace_id AND a.xid = events.xid))";
/// Wait `$2` of workspace `$1`, by the step too, `$3` to `$5`, if it is open. Any index that this lets a planner take holds one row of
/// it, however little is known of the table: so the status is not named, whose index begins with what all waits for an event share.
const IF_OPEN: &str =
    "workspace_id = $1 AND wait_id = $2 AND execution_id = $3 AND node_id = $4 AND scope = $5 AND closed_at IS NULL";

/// A step that waits for an event, within all workspaces of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingStep {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The execution.
    pub execution_id: ExecutionId,
    /// The step.
    pub step: StepKey,
}

impl WaitingStep {
    /// The signal that the event comes as.
    #[must_use]
    pub fn signal(&self) -> String {
        signal_of(EVENT_SIGNALS, &self.step)
    }
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// Type of the event.
    pub type_name: String,
    /// Its key; empty if it has none.
    pub key: String,
    /// An expression over `event` that has to hold.
    pub condition: Option<String>,
    /// The earliest time of the event.
    pub since_at: DateTime<Utc>,
    /// From when on none counts any more.
    pub until_at: Option<DateTime<Utc>>,
}

/// How a wait stands.
#[derive(FromRow)]
struct WaitRow {
    wait_id: Uuid,
    #[sqlx(rename = "type")]
    type_name: String,
    key: String,
    condition: Option<String>,
    since_at: DateTime<Utc>,
    until_at: Option<DateTime<Utc>>,
    status: String,
    event: Option<Value>,
    signalled: bool,
}

/// Waits, once: a step that waited before waits already. Gives the event if one has come that no signal brings. For the
/// worker's role, in autocommit: the wait has to be seen by others before it looks.
///
/// # Errors
/// If the database does.
pub async fn wait(
    connection: &mut PgConnection,
    waiting: &WaitingStep,
    wait: &Wait,
) -> Result<Option<Value>, StoreError> {
    insert(connection, waiting, wait).await?;
    let row = find(connection, waiting).await?;
    match row.status.as_str() {
        "open" => look(connection, waiting, &row, "").await,
        _ => Ok(row.event.filter(|_| !row.signalled)),
    }
}

/// Takes no more events, as the time is over; the event, if one came first, also one that nobody has looked at yet.
/// Repeating it changes nothing. For the worker's role, in autocommit.
///
/// # Errors
/// If the database does.
pub async fn expire(
    connection: &mut PgConnection,
    waiting: &WaitingStep,
    wait: &Wait,
) -> Result<Option<Value>, StoreError> {
    insert(connection, waiting, wait).await?;
    let row = find(connection, waiting).await?;
    if row.status == "open" {
        look(connection, waiting, &row, NOT_LOOKED_AT).await?;
    }
    sqlx::query(&format!("UPDATE event_waits SET status = 'expired', closed_at = clock_timestamp() WHERE {IF_OPEN}"))
        .bind(waiting.workspace_id.0)
        .bind(row.wait_id)
        .bind(waiting.execution_id.0)
        .bind(waiting.step.node_id.as_str())
        .bind(waiting.step.scope.as_str())
        .execute(&mut *connection)
        .await?;
    Ok(find(connection, waiting).await?.event)
}

/// A step that a person has told to wait for something else begins anew, under another id: whoever is about to bring it an
/// event of before finds that wait no more. An event that is on its way already comes.
async fn insert(connection: &mut PgConnection, waiting: &WaitingStep, wait: &Wait) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO event_waits AS w (workspace_id, wait_id, execution_id, node_id, scope, type, key, condition, since_at, \
           until_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (workspace_id, execution_id, node_id, scope) DO UPDATE \
         SET wait_id = excluded.wait_id, type = excluded.type, key = excluded.key, condition = excluded.condition, \
           since_at = excluded.since_at, until_at = excluded.until_at, status = 'open', event = NULL, depth = NULL, \
           closed_at = NULL \
         WHERE NOT w.signalled AND w.status <> 'cancelled' AND (w.type, w.key, w.condition) \
           IS DISTINCT FROM (excluded.type, excluded.key, excluded.condition)",
    )
    .bind(waiting.workspace_id.0)
    .bind(Uuid::now_v7())
    .bind(waiting.execution_id.0)
    .bind(waiting.step.node_id.as_str())
    .bind(waiting.step.scope.as_str())
    .bind(&wait.type_name)
    .bind(&wait.key)
    .bind(&wait.condition)
    .bind(wait.since_at)
    .bind(wait.until_at)
    .execute(connection)
    .await?;
    Ok(())
}

async fn find(connection: &mut PgConnection, waiting: &WaitingStep) -> Result<WaitRow, StoreError> {
    let row: Option<WaitRow> = sqlx::query_as(
        "SELECT wait_id, type, key, condition, since_at, until_at, status, event, signalled FROM event_waits \
         WHERE workspace_id = $1 AND execution_id = $2 AND node_id = $3 AND scope = $4",
    )
    .bind(waiting.workspace_id.0)
    .bind(waiting.execution_id.0)
    .bind(waiting.step.node_id.as_str())
    .bind(waiting.step.scope.as_str())
    .fetch_optional(connection)
    .await?;
    row.ok_or_else(|| StoreError::Corrupt(format!("the wait of step \"{}\" is gone", waiting.step)))
}

/// Takes the first event that fits, if nobody brings one to the step meanwhile. By the index on type, key and time.
async fn look(
    connection: &mut PgConnection,
    waiting: &WaitingStep,
    row: &WaitRow,
    which: &str,
) -> Result<Option<Value>, StoreError> {
    let events: Vec<EventRow> = sqlx::query_as(&format!(
        "SELECT {COLUMNS} FROM events WHERE workspace_id = $1 AND type = $2 AND key = $3 \
           AND received_at >= $4 AND received_at < coalesce($5, 'infinity') {which} \
         ORDER BY received_at, event_id LIMIT $6"
    ))
    .bind(waiting.workspace_id.0)
    .bind(&row.type_name)
    .bind(&row.key)
    .bind(row.since_at)
    .bind(row.until_at)
    .bind(LOOK_EVENTS_MAX)
    .fetch_all(&mut *connection)
    .await?;
    let fits = |event: &&EventRow| holds(row.condition.as_deref(), &event.shown());
    let Some(event) = events.iter().find(fits) else { return Ok(None) };
    let taken = sqlx::query_scalar(&format!(
        "UPDATE event_waits SET status = 'matched', event = $6, depth = $7, closed_at = clock_timestamp() \
         WHERE {IF_OPEN} RETURNING event"
    ))
    .bind(waiting.workspace_id.0)
    .bind(row.wait_id)
    .bind(waiting.execution_id.0)
    .bind(waiting.step.node_id.as_str())
    .bind(waiting.step.scope.as_str())
    .bind(event.shown())
    .bind(event.depth)
    .fetch_optional(connection)
    .await?;
    Ok(taken)
}

/// Before all waits, for [`first_key`].
pub(super) const NONE_BEFORE: &str = "'00000000-0000-0000-0000-000000000000'::uuid";

/// The key of the first open wait behind `reached` for the type and the key of a row, or for its type and a later key; in SQL. The order
/// names event_waits_open, as nothing may be sorted: where little is known of the table, a planner takes any index that begins with the
/// workspace, and reads all its waits for each event.
pub(super) fn first_key(row: &str, reached: &str) -> String {
    format!(
        "(SELECT w.key FROM event_waits w WHERE w.workspace_id = {row}.workspace_id AND w.type = {row}.type \
            AND (w.key, w.wait_id) > ({row}.key, {reached}) AND w.status = 'open' ORDER BY w.key, w.wait_id LIMIT 1)"
    )
}

/// Whether a condition holds for an event. One that cannot be evaluated for it does not.
pub(super) fn holds(condition: Option<&str>, event: &Value) -> bool {
    condition.is_none_or(|condition| holds_of_event(condition, event).unwrap_or(false))
}
