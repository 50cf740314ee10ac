//! Resolving an incident: what a person says of the step that it is about.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::resolve::{Unresolvable, is_change};
use capstan_engine::core::decide::IllegalEvent;
use capstan_engine::core::ids::{ExecutionId, NodeId, Scope, StepKey};
use capstan_engine::store::orders::{Action, ORDER_BYTES_MAX, Order, What};
use serde::Deserialize;
use serde_json::{Value, json};

use super::executions::load;
use super::orders;
use super::signals::check_reason;
use crate::Api;
use crate::auth::Holder;
use crate::body;
use crate::problem::Problem;

/// Longest class of an error, in characters.
const CLASS_CHARS_MAX: usize = 100;
/// The class of a failure that a person decided on and did not name.
const RESOLVED: &str = "resolved";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// The node of the step; the only step that the incident is about if absent.
    step: Option<String>,
    /// Its scope, as of `each[3]`.
    #[serde(default)]
    scope: String,
    action: Verb,
    /// Why, for people.
    reason: Option<String>,
    /// Of a retry: what replaces fields of the step's config.
    config: Option<Value>,
    /// Of a skip.
    port: Option<String>,
    /// Of a skip.
    output: Option<Value>,
    /// Of a failure.
    class: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verb {
    Retry,
    Skip,
    Fail,
}

/// `POST /executions/{id}/resolve {action, step?, scope?, reason?, config?, port?, output?, class?}`: 202; the execution goes
/// on as the person says. 409 `no_incident` and `cannot_resolve`, which names the steps that can be resolved, 422.
pub(crate) async fn create(
    State(api): State<Api>,
    holder: Holder,
    Path(execution_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    let wish: Wish = body::typed(request, ORDER_BYTES_MAX).await?;
    let (step, reason) = (wish.step(), wish.reason.clone());
    let action = wish.action(&key.name)?;
    let loaded = load(&api, &caller, &execution_id).await?;
    let (resolve, paused) = loaded.recorded().resolve(step, action).map_err(refused)?;
    let answer = json!({ "step": resolve.step, "action": resolve.action });
    let order = Order { by: key.name, reason, what: What::Resolve(resolve) };
    orders::give(&caller, ExecutionId(loaded.row.execution_id), &order, paused).await?;
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

impl Wish {
    fn step(&self) -> Option<StepKey> {
        let node_id = NodeId::from(self.step.as_deref()?);
        Some(StepKey { node_id, scope: Scope(self.scope.as_str().into()) })
    }

    /// What is to be done, if what comes with it belongs to it.
    fn action(self, by: &str) -> Result<Action, Problem> {
        check_reason(self.reason.as_deref().unwrap_or_default())?;
        let strange = [
            ("config", self.config.is_some(), Verb::Retry),
            ("port", self.port.is_some(), Verb::Skip),
            ("output", self.output.is_some(), Verb::Skip),
            ("class", self.class.is_some(), Verb::Fail),
        ];
        if let Some((field, ..)) = strange.into_iter().find(|(_, given, verb)| *given && *verb != self.action) {
            let detail = format!("\"{field}\" does not belong to this action");
            let hint = "config is for retry, port and output for skip, class for fail";
            return Err(Problem::unprocessable("bad_resolution", detail, hint));
        }
        match self.action {
            Verb::Retry if self.config.as_ref().is_some_and(|config| !is_change(config)) => {
                Err(Problem::unprocessable(
                    "bad_resolution",
                    "\"config\" is no object with fields",
                    "name the fields of the step's config that are to be replaced",
                ))
            }
            Verb::Retry => Ok(Action::Retry { config: self.config }),
            Verb::Skip => Ok(Action::Skip { port: self.port, output: self.output.unwrap_or_default() }),
            Verb::Fail => {
                let class = self.class.unwrap_or_else(|| RESOLVED.into());
                let good =
                    (1..=CLASS_CHARS_MAX).contains(&class.chars().count()) && !class.chars().any(char::is_control);
                if !good {
                    let hint = format!("use 1 to {CLASS_CHARS_MAX} characters");
                    return Err(Problem::unprocessable("bad_resolution", "the class cannot be used", hint));
                }
                let error = self.reason.unwrap_or_else(|| format!("{by} said that it failed"));
                Ok(Action::Fail { class, error })
            }
        }
    }
}

/// Why an incident is not resolved like that, as a problem.
fn refused(refused: Unresolvable) -> Problem {
    let detail = refused.to_string();
    match refused {
        Unresolvable::NoIncident(_) => no_incident(detail),
        Unresolvable::Illegal { illegal, possible } => {
            let steps: Vec<String> = possible.iter().map(|step| format!("\"{step}\"")).collect();
            let hint = match (illegal, steps.as_slice()) {
                (_, []) => "no step was under way: retry without a step, or cancel it".to_owned(),
                (IllegalEvent::WrongPhase(_), _) => "it waits, and goes on by itself: retry without a step".to_owned(),
                (_, steps) => format!("name one of these as step, with its scope: {}", steps.join(", ")),
            };
            Problem::conflict("cannot_resolve", detail, hint)
        }
        Unresolvable::UnknownPort { .. } => Problem::unprocessable("unknown_port", detail, "name one of its ports"),
        Unresolvable::NotStorable(_) => Problem::unprocessable("not_storable", detail, "say less, or something else"),
        Unresolvable::Unreadable(error) => error.into(),
    }
}

pub(super) fn no_incident(detail: String) -> Problem {
    Problem::conflict("no_incident", detail, "read the execution to see how it stands; only incidents are resolved")
}
