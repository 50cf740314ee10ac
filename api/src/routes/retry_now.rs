//! Trying again at once what waits for its next attempt.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use capstan_engine::core::decide::decide;
use capstan_engine::core::ids::{ExecutionId, NodeId, Scope, SignalId, StepKey};
use capstan_engine::core::journal::{Entry, Event};
use capstan_engine::store::orders::{Order, RETRY_NOW, What};
use capstan_engine::store::said::{NAME_THE_STEP, SCOPE_ALONE};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::executions::load;
use super::signals::{check_reason, deliver};
use crate::Api;
use crate::auth::Holder;
use crate::body;
use crate::problem::Problem;

/// Most bytes of a request.
const WISH_BYTES_MAX: usize = 16 * 1024;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RetryNow")]
pub(crate) struct Wish {
    /// The node of the step; all that wait for their next attempt if absent.
    step: Option<String>,
    /// Its scope, as of `each[3]`.
    #[serde(default)]
    scope: String,
    /// Why, for people.
    reason: Option<String>,
}

/// `POST /executions/{id}/retry-now {step?, scope?, reason?}`: 202; steps that wait for their next attempt go on at once. Their
/// attempts count on. 409 `no_backoff` if there is none, `execution_ended`.
pub(crate) async fn create(
    State(api): State<Api>,
    holder: Holder,
    Path(execution_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    let wish: Wish = body::typed_or_default(request, WISH_BYTES_MAX).await?;
    check_reason(wish.reason.as_deref().unwrap_or_default())?;
    let Wish { step, scope, reason } = wish;
    if step.is_none() && !scope.is_empty() {
        return Err(Problem::unprocessable("scope_alone", SCOPE_ALONE, NAME_THE_STEP));
    }
    let step = step.map(|step| StepKey { node_id: NodeId::from(step.as_str()), scope: Scope(scope.into()) });
    let loaded = load(&api, &caller, &execution_id).await?;
    let order = Order { by: key.name, reason, what: What::RetryNow { step: step.clone() } };
    let signal_id = SignalId::new();
    let event = Event::Hastened { step, asked: order.asked(signal_id) };
    let entry = Entry { at: loaded.row.created_at, event };
    if let Err(illegal) = decide(&loaded.version.graph, &loaded.state()?, &entry) {
        let hint =
            "read what the execution waits for at its explain; times and signals that a node asked for are awaited";
        return Err(Problem::conflict("no_backoff", illegal.to_string(), hint));
    }
    deliver(&caller, ExecutionId(loaded.row.execution_id), signal_id, RETRY_NOW, &json!(order)).await
}
