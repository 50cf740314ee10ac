//! Starting an execution: what the API, forms and hooks have in common.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::quotas::{EXECUTIONS, quota_of};
use capstan_domain::trace;
use capstan_engine::core::flow::{Flow, Warning};
use capstan_engine::core::ids::{ExecutionId, NodeId, VersionId, WorkflowId};
use capstan_engine::store::executions;
use capstan_engine::store::flow::{FlowStarted, Ruled, find_pending};
use capstan_engine::store::start::{IdempotencyKey, Start, Started};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::ruled::{Held, told};
use crate::Api;
use crate::auth::Caller;
use crate::body::{self, INPUT_BYTES_MAX};
use crate::graphs::Version;
use crate::problem::Problem;
use crate::spans;

pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Tells that the workspace has reached a limit, and is still served.
const QUOTA: HeaderName = HeaderName::from_static("capstan-quota");
/// What the answer to a start calls the execution, whatever has become of it.
const QUEUED: Cow<'static, str> = Cow::Borrowed("queued");

/// What to start.
pub(super) struct Launch {
    pub(super) workflow_id: WorkflowId,
    pub(super) version_id: VersionId,
    pub(super) trigger: NodeId,
    pub(super) input: Value,
    pub(super) timeout_ms: Option<u64>,
    /// How starts of the version are let in.
    pub(super) flow: Option<Arc<Flow>>,
    /// Scoped by its route, so that a form and an API client never share one.
    pub(super) idempotency_key: Option<IdempotencyKey>,
}

/// What was started, now or before.
#[derive(Clone)]
pub(super) struct Launched {
    pub(super) execution_id: ExecutionId,
    pub(super) workflow_id: Uuid,
    pub(super) version_id: Uuid,
    pub(super) status: Cow<'static, str>,
    pub(super) replayed: bool,
    /// Why it does not run at once.
    pub(super) held: Option<Held>,
    /// The limit of executions, where the workspace has reached it.
    pub(super) over: Option<i64>,
    /// What the client is told that it asked for and did not get.
    pub(super) warnings: Vec<Warning>,
}

/// The same as clients see it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Started")]
pub(crate) struct Accepted {
    #[schemars(with = "crate::openapi::shapes::Id")]
    id: ExecutionId,
    #[schemars(with = "crate::openapi::shapes::StartStatus")]
    status: Cow<'static, str>,
    #[schemars(with = "crate::openapi::shapes::Id")]
    version_id: Uuid,
    #[schemars(with = "crate::openapi::shapes::Id")]
    workflow_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<Held>,
    /// What it asks for and does not get.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<crate::openapi::shapes::Warning>")]
    warnings: Vec<Warning>,
}

/// Starts it and waits until it is durable.
pub(super) async fn launch(caller: &Caller, launch: Launch) -> Result<Launched, Problem> {
    check_input(&launch.input)?;
    let launched = begin(caller, launch).await?;
    let over = caller.cell.starter.till().purses().soft((caller.workspace_id, EXECUTIONS));
    Ok(Launched { over, ..launched })
}

async fn begin(caller: &Caller, launch: Launch) -> Result<Launched, Problem> {
    let (workflow_id, version_id) = (launch.workflow_id, launch.version_id);
    let execution_id = ExecutionId::new();
    let span = spans::of_start(caller.workspace_id, workflow_id, execution_id);
    let start = Start {
        execution_id,
        workspace_id: caller.workspace_id,
        workflow_id,
        version_id,
        trigger: launch.trigger,
        input: launch.input,
        timeout_ms: launch.timeout_ms,
        idempotency_key: launch.idempotency_key,
        trace: span.as_ref().map(|span| span.trace().clone()).or_else(trace::current),
        vt: 0,
    };
    caller.cell.announce().await?;
    if let Some(flow) = launch.flow {
        let ruled = Ruled { wish: flow.wish(&start.input), start };
        let started = caller.cell.starter.start_ruled(ruled).await?;
        return ruled_answer(caller, &flow, &started, (workflow_id, version_id)).await;
    }
    match caller.cell.starter.start(start).await? {
        Started::New(execution_id) => Ok(Launched {
            execution_id,
            workflow_id: workflow_id.0,
            version_id: version_id.0,
            status: QUEUED,
            replayed: false,
            held: None,
            over: None,
            warnings: Vec::new(),
        }),
        Started::Replayed(execution_id) => replayed(caller, execution_id).await,
        Started::Conflict => Err(reused()),
    }
}

/// The answer to a start under flow control.
async fn ruled_answer(
    caller: &Caller,
    flow: &Flow,
    started: &FlowStarted,
    (workflow_id, version_id): (WorkflowId, VersionId),
) -> Result<Launched, Problem> {
    let (status, held) = told(flow, started)?;
    let launched = match started.replayed {
        true => replayed(caller, started.execution_id).await?,
        false => Launched {
            execution_id: started.execution_id,
            workflow_id: workflow_id.0,
            version_id: version_id.0,
            status: QUEUED,
            replayed: false,
            held: None,
            over: None,
            warnings: Vec::new(),
        },
    };
    Ok(Launched { status: status.into(), held, ..launched })
}

pub(super) fn reused() -> Problem {
    let detail = "the idempotency key was used before with another request";
    Problem::unprocessable("idempotency_key_reused", detail, "use a new key for a new request")
}

/// The answer that the first request got: its version may be older than the newest.
async fn replayed(caller: &Caller, execution_id: ExecutionId) -> Result<Launched, Problem> {
    let mut transaction = caller.read().await?;
    let row = executions::find(&mut transaction, caller.workspace_id, execution_id).await?;
    let place = match row {
        Some(row) => Some((row.workflow_id, row.version_id)),
        None => find_pending(&mut transaction, caller.workspace_id, execution_id)
            .await?
            .map(|row| (row.workflow_id, row.version_id)),
    };
    transaction.commit().await?;
    let (workflow_id, version_id) = place.ok_or_else(|| {
        let detail = "the execution that this idempotency key started is no longer kept";
        Problem::conflict("idempotency_key_reused", detail, "use a new key for a new request")
    })?;
    let (status, warnings) = (QUEUED, Vec::new());
    Ok(Launched { execution_id, workflow_id, version_id, status, replayed: true, held: None, over: None, warnings })
}

fn check_input(input: &Value) -> Result<(), Problem> {
    body::check_storable(input)?;
    if input.to_string().len() > INPUT_BYTES_MAX {
        return Err(Problem::too_large("input_too_large", "the input", INPUT_BYTES_MAX));
    }
    Ok(())
}

impl Launched {
    /// Whether an execution of that id may not be there yet, or not be that of this start.
    pub(super) fn is_apart(&self) -> bool {
        matches!(&*self.status, "pending" | "skipped")
    }

    /// What it executes. That may be older than the newest version.
    pub(super) async fn graph(&self, api: &Api, caller: &Caller) -> Result<Arc<Version>, Problem> {
        let version_id = VersionId(self.version_id);
        if let Some(version) = api.graphs.find(caller.workspace_id, version_id) {
            return Ok(version);
        }
        let mut transaction = caller.read().await?;
        let version = api.graphs.version(&mut transaction, caller.workspace_id, version_id).await?;
        transaction.commit().await?;
        version.ok_or_else(|| Problem::internal(format!("execution {} has no version", self.execution_id)))
    }

    /// The same answer, which says if another request started it.
    pub(super) fn dress(&self, mut response: Response) -> Response {
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        if let Some(limit) = self.over
            && let Ok(told) = HeaderValue::from_str(&format!("{}; state=soft; limit={limit}", quota_of(EXECUTIONS)))
        {
            response.headers_mut().insert(QUOTA, told);
        }
        response
    }
}

impl IntoResponse for Launched {
    fn into_response(self) -> Response {
        let location = format!("/api/v1/executions/{}", self.execution_id);
        let body = Accepted {
            id: self.execution_id,
            status: self.status.clone(),
            version_id: self.version_id,
            workflow_id: self.workflow_id,
            held: self.held.clone(),
            warnings: self.warnings.clone(),
        };
        self.dress((StatusCode::ACCEPTED, [(LOCATION, location)], Json(body)).into_response())
    }
}
