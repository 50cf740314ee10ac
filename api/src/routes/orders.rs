//! Orders of persons on their way to an execution, pause and resume among them.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_engine::core::clean_up::Ending;
use capstan_engine::core::ids::{ExecutionId, SignalId};
use capstan_engine::faults::{ask, told};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::orders::{self, Order, Ordered, What};
use capstan_engine::store::signals::Sent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ending::if_ending;
use super::id;
use super::pending::not_there;
use super::signals::check_reason;
use crate::Api;
use crate::auth::{Caller, Holder};
use crate::body;
use crate::problem::Problem;

/// Most bytes of a request to pause or to resume.
const WISH_BYTES_MAX: usize = 16 * 1024;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Order")]
pub(crate) struct Wish {
    /// Why, for people.
    reason: Option<String>,
}

/// That it is paused.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Paused {
    /// `paused`.
    status: &'static str,
    /// How it ends, if it is failing or being cancelled: then its clean-up is held up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::openapi::shapes::Ending>")]
    ending: Option<Ending>,
    /// The same for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// `POST /executions/{id}/pause {reason?}`: 202; nothing more of it starts until it is resumed, not even its clean-up, which
/// the answer says. 409 `already_paused`, `execution_incident`, `execution_ended`.
pub(crate) async fn pause(
    State(api): State<Api>,
    holder: Holder,
    Path(execution_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let id = ask_for(&holder, &execution_id, request, What::Pause).await?;
    let caller = &holder.caller;
    let ending = if_ending(&api, caller, id).await?.map(|(_, ending)| ending);
    let text = ending.as_ref().map(|ending| {
        format!("the execution {ending}: its clean-up is held up until it is resumed, or cancelled once more")
    });
    Ok((StatusCode::ACCEPTED, Json(Paused { status: "paused", ending, text })).into_response())
}

/// `POST /executions/{id}/resume {reason?}`: 202; it goes on. 409 `not_paused`.
pub(crate) async fn resume(
    holder: Holder,
    Path(execution_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    ask_for(&holder, &execution_id, request, What::Resume).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn ask_for(
    Holder { caller, key }: &Holder,
    execution_id: &str,
    request: Request,
    what: What,
) -> Result<ExecutionId, Problem> {
    let wish: Wish = body::typed_or_default(request, WISH_BYTES_MAX).await?;
    check_reason(wish.reason.as_deref().unwrap_or_default())?;
    let paused = what == What::Pause;
    let order = Order { by: key.name.clone(), reason: wish.reason, what };
    let id = id(execution_id, "execution")?;
    give(caller, id, &order, paused).await?;
    Ok(id)
}

/// Gives an order that changes how the execution stands: paused from then on, or not.
pub(super) async fn give(
    caller: &Caller,
    execution_id: ExecutionId,
    order: &Order,
    paused: bool,
) -> Result<(), Problem> {
    let mut transaction = caller.write().await?;
    let mut ordered = Ordered::Unknown;
    told(ask::Signal { execution_id }, async {
        ordered = orders::give(&mut transaction, execution_id, SignalId::new(), order, paused).await?;
        transaction.commit().await?;
        Ok::<_, StoreError>(if ordered == Ordered::Accepted { Sent::Accepted } else { Sent::Unknown })
    })
    .await?;
    match ordered {
        Ordered::Accepted => {
            caller.cell.starter.wake();
            Ok(())
        }
        Ordered::Unfit(status) => Err(unfit(&order.what, &status)),
        Ordered::Unknown => Err(not_there(caller, execution_id).await?),
    }
}

/// Why an execution of that status takes no such order.
fn unfit(what: &What, status: &str) -> Problem {
    match (what, status) {
        (What::Resolve(_), _) => super::resolve::no_incident(format!("the execution is {status}, and no incident")),
        (What::Pause, "paused") => {
            Problem::conflict("already_paused", "the execution is paused already", "its explain says by whom, and why")
        }
        (_, "incident") => Problem::conflict(
            "execution_incident",
            "the execution is an incident, and nothing of it moves",
            "resolve or cancel it",
        ),
        (_, "completed" | "failed" | "cancelled") => Problem::conflict(
            "execution_ended",
            format!("the execution has ended: it is {status}"),
            "read the execution to see how it ended",
        ),
        _ => Problem::conflict("not_paused", "the execution is not paused", "there is nothing to resume"),
    }
}
