//! Resolving an incident: what a person says of the step that it is about.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::resolve::Unresolvable;
use capstan_engine::core::decide::IllegalEvent;
use capstan_engine::core::ids::{ExecutionId, StepKey};
use capstan_engine::store::orders::{Action, ORDER_BYTES_MAX, Order, What};
use capstan_engine::store::said::Said;
use serde_json::json;

use super::credentials::require_use_of_step;
use super::executions::load;
use super::orders;
use super::signals::check_reason;
use crate::Api;
use crate::actor::Actor;
use crate::auth::Holder;
use crate::body;
use crate::problem::{Finding, Problem};

/// `POST /executions/{id}/resolve {action, step?, scope?, reason?, config?, port?, output?, class?}`: 202; the execution goes
/// on as the person says. 403 where the config of a step with a credential is changed by who may use none; 409 `no_incident`,
/// `journal_full` and `cannot_resolve`, which names steps that can be resolved; 422.
pub(crate) async fn create(
    State(api): State<Api>,
    holder: Holder,
    Extension(actor): Extension<Arc<Actor>>,
    Path(execution_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    let said: Said = body::typed(request, ORDER_BYTES_MAX).await?;
    let action = check(&said, &key.name)?;
    let loaded = load(&api, &caller, &execution_id).await?;
    let (resolve, paused) = loaded.recorded().resolve(said.step(), action, api.graphs.catalogue()).map_err(refused)?;
    if let Action::Retry { config: Some(patch) } = &resolve.action {
        require_use_of_step(&actor, &loaded.version.graph, resolve.step.as_ref(), patch)?;
    }
    let answer = json!({ "step": resolve.step, "action": resolve.action });
    let order = Order { by: key.name, reason: said.reason, what: What::Resolve(resolve) };
    orders::give(&caller, ExecutionId(loaded.row.execution_id), &order, paused).await?;
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// What is to be done, if it can be meant like that.
pub(super) fn check(said: &Said, by: &str) -> Result<Action, Problem> {
    check_reason(said.reason.as_deref().unwrap_or_default())?;
    said.action(by).map_err(|strange| Problem::unprocessable("bad_resolution", strange.detail, strange.hint))
}

/// Why an incident is not resolved like that, as a problem.
pub(super) fn refused(refused: Unresolvable) -> Problem {
    let detail = refused.to_string();
    match refused {
        Unresolvable::NoIncident(_) => no_incident(detail),
        Unresolvable::Illegal { illegal, possible, more } => {
            let named = |step: &StepKey| match step.scope.as_str() {
                "" => json!({ "step": step.node_id }),
                scope => json!({ "step": step.node_id, "scope": scope }),
            };
            let steps: Vec<String> = possible.iter().map(|step| named(step).to_string()).collect();
            let hint = match (illegal, steps.as_slice()) {
                (_, []) => "no step was under way: retry without a step, or cancel it".to_owned(),
                (IllegalEvent::WrongPhase(_), _) => "it waits, and goes on by itself: retry without a step".to_owned(),
                (_, steps) if more > 0 => format!("name one of these, or of {more} others: {}", steps.join(" or ")),
                (_, steps) => format!("name one of these: {}", steps.join(" or ")),
            };
            Problem::conflict("cannot_resolve", detail, hint)
        }
        Unresolvable::JournalFull => Problem::conflict(
            "journal_full",
            detail,
            "fail it without naming a step, or cancel it, and what undoes and what runs at last still runs; or restart it on a \
             version that writes less, with \"spill\" for long lists or a child workflow for what a container holds",
        ),
        Unresolvable::NoRoomToEnd => Problem::conflict(
            "journal_full",
            detail,
            "cancel it with \"force\", and undo by hand what it has not undone",
        ),
        Unresolvable::UnknownPort { .. } => Problem::unprocessable("unknown_port", detail, "name one of its ports"),
        Unresolvable::BadConfig { flaws, .. } => {
            let findings = flaws.iter().map(|flaw| Finding {
                code: flaw.code.as_str(),
                pointer: format!("/config{}", flaw.pointer),
                detail: flaw.detail.clone(),
                hint: flaw.hint.clone(),
            });
            let hint = "each entry of errors names a field of the config, with what replaces it merged in";
            Problem::unprocessable("bad_config", detail, hint).findings(findings)
        }
        Unresolvable::NotStorable(_) => Problem::unprocessable("not_storable", detail, "say less, or something else"),
        Unresolvable::Unreadable(error) => error.into(),
    }
}

pub(super) fn no_incident(detail: String) -> Problem {
    Problem::conflict("no_incident", detail, "read the execution to see how it stands; only incidents are resolved")
}
