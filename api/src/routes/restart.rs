//! Restarting an execution from a step, on its version or another one.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, VersionId, WorkflowId};
use capstan_engine::core::journal::Entry;
use capstan_engine::core::restart::{Past, Plan, Unfit, plan};
use capstan_engine::store::restart::{Restart, restart};
use capstan_engine::store::start::{IdempotencyKey, Started};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::executions::{Loaded, load, version};
use super::idempotency_key;
use super::launch::{REPLAYED, reused};
use crate::Api;
use crate::auth::Caller;
use crate::body;
use crate::problem::Problem;

/// Most bytes of a request.
const RESTART_BYTES_MAX: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// The step that runs again, with what lies behind it.
    from: String,
    /// The version of the new execution; that of the old one if absent.
    version_id: Option<Uuid>,
    /// Only tells what would be kept and what would run again.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Planned {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<ExecutionId>,
    version_id: Uuid,
    #[serde(flatten)]
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
    let version_id = wish.version_id.unwrap_or(loaded.row.version_id);
    let plan = planned(&api, &caller, &loaded, version_id, &wish.from).await?;
    if wish.dry_run {
        return Ok(Json(Planned { id: None, version_id, plan }).into_response());
    }
    let row = &loaded.row;
    let timeout_ms =
        row.deadline_at.and_then(|deadline| u64::try_from((deadline - row.created_at).num_milliseconds()).ok());
    let wishes = json!([wish.from, version_id]).to_string();
    let asked = Restart {
        execution_id: ExecutionId::new(),
        of: ExecutionId(row.execution_id),
        version_id: VersionId(version_id),
        timeout_ms,
        positions: positions(&loaded, &plan),
        idempotency_key: key.map(|key| IdempotencyKey { key: format!("restart:{key}"), wishes }),
    };
    let mut transaction = caller.write().await?;
    let started = restart(&mut transaction, &asked).await?;
    transaction.commit().await?;
    let (id, replayed) = match started {
        Some(Started::New(id)) => (id, false),
        Some(Started::Replayed(id)) => (id, true),
        Some(Started::Conflict) => return Err(reused()),
        None => {
            let hint = "cancel it first, or wait for its end";
            return Err(Problem::conflict("not_ended", "the execution has not ended", hint));
        }
    };
    caller.cell.starter.wake();
    let mut response = (StatusCode::ACCEPTED, Json(Planned { id: Some(id), version_id, plan })).into_response();
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn planned(api: &Api, caller: &Caller, loaded: &Loaded, version_id: Uuid, from: &str) -> Result<Plan, Problem> {
    let (state, row) = (loaded.state()?, &loaded.row);
    let (_, version) = version(api, caller, WorkflowId(row.workflow_id), Some(VersionId(version_id))).await?;
    let entries: Vec<Entry> = loaded.entries.iter().map(|(_, entry)| entry.clone()).collect();
    let trigger = StepKey::root(NodeId::from(row.trigger_node_id.as_str()));
    let past =
        Past { graph: &loaded.version.graph, state: &state, entries: &entries, trigger: &trigger, input: &row.input };
    plan(past, &version.graph, &NodeId::from(from)).map_err(unfit)
}

/// Where the kept entries stand in the old journal: they are some of its entries, in its order.
fn positions(loaded: &Loaded, plan: &Plan) -> Vec<i32> {
    let mut kept = plan.entries.iter().peekable();
    let is_kept = |(_, entry): &&(i32, Entry)| kept.next_if_eq(&entry).is_some();
    loaded.entries.iter().filter(is_kept).map(|(position, _)| *position).collect()
}

fn unfit(unfit: Unfit) -> Problem {
    let hint = match unfit {
        Unfit::UnknownStep(_) | Unfit::NoBeginning(_) => "name a step outside of containers",
        Unfit::NeverRan(_) => "name a step that ran; GET the execution lists them",
        Unfit::OtherTrigger(_) => "name a version with the trigger that this execution began at",
    };
    Problem::unprocessable("cannot_restart", unfit.to_string(), hint)
}
