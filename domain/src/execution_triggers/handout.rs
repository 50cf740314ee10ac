//! From ends of executions to what is to be started.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use capstan_engine::core::expression::holds_of_event;
use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{Connection, FromRow, PgConnection};
use uuid::Uuid;

use super::TRIGGERS_MAX;
use crate::events::DEPTH_MAX;
use crate::schedules::Overlap;
use crate::trigger_starts::{self, NewStart, Outcome};
use crate::webhooks::{Ended, ended, of_execution};

/// Rows of the outbox that are looked at in one round.
const EVENTS_MAX: i64 = 1_000;
/// Starts that one round writes at most, but for those of its last end.
const STARTS_MAX: usize = 1_000;
/// Longest time that conditions are evaluated in one round.
const CONDITION_TIME: Duration = Duration::from_secs(1);
/// Triggers that are read for a round at most.
const ROUND_TRIGGERS_MAX: i64 = EVENTS_MAX * TRIGGERS_MAX;
/// Why a start is missed that [`DEPTH_MAX`] others have led to.
const TOO_DEEP: &str = "64 executions and events led to this one, each started by the one before: a circle of workflows that \
    start each other stops here";

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandedOut {
    /// Starts that triggers are to make.
    pub starts: usize,
    /// Whether more ends may be there.
    pub is_more: bool,
}

/// Where reading goes on: behind the cursor, and not before the first trigger was there.
#[derive(Clone, Debug, FromRow)]
struct Place {
    xid: String,
    event_id: Uuid,
    /// None where there is no trigger.
    since: Option<String>,
    /// Above all that is there; more only after the database was moved to a server that counts anew.
    above: String,
}

#[derive(FromRow)]
struct Fact {
    event_id: Uuid,
    workspace_id: Uuid,
    #[sqlx(rename = "type")]
    type_name: String,
    execution_id: Uuid,
    at: DateTime<Utc>,
    xid: String,
    wanted: bool,
}

#[derive(Clone, FromRow)]
struct Trigger {
    workspace_id: Uuid,
    workflow_id: Uuid,
    node_id: String,
    version_id: Uuid,
    of_workflow_id: Option<Uuid>,
    status: Option<String>,
    condition: Option<String>,
    start_within_ms: i64,
    since_at: DateTime<Utc>,
}

/// Writes what the next ends start; nothing if no trigger waits for any. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn hand_out(connection: &mut PgConnection) -> Result<Option<HandedOut>, StoreError> {
    let Some(place) = place(connection, false).await? else { return Ok(Some(HandedOut::default())) };
    if place.since.is_none() {
        return Ok(None);
    }
    if read(connection, &place, 1).await?.is_empty() {
        return Ok(Some(HandedOut::default()));
    }
    let mut transaction = connection.begin().await?;
    // None: another worker is at it, and holds the lock.
    let Some(place) = self::place(&mut transaction, true).await? else { return Ok(Some(HandedOut::default())) };
    let facts = read(&mut transaction, &place, EVENTS_MAX).await?;
    let (starts, reached) = starts(&mut transaction, &facts).await?;
    // None: another worker was faster.
    let Some(last) = reached.checked_sub(1).and_then(|last| facts.get(last)) else {
        return Ok(Some(HandedOut::default()));
    };
    trigger_starts::insert(&mut transaction, &starts).await?;
    sqlx::query("UPDATE execution_trigger_cursor SET xid = $1::text::xid8, event_id = $2")
        .bind(&last.xid)
        .bind(last.event_id)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let is_more = reached < facts.len() || facts.len() == usize::try_from(EVENTS_MAX).unwrap_or(usize::MAX);
    Ok(Some(HandedOut { starts: starts.len(), is_more }))
}

/// Where reading goes on; with the lock of the cursor, if it is to be held.
async fn place(connection: &mut PgConnection, hold: bool) -> Result<Option<Place>, StoreError> {
    let lock = if hold { " FOR UPDATE OF c SKIP LOCKED" } else { "" };
    let sql = format!(
        "SELECT c.xid::text AS xid, c.event_id, \
           (SELECT t.since::text FROM execution_triggers t ORDER BY t.since LIMIT 1) AS since, \
           pg_snapshot_xmax(pg_current_snapshot())::text AS above FROM execution_trigger_cursor c{lock}"
    );
    let place: Option<Place> = sqlx::query_as(&sql).fetch_optional(connection).await?;
    Ok(place.map(Place::settled))
}

impl Place {
    /// Passes by what came before the first trigger; begins anew where transactions are counted anew.
    fn settled(self) -> Self {
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        let since = self.since.as_deref().map_or(0, number);
        let (from, above) = (number(&self.xid), number(&self.above));
        match (from.max(since) > above, since > from) {
            (true, _) => Self { xid: "0".into(), event_id: Uuid::nil(), ..self },
            (false, true) => Self { xid: since.to_string(), event_id: Uuid::nil(), ..self },
            (false, false) => self,
        }
    }
}

/// The next rows below the horizon, in the order of their transactions, by the index on these.
async fn read(connection: &mut PgConnection, place: &Place, limit: i64) -> Result<Vec<Fact>, StoreError> {
    let facts = sqlx::query_as(
        "SELECT o.event_id, o.workspace_id, o.type, o.aggregate_id AS execution_id, o.created_at AS at, o.xid::text AS xid, \
           o.type IN ('execution.completed', 'execution.failed', 'execution.cancelled') \
             AND EXISTS (SELECT FROM execution_triggers t WHERE t.workspace_id = o.workspace_id) AS wanted \
         FROM outbox o WHERE o.xid >= $1::text::xid8 AND (o.xid, o.event_id) > ($1::text::xid8, $2) \
           AND o.xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY o.xid, o.event_id LIMIT $3",
    );
    Ok(facts.bind(&place.xid).bind(place.event_id).bind(limit).fetch_all(connection).await?)
}

/// What ends start, and how many of them were looked at.
async fn starts(connection: &mut PgConnection, facts: &[Fact]) -> Result<(Vec<NewStart>, usize), StoreError> {
    let wanted: Vec<&Fact> = facts.iter().filter(|fact| fact.wanted).collect();
    if wanted.is_empty() {
        return Ok((Vec::new(), facts.len()));
    }
    let ids: Vec<Uuid> = wanted.iter().map(|fact| fact.execution_id).collect();
    let (triggers, mut known) = (triggers(connection, &wanted).await?, ended(connection, &ids).await?);
    known.retain(|_, ended| !ended.trial);
    let (mut starts, until) = (Vec::new(), Instant::now() + CONDITION_TIME);
    let mut reached = 0;
    for fact in facts {
        if let Some(ended) = known.get(&fact.execution_id).filter(|_| fact.wanted) {
            let waiting = triggers.get(&fact.workspace_id).map(Vec::as_slice).unwrap_or_default();
            starts.extend(of_end(fact, ended, waiting));
        }
        reached += 1;
        if starts.len() >= STARTS_MAX || Instant::now() >= until {
            break;
        }
    }
    deepen(connection, &mut starts).await?;
    Ok((starts, reached))
}

async fn triggers(connection: &mut PgConnection, facts: &[&Fact]) -> Result<HashMap<Uuid, Vec<Trigger>>, StoreError> {
    let mut workspaces: Vec<Uuid> = facts.iter().map(|fact| fact.workspace_id).collect();
    workspaces.sort_unstable();
    workspaces.dedup();
    let rows: Vec<Trigger> = sqlx::query_as(
        "SELECT workspace_id, workflow_id, node_id, version_id, of_workflow_id, status, condition, start_within_ms, since_at \
         FROM execution_triggers WHERE workspace_id = ANY ($1) ORDER BY workspace_id, workflow_id, node_id LIMIT $2",
    )
    .bind(workspaces)
    .bind(ROUND_TRIGGERS_MAX)
    .fetch_all(connection)
    .await?;
    let mut by_workspace: HashMap<Uuid, Vec<Trigger>> = HashMap::new();
    for row in rows {
        by_workspace.entry(row.workspace_id).or_default().push(row);
    }
    Ok(by_workspace)
}

/// What one end starts.
fn of_end(fact: &Fact, ended: &Ended, triggers: &[Trigger]) -> Vec<NewStart> {
    let status = fact.type_name.strip_prefix("execution.").unwrap_or_default();
    let shown = shown(fact.execution_id, status, ended);
    // A workflow is never started by its own executions, so that it does not go round by itself.
    let fits = |trigger: &&Trigger| {
        trigger.workflow_id != ended.workflow_id
            && trigger.of_workflow_id.is_none_or(|id| id == ended.workflow_id)
            && trigger.status.as_deref().is_none_or(|wanted| wanted == status)
            && trigger.since_at <= fact.at
            // One that cannot be evaluated does not hold.
            && trigger.condition.as_deref().is_none_or(|condition| holds_of_event(condition, &shown).unwrap_or(false))
    };
    triggers.iter().filter(fits).map(|trigger| start(fact, &shown, trigger)).collect()
}

/// As workflows see it: what webhooks tell of an execution, which is never a trial.
fn shown(execution_id: Uuid, status: &str, ended: &Ended) -> Value {
    let mut shown = of_execution(execution_id, status, Some(ended));
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("trial");
    }
    shown
}

fn start(fact: &Fact, shown: &Value, trigger: &Trigger) -> NewStart {
    NewStart {
        workspace_id: WorkspaceId(trigger.workspace_id),
        workflow_id: WorkflowId(trigger.workflow_id),
        version_id: VersionId(trigger.version_id),
        node_id: trigger.node_id.clone(),
        subject: fact.execution_id.to_string(),
        cause: "execution",
        at: fact.at,
        input: shown.clone(),
        overlap: Overlap::Allow,
        depth: 0,
        due_at: fact.at,
        until_at: fact.at + TimeDelta::milliseconds(trigger.start_within_ms),
        outcome: Outcome::Due,
    }
}

/// Gives starts the depth that an event of their execution would have, and stops those that are too deep. Drops those of
/// chunks, which are parts of an execution: they begin at a container.
async fn deepen(connection: &mut PgConnection, starts: &mut Vec<NewStart>) -> Result<(), StoreError> {
    let known: Vec<(String, i32)> = sqlx::query_as(
        "SELECT n.id::text, event_depth_1(n.workspace_id, n.id) FROM unnest($1::uuid[], $2::uuid[]) AS n (workspace_id, id) \
         WHERE NOT EXISTS (SELECT FROM executions e JOIN workflow_nodes w ON w.workspace_id = e.workspace_id \
             AND w.version_id = e.version_id AND w.node_id = e.trigger_node_id \
           WHERE e.execution_id = n.id AND w.type NOT LIKE 'trigger.%')",
    )
    .bind(starts.iter().map(|start| start.workspace_id.0).collect::<Vec<_>>())
    .bind(starts.iter().map(|start| start.subject.parse::<Uuid>().unwrap_or_default()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let known: HashMap<String, i32> = known.into_iter().collect();
    starts.retain_mut(|start| {
        let Some(&depth) = known.get(&start.subject) else { return false };
        start.depth = depth;
        if depth > DEPTH_MAX {
            start.outcome = Outcome::Missed(TOO_DEEP);
        }
        true
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(xid: &str, since: Option<&str>, above: &str) -> (String, bool) {
        let since = since.map(Into::into);
        let found = Place { xid: xid.into(), event_id: Uuid::max(), since, above: above.into() }.settled();
        (found.xid, found.event_id.is_nil())
    }

    #[test]
    fn reading_begins_at_the_first_trigger_and_anew_where_transactions_are() {
        assert_eq!(place("70", Some("50"), "90"), ("70".into(), false));
        assert_eq!(place("9", Some("50"), "90"), ("50".into(), true));
        assert_eq!(place("70", None, "90"), ("70".into(), false));
        assert_eq!(place("700", Some("50"), "90"), ("0".into(), true));
        assert_eq!(place("70", Some("500"), "90"), ("0".into(), true));
    }
}
