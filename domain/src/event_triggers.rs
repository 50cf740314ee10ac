//! Triggers that start an execution for each event of a type.

use capstan_engine::core::expression::holds_of_event;
use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::Duration;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::events::Brought;
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

/// A trigger that an event has found.
#[derive(FromRow)]
pub(crate) struct Found {
    /// Which of the events, from one.
    nth: i64,
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

/// The triggers of events, conditions aside: `most` of them, and one more if there are more. For the worker's role.
///
/// # Errors
/// If the database does.
pub(crate) async fn found(
    connection: &mut PgConnection,
    events: &[&Brought],
    most: i64,
) -> Result<Vec<Found>, StoreError> {
    let found = sqlx::query_as(
        "SELECT n.nth, g.workflow_id, g.node_id, g.version_id, g.condition, g.start_within_ms \
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) \
             WITH ORDINALITY AS n (workspace_id, type, key, received_at, nth) \
          CROSS JOIN LATERAL (SELECT t.workflow_id, t.node_id, t.version_id, t.condition, t.start_within_ms FROM event_triggers t \
            WHERE t.workspace_id = n.workspace_id AND t.type = n.type AND (t.key IS NULL OR t.key = n.key) \
              AND t.since_at <= n.received_at LIMIT $5) AS g LIMIT $6 + 1",
    );
    let text = |value: fn(&Brought) -> &str| events.iter().map(|event| value(event)).collect::<Vec<_>>();
    let found = found
        .bind(events.iter().map(|event| event.workspace_id).collect::<Vec<_>>())
        .bind(text(|event| &event.row.type_name))
        .bind(text(|event| &event.row.key))
        .bind(events.iter().map(|event| event.row.received_at).collect::<Vec<_>>())
        .bind(TRIGGERS_OF_TYPE_MAX)
        .bind(most);
    Ok(found.fetch_all(connection).await?)
}

/// What events start: one start for each trigger that an event has found and whose condition it meets.
pub(crate) fn starts(events: &[&Brought], found: Vec<Found>) -> Vec<NewStart> {
    let shown: Vec<Value> = events.iter().map(|event| event.row.shown()).collect();
    let of = |found: &Found| usize::try_from(found.nth - 1).ok().filter(|nth| *nth < events.len());
    let start = |found: Found| {
        let nth = of(&found)?;
        // A condition that cannot be evaluated for the event does not hold.
        let holds = |condition: &str| holds_of_event(condition, &shown[nth]).unwrap_or(false);
        found.condition.as_deref().is_none_or(holds).then(|| start(events[nth], &shown[nth], found))
    };
    found.into_iter().filter_map(start).collect()
}

fn start(event: &Brought, shown: &Value, found: Found) -> NewStart {
    let row = &event.row;
    NewStart {
        workspace_id: WorkspaceId(event.workspace_id),
        workflow_id: WorkflowId(found.workflow_id),
        version_id: VersionId(found.version_id),
        node_id: found.node_id,
        subject: row.event_id.to_string(),
        cause: "event",
        at: row.received_at,
        input: shown.clone(),
        overlap: Overlap::Allow,
        depth: row.depth,
        due_at: row.received_at,
        until_at: row.received_at + Duration::milliseconds(found.start_within_ms),
        outcome: Outcome::Due,
        trace: Some(event.trace()),
    }
}
