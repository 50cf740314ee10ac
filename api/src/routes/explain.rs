//! Why an execution does not move.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use capstan_engine::core::explain::{Reason, explain};
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::executions::{self, Holder};
use serde::Serialize;

use super::executions::load;
use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;

/// What an execution waits for.
#[derive(Serialize)]
struct Explanation {
    id: ExecutionId,
    status: String,
    /// Empty once it has ended.
    reasons: Vec<Reason>,
    /// Who holds its lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_by: Option<Holder>,
}

/// `GET /executions/{id}/explain`: what each of its steps waits for. 404 unknown.
pub(crate) async fn read(
    State(api): State<Api>,
    caller: Caller,
    Path(execution_id): Path<String>,
) -> Result<Response, Problem> {
    let loaded = load(&api, &caller, &execution_id).await?;
    let id = ExecutionId(loaded.row.execution_id);
    let mut transaction = caller.read().await?;
    let held_by = executions::holder(&mut transaction, caller.workspace_id, id).await?;
    transaction.commit().await?;
    let told = loaded.row.error.as_ref().and_then(|error| error["reason"].as_str());
    let state = loaded.state()?;
    let reasons = match (loaded.row.status.as_str(), told) {
        // Its journal may not tell why.
        ("incident", Some(reason)) if state.incident().is_none() => {
            vec![Reason::Person { reason: reason.to_owned(), steps: Vec::new() }]
        }
        _ => explain(&loaded.version.graph, &state),
    };
    Ok(Json(Explanation { id, status: loaded.row.status, reasons, held_by }).into_response())
}
