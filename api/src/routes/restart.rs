//! Restarting an execution from a step, on its version or another one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::quotas::EXECUTIONS;
use capstan_domain::restart::Refused;
use capstan_engine::core::ids::{ExecutionId, NodeId, VersionId, WorkflowId};
use capstan_engine::core::restart::{Plan, Unfit, failed_step};
use capstan_engine::store::bulk::{Beginning, Onto};
use capstan_engine::store::restart::{Restart, restart};
use capstan_engine::store::start::{IdempotencyKey, Started};
use capstan_engine::store::trials;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::ending::not_ended;
use super::executions::{Loaded, load, without_version};
use super::idempotency_key;
use super::launch::{REPLAYED, reused};
use super::which_version::version;
use crate::Api;
use crate::auth::Caller;
use crate::body;
use crate::problem::Problem;
use crate::starter::StartError;

/// Most bytes of a request.
const RESTART_BYTES_MAX: usize = 16 * 1024;
/// What bulk jobs call the step that failed.
const FAILED: &str = "failed";
const CANNOT_RESTART: &str = "cannot_restart";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Restart")]
pub(crate) struct Wish {
    /// The step that runs again, with what lies behind it.
    from: String,
    /// The version of the new execution, or `latest`; that of the old one if absent.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    version_id: Onto,
    /// Only tells what would be kept and what would run again.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RestartPlan")]
pub(crate) struct Planned {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::openapi::shapes::Id>")]
    id: Option<ExecutionId>,
    #[schemars(with = "crate::openapi::shapes::Id")]
    version_id: Uuid,
    #[serde(flatten)]
    #[schemars(with = "crate::openapi::shapes::Plan")]
    plan: Plan,
}

/// `POST /executions/{id}/restart {from, version_id?, dry_run?}` with an optional `Idempotency-Key`: 202 with the new
/// execution's id and the plan; 200 with the plan alone for a dry run. 409 `not_ended`, 422 `cannot_restart`.
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Path(execution_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?.map(str::to_owned);
    let wish: Wish = body::typed(request, RESTART_BYTES_MAX).await?;
    let loaded = load(&api, &caller, &execution_id).await?;
    let workflow_id = WorkflowId(loaded.row.workflow_id);
    let (version_id, version) = match wish.version_id {
        Onto::Latest => version(&api, &caller, workflow_id, None).await?,
        Onto::Named(other) => version(&api, &caller, workflow_id, Some(other)).await?,
        Onto::Own => (VersionId(loaded.row.version_id), Arc::clone(&loaded.version)),
    };
    let version_id = version_id.0;
    let from = Beginning::Step(NodeId::from(wish.from.as_str()));
    let plan = loaded.recorded().plan(&version.graph, &from);
    let plan = plan.map_err(|why| if wish.from == FAILED { by_name(&loaded, why) } else { refused(why) })?;
    if wish.dry_run {
        return Ok(Json(Planned { id: None, version_id, plan }).into_response());
    }
    if !loaded.row.can_restart() {
        return Err(not_ended(loaded.open_ending()?.as_ref()));
    }
    // A repeated request for the newest one gets what the first was answered, whichever is the newest by then.
    let asked = if wish.version_id == Onto::Latest { json!("latest") } else { json!(version_id) };
    let wishes = json!([wish.from, asked]).to_string();
    let key = key.map(|key| IdempotencyKey { key: format!("restart:{key}"), wishes, content: None });
    let asked = loaded.recorded().restart(&plan, VersionId(version_id), key);
    // A refusal may be written down, too.
    caller.cell.announce().await?;
    let till = caller.cell.starter.till();
    let admitted = till.admit(caller.workspace_id, EXECUTIONS).await?;
    admitted.map_err(|refused| StartError::QuotaExceeded { resets_in_s: refused.resets_in_s })?;
    let started = begin(&caller, &loaded, VersionId(version_id), &asked).await;
    match started {
        Ok(Some(Started::New(_))) => till.confirm(caller.workspace_id, EXECUTIONS),
        Ok(_) => till.give_back(caller.workspace_id, EXECUTIONS),
        // It may have been started all the same: facts will tell.
        Err(_) => {}
    }
    let (id, replayed) = match started? {
        Some(Started::New(id)) => (id, false),
        Some(Started::Replayed(id)) => (id, true),
        Some(Started::Conflict) => return Err(reused()),
        None => return Err(not_ended(None)),
    };
    caller.cell.starter.wake();
    let mut response = (StatusCode::ACCEPTED, Json(Planned { id: Some(id), version_id, plan })).into_response();
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn begin(
    caller: &Caller,
    loaded: &Loaded,
    version_id: VersionId,
    asked: &Restart,
) -> Result<Option<Started>, Problem> {
    let mut transaction = caller.write().await?;
    // Used now, so that its graph stays; one on a published version needs no more of it.
    if loaded.row.trial
        && !trials::touch(&mut transaction, caller.workspace_id, version_id).await?
        && version_id.0 == loaded.row.version_id
    {
        return Err(without_version(&loaded.row));
    }
    let started = restart(&mut transaction, asked).await?;
    transaction.commit().await?;
    Ok(started)
}

/// A restart of one execution names its step; who asks for the failed one, as bulk jobs do, is told which that is.
fn by_name(loaded: &Loaded, why: Refused) -> Problem {
    let problem = refused(why);
    if problem.code != CANNOT_RESTART {
        return problem;
    }
    let failed = loaded.state().ok().and_then(|state| failed_step(&state));
    let detail = format!("a restart names the step it begins at, and none has the id {FAILED:?}");
    let hint = failed.map_or_else(
        || "no step of it has failed: send {\"from\": \"…\"} with the id of a step that ran".to_owned(),
        |step| format!("send {{\"from\": \"{step}\"}}, the step that failed; {FAILED:?} is for bulk jobs"),
    );
    Problem::unprocessable(CANNOT_RESTART, detail, hint)
}

/// Why an execution is not restarted, as a problem.
pub(super) fn refused(refused: Refused) -> Problem {
    let hint = match &refused {
        Refused::Unfit(Unfit::UnknownStep(_) | Unfit::NoBeginning(_)) => "name a step outside of containers",
        Refused::Unfit(Unfit::NeverRan(_)) => "name a step that ran; GET the execution lists them",
        Refused::Unfit(Unfit::Chunk(_)) => "restart its parent",
        Refused::Unfit(Unfit::OtherTrigger(_)) => "name a version with the trigger that this execution began at",
        Refused::NothingFailed => "name the step to begin at",
        Refused::Unreadable(_) => "",
    };
    match refused {
        Refused::Unreadable(error) => error.into(),
        refused => Problem::unprocessable(CANNOT_RESTART, refused.to_string(), hint),
    }
}
