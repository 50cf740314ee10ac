//! What each step of an execution did when: its attempts, and what it waited for.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use capstan_engine::core::ids::StepKey;
use capstan_engine::core::journal::{Entry, Event, Resolution, SettledStatus};
use capstan_engine::core::outcome::StepError;
use capstan_engine::core::state::StepStatus;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::executions::load;
use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::query::Query;
use crate::view::{self, StepView};

/// Most stretches of one answer; the steps come in the order of the graph.
const STRETCHES_MAX: usize = 5_000;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimelineQuery {
    /// Only steps of this node.
    node_id: Option<String>,
}

/// What an execution did when.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Timeline {
    items: Vec<Stretch>,
    /// How many more there are.
    left_out: usize,
}

/// A stretch of time in which a step was tried, or waited.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Stretch {
    node_id: String,
    /// Empty at the top level.
    scope: String,
    kind: StretchKind,
    /// Of an attempt, from 1; they begin anew when a person has an incident tried again.
    number: Option<u32>,
    /// A wait began then; an attempt no earlier.
    #[schemars(with = "crate::openapi::shapes::Time")]
    from_at: DateTime<Utc>,
    /// Absent while it lasts.
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    to_at: Option<DateTime<Utc>>,
    /// How it ended; `running` or `waiting` while it lasts.
    #[schemars(with = "crate::openapi::shapes::StepStatus")]
    status: StepStatus,
    /// Why an attempt failed.
    #[schemars(with = "Option<crate::openapi::shapes::StepError>")]
    error: Option<StepError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StretchKind {
    Attempt,
    Wait,
}

/// `GET /executions/{id}/timeline?node_id`: attempts and waits of its steps, step by step in graph order, at most
/// [`STRETCHES_MAX`]. Between an attempt that failed and the next one lies what its policy has it wait. 404 unknown.
pub(crate) async fn read(
    State(api): State<Api>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(query): Query<TimelineQuery>,
) -> Result<Response, Problem> {
    let loaded = load(&api, &caller, &execution_id).await?;
    let state = loaded.state()?;
    let by_step = by_step(&loaded.entries);
    let steps = view::steps(&loaded.version.graph, &state);
    let wanted = steps.filter(|step| query.node_id.as_ref().is_none_or(|node_id| *node_id == step.node_id));
    let mut items: Vec<Stretch> =
        wanted.flat_map(|step| of_step(&step, by_step.get(&step.key()).map_or(&[], Vec::as_slice))).collect();
    let left_out = items.len().saturating_sub(STRETCHES_MAX);
    items.truncate(STRETCHES_MAX);
    Ok(Json(Timeline { items, left_out }).into_response())
}

/// What the journal says of each step; what hastens all of them is said of those that failed before.
fn by_step(entries: &[(i32, Entry)]) -> HashMap<StepKey, Vec<&Entry>> {
    let mut found: HashMap<StepKey, Vec<&Entry>> = HashMap::new();
    for (_, entry) in entries {
        match (&entry.event, entry.event.step()) {
            (_, Some(step)) => found.entry(step.clone()).or_default().push(entry),
            (Event::Hastened { .. }, None) => found.values_mut().for_each(|entries| entries.push(entry)),
            (_, None) => {}
        }
    }
    found
}

/// What is under way at a step.
struct Open<'a> {
    step: &'a StepView,
    kind: StretchKind,
    number: u32,
    from: DateTime<Utc>,
}

impl Open<'_> {
    fn close(&self, to: Option<DateTime<Utc>>, status: StepStatus, error: Option<StepError>) -> Stretch {
        Stretch {
            node_id: self.step.node_id.clone(),
            scope: self.step.scope.clone(),
            kind: self.kind,
            number: (self.kind == StretchKind::Attempt).then_some(self.number),
            // Whoever cancels does not wait for the next attempt.
            from_at: to.map_or(self.from, |to| self.from.min(to)),
            to_at: to,
            status,
            error,
        }
    }

    fn begin(&mut self, kind: StretchKind, number: u32, from: DateTime<Utc>) {
        (self.kind, self.number, self.from) = (kind, number, from);
    }

    /// A wait is over; what comes of it follows.
    fn end_wait(&mut self, at: DateTime<Utc>, told: &mut Vec<Stretch>) {
        if self.kind == StretchKind::Wait {
            told.push(self.close(Some(at), StepStatus::Completed, None));
            self.begin(StretchKind::Attempt, self.number, at);
        }
    }
}

fn of_step(step: &StepView, entries: &[&Entry]) -> Vec<Stretch> {
    let Some(from) = step.fired_at else { return Vec::new() };
    let mut open = Open { step, kind: StretchKind::Attempt, number: 1, from };
    let mut told = Vec::new();
    for Entry { at, event } in entries {
        match event {
            Event::Waiting { .. } => {
                open.end_wait(*at, &mut told);
                open.begin(StretchKind::Wait, open.number, *at);
            }
            Event::Signalled { .. } => open.end_wait(*at, &mut told),
            Event::AttemptFailed { attempt, error, retry_at, .. } => {
                open.end_wait(*at, &mut told);
                open.number = *attempt;
                told.push(open.close(Some(*at), StepStatus::Failed, Some(error.clone())));
                open.begin(StretchKind::Attempt, attempt + 1, *retry_at);
            }
            Event::Started { .. } => open.from = *at,
            Event::Hastened { .. } => open.from = open.from.min(*at),
            Event::Resolved { resolution: Resolution::Retry { .. }, .. } => open.begin(StretchKind::Attempt, 1, *at),
            Event::Settled { settlement, .. } => {
                let status = match settlement.status {
                    SettledStatus::Completed => StepStatus::Completed,
                    SettledStatus::Failed => StepStatus::Failed,
                    SettledStatus::OutcomeUnknown => StepStatus::OutcomeUnknown,
                };
                told.push(open.close(Some(*at), status, settlement.error.clone()));
                return told;
            }
            _ => {}
        }
    }
    told.push(open.close(step.settled_at, step.status, None));
    told
}
