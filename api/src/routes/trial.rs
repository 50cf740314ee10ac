//! Running a draft for real: it is frozen as a trial, which no hook, form or start ever finds, and executed by the fleet.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::core::simulate::Stubs;
use capstan_engine::store::start::IdempotencyKey;
use capstan_engine::store::trials::{self, TRIALS_MAX};
use capstan_node_types::trial::with_pinned;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Place, outcome};
use super::credentials::require_use;
use super::executions::{check_form, trigger};
use super::idempotency_key;
use super::launch::{Launch, Launched, launch};
use super::publish::refuse_errors;
use super::simulate::runner;
use super::workflows::{find, invalid_graph};
use crate::Api;
use crate::actor::Actor;
use crate::auth::Caller;
use crate::body::{self, BODY_BYTES_MAX};
use crate::limit::Limit;
use crate::problem::Problem;
use crate::query::Query;
use crate::waiting::Wish;

/// Longest time of a trial: a week, so that it ends long before its graph is let go.
const TRIAL_MS_MAX: u64 = 7 * 86_400_000;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RunDraft")]
pub(crate) struct Asked {
    trigger: Option<String>,
    input: Option<Value>,
    timeout_ms: Option<u64>,
    /// What is pinned stands for its steps.
    #[serde(default)]
    pinned: bool,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct RunQuery {
    wait: Option<String>,
    /// As at publish.
    #[serde(default)]
    accept: String,
}

/// `POST /workflows/{id}/draft/run {trigger?, input?, timeout_ms?, pinned?}` with an optional `Idempotency-Key`: 202 with
/// the execution, a trial, and what is found out about the graph, as at publish; with `?wait=10s` what it comes to. 422
/// `invalid_graph`, `never_right`, `bad_stub`, `bad_timeout`; 409 `too_many_trials`.
pub(crate) async fn run(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    Extension(limit): Extension<Limit>,
    Path(workflow_id): Path<String>,
    Query(query): Query<RunQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let wish = Wish::read(query.wait.as_deref(), request.headers())?;
    let key = idempotency_key(request.headers())?.map(str::to_owned);
    let asked: Asked = body::typed_or_default(request, BODY_BYTES_MAX).await?;
    let row = find(&caller, &workflow_id).await?;
    let (document, proved) = api.graphs.prove(row.graph).await?;
    let (graph, proof) = proved.map_err(|problems| invalid_graph(&problems))?;
    refuse_errors(&proof, &query.accept)?;
    require_use(&actor, &graph)?;
    let (frozen, graph) = if asked.pinned { put_in(&api, &document, graph).await? } else { (document, graph) };
    let timeout_ms = timeout_ms(asked.timeout_ms, &graph)?;
    let trigger = trigger(&graph, asked.trigger.as_deref())?;
    let input = check_form(&graph, &trigger, asked.input.unwrap_or_else(|| json!({})))?;
    let wishes = format!("trial, pinned {}, timeout {:?}", asked.pinned, asked.timeout_ms);
    let idempotency_key = key.map(|key| IdempotencyKey { key: format!("trial:{key}"), wishes, content: None });
    let workflow_id = WorkflowId(row.workflow_id);
    let place = wish.map(|wish| Place::take(&api, &caller, wish.span, limit)).transpose()?;
    let version_id = freeze(&caller, workflow_id, &frozen, &graph).await?;
    // A person waits for it.
    let flow = None;
    let this = Launch { workflow_id, version_id, trigger, input, timeout_ms: Some(timeout_ms), flow, idempotency_key };
    let launched = launch(&caller, this).await?;
    let heard = match place {
        Some(place) => place.hear(&api, &caller, &launched, true).await,
        None => None,
    };
    let has_come = heard.as_ref().is_some_and(|heard| heard.reply.is_some() || heard.row.ended_at.is_some());
    let mut shown = heard.map_or_else(|| accepted(&launched), |heard| outcome(&launched, heard));
    shown["trial"] = json!(true);
    shown["proof"] = json!(proof);
    let status = if has_come { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok(launched.dress((status, Json(shown)).into_response()))
}

fn accepted(launched: &Launched) -> Value {
    json!({
        "id": launched.execution_id,
        "status": launched.status,
        "version_id": launched.version_id,
        "workflow_id": launched.workflow_id,
    })
}

/// Keeps a document, from which `graph` was made, as a trial of the workflow. 409 if it has too many.
pub(super) async fn freeze(
    caller: &Caller,
    workflow_id: WorkflowId,
    document: &Value,
    graph: &Graph,
) -> Result<VersionId, Problem> {
    let mut transaction = caller.write().await?;
    let frozen = trials::freeze(&mut transaction, caller.workspace_id, workflow_id, document, graph.semantics).await?;
    transaction.commit().await?;
    frozen.ok_or_else(|| {
        let detail = format!("{TRIALS_MAX} different drafts and steps of this workflow were tried out lately");
        Problem::conflict(
            "too_many_trials",
            detail,
            "try again in five minutes, simulate the draft, or repeat what was tried out before",
        )
    })
}

/// The draft with what is pinned in the place of the steps.
async fn put_in(api: &Api, document: &Value, graph: Graph) -> Result<(Value, Graph), Problem> {
    Stubs::pinned(document)?.check(&graph, &runner(&Arc::clone(&api.registry))?)?;
    let frozen = with_pinned(document, &graph)?;
    let (frozen, compiled) = api.graphs.compile(frozen).await?;
    Ok((frozen, compiled.map_err(|problems| invalid_graph(&problems))?))
}

fn timeout_ms(asked: Option<u64>, graph: &Graph) -> Result<u64, Problem> {
    match asked {
        Some(ms) if !(1..=TRIAL_MS_MAX).contains(&ms) => {
            let hint = format!("give 1 to {TRIAL_MS_MAX} milliseconds, or leave it out");
            Err(Problem::unprocessable("bad_timeout", "timeout_ms is not in range", hint))
        }
        Some(ms) => Ok(ms),
        None => Ok(graph.timeout_ms.unwrap_or(TRIAL_MS_MAX).min(TRIAL_MS_MAX)),
    }
}
