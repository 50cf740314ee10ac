//! Executions: start, list, look.

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
use capstan_engine::store::children;
use capstan_engine::store::executions::{self, ExecutionRow};
use capstan_engine::store::flow;
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
use crate::paging::{Paging, Span};
use crate::problem::{Finding, Problem};
use crate::query::Query;
use crate::view::ExecutionView;
use crate::waiting::Wish;

/// The status of those that flow control holds back.
const PENDING: &str = pending::PENDING;

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

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    workflow_id: Option<String>,
    parent_id: Option<String>,
    trial: Option<String>,
    /// `pending, queued, running, waiting, paused, incident, completed, failed, cancelled`.
    status: Option<String>,
    /// Begun then or later.
    from: Option<String>,
    /// Begun before that.
    to: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
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

/// `GET /executions?workflow_id&parent_id&trial&status&limit&cursor`: newest first; with `parent_id` those that its steps
/// started. Trials are listed with `trial=true`, where nothing else is, and with `trial=any`. Those of one status are
/// looked for among so many at a time; a page may be short, or empty, and have a cursor to go on with.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let span = Span::new(query.from.as_deref(), query.to.as_deref())?;
    let workflow_id = query.workflow_id.as_deref().map(|text| id(text, "workflow")).transpose()?;
    let parent_id: Option<ExecutionId> = query.parent_id.as_deref().map(|text| id(text, "execution")).transpose()?;
    let trial = trials(query.trial.as_deref())?;
    let status = query.status.as_deref().map(listed_status).transpose()?;
    if parent_id.is_some() && (workflow_id.is_some() || status.is_some()) {
        let detail = "the list is asked for by parent_id and by something else";
        return Err(Problem::bad_request("bad_query", detail, "leave out parent_id, or workflow_id and status"));
    }
    let mut transaction = caller.read().await?;
    let (workspace_id, before, limit) = (caller.workspace_id, ExecutionId(span.before(paging)), paging.rows());
    let (mut rows, then) = match (parent_id, status) {
        (Some(parent), _) => (children::list(&mut transaction, workspace_id, parent, before, limit).await?, None),
        (None, None) => {
            (executions::list(&mut transaction, workspace_id, workflow_id, trial, before, limit).await?, None)
        }
        // What is tried out is never held back.
        (None, Some(PENDING)) if trial == Some(true) => (Vec::new(), None),
        (None, Some(PENDING)) => {
            (flow::list_pending(&mut transaction, workspace_id, workflow_id, before, limit).await?, None)
        }
        (None, Some(status)) => {
            let wanted = (workflow_id, trial, status);
            executions::of_status(&mut transaction, workspace_id, wanted, before, limit).await?
        }
    };
    rows.retain(|row| span.has(row.execution_id));
    let then = then.filter(|id| span.has(id.0));
    let summaries = family::summaries(&mut transaction, &caller, &rows).await?;
    transaction.commit().await?;
    let page = paging.page_of_looked_at(summaries, |summary| summary.id, |summary| summary, then.map(|id| id.0));
    Ok(Json(page).into_response())
}

fn listed_status(wanted: &str) -> Result<&'static str, Problem> {
    let found = executions::STATUSES_LISTED.into_iter().chain([PENDING]).find(|status| *status == wanted);
    found.ok_or_else(|| {
        let hint = format!("name one of {}, {PENDING}", executions::STATUSES_LISTED.join(", "));
        Problem::bad_request("bad_query", "executions are not listed by that status", hint)
    })
}

/// Whether trials are listed, or all else; none for both.
fn trials(wanted: Option<&str>) -> Result<Option<bool>, Problem> {
    match wanted {
        None | Some("false") => Ok(Some(false)),
        Some("true") => Ok(Some(true)),
        Some("any") => Ok(None),
        Some(_) => Err(Problem::bad_request("bad_query", "trial is none of true, false and any", "name one of them")),
    }
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
