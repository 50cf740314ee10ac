//! What facts come to, for the endpoints that get them.

use std::collections::HashMap;

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::body::{self, Ended, of_execution};
use super::lines::Stand;
use super::subscription::{fits, passes};
use crate::steps_told::{self, StepTold};

#[derive(FromRow)]
pub(super) struct Fact {
    pub(super) event_id: Uuid,
    pub(super) workspace_id: Uuid,
    #[sqlx(rename = "type")]
    pub(super) type_name: String,
    /// The execution or endpoint that it is of.
    pub(super) aggregate_id: Uuid,
    /// What a custom event happened to, empty if it has none; absent for those of the outbox.
    pub(super) key: Option<String>,
    pub(super) data: Value,
    pub(super) at: DateTime<Utc>,
    pub(super) xid: String,
    pub(super) wanted: bool,
    /// What it belongs to, if that is known.
    pub(super) trace: Option<String>,
}

#[derive(FromRow)]
pub(super) struct Subscriber {
    pub(super) workspace_id: Uuid,
    pub(super) endpoint_id: Uuid,
    pub(super) types: Vec<String>,
    pub(super) filter: Option<String>,
    pub(super) since: String,
    pub(super) is_ordered: bool,
}

/// An event that somebody gets: the tenant, its id, type, body, and what it belongs to.
pub(super) type Told = (Uuid, Uuid, String, String, Option<String>);

/// What the rows say that facts are of.
#[derive(Default)]
pub(super) struct Known {
    executions: HashMap<Uuid, Ended>,
    steps: HashMap<(Uuid, i32), StepTold>,
}

/// What a round writes.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) events: Vec<Told>,
    pub(super) deliveries: Vec<Delivery>,
}

/// An event for an endpoint.
pub(super) struct Delivery {
    /// Index of the event, counted from 1.
    pub(super) event: i32,
    pub(super) endpoint_id: Uuid,
    /// What its place goes by, if the endpoint is ordered and the event is of anything.
    pub(super) stand: Option<Stand>,
}

/// What is known of the executions and steps that the events are of.
pub(super) async fn known(connection: &mut PgConnection, facts: &[Fact]) -> Result<Known, StoreError> {
    let wanted = || facts.iter().filter(|fact| fact.wanted);
    let executions = wanted().filter(|fact| fact.type_name.starts_with("execution."));
    let executions: Vec<Uuid> = executions.map(|fact| fact.aggregate_id).collect();
    let steps: Vec<(Uuid, i32)> = wanted().filter_map(Fact::place).collect();
    Ok(Known {
        executions: body::ended(connection, &executions).await?,
        steps: steps_told::read(connection, &steps).await?,
    })
}

impl Fact {
    /// The row of a journal that says what there is to say, if it is of a step.
    fn place(&self) -> Option<(Uuid, i32)> {
        steps_told::place(&self.type_name, self.aggregate_id, &self.data)
    }

    /// What its deliveries go in line for: the execution, endpoint or workspace that it is of, or the first word of its type with its
    /// key, such as `lead:…`. Without a key it is of nothing.
    fn stand(&self) -> Option<Stand> {
        let line = match self.key.as_deref() {
            None => self.aggregate_id.to_string(),
            Some("") => return None,
            Some(key) => format!("{}:{key}", self.type_name.split('.').next().unwrap_or_default()),
        };
        Some(Stand { line, xid: self.xid.clone(), at: self.at })
    }
}

impl Known {
    /// What a fact says, and what it belongs to, if that is known.
    fn of(&self, fact: &Fact) -> (Value, Option<String>) {
        if let Some(status) = fact.type_name.strip_prefix("execution.") {
            let ended = self.executions.get(&fact.aggregate_id);
            return (of_execution(fact.aggregate_id, status, ended), ended.map(Ended::trace));
        }
        match fact.place() {
            Some(place) => match self.steps.get(&place) {
                Some(step) => (step.data(), Some(step.trace())),
                None => (steps_told::bare(fact.aggregate_id, &fact.data), None),
            },
            None => (fact.data.clone(), fact.trace.clone()),
        }
    }
}

impl Batch {
    /// Adds what an event comes to, if any endpoint gets it.
    pub(super) fn add(&mut self, fact: &Fact, subscribers: &[Subscriber], known: &Known) {
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        let mut subscribed = subscribers
            .iter()
            .filter(|endpoint| fits(&endpoint.types, &fact.type_name) && number(&fact.xid) >= number(&endpoint.since))
            .peekable();
        if subscribed.peek().is_none() {
            return;
        }
        let (data, trace) = known.of(fact);
        let event = body::body(fact.event_id, &fact.type_name, fact.at, &data);
        let getting: Vec<&Subscriber> =
            subscribed.filter(|endpoint| passes(endpoint.filter.as_deref(), &event)).collect();
        if !getting.is_empty() {
            self.events.push((fact.workspace_id, fact.event_id, fact.type_name.clone(), event.to_string(), trace));
            let event = i32::try_from(self.events.len()).unwrap_or(i32::MAX);
            self.deliveries.extend(getting.into_iter().map(|&Subscriber { endpoint_id, is_ordered, .. }| Delivery {
                event,
                endpoint_id,
                stand: if is_ordered { fact.stand() } else { None },
            }));
        }
    }
}
