//! Executions: start, look.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::history;
use capstan_domain::restart::Recorded;
use capstan_engine::core::compile::EXECUTION_TIMEOUT_MS_MAX;
use capstan_engine::core::flow::Hold;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, VersionId, WorkflowId};
use capstan_engine::core::journal::{Entry, Event};
use capstan_engine::core::state::State as Folded;
use capstan_engine::store::executions::{self, ExecutionRow};
use capstan_engine::store::orders::{CancelOnItsWay, cancel_on_its_way};
use capstan_engine::store::start::IdempotencyKey;
use capstan_node_types::origin::{self, InputError, TriggerError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::answer::{Place, to_client};
use super::launch::{Launch, Launched, launch};
use super::pending::{Begun, begun_or_pending, show};
use super::which_version::version;
use super::{family, id, idempotency_key, pending};
use crate::Api;
use crate::auth::Caller;
use crate::body::{self, BODY_BYTES_MAX};
use crate::graphs::Version;
use crate::limit::Limit;
use crate::problem::{Finding, Problem};
use crate::query::Query;
use crate::view::ExecutionView;
use crate::waiting::Wish;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewExecution {
    #[schemars(with = "crate::openapi::shapes::Id")]
    workflow_id: Uuid,
    #[schemars(with = "Option<crate::openapi::shapes::Id>")]
    version_id: Option<Uuid>,
    trigger: Option<String>,
    input: Option<Value>,
    timeout_ms: Option<u64>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct StartQuery {
    wait: Option<String>,
}

/// `POST /executions {workflow_id, version_id?, trigger?, input?, timeout_ms?}` with an optional `Idempotency-Key`:
/// 202 `{id, status, workflow_id, version_id}`. Without `timeout_ms` the time limit is that of the graph. A repeated key answers the same, with `Idempotent-Replayed: true`;
/// with another request 422 `idempotency_key_reused`. 409 `not_published` if there is no version. With `?wait=10s`, or
/// `Prefer: wait=10`, it waits for what the execution comes to: see [`to_client`].
pub(crate) async fn start(
    State(api): State<Api>,
    caller: Caller,
    Extension(limit): Extension<Limit>,
    Query(query): Query<StartQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let wish = Wish::read(query.wait.as_deref(), request.headers())?;
    let key = idempotency_key(request.headers())?.map(|key| format!("api:{key}"));
    let new: NewExecution = body::typed(request, BODY_BYTES_MAX).await?;
    let key = key.map(|key| IdempotencyKey {
        key,
        wishes: format!("version {:?}, timeout {:?}", new.version_id, new.timeout_ms),
        content: None,
    });
    if new.timeout_ms.is_some_and(|ms| !(1..=EXECUTION_TIMEOUT_MS_MAX).contains(&ms)) {
        let hint = format!("give 1 to {EXECUTION_TIMEOUT_MS_MAX} milliseconds, or leave it out");
        return Err(Problem::unprocessable("bad_timeout", "timeout_ms is not in range", hint));
    }
    let workflow_id = WorkflowId(new.workflow_id);
    let (version_id, version) = version(&api, &caller, workflow_id, new.version_id.map(VersionId)).await?;
    let trigger = trigger(&version.graph, new.trigger.as_deref())?;
    let input = check_form(&version.graph, &trigger, new.input.unwrap_or_else(|| json!({})))?;
    let timeout_ms = new.timeout_ms.or(version.graph.timeout_ms);
    let flow = version.graph.flow.clone();
    let warnings = flow.as_ref().map(|flow| flow.warnings(&input)).unwrap_or_default();
    let launch_this = Launch { workflow_id, version_id, trigger, input, timeout_ms, flow, idempotency_key: key };
    let Some(wish) = wish else {
        return Ok(Launched { warnings, ..launch(&caller, launch_this).await? }.into_response());
    };
    let place = Place::take(&api, &caller, wish.span, limit)?;
    let launched = Launched { warnings, ..launch(&caller, launch_this).await? };
    let heard = place.hear(&api, &caller, &launched, true).await;
    Ok(to_client(launched, heard, wish))
}

/// `GET /executions/{id}`: with its steps and edges, its parent and its newest children. A step whose output is too large to be shown says
/// `output_truncated`.
pub(crate) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Path(execution_id): Path<String>,
) -> Result<Response, Problem> {
    let load = || load_with_outputs(&api, &caller, &execution_id);
    let (loaded, truncated) = match begun_or_pending(&caller, &execution_id, load).await? {
        Begun::Yes(loaded) => loaded,
        Begun::Pending(row) => return Ok(show(&row)),
    };
    let state = loaded.state()?;
    let ending = loaded.ending(&state);
    let version = loaded.version;
    let mut view = ExecutionView::new(loaded.row, &version.graph, &state);
    view.summary.ending = ending;
    for step in &mut view.steps {
        step.output_truncated = truncated.contains(&step.key());
    }
    let mut transaction = caller.read().await?;
    family::complete(&mut transaction, &caller, &mut view).await?;
    transaction.commit().await?;
    // Trials and children are started past flow control, and what a batch was asked for lies in its parts.
    let flow = version.graph.flow.as_ref().filter(|flow| !matches!(flow.hold, Some(Hold::Batch(_))));
    if let Some(flow) = flow.filter(|_| view.summary.parent.is_none() && !view.summary.trial) {
        view.warnings = flow.warnings(&view.input);
    }
    Ok(Json(view).into_response())
}

/// An execution with all that it takes to fold it, from one view of the database.
pub(super) struct Loaded {
    pub(super) row: ExecutionRow,
    pub(super) version: Arc<Version>,
    /// With their positions.
    pub(super) entries: Vec<(i32, Entry)>,
    /// Its cancel, if it has not ended and no worker has taken that in.
    pub(super) cancel: Option<CancelOnItsWay>,
}

impl Loaded {
    /// The state at the end.
    pub(super) fn state(&self) -> Result<Folded, Problem> {
        let entries = self.entries.iter().map(|(_, entry)| entry);
        Ok(history::state(&self.row, &self.version.graph, entries)?)
    }

    /// As it is recorded.
    pub(super) fn recorded(&self) -> Recorded<'_> {
        Recorded { row: &self.row, graph: &self.version.graph, entries: &self.entries }
    }
}

/// The execution of that id, of this workspace; its steps without outputs.
pub(super) async fn load(api: &Api, caller: &Caller, execution_id: &str) -> Result<Loaded, Problem> {
    let id: ExecutionId = id(execution_id, "execution")?;
    let mut transaction = caller.read().await?;
    let loaded = load_in(api, &mut transaction, caller, id).await?;
    transaction.commit().await?;
    Ok(loaded)
}

/// The same with the outputs that are small enough to be shown, and the steps whose outputs are not.
pub(super) async fn load_with_outputs(
    api: &Api,
    caller: &Caller,
    execution_id: &str,
) -> Result<(Loaded, HashSet<StepKey>), Problem> {
    let id: ExecutionId = id(execution_id, "execution")?;
    let mut transaction = caller.read().await?;
    let mut loaded = load_in(api, &mut transaction, caller, id).await?;
    let outputs = history::shown_outputs(&mut transaction, caller.workspace_id, id).await?;
    transaction.commit().await?;
    let mut outputs: HashMap<i32, Option<Value>> = outputs.into_iter().collect();
    let mut truncated = HashSet::new();
    for (position, entry) in &mut loaded.entries {
        if let (Event::Settled { step, settlement }, Some(output)) = (&mut entry.event, outputs.remove(position)) {
            match output {
                Some(output) => settlement.output = output,
                None => _ = truncated.insert(step.clone()),
            }
        }
    }
    Ok((loaded, truncated))
}

/// What [`load`] does, on a connection that acts for the caller.
pub(super) async fn load_in(
    api: &Api,
    connection: &mut PgConnection,
    caller: &Caller,
    id: ExecutionId,
) -> Result<Loaded, Problem> {
    let row = find(connection, caller, id).await?;
    // Before the journal: what a worker takes in meanwhile is seen in one of them.
    let cancel = match row.ended_at {
        None => cancel_on_its_way(connection, caller.workspace_id, id).await?,
        Some(_) => None,
    };
    let entries = history::outline(connection, caller.workspace_id, id, 0).await?;
    let version = api.graphs.version(connection, caller.workspace_id, VersionId(row.version_id)).await?;
    let version = version.ok_or_else(|| without_version(&row))?.begun_at(&row.trigger_node_id);
    Ok(Loaded { row, version, entries, cancel })
}

/// Graphs of trials are let go once they have not been used for long.
pub(super) fn without_version(row: &ExecutionRow) -> Problem {
    let id = row.execution_id;
    if !row.trial {
        return Problem::internal(format!("execution {id} has no version"));
    }
    let detail = format!("execution {id} was a trial, and its graph is no longer kept");
    Problem::new(StatusCode::GONE, "trial_gone", detail, "run the draft again")
}

/// The row of an execution of this workspace.
pub(super) async fn find(
    connection: &mut PgConnection,
    caller: &Caller,
    id: ExecutionId,
) -> Result<ExecutionRow, Problem> {
    match executions::find(connection, caller.workspace_id, id).await? {
        Some(row) => Ok(row),
        None => Err(pending::unknown(connection, caller, id).await?),
    }
}

/// The trigger asked for, else the only one.
pub(super) fn trigger(graph: &Graph, wanted: Option<&str>) -> Result<NodeId, Problem> {
    origin::trigger(graph, wanted).map_err(Problem::from)
}

/// The input of a form is what the form would make of it.
pub(super) fn check_form(graph: &Graph, trigger: &NodeId, input: Value) -> Result<Value, Problem> {
    origin::input(graph, trigger, input).map_err(Problem::from)
}

impl From<TriggerError> for Problem {
    fn from(error: TriggerError) -> Self {
        let (code, hint) = match &error {
            TriggerError::Required { .. } => ("trigger_required", "name one of them as \"trigger\""),
            TriggerError::Unknown { .. } => ("unknown_trigger", "name one of them, or leave \"trigger\" out"),
        };
        Self::unprocessable(code, error.to_string(), hint)
    }
}

impl From<InputError> for Problem {
    fn from(error: InputError) -> Self {
        let detail = error.to_string();
        let errors = match error {
            InputError::NoObject(_) => {
                return Self::unprocessable("invalid_input", detail, "send an object with the fields of the form");
            }
            InputError::Fields { errors, .. } => errors,
        };
        let findings = errors.into_iter().map(|error| Finding {
            code: error.code,
            pointer: format!("/input/{}", error.field),
            detail: error.detail,
            hint: "correct the field".into(),
        });
        Self::unprocessable("invalid_input", detail, "each entry of errors names a field").findings(findings)
    }
}
