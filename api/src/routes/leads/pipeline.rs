//! The pipeline: which states leads have, and which ways there are.

use axum::Json;
use axum::extract::Request;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use capstan_domain::leads::{Pipeline, PutPipeline, pipeline, put_pipeline};
use capstan_domain::machine::Machine;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::LEAD_BYTES_MAX;
use crate::auth::Caller;
use crate::body;
use crate::problem::{Finding, Problem, joined};
use crate::routes::workflows::{etag, expected_revision, stale};

/// The pipeline, and how often it was changed: 0 as it is shipped.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LeadPipeline")]
pub(crate) struct PipelineView {
    #[serde(flatten)]
    machine: Machine,
    revision: i32,
}

impl From<Pipeline> for PipelineView {
    fn from(Pipeline { machine, revision }: Pipeline) -> Self {
        Self { machine, revision }
    }
}

/// `GET /lead-pipeline`, with its `ETag`.
pub(crate) async fn show(caller: Caller) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let found = pipeline(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    Ok(shown(found))
}

fn shown(pipeline: Pipeline) -> Response {
    ([(ETAG, etag(pipeline.revision))], Json(PipelineView::from(pipeline))).into_response()
}

/// A pipeline as the audit log shows it.
fn told(Pipeline { machine, revision }: &Pipeline) -> Value {
    let mut told = told_machine(machine);
    told["revision"] = json!(revision);
    told
}

/// States and ways as the audit log shows them: by name, so that each is told by itself.
pub(in crate::routes) fn told_machine(machine: &Machine) -> Value {
    let states: Map<String, Value> = machine.states.iter().map(|state| (state.name.clone(), json!(state))).collect();
    let ways: Map<String, Value> =
        machine.transitions.iter().map(|way| (format!("{} → {}", way.from, way.to), json!(way))).collect();
    let order: Vec<&str> = machine.states.iter().map(|state| state.name.as_str()).collect();
    json!({ "initial": machine.initial, "order": order, "states": states, "transitions": ways })
}

/// `PUT /lead-pipeline {initial, states, transitions}` with `If-Match`: the pipeline. 409 `state_in_use`, 412 if it has another
/// revision, 422 `invalid_pipeline`, 428 without `If-Match`.
pub(crate) async fn put(caller: Caller, request: Request) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let machine: Machine = body::typed(request, LEAD_BYTES_MAX).await?;
    let flaws = machine.check();
    if !flaws.is_empty() {
        let detail = joined(flaws.iter().map(|flaw| flaw.detail.clone()));
        let findings = flaws.into_iter().map(|flaw| Finding {
            code: "invalid",
            pointer: flaw.pointer,
            detail: flaw.detail,
            hint: "correct this part".into(),
        });
        let problem = Problem::unprocessable("invalid_pipeline", detail, "each entry of errors names a place");
        return Err(problem.findings(findings));
    }
    let mut transaction = caller.write().await?;
    let before = pipeline(&mut transaction, caller.workspace_id).await?;
    let expected = expected_revision(&headers, before.revision)?;
    match put_pipeline(&mut transaction, caller.workspace_id, expected, machine).await? {
        PutPipeline::Put(pipeline) => {
            caller.differs(&mut transaction, &told(&before), &told(&pipeline)).await?;
            transaction.commit().await?;
            Ok(shown(pipeline))
        }
        PutPipeline::Stale => Err(stale()),
        PutPipeline::InUse(state) => {
            let detail = format!("leads have the status {state}, which the new pipeline does not have");
            Err(Problem::conflict("state_in_use", detail, "move these leads first, or keep the state"))
        }
    }
}
