//! What a bulk job would be about.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_engine::core::ids::{ExecutionId, VersionId, WorkflowId};
use capstan_engine::core::restart::Plan;
use capstan_engine::store::bulk::{self, Beginning, EXECUTIONS_MAX, Filter, Onto, Work};
use capstan_engine::store::workflows;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::PgConnection;

use super::super::executions::{Loaded, load_in};
use super::super::resolve;
use super::super::restart::refused;
use super::{known, too_many, wish};
use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;

/// Executions that a dry run names.
const SAMPLE: i64 = 10;
/// Those of them whose restart it plans.
const PLANNED: usize = 3;

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BulkJobPreview")]
pub(crate) struct Preview {
    #[serde(flatten)]
    #[schemars(with = "crate::openapi::shapes::BulkWork")]
    work: Work,
    #[schemars(with = "crate::openapi::shapes::BulkFilter")]
    filter: Filter,
    /// How many executions fit the filter.
    count: i64,
    /// The oldest of them.
    sample: Vec<Sampled>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BulkJobSample")]
pub(crate) struct Sampled {
    #[schemars(with = "crate::openapi::shapes::Id")]
    execution_id: ExecutionId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::openapi::shapes::Plan>")]
    plan: Option<Plan>,
    /// Why the verb would not be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Box<str>>,
}

/// Counts the executions, names some, and plans the restarts of a few.
pub(super) async fn preview(api: &Api, caller: &Caller, mut filter: Filter, work: Work) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    wish::keep_to_workflow(&mut transaction, caller, &mut filter, &work).await?;
    known::check(&mut transaction, caller, &filter).await?;
    let found = bulk::matching(&mut transaction, caller.workspace_id, &filter, SAMPLE).await?;
    if found.count > EXECUTIONS_MAX {
        return Err(too_many());
    }
    let mut sample: Vec<Sampled> = found.sample.into_iter().map(Sampled::new).collect();
    if let Work::Restart { from, onto } = &work {
        for sampled in sample.iter_mut().take(PLANNED) {
            match planned(api, &mut transaction, caller, sampled.execution_id, from, onto).await {
                Ok(plan) => sampled.plan = Some(plan),
                Err(problem) if problem.status == StatusCode::SERVICE_UNAVAILABLE => return Err(problem),
                Err(problem) => sampled.reason = Some(problem.detail),
            }
        }
    }
    for sampled in sample.iter_mut().take(PLANNED) {
        sampled.reason = sampled.reason.take().or(refusal(api, &mut transaction, caller, sampled, &work).await?);
    }
    transaction.commit().await?;
    Ok(Json(Preview { work, filter, count: found.count, sample }).into_response())
}

/// Why an execution would not be resolved, or go on with another version.
async fn refusal(
    api: &Api,
    connection: &mut PgConnection,
    caller: &Caller,
    sampled: &Sampled,
    work: &Work,
) -> Result<Option<Box<str>>, Problem> {
    match work {
        Work::Resolve(said) => {
            let action = resolve::check(said, "a bulk job")?;
            let loaded = load_in(api, connection, caller, sampled.execution_id).await?;
            let refused = loaded.recorded().resolve(said.step(), action, api.graphs.catalogue()).err();
            Ok(refused.map(|refused| resolve::refused(refused).detail))
        }
        Work::Migrate { onto, .. } => {
            let loaded = load_in(api, connection, caller, sampled.execution_id).await?;
            let version_id = version_of(connection, caller, &loaded, onto).await?;
            let version = api.graphs.version(connection, caller.workspace_id, version_id).await?;
            let version = version.ok_or_else(|| Problem::not_found("version", &version_id.to_string()))?;
            let misfits = loaded.recorded().misfits(&version.graph.begun_at(&loaded.row.trigger_node_id))?;
            Ok(misfits.first().map(|misfit| misfit.to_string().into()))
        }
        _ => Ok(None),
    }
}

async fn planned(
    api: &Api,
    connection: &mut PgConnection,
    caller: &Caller,
    id: ExecutionId,
    from: &Beginning,
    onto: &Onto,
) -> Result<Plan, Problem> {
    let loaded = load_in(api, connection, caller, id).await?;
    if !loaded.row.can_restart() {
        return Err(Problem::conflict("not_ended", "the execution has not ended", "cancel it first"));
    }
    let version_id = version_of(connection, caller, &loaded, onto).await?;
    let version = api.graphs.version(connection, caller.workspace_id, version_id).await?;
    let version = version.ok_or_else(|| Problem::not_found("version", &version_id.to_string()))?;
    loaded.recorded().plan(&version.graph, from).map_err(refused)
}

async fn version_of(
    connection: &mut PgConnection,
    caller: &Caller,
    loaded: &Loaded,
    onto: &Onto,
) -> Result<VersionId, Problem> {
    let own = VersionId(loaded.row.version_id);
    Ok(match onto {
        Onto::Own => own,
        Onto::Named(version_id) => *version_id,
        Onto::Latest => {
            let workflow_id = WorkflowId(loaded.row.workflow_id);
            let newest = workflows::versions(connection, caller.workspace_id, workflow_id, 1).await?.pop();
            newest.map_or(own, |newest| VersionId(newest.version_id))
        }
    })
}

impl Sampled {
    fn new(execution_id: ExecutionId) -> Self {
        Self { execution_id, plan: None, reason: None }
    }
}
