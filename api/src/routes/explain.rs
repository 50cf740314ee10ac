//! Why an execution does not move.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use capstan_domain::events::awaited;
use capstan_engine::core::clean_up::Ending;
use capstan_engine::core::explain::{Reason, explain};
use capstan_engine::core::gate::Gate;
use capstan_engine::core::ids::{ExecutionId, StepKey};
use capstan_engine::core::state::State;
use capstan_engine::store::executions::{self, Holder};
use capstan_engine::store::limits::{self, Wait};
use capstan_engine::store::line::{AHEAD_MAX, Line, line};
use capstan_engine::store::orders::CancelOnItsWay;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::PgConnection;

use super::executions::{Loaded, load};
use super::pending::{Begun, begun_or_pending, explain as explain_pending};
use super::{family, pauses};
use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;

/// Silence of all workers after which there are none; each beats every second.
const FLEET_SILENT_MS: i64 = 10_000;

/// What an execution waits for.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Explanation {
    #[schemars(with = "crate::openapi::shapes::Id")]
    id: ExecutionId,
    #[schemars(with = "crate::openapi::shapes::ExecutionStatus")]
    status: String,
    /// Empty once it has ended, unless its history is not there.
    reasons: Vec<Told>,
    /// Who holds its lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::openapi::shapes::LeaseHolder>")]
    held_by: Option<Holder>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WaitReason")]
pub(crate) struct Told {
    #[serde(flatten)]
    #[schemars(with = "crate::openapi::shapes::Reason")]
    reason: Reason,
    /// For people.
    text: String,
}

impl Told {
    fn of(reason: Reason, held_by: Option<&Holder>) -> Self {
        let text = match (&reason, held_by) {
            (Reason::Worker { step }, Some(Holder { worker_no, .. })) => {
                format!("{step} runs, or is about to, in worker {worker_no}")
            }
            _ => reason.to_string(),
        };
        Self { text, reason }
    }
}

/// `GET /executions/{id}/explain`: whether it is being cancelled, whether there is a worker, its place in line, the limit that is full, and what each of its steps waits for.
/// 404 unknown.
pub(crate) async fn read(
    State(api): State<Api>,
    caller: Caller,
    Path(execution_id): Path<String>,
) -> Result<Response, Problem> {
    let load = || load(&api, &caller, &execution_id);
    let loaded = match begun_or_pending(&caller, &execution_id, load).await? {
        Begun::Yes(loaded) => loaded,
        Begun::Pending(row) => return Ok(explain_pending(&row)),
    };
    let id = ExecutionId(loaded.row.execution_id);
    let status = loaded.row.status.clone();
    let told = loaded.row.error.as_ref().and_then(|error| error["reason"].as_str());
    let state = loaded.state()?;
    let mut of_steps = match (status.as_str(), told) {
        _ if loaded.row.ended_at.is_some() => without_history(&loaded, &state).into_iter().collect::<Vec<_>>(),
        // Its journal may not tell why.
        ("incident", Some(reason)) if state.incident().is_none() => {
            vec![Reason::Person { reason: reason.to_owned(), steps: Vec::new() }]
        }
        _ => explain(&loaded.version.graph, &state),
    };
    let mut transaction = caller.read().await?;
    let held_by = executions::holder(&mut transaction, caller.workspace_id, id).await?;
    let line = line(&mut transaction, id).await?;
    let slot = limits::wait(&mut transaction, caller.workspace_id, id).await?.map(slot);
    // Nothing but a person moves an incident.
    let is_stuck = loaded.row.ended_at.is_some() || status == "incident";
    let of_cancel = loaded.cancel.clone().map(cancel);
    let of_end = Ending::of(&loaded.version.graph, &state, loaded.entries.iter().map(|(_, entry)| entry), false);
    let of_end = of_end.filter(|ending| loaded.row.ended_at.is_none() && ending.is_open()).map(Reason::CleanUp);
    let of_pauses =
        if is_stuck { Vec::new() } else { pauses::reasons(&mut transaction, &caller, &loaded, &state).await? };
    name_events(&mut transaction, &caller, id, &mut of_steps).await?;
    family::fill_in(&mut transaction, &caller, &mut of_steps).await?;
    if slot.is_none()
        && let Some(throttled) = throttled(&mut transaction, &caller, &loaded).await?
    {
        of_steps = vec![throttled];
    }
    transaction.commit().await?;
    let of_fleet = if is_stuck { [None, None] } else { outside(&line, &status) };
    if slot.is_some() {
        // What could run waits for the slot, not for a worker.
        of_steps.retain(|reason| !matches!(reason, Reason::Worker { .. }));
    }
    let reasons = of_cancel
        .into_iter()
        .chain(of_end)
        .chain(of_fleet.into_iter().flatten())
        .chain(of_pauses)
        .chain(slot)
        .chain(of_steps);
    let reasons = reasons.map(|reason| Told::of(reason, held_by.as_ref())).collect();
    Ok(Json(Explanation { id, status, reasons, held_by }).into_response())
}

/// That the history of an execution that has ended is not there, where it tells of no end and of nothing else: its month was archived
/// and dropped, and only its row came back.
fn without_history(loaded: &Loaded, state: &State) -> Option<Reason> {
    let is_there = state.end().is_some() || !loaded.entries.is_empty();
    loaded.row.ended_at.filter(|_| !is_there).map(|ended_at| Reason::History { ended_at })
}

/// Until when the throttle holds it, and by which rule: before the first entry nothing else has a timer but its time limit,
/// once it has waited for a slot.
async fn throttled(connection: &mut PgConnection, caller: &Caller, loaded: &Loaded) -> Result<Option<Reason>, Problem> {
    let Some(throttle) = loaded.version.graph.flow.as_ref().and_then(|flow| flow.throttle.as_ref()) else {
        return Ok(None);
    };
    if !loaded.entries.is_empty() || loaded.row.ended_at.is_some() {
        return Ok(None);
    }
    let due = executions::due_at(connection, caller.workspace_id, ExecutionId(loaded.row.execution_id)).await?;
    let due = due.filter(|due| Some(*due) != loaded.row.deadline_at);
    Ok(due.map(|until| Reason::Throttled { limit: throttle.limit, per_ms: throttle.per_ms, until }))
}

/// What does not lie in the execution itself.
fn outside(line: &Line, status: &str) -> [Option<Reason>; 2] {
    let count = |rows: Option<i32>| rows.and_then(|rows| u32::try_from(rows).ok());
    let is_silent = line.silent_ms.is_none_or(|ms| ms > FLEET_SILENT_MS);
    let unseen_s = line.unseen_ms.and_then(|ms| u64::try_from(ms / 1_000).ok());
    let (before, before_of_workspace) = (count(line.ahead), count(line.ahead_of_workspace));
    // Only what is queued must have a token somewhere.
    let is_far = before.is_none() && line.is_longer && status == "queued";
    let before_more_than = is_far.then_some(AHEAD_MAX.unsigned_abs());
    // A token that meets a worker only wakes it.
    let is_in_line = status != "running" && (is_far || before.is_some());
    [
        is_silent.then_some(Reason::Fleet { unseen_s }),
        is_in_line.then_some(Reason::Turn { before, before_of_workspace, before_more_than }),
    ]
}

fn cancel(CancelOnItsWay { reason, force, since }: CancelOnItsWay) -> Reason {
    Reason::Cancel { reason, force, since }
}

fn slot(Wait { gate, slots_max, held, held_by, before, since }: Wait) -> Reason {
    let gate = Gate(gate);
    let count = |rows: i64| u32::try_from(rows).unwrap_or(u32::MAX);
    let kind = gate.as_str().split(':').next().unwrap_or_default();
    Reason::Slot {
        limit: kind.to_owned(),
        key: gate.key_value().map(str::to_owned),
        slots_max: slots_max.map(|most| count(most.into())),
        held: count(held),
        held_by: held_by.into_iter().map(ExecutionId).collect(),
        before: count(before),
        since,
    }
}

/// Says which events are waited for, which the journal does not tell.
async fn name_events(
    connection: &mut PgConnection,
    caller: &Caller,
    id: ExecutionId,
    reasons: &mut [Reason],
) -> Result<(), Problem> {
    let steps: Vec<StepKey> = reasons.iter().filter_map(event_step).cloned().collect();
    if steps.is_empty() {
        return Ok(());
    }
    let mut found = awaited(connection, caller.workspace_id, id, &steps).await?;
    for reason in reasons {
        if let Reason::Event { step, awaited, .. } = reason {
            *awaited = found.remove(step);
        }
    }
    Ok(())
}

fn event_step(reason: &Reason) -> Option<&StepKey> {
    match reason {
        Reason::Event { step, .. } => Some(step),
        _ => None,
    }
}
