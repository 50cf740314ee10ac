//! Simulating a draft: what an execution of it would do, without any effect.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use capstan_domain::history::{OUTPUT_SHOWN_BYTES_MAX, OUTPUTS_SHOWN_BYTES_MAX};
use capstan_engine::core::attempt::storable;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey};
use capstan_engine::core::simulate::{Cancel, Case, Runner, Simulated, Stopped, StubError, Stubs, Unstubbed, simulate};
use capstan_engine::core::state::{End, State as Folded};
use capstan_node_types::registry::Registry;
use capstan_node_types::simulate::{LocalRunner, WALL_TIME_MAX};
use chrono::{DateTime, Datelike, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::executions::{check_form, trigger};
use super::workflows::{find, invalid_graph};
use crate::Api;
use crate::auth::Caller;
use crate::body::{self, BODY_BYTES_MAX};
use crate::problem::Problem;
use crate::view::{STEPS_SHOWN_MAX, StepView, steps};

/// Simulations of one process at a time; more wait for their turn, as long as a request may.
const AT_A_TIME: usize = 2;
static TURNS: Semaphore = Semaphore::const_new(AT_A_TIME);
/// Years in which a simulation may begin.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9999;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    trigger: Option<String>,
    input: Option<Value>,
    /// What stands for effects, by node or step.
    #[serde(default)]
    stubs: Map<String, Value>,
    #[serde(default)]
    unstubbed: Unstubbed,
    /// The virtual time of its start; now if absent.
    now: Option<DateTime<Utc>>,
    cancel: Option<Cancel>,
}

/// `POST /workflows/{id}/draft/simulate {trigger?, input?, stubs?, unstubbed?, now?, cancel?}`: 200 with its steps and
/// how it ended, `stopped` if a stub is missing. 422 `invalid_graph`, `bad_stub`, `invalid_input`.
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Path(workflow_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let wish: Wish = body::typed(request, BODY_BYTES_MAX).await?;
    let row = find(&caller, &workflow_id).await?;
    let (document, compiled) = api.graphs.compile(row.graph).await?;
    let graph = compiled.map_err(|problems| invalid_graph(&problems))?;
    let stubs = Stubs::read(&wish.stubs).map_err(bad_stub)?.or(Stubs::pinned(&document).map_err(bad_stub)?);
    let trigger = trigger(&graph, wish.trigger.as_deref())?;
    let input = check_form(&graph, &trigger, wish.input.unwrap_or_else(|| json!({})))?;
    let now = wish.now.unwrap_or_else(Utc::now);
    if !YEARS.contains(&now.year()) {
        let hint = format!("give a time from {} to {}", YEARS.start(), YEARS.end());
        return Err(Problem::unprocessable("bad_time", "a simulation cannot begin at that time", hint));
    }
    let registry = Arc::clone(&api.registry);
    let work = move || {
        let case = Case {
            graph: &graph,
            trigger: &StepKey::root(trigger),
            input,
            now,
            execution_id: ExecutionId(Uuid::nil()),
            stubs: &stubs,
            unstubbed: wish.unstubbed,
            timeout_ms: graph.timeout_ms,
            cancel: wish.cancel,
        };
        run(&registry, &case).map(|simulated| show(&graph, &simulated))
    };
    Ok(Json(in_turn(work).await??).into_response())
}

/// Does the work away from the threads that serve.
async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let turn = TURNS.acquire().await.map_err(|error| Problem::internal(error.to_string()))?;
    // The turn lasts as long as the work, also where nobody waits for it any more.
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    })
    .await;
    done.map_err(|error| Problem::internal(format!("a simulation failed: {error}")))
}

fn run(registry: &Registry, case: &Case<'_>) -> Result<Simulated, Problem> {
    let runner = LocalRunner::new(registry, WALL_TIME_MAX).map_err(|error| Problem::internal(error.to_string()))?;
    case.stubs.check(case.graph, &runner as &dyn Runner).map_err(bad_stub)?;
    simulate(case, &runner).map_err(|illegal| Problem::internal(format!("a simulation did not begin: {illegal}")))
}

fn show(graph: &Graph, simulated: &Simulated) -> Value {
    let (shown, left_out) = shown(graph, &simulated.state);
    let error = match simulated.state.end() {
        Some(End::Failed { step, error }) => {
            let node_id: Option<&NodeId> = step.as_ref().map(|step| &step.node_id);
            json!({ "class": error.class, "reason": error.reason, "node_id": node_id })
        }
        Some(End::Cancelled { reason }) => json!({ "class": "cancelled", "reason": reason }),
        Some(End::Completed) => Value::Null,
        None => {
            simulated.state.incident().map_or(Value::Null, |reason| json!({ "class": "incident", "reason": reason }))
        }
    };
    json!({
        "status": simulated.status(),
        "output": simulated.output(graph),
        "error": error,
        "stopped": simulated.stopped.as_ref().map(why),
        "ended_at": simulated.ended_at,
        "position": simulated.state.position(),
        "steps": shown,
        "steps_left_out": left_out,
    })
}

/// The first steps, with outputs as far as those of an execution are shown, and how many more there are.
fn shown(graph: &Graph, state: &Folded) -> (Vec<StepView>, usize) {
    let mut left = OUTPUTS_SHOWN_BYTES_MAX;
    let mut all = steps(graph, state);
    let cut = |mut step: StepView| {
        let bytes = storable(&step.output).map_or(i64::MAX, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        if bytes > OUTPUT_SHOWN_BYTES_MAX.min(left) {
            (step.output, step.output_truncated) = (Value::Null, true);
        } else {
            left -= bytes;
        }
        step
    };
    let shown = all.by_ref().take(STEPS_SHOWN_MAX).map(cut).collect();
    (shown, all.count())
}

fn why(stopped: &Stopped) -> Value {
    let names = |steps: &[StepKey]| steps.iter().map(ToString::to_string).collect::<Vec<_>>();
    match stopped {
        Stopped::Missing(steps) => json!({
            "code": "missing_stub",
            "detail": "these steps have effects and no stub",
            "hint": "give a stub for each of them, pin an output, or ask for \"unstubbed\": \"null\"",
            "steps": names(steps),
        }),
        Stopped::Waits(steps) => json!({
            "code": "waits",
            "detail": "these steps wait for a signal, and no stub sends it",
            "hint": "give each of them a stub such as {\"signal\": {}}",
            "steps": names(steps),
        }),
        Stopped::Limit(limit) => json!({
            "code": "limit",
            "detail": format!("the simulation was stopped: {limit}"),
            "hint": "simulate with a smaller input",
            "steps": [],
        }),
    }
}

fn bad_stub(error: StubError) -> Problem {
    Problem::unprocessable("bad_stub", error.to_string(), "see docs/testing.md for what a stub may be")
}
