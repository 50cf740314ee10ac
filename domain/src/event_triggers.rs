//! Triggers that start an execution for each event of a type.

use capstan_engine::core::expression::holds_of_event;
use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::Duration;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::events::EventRow;
use crate::schedules::Overlap;
use crate::trigger_starts::{NewStart, Outcome};

/// Most triggers of a workspace that wait for one type of event.
pub const TRIGGERS_OF_TYPE_MAX: i64 = 200;

/// A trigger of a version.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEventTrigger {
    /// Its node.
    pub node_id: String,
    /// The type of the events.
    pub type_name: String,
    /// Their key; any if absent.
    pub key: Option<String>,
    /// A condition over `event` that has to hold.
    pub condition: Option<String>,
    /// How long a refused start is tried again.
    pub start_within_ms: u64,
}

#[derive(FromRow)]
struct Row {
    workflow_id: Uuid,
    node_id: String,
    version_id: Uuid,
    condition: Option<String>,
    start_within_ms: i64,
}

/// Makes the triggers of a workflow those of its new version, in the transaction that publishes it. Answers a type for which
/// more than [`TRIGGERS_OF_TYPE_MAX`] would wait; roll back then.
///
/// # Errors
/// If the database does.
pub async fn sync(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    version_id: VersionId,
    triggers: &[NewEventTrigger],
) -> Result<Option<String>, StoreError> {
    let nodes: Vec<&str> = triggers.iter().map(|trigger| trigger.node_id.as_str()).collect();
    let types: Vec<&str> = triggers.iter().map(|trigger| trigger.type_name.as_str()).collect();
    sqlx::query("DELETE FROM event_triggers WHERE workspace_id = $1 AND workflow_id = $2 AND node_id <> ALL ($3)")
        .bind(workspace_id.0)
        .bind(workflow_id.0)
        .bind(&nodes)
        .execute(&mut *connection)
        .await?;
    if triggers.is_empty() {
        return Ok(None);
    }
    sqlx::query(
        "INSERT INTO event_triggers AS t (workspace_id, workflow_id, version_id, node_id, type, key, condition, start_within_ms) \
         SELECT $1, $2, $3, n.* FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[]) AS n \
         ON CONFLICT (workspace_id, workflow_id, node_id) DO UPDATE \
         SET version_id = excluded.version_id, type = excluded.type, key = excluded.key, condition = excluded.condition, \
             start_within_ms = excluded.start_within_ms, \
             since_at = CASE WHEN t.type = excluded.type THEN t.since_at ELSE excluded.since_at END",
    )
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(version_id.0)
    .bind(&nodes)
    .bind(&types)
    .bind(triggers.iter().map(|trigger| trigger.key.as_deref()).collect::<Vec<_>>())
    .bind(triggers.iter().map(|trigger| trigger.condition.as_deref()).collect::<Vec<_>>())
    .bind(triggers.iter().map(|trigger| i64::try_from(trigger.start_within_ms).unwrap_or(i64::MAX)).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    let crowded = sqlx::query_scalar(
        "SELECT type FROM event_triggers WHERE workspace_id = $1 AND type = ANY ($2) GROUP BY type HAVING count(*) > $3 LIMIT 1",
    );
    let crowded = crowded.bind(workspace_id.0).bind(&types).bind(TRIGGERS_OF_TYPE_MAX);
    Ok(crowded.fetch_optional(connection).await?)
}

/// What an event starts: one start for each trigger whose condition it meets. For the worker's role.
///
/// # Errors
/// If the database does.
pub(crate) async fn starts(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    event: &EventRow,
) -> Result<Vec<NewStart>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT workflow_id, node_id, version_id, condition, start_within_ms FROM event_triggers \
         WHERE workspace_id = $1 AND type = $2 AND (key IS NULL OR key = $3) AND since_at <= $4 LIMIT $5",
    )
    .bind(workspace_id)
    .bind(&event.type_name)
    .bind(&event.key)
    .bind(event.received_at)
    .bind(TRIGGERS_OF_TYPE_MAX)
    .fetch_all(connection)
    .await?;
    let shown = event.shown();
    // One that cannot be evaluated for the event does not hold.
    let holds = |condition: &str| holds_of_event(condition, &shown).unwrap_or(false);
    let rows = rows.into_iter().filter(|row| row.condition.as_deref().is_none_or(holds));
    let start = |row: Row| NewStart {
        workspace_id: WorkspaceId(workspace_id),
        workflow_id: WorkflowId(row.workflow_id),
        version_id: VersionId(row.version_id),
        node_id: row.node_id,
        subject: event.event_id.to_string(),
        cause: "event",
        at: event.received_at,
        input: shown.clone(),
        overlap: Overlap::Allow,
        depth: event.depth,
        due_at: event.received_at,
        until_at: event.received_at + Duration::milliseconds(row.start_within_ms),
        outcome: Outcome::Due,
    };
    Ok(rows.map(start).collect())
}
