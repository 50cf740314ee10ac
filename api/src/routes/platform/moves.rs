//! Moving workspaces through their life.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::{MOVES, MoveError, REASON_CHARS_MAX, TenantState, hold_state, move_tenant};
use capstan_engine::core::ids::WorkspaceId;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{BODY_BYTES_MAX, mover, tenant, unknown};
use crate::actor::Actor;
use crate::problem::Problem;
use crate::routes::id;
use crate::{Api, body, standings};

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MoveTenant")]
pub(crate) struct Wish {
    /// Why, for its people.
    reason: Option<String>,
}

/// `GET /platform/transitions`: which moves there are.
pub(crate) async fn transitions() -> Response {
    let items: Vec<Value> = MOVES.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect();
    Json(json!({ "items": items })).into_response()
}

/// `POST /platform/tenants/{id}/suspend {reason}`: 200 with the tenant. Within about a second nobody gets in, triggers are off,
/// and what runs is parked after the step that it is at. 409 `invalid_transition`, 422 `reason_required`.
pub(crate) async fn suspend(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    go(&api, &actor, &id, request, (TenantState::Suspended, true)).await
}

/// `POST /platform/tenants/{id}/resume {reason?}`: 200 with the tenant; what was parked goes on. 409 `invalid_transition`.
pub(crate) async fn resume(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    go(&api, &actor, &id, request, (TenantState::Active, false)).await
}

/// `POST /platform/tenants/{id}/archive {reason}`: 200 with the tenant, which can be read and is never changed again. 409
/// `invalid_transition`, 422 `reason_required`.
pub(crate) async fn archive(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    go(&api, &actor, &id, request, (TenantState::Archived, true)).await
}

/// The move and its line in the history are one transaction; the cell hears of it right after, or within a minute.
async fn go(
    api: &Api,
    actor: &Actor,
    text: &str,
    request: Request,
    (to, needs_reason): (TenantState, bool),
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let workspace_id = WorkspaceId(id(text, "workspace")?);
    let mover = mover(api, &parts, actor)?;
    let wish: Wish = body::typed_or_default(Request::from_parts(parts, body), BODY_BYTES_MAX).await?;
    let reason = reason(wish.reason.as_deref(), needs_reason)?;
    let mut transaction = api.people.pool.begin().await?;
    // What is not made yet becomes active by its operation only. None goes back to being made.
    let (state, _) = hold_state(&mut transaction, workspace_id).await.map_err(|error| refused(error, text))?;
    if state == TenantState::Provisioning {
        let detail = "the workspace is being made, and becomes active when its operation is completed";
        return Err(Problem::conflict("invalid_transition", detail, "wait for the operation"));
    }
    let moved = move_tenant(&mut transaction, workspace_id, to, reason, &mover).await;
    moved.map_err(|error| refused(error, text))?;
    transaction.commit().await?;
    standings::bring(api, workspace_id).await;
    Ok(Json(tenant(api, workspace_id).await?).into_response())
}

fn reason(text: Option<&str>, is_needed: bool) -> Result<Option<&str>, Problem> {
    let reason = text.map(str::trim).filter(|text| !text.is_empty());
    let is_good = |reason: &str| reason.chars().count() <= REASON_CHARS_MAX && !reason.chars().any(|c| c == '\0');
    match reason {
        None if is_needed => {
            let detail = "nobody is told why";
            Err(Problem::unprocessable("reason_required", detail, "say why in \"reason\"; its people are shown it"))
        }
        Some(reason) if !is_good(reason) => {
            let detail = format!("the reason is longer than {REASON_CHARS_MAX} characters, or cannot be stored");
            Err(Problem::unprocessable("bad_reason", detail, "say it in a sentence or two"))
        }
        reason => Ok(reason),
    }
}

/// 409 `invalid_transition`.
pub(crate) fn refused(error: MoveError, id: &str) -> Problem {
    match error {
        MoveError::Unknown(_) => unknown(id),
        MoveError::Bad(bad) => {
            let hint = "GET /api/v1/platform/transitions lists the moves that there are";
            Problem::conflict("invalid_transition", bad.to_string(), hint)
        }
        MoveError::Store(error) => error.into(),
    }
}
