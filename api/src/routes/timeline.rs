//! What each step of an execution did when: its attempts, how long these waited for a worker, and what it waited for.

mod crew;
mod telling;

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use capstan_engine::core::ids::{ExecutionId, StepKey};
use capstan_engine::core::journal::{Entry, Event};
use capstan_engine::core::outcome::StepError;
use capstan_engine::core::state::StepStatus;
use capstan_engine::store::activations;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::executions::load_in;
use super::id;
use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::query::Query;
use crate::view;
use crew::Crew;

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

/// A stretch of time in which a step was tried, or waited: for a worker, or for something else.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Stretch {
    node_id: String,
    /// Empty at the top level.
    scope: String,
    kind: StretchKind,
    /// Of an attempt, also of one that no worker has taken up, from 1; they begin anew when a person has an incident tried again.
    number: Option<u32>,
    /// It began then; an attempt of which it is not known who made it, no earlier.
    #[schemars(with = "crate::openapi::shapes::Time")]
    from_at: DateTime<Utc>,
    /// Absent while it lasts.
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    to_at: Option<DateTime<Utc>>,
    /// How it ended; `running` or `waiting` while it lasts. An attempt whose worker was lost is `outcome_unknown`.
    #[schemars(with = "crate::openapi::shapes::StepStatus")]
    status: StepStatus,
    /// Why an attempt failed.
    #[schemars(with = "Option<crate::openapi::shapes::StepError>")]
    error: Option<StepError>,
    /// Who made an attempt, as far as that is known; of a container nobody.
    worker: Option<Worker>,
}

/// A worker process, as far as it is known.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AttemptWorker")]
pub(crate) struct Worker {
    /// The name of the process, as its log has it.
    name: Option<String>,
    /// Its number, a new one for each life of a process, as its log has it and explain tells it.
    worker_no: Option<i32>,
}

/// What is `queued` is an attempt that could begin, and that no worker has taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StretchKind {
    Queued,
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
    let id: ExecutionId = id(&execution_id, "execution")?;
    let mut transaction = caller.read().await?;
    let loaded = load_in(&api, &mut transaction, &caller, id).await?;
    // After the journal: whoever wrote one of its entries is among them.
    let activations = activations::of_execution(&mut transaction, caller.workspace_id, id).await?;
    transaction.commit().await?;
    let state = loaded.state()?;
    let crew = Crew::new(activations, &loaded.row, Utc::now());
    let by_step = by_step(&loaded.entries);
    let steps = view::steps(&loaded.version.graph, &state);
    let wanted = steps.filter(|step| query.node_id.as_ref().is_none_or(|node_id| *node_id == step.node_id));
    let mut items: Vec<Stretch> =
        wanted.flat_map(|step| crew.tell(&step, by_step.get(&step.key()).map_or(&[], Vec::as_slice))).collect();
    let left_out = items.len().saturating_sub(STRETCHES_MAX);
    items.truncate(STRETCHES_MAX);
    Ok(Json(Timeline { items, left_out }).into_response())
}

/// What the journal says of each step, with positions; what hastens all of them is said of those that failed before.
fn by_step(entries: &[(i32, Entry)]) -> HashMap<StepKey, Vec<&(i32, Entry)>> {
    let mut found: HashMap<StepKey, Vec<&(i32, Entry)>> = HashMap::new();
    for placed in entries {
        let entry = &placed.1;
        match (&entry.event, entry.event.step()) {
            (_, Some(step)) => found.entry(step.clone()).or_default().push(placed),
            (Event::Hastened { .. }, None) => found.values_mut().for_each(|entries| entries.push(placed)),
            (_, None) => {}
        }
    }
    found
}
