//! Simulating a draft: what an execution of it would do, without any effect.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::history::{OUTPUT_SHOWN_BYTES_MAX, OUTPUTS_SHOWN_BYTES_MAX};
use capstan_engine::core::attempt::storable;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::WorkflowId;
use capstan_engine::core::simulate::{Case, Runner, Simulated, Stopped, StubError, Stubs, simulate};
use capstan_engine::core::state::State as Folded;
use capstan_node_types::registry::Registry;
use capstan_node_types::simulate::{LocalRunner, Unfit, WALL_TIME_MAX, Wish, YEARS};
use chrono::Utc;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::record;
use super::workflows::{find, invalid_graph};
use crate::Api;
use crate::actor::Actor;
use crate::auth::Caller;
use crate::body::{self, BODY_BYTES_MAX};
use crate::problem::Problem;
use crate::view::{STEPS_SHOWN_MAX, StepView, steps};

/// Simulations of one process at a time; more wait for their turn, as long as a request may.
const AT_A_TIME: usize = 2;
static TURNS: Semaphore = Semaphore::const_new(AT_A_TIME);

/// `POST /workflows/{id}/draft/simulate {trigger?, input?, stubs?, unstubbed?, now?, cancel?, of_execution?}`: 200 with
/// its steps and how it ended, `stopped` if a stub is missing. With `of_execution`, what that execution recorded stands
/// for what is absent. 422 `invalid_graph`, `bad_stub`, `invalid_input`, `other_workflow`, `record_too_large`.
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    Path(workflow_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let wish: Wish = body::typed(request, BODY_BYTES_MAX).await?;
    let row = find(&caller, &workflow_id).await?;
    let past = match wish.of_execution {
        Some(id) => Some(record::of_workflow(&api, &caller, &actor, id, WorkflowId(row.workflow_id)).await?),
        None => None,
    };
    let (document, compiled) = api.graphs.compile(row.graph).await?;
    let graph = compiled.map_err(|problems| invalid_graph(&problems))?;
    let registry = Arc::clone(&api.registry);
    let work = move || {
        let runner = runner(&registry)?;
        let fitted = match &past {
            Some(past) => wish.over(&past.record()?, &graph, &document, &runner)?,
            None => wish.fit(&graph, &document, Stubs::default(), Utc::now())?,
        };
        run(&fitted.case(&graph), &runner).map(|simulated| show(&graph, &simulated))
    };
    Ok(Json(in_turn(work).await??).into_response())
}

/// Does the work away from the threads that serve.
pub(super) async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let turn = TURNS.acquire().await.map_err(|error| Problem::internal(error.to_string()))?;
    // The turn lasts as long as the work, also where nobody waits for it any more.
    let done = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    })
    .await;
    done.map_err(|error| Problem::internal(format!("a simulation failed: {error}")))
}

/// What runs the attempts of one simulation that begins now.
pub(super) fn runner(registry: &Registry) -> Result<LocalRunner<'_>, Problem> {
    LocalRunner::new(registry, WALL_TIME_MAX).map_err(|error| Problem::internal(error.to_string()))
}

pub(super) fn run(case: &Case<'_>, runner: &dyn Runner) -> Result<Simulated, Problem> {
    case.stubs.check(case.graph, runner)?;
    simulate(case, runner).map_err(|illegal| Problem::internal(format!("a simulation did not begin: {illegal}")))
}

fn show(graph: &Graph, simulated: &Simulated) -> Value {
    let (shown, left_out) = shown(graph, &simulated.state);
    json!({
        "status": simulated.status(),
        "output": simulated.output(graph),
        "error": simulated.failure(),
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

/// Why it did not reach an end.
pub(super) fn why(stopped: &Stopped) -> Value {
    let steps: Vec<String> = stopped.steps().iter().map(ToString::to_string).collect();
    json!({ "code": stopped.code(), "detail": stopped.to_string(), "hint": stopped.hint(), "steps": steps })
}

impl From<StubError> for Problem {
    fn from(error: StubError) -> Self {
        Self::unprocessable("bad_stub", error.to_string(), "see docs/testing.md for what a stub may be")
    }
}

impl From<Unfit> for Problem {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Stub(error) => error.into(),
            Unfit::Trigger(error) => error.into(),
            Unfit::Input(error) => error.into(),
            Unfit::Time => {
                let hint = format!("give a time from {} to {}", YEARS.start(), YEARS.end());
                Self::unprocessable("bad_time", unfit.to_string(), hint)
            }
        }
    }
}
