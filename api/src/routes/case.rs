//! A past execution as a case for `capstan test`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use capstan_engine::core::ids::ExecutionId;
use capstan_node_types::simulate::{NoCase, case_of};
use serde_json::json;

use super::simulate::{in_turn, runner};
use super::{id, record};
use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;

/// `GET /executions/{id}/case`: 200 `{case, exact, redacted}`: its trigger and input, what came from outside as stubs, and
/// what comes of that. 409 `not_ended`; 422 `no_case`, `record_too_large`.
pub(crate) async fn get(
    State(api): State<Api>,
    caller: Caller,
    Path(execution_id): Path<String>,
) -> Result<Response, Problem> {
    let id: ExecutionId = id(&execution_id, "execution")?;
    let past = record::load(&api, &caller, id).await?;
    if past.row.ended_at.is_none() {
        let detail = format!("execution {id} has not ended, so it is not known what has to come out");
        return Err(Problem::conflict("not_ended", detail, "cancel it first, or wait for its end"));
    }
    let registry = Arc::clone(&api.registry);
    let work = move || {
        let (runner, record) = (runner(&registry)?, past.record()?);
        let name = format!("execution {id}");
        case_of(&record, &past.version.document, &name, &runner).map_err(Problem::from)
    };
    let written = in_turn(work).await??;
    Ok(Json(json!({ "case": written.case, "exact": written.exact, "redacted": written.redacted })).into_response())
}

impl From<NoCase> for Problem {
    fn from(none: NoCase) -> Self {
        match none {
            NoCase::Unfit(unfit) => unfit.into(),
            NoCase::Illegal(_) => Self::internal(none.to_string()),
            NoCase::Stopped(_) => {
                let hint =
                    "simulate over it with \"of_execution\" and the stubs that are missing, and write the case by hand";
                Self::unprocessable("no_case", none.to_string(), hint)
            }
        }
    }
}
