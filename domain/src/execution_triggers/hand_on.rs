//! The side of the fleet: the ends in the outbox become starts, some at a time, and so do other facts that are there.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use capstan_engine::core::expression::holds_of_event;
use capstan_engine::core::ids::{ExecutionId, VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Duration as Span, Utc};
use serde_json::Value;
use sqlx::{Connection, FromRow, PgConnection};
use tracing::warn;
use uuid::Uuid;

use super::TRIGGERS_MAX;
use super::ended::{Ended, ended};
use super::outbox::{Cursor, EVENTS_MAX, Fact, cursor, move_on, read};
use super::told::told;
use crate::events::DEPTH_MAX;
use crate::schedules::Overlap;
use crate::trigger_starts::{self, NewStart, Outcome};

/// How long a round goes on with what starts nothing, so that the cursor moves seldom however much ends.
const ROUND_TIME: Duration = Duration::from_millis(500);
/// Starts that one round writes at most, but for those of its last end, and bytes of what they are given.
const STARTS_MAX: usize = 500;
const STARTS_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Longest time that conditions are evaluated in one round, but for those of its last end.
const FILTER_TIME: Duration = Duration::from_secs(1);
/// Longest time that those of one end are: the others of it cannot be evaluated then. All are of one workspace, and a round that
/// never came to its end would hold up all of them.
const END_TIME: Duration = Duration::from_secs(2);
/// Triggers that are read at most for these rows.
const ROUND_TRIGGERS_MAX: i64 = EVENTS_MAX * TRIGGERS_MAX;
/// The class of the error of an execution that ran longer than its workflow allows.
const TIMED_OUT: &str = "execution_timeout";
/// Why nothing comes of an end.
const TOO_DEEP: &str = "as many executions as may follow from each other have led to the one that has ended: these workflows start \
                        each other in a circle";

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandedOn {
    /// Starts that triggers are to make.
    pub starts: usize,
    /// Whether more ends may be there.
    pub is_more: bool,
}

#[derive(FromRow)]
struct Trigger {
    workspace_id: Uuid,
    workflow_id: Uuid,
    node_id: String,
    version_id: Uuid,
    sources: Option<Vec<Uuid>>,
    outcomes: Vec<String>,
    called: bool,
    condition: Option<String>,
    start_within_ms: i64,
    since_at: DateTime<Utc>,
}

/// What has to be known of an execution before anything else is read.
#[derive(FromRow)]
struct Brief {
    execution_id: Uuid,
    workflow_id: Uuid,
    error_class: Option<String>,
    /// Whether a trigger that watches all other workflows has started it, or the one that it was called for.
    watches_all: bool,
}

/// An end, and the triggers that it may start.
struct Asked<'a> {
    fact: &'a Fact,
    outcome: &'static str,
    triggers: Vec<&'a Trigger>,
}

/// Whether any workflow of the cell waits for ends, or for other facts of the outbox. Where none does, the cursor follows now and
/// then. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn is_any(connection: &mut PgConnection) -> Result<bool, StoreError> {
    // The second by `event_triggers_facts`.
    const ANY: &str = "EXISTS (SELECT FROM execution_triggers) OR EXISTS (SELECT FROM event_triggers g \
        WHERE g.type ~ '^(execution|step|tenant|webhook)\\.' OR g.type = 'quota.reconciled')";
    let look = format!("SELECT {ANY}, moved_at < clock_timestamp() - interval '1 minute' FROM end_cursor WHERE one");
    let (is_any, is_behind): (bool, bool) = sqlx::query_as(&look).fetch_one(&mut *connection).await?;
    if is_any || !is_behind {
        return Ok(is_any);
    }
    // One view of both: a trigger that is published meanwhile is not there yet for what lies below the horizon.
    let follow = format!(
        "UPDATE end_cursor SET xid = pg_snapshot_xmin(pg_current_snapshot()), event_id = $1, moved_at = clock_timestamp() \
         WHERE moved_at < clock_timestamp() - interval '1 minute' AND NOT ({ANY})"
    );
    sqlx::query(&follow).bind(Uuid::nil()).execute(connection).await?;
    Ok(false)
}

/// Looks at the next ends, and writes what they are to start in the transaction that moves the cursor past them; nothing while
/// another process does. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn hand_on(connection: &mut PgConnection) -> Result<Option<HandedOn>, StoreError> {
    let mut transaction = connection.begin_with(trigger_starts::BEGIN).await?;
    let is_ours = "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '#ends'), 0)";
    if !sqlx::query_scalar(is_ours).fetch_one(&mut *transaction).await? {
        // At once: what is only dropped ends with the next use of the connection.
        transaction.rollback().await?;
        return Ok(None);
    }
    let (mut place, begun) = (cursor(&mut transaction).await?, Instant::now());
    let (mut done, mut has_moved) = (HandedOn::default(), false);
    loop {
        let facts = read(&mut transaction, &place).await?;
        let is_full = facts.len() == usize::try_from(EVENTS_MAX).unwrap_or(usize::MAX);
        let Some(newest) = facts.last() else {
            if place.is_foreign {
                // What came along is done; here transactions are counted anew. What is looked at again is not started again.
                (place, has_moved) = (Cursor::beginning(), true);
                continue;
            }
            done.is_more = false;
            break;
        };
        let told = told(&mut transaction, &facts).await?;
        let facts = &facts[..told.looked_at];
        let triggers = triggers(&mut transaction, facts).await?;
        let briefs = briefs(&mut transaction, facts).await?;
        let asked: Vec<Asked<'_>> = facts.iter().filter_map(|fact| ask(fact, &briefs, &triggers)).collect();
        let ids: Vec<Uuid> = asked.iter().map(|asked| asked.fact.execution_id).collect();
        let ended = ended(&mut transaction, &ids).await?;
        let ended = ended.into_iter().map(|ended| (ended.execution_id, ended)).collect();
        let (starts, last) = starts(&asked, &ended).await;
        let reached = last.or(facts.last()).unwrap_or(newest);
        let told = told.until(facts, reached);
        trigger_starts::insert(&mut transaction, &starts).await?;
        trigger_starts::insert(&mut transaction, &told).await?;
        done.starts += starts.len() + told.len();
        done.is_more = is_full || reached.event_id != newest.event_id || place.is_foreign;
        (place.xid, place.event_id, has_moved) = (reached.xid.clone(), reached.event_id, true);
        if !done.is_more || done.starts > 0 || begun.elapsed() >= ROUND_TIME {
            break;
        }
    }
    if has_moved {
        move_on(&mut transaction, &place).await?;
    }
    transaction.commit().await?;
    Ok(Some(done))
}

async fn triggers(connection: &mut PgConnection, facts: &[Fact]) -> Result<Vec<Trigger>, StoreError> {
    let mut workspaces: Vec<Uuid> = facts.iter().filter(|fact| fact.wanted).map(|fact| fact.workspace_id).collect();
    workspaces.sort_unstable();
    workspaces.dedup();
    if workspaces.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as(
        "SELECT workspace_id, workflow_id, node_id, version_id, sources, outcomes, called, condition, start_within_ms, since_at \
           FROM execution_triggers WHERE workspace_id = ANY ($1) LIMIT $2",
    );
    Ok(rows.bind(workspaces).bind(ROUND_TRIGGERS_MAX).fetch_all(connection).await?)
}

/// The executions that are kept and no trials of drafts. By keys, and `trigger_starts_deep`.
async fn briefs(connection: &mut PgConnection, facts: &[Fact]) -> Result<HashMap<Uuid, Brief>, StoreError> {
    let ids: Vec<Uuid> = facts.iter().filter(|fact| fact.wanted).map(|fact| fact.execution_id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Brief> = sqlx::query_as(
        "SELECT e.execution_id, e.workflow_id, e.error ->> 'class' AS error_class, \
           watches_all_1(e.workspace_id, e.execution_id) AS watches_all \
         FROM executions e WHERE e.execution_id = ANY ($1) AND e.execution_id BETWEEN $2 AND $3 AND NOT EXISTS ( \
           SELECT FROM trial_versions v WHERE v.workspace_id = e.workspace_id AND v.version_id = e.version_id)",
    )
    .bind(&ids)
    .bind(ids.iter().min())
    .bind(ids.iter().max())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.execution_id, row)).collect())
}

/// The triggers that wait for an end, but for their conditions; none if nobody does.
fn ask<'a>(fact: &'a Fact, briefs: &HashMap<Uuid, Brief>, triggers: &'a [Trigger]) -> Option<Asked<'a>> {
    let brief = briefs.get(&fact.execution_id)?;
    let outcome = outcome(&fact.type_name, brief.error_class.as_deref())?;
    let is_called = ExecutionId(fact.execution_id).is_child();
    let waits = |trigger: &&Trigger| {
        let is_source = match &trigger.sources {
            Some(sources) => sources.contains(&brief.workflow_id),
            // Else those that watch all others would start each other, more and more of them.
            None => !brief.watches_all,
        };
        trigger.workspace_id == fact.workspace_id
            && is_source
            // Its own ends never start a workflow.
            && trigger.workflow_id != brief.workflow_id
            && trigger.outcomes.iter().any(|wanted| wanted == outcome)
            && (trigger.called || !is_called)
            && trigger.since_at <= fact.at
    };
    let triggers: Vec<&Trigger> = triggers.iter().filter(waits).collect();
    (!triggers.is_empty()).then_some(Asked { fact, outcome, triggers })
}

/// How an execution has ended, for triggers.
fn outcome(type_name: &str, error_class: Option<&str>) -> Option<&'static str> {
    match type_name {
        "execution.completed" => Some("completed"),
        "execution.failed" if error_class == Some(TIMED_OUT) => Some("timed_out"),
        "execution.failed" => Some("failed"),
        "execution.cancelled" => Some("cancelled"),
        _ => None,
    }
}

/// What the ends start, and the last one that was looked at, if not all were.
async fn starts<'a>(asked: &[Asked<'a>], ended: &HashMap<Uuid, Ended>) -> (Vec<NewStart>, Option<&'a Fact>) {
    let (mut starts, mut bytes, until) = (Vec::new(), 0, Instant::now() + FILTER_TIME);
    for asked in asked {
        let Some(ended) = ended.get(&asked.fact.execution_id) else { continue };
        bytes += of_end(asked, ended, &mut starts);
        if starts.len() >= STARTS_MAX || bytes >= STARTS_BYTES_MAX || Instant::now() >= until {
            return (starts, Some(asked.fact));
        }
        tokio::task::yield_now().await;
    }
    (starts, None)
}

/// Adds what one end starts; how many bytes that is given.
fn of_end(Asked { fact, outcome, triggers }: &Asked<'_>, ended: &Ended, starts: &mut Vec<NewStart>) -> usize {
    let (shown, until) = (ended.shown(outcome), Instant::now() + END_TIME);
    // One that cannot be evaluated for the end does not hold.
    let holds = |condition: &str| Instant::now() < until && holds_of_event(condition, &shown).unwrap_or(false);
    let waiting = triggers.iter().filter(|trigger| trigger.condition.as_deref().is_none_or(holds));
    let before = starts.len();
    starts.extend(waiting.map(|trigger| start(trigger, fact, ended.depth, &shown)));
    if Instant::now() >= until {
        let Fact { workspace_id, execution_id, .. } = fact;
        warn!(%workspace_id, %execution_id, "conditions that wait for an end take too long; those that were left do not hold");
    }
    (starts.len() - before) * shown.to_string().len()
}

fn start(trigger: &Trigger, fact: &Fact, depth: i32, shown: &Value) -> NewStart {
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
        depth,
        due_at: fact.at,
        until_at: fact.at + Span::milliseconds(trigger.start_within_ms),
        outcome: if depth > DEPTH_MAX { Outcome::Missed(TOO_DEEP) } else { Outcome::Due },
        trace: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(type_name: &str) -> Fact {
        let (workspace_id, execution_id) = (Uuid::from_u128(1), ExecutionId::new().0);
        let at = DateTime::UNIX_EPOCH + Span::seconds(10);
        let type_name = type_name.to_owned();
        Fact { type_name, at, ..Fact::of(workspace_id, execution_id) }
    }

    fn trigger(sources: Option<Vec<Uuid>>) -> Trigger {
        Trigger {
            workspace_id: Uuid::from_u128(1),
            workflow_id: Uuid::from_u128(2),
            node_id: "ended".into(),
            version_id: Uuid::from_u128(3),
            sources,
            outcomes: vec!["failed".into()],
            called: false,
            condition: None,
            start_within_ms: 1,
            since_at: DateTime::UNIX_EPOCH,
        }
    }

    fn brief(fact: &Fact, workflow: u128, class: Option<&str>) -> Brief {
        let (execution_id, workflow_id) = (fact.execution_id, Uuid::from_u128(workflow));
        Brief { execution_id, workflow_id, error_class: class.map(Into::into), watches_all: false }
    }

    fn waits(fact: &Fact, workflow: u128, class: Option<&str>, trigger: Trigger) -> bool {
        ask(fact, &HashMap::from([(fact.execution_id, brief(fact, workflow, class))]), &[trigger]).is_some()
    }

    #[test]
    fn a_trigger_waits_for_ends_of_others_of_its_workspace_with_its_outcomes_since_it_was_published() {
        let failed = fact("execution.failed");
        assert!(waits(&failed, 9, None, trigger(None)));
        assert!(waits(&failed, 9, None, trigger(Some(vec![Uuid::from_u128(9)]))));
        assert!(!waits(&failed, 2, None, trigger(None)), "its own end");
        assert!(!waits(&failed, 9, None, trigger(Some(vec![Uuid::from_u128(8)]))), "of another workflow");
        assert!(!waits(&failed, 9, Some(TIMED_OUT), trigger(None)), "another outcome");
        assert!(!waits(&fact("execution.completed"), 9, None, trigger(None)), "another outcome");
        assert!(!waits(&fact("execution.incident"), 9, None, trigger(None)), "no end");
        let foreign = Trigger { workspace_id: Uuid::from_u128(7), ..trigger(None) };
        assert!(!waits(&failed, 9, None, foreign), "of another workspace");
        let young = Trigger { since_at: DateTime::UNIX_EPOCH + Span::seconds(11), ..trigger(None) };
        assert!(!waits(&failed, 9, None, young), "before it was published");
    }

    #[test]
    fn what_watches_all_others_is_watched_only_by_those_that_name_it() {
        let failed = fact("execution.failed");
        let briefs = HashMap::from([(failed.execution_id, Brief { watches_all: true, ..brief(&failed, 9, None) })]);
        assert!(ask(&failed, &briefs, &[trigger(None)]).is_none());
        assert!(ask(&failed, &briefs, &[trigger(Some(vec![Uuid::from_u128(9)]))]).is_some());
    }

    #[test]
    fn ends_of_called_executions_count_where_that_is_said() {
        let called = fact("execution.failed");
        let called = Fact { execution_id: ExecutionId(called.execution_id).of_child().0, ..called };
        assert!(!waits(&called, 9, None, trigger(None)));
        assert!(waits(&called, 9, None, Trigger { called: true, ..trigger(None) }));
    }
}
