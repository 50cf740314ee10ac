//! Facts of the outbox that workflows start at by `trigger.event`: beginnings, steps, and what is told of the operation. They come
//! to triggers as custom events do, but have no rows among these.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use capstan_engine::core::expression::holds_of_event;
use capstan_engine::core::ids::{VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::facts::is_frequent;
use chrono::{DateTime, Duration as Span, SecondsFormat, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::outbox::{EVENTS_MAX, Fact};
use crate::event_triggers::TRIGGERS_OF_TYPE_MAX;
use crate::events::DEPTH_MAX;
use crate::schedules::Overlap;
use crate::steps_told::{self, StepTold};
use crate::trigger_starts::{NewStart, Outcome};
use crate::webhooks::{Ended, ended, of_execution, wire_id};

/// Starts that one round writes at most, but for those of its last fact.
const STARTS_MAX: usize = 500;
/// Longest time that conditions are evaluated in one round, but for those of its last fact.
const FILTER_TIME: Duration = Duration::from_secs(1);
/// Longest time that those of one fact are: the others of it cannot be evaluated then.
const FACT_TIME: Duration = Duration::from_secs(2);
/// Triggers that are read at most for one round.
const ROUND_TRIGGERS_MAX: i64 = EVENTS_MAX * TRIGGERS_OF_TYPE_MAX;
/// Why nothing comes of a fact.
const TOO_DEEP: &str = "as many events and executions as may follow from each other have led to this one: these workflows start \
                        each other in a circle";

#[derive(FromRow)]
struct Trigger {
    workspace_id: Uuid,
    workflow_id: Uuid,
    node_id: String,
    version_id: Uuid,
    #[sqlx(rename = "type")]
    type_name: String,
    key: Option<String>,
    condition: Option<String>,
    start_within_ms: i64,
    since_at: DateTime<Utc>,
}

/// How a fact came about.
#[derive(FromRow)]
struct Origin {
    event_id: Uuid,
    depth: i32,
    /// Whether a trigger that watches all workflows has started its execution.
    watches_all: bool,
}

/// What facts start.
#[derive(Default)]
pub(super) struct Told {
    /// With the place of the fact among those of the round, in order.
    starts: Vec<(usize, NewStart)>,
    /// How many facts of the round were looked at.
    pub(super) looked_at: usize,
}

impl Told {
    /// What those facts start that are not behind `reached`.
    pub(super) fn until(self, facts: &[Fact], reached: &Fact) -> Vec<NewStart> {
        let last = facts.iter().position(|fact| fact.event_id == reached.event_id).unwrap_or(facts.len());
        self.starts.into_iter().take_while(|&(place, _)| place <= last).map(|(_, start)| start).collect()
    }
}

/// What is known of the facts of a round.
struct Known {
    executions: HashMap<Uuid, Ended>,
    steps: HashMap<(Uuid, i32), StepTold>,
    origins: HashMap<Uuid, Origin>,
    triggers: Vec<Trigger>,
}

/// What workflows start at these facts by triggers of events. For the worker's role.
pub(super) async fn told(connection: &mut PgConnection, facts: &[Fact]) -> Result<Told, StoreError> {
    let heard: Vec<&Fact> = facts.iter().filter(|fact| fact.heard).collect();
    if heard.is_empty() {
        return Ok(Told { looked_at: facts.len(), ..Told::default() });
    }
    let known = Known::read(connection, &heard).await?;
    let (mut starts, until) = (Vec::new(), Instant::now() + FILTER_TIME);
    for (place, fact) in facts.iter().enumerate().filter(|(_, fact)| fact.heard) {
        starts.extend(known.starts(fact).into_iter().map(|start| (place, start)));
        if starts.len() >= STARTS_MAX || Instant::now() >= until {
            return Ok(Told { starts, looked_at: place + 1 });
        }
        tokio::task::yield_now().await;
    }
    Ok(Told { starts, looked_at: facts.len() })
}

impl Known {
    async fn read(connection: &mut PgConnection, heard: &[&Fact]) -> Result<Self, StoreError> {
        let begun = heard.iter().filter(|fact| fact.type_name.starts_with("execution."));
        let begun: Vec<Uuid> = begun.map(|fact| fact.execution_id).collect();
        let steps: Vec<(Uuid, i32)> = heard.iter().filter_map(|fact| place(fact)).collect();
        Ok(Self {
            executions: ended(connection, &begun).await?,
            steps: steps_told::read(connection, &steps).await?,
            origins: origins(connection, heard).await?,
            triggers: triggers(connection, heard).await?,
        })
    }

    /// What a fact says, its key and the workflow that it is of; nothing of trials, and of what is no longer kept.
    fn says(&self, fact: &Fact) -> Option<(Value, String, Option<Uuid>)> {
        if let Some(status) = fact.type_name.strip_prefix("execution.") {
            let begun = self.executions.get(&fact.execution_id).filter(|begun| !begun.trial)?;
            let data = of_execution(fact.execution_id, status, Some(begun));
            return Some((data, begun.workflow_id.to_string(), Some(begun.workflow_id)));
        }
        match place(fact) {
            Some(place) => {
                let step = self.steps.get(&place).filter(|step| !step.trial)?;
                Some((step.data(), step.workflow_id.to_string(), Some(step.workflow_id)))
            }
            None => Some((fact.payload.clone(), fact.execution_id.to_string(), None)),
        }
    }

    fn starts(&self, fact: &Fact) -> Vec<NewStart> {
        let (Some((data, key, workflow_id)), Some(origin)) = (self.says(fact), self.origins.get(&fact.event_id)) else {
            return Vec::new();
        };
        let shown = json!({
            "id": wire_id(fact.event_id), "type": fact.type_name, "key": key, "data": data,
            "at": fact.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        });
        let until = Instant::now() + FACT_TIME;
        let waits = |trigger: &&Trigger| {
            trigger.workspace_id == fact.workspace_id
                && trigger.type_name == fact.type_name
                && trigger.since_at <= fact.at
                && trigger.key.as_ref().is_none_or(|wanted| *wanted == key)
                && !is_of_itself(trigger, &fact.type_name, workflow_id, origin)
                // One that cannot be evaluated for the fact does not hold.
                && trigger.condition.as_deref().is_none_or(|condition| {
                    Instant::now() < until && holds_of_event(condition, &shown).unwrap_or(false)
                })
        };
        self.triggers.iter().filter(waits).map(|trigger| start(trigger, fact, origin.depth, &shown)).collect()
    }
}

/// Whether a workflow would hear of what it does itself: of its own steps, or, as it watches all, of what another one that does
/// has started. Else the steps of what it starts would start it again, more and more of them.
fn is_of_itself(trigger: &Trigger, type_name: &str, workflow_id: Option<Uuid>, origin: &Origin) -> bool {
    is_frequent(type_name) && (workflow_id == Some(trigger.workflow_id) || trigger.key.is_none() && origin.watches_all)
}

/// The row of a journal that says what there is to say, if it is of a step.
fn place(fact: &Fact) -> Option<(Uuid, i32)> {
    steps_told::place(&fact.type_name, fact.execution_id, &fact.payload)
}

/// How deep these facts are, and where they come from. By keys.
async fn origins(connection: &mut PgConnection, heard: &[&Fact]) -> Result<HashMap<Uuid, Origin>, StoreError> {
    let rows: Vec<Origin> = sqlx::query_as(
        "SELECT f.event_id, fact_depth_1(f.workspace_id, f.type, f.aggregate_id, f.payload) AS depth, \
           f.is_frequent AND watches_all_1(f.workspace_id, f.aggregate_id) AS watches_all \
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::jsonb[], $6::boolean[]) \
           AS f (event_id, workspace_id, type, aggregate_id, payload, is_frequent)",
    )
    .bind(heard.iter().map(|fact| fact.event_id).collect::<Vec<_>>())
    .bind(heard.iter().map(|fact| fact.workspace_id).collect::<Vec<_>>())
    .bind(heard.iter().map(|fact| fact.type_name.as_str()).collect::<Vec<_>>())
    .bind(heard.iter().map(|fact| fact.execution_id).collect::<Vec<_>>())
    .bind(heard.iter().map(|fact| &fact.payload).collect::<Vec<_>>())
    .bind(heard.iter().map(|fact| is_frequent(&fact.type_name)).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.event_id, row)).collect())
}

async fn triggers(connection: &mut PgConnection, heard: &[&Fact]) -> Result<Vec<Trigger>, StoreError> {
    let distinct = |mut all: Vec<Uuid>| {
        all.sort_unstable();
        all.dedup();
        all
    };
    let mut types: Vec<&str> = heard.iter().map(|fact| fact.type_name.as_str()).collect();
    types.sort_unstable();
    types.dedup();
    let rows = sqlx::query_as(
        "SELECT workspace_id, workflow_id, node_id, version_id, type, key, condition, start_within_ms, since_at \
           FROM event_triggers WHERE workspace_id = ANY ($1) AND type = ANY ($2) LIMIT $3",
    );
    let rows = rows.bind(distinct(heard.iter().map(|fact| fact.workspace_id).collect())).bind(types);
    Ok(rows.bind(ROUND_TRIGGERS_MAX).fetch_all(connection).await?)
}

fn start(trigger: &Trigger, fact: &Fact, depth: i32, shown: &Value) -> NewStart {
    NewStart {
        workspace_id: WorkspaceId(trigger.workspace_id),
        workflow_id: WorkflowId(trigger.workflow_id),
        version_id: VersionId(trigger.version_id),
        node_id: trigger.node_id.clone(),
        subject: fact.event_id.to_string(),
        cause: "event",
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

    fn trigger(workflow: u128, key: Option<&str>) -> Trigger {
        Trigger {
            workspace_id: Uuid::from_u128(1),
            workflow_id: Uuid::from_u128(workflow),
            node_id: "told".into(),
            version_id: Uuid::from_u128(3),
            type_name: "step.failed".into(),
            key: key.map(Into::into),
            condition: None,
            start_within_ms: 1,
            since_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_workflow_hears_neither_of_its_own_steps_nor_of_what_others_that_watch_all_have_started() {
        let origin = |watches_all| Origin { event_id: Uuid::nil(), depth: 1, watches_all };
        let of = |trigger: &Trigger, workflow: u128, watches_all| {
            is_of_itself(trigger, "step.failed", Some(Uuid::from_u128(workflow)), &origin(watches_all))
        };
        assert!(!of(&trigger(2, None), 9, false));
        assert!(of(&trigger(2, None), 2, false), "its own");
        assert!(of(&trigger(2, None), 9, true), "of one that watches all");
        assert!(!of(&trigger(2, Some("9")), 9, true), "that it names");
        assert!(!is_of_itself(&trigger(2, None), "tenant.resumed", None, &origin(false)));
    }
}
