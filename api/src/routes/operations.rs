//! Asking for a workspace, and looking how far it is.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::{self, Asked, Level, OperationRow, Placement, WantedWorkspace, normal_email, steps_of};
use capstan_domain::cells;
use capstan_engine::core::ids::WorkspaceId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::people::refused;
use crate::actor::Actor;
use crate::problem::Problem;
use crate::routes::{id, idempotency_key};
use crate::{Api, body, in_force, operations};

/// Most bytes of a body.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// Most operations of one person that have not ended.
const OPEN_MAX: i64 = 10;
/// Most workspaces that one person belongs to when they ask for another one.
const WORKSPACES_MAX: usize = 50;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WorkspaceWish")]
pub(crate) struct New {
    slug: String,
    name: String,
    plan: Option<String>,
    /// `pooled`, among those of others, or `dedicated`, in a database of its own.
    placement: Option<String>,
    /// Name of the server of its own database; the home server if it is left out.
    // Left out of the hash of a request where it is not there, as it was before there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    owner: Option<Owner>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WorkspaceOwner")]
pub(crate) struct Owner {
    email: String,
    name: Option<String>,
}

/// `POST /workspaces {slug, name, plan?, placement?, server?, owner?}` with an `Idempotency-Key`, and the same at `/platform/tenants` for
/// administrators of the platform: 202 with the operation while it runs, 200 once it has ended; the same key is the same
/// operation. `plan`, `owner` and a dedicated placement are for administrators. 400 `idempotency_key_required`, 403 `sign_up_off`,
/// `not_platform`, 409 `slug_taken`, `server_not_valid`, 422 `bad_slug`, `bad_name`, `blocked_word`, `placement_unsupported`,
/// `unknown_server`, `unknown_plan`, `bad_email`, `owner_required`, `too_many`, `idempotency_conflict`, 429 `too_many_open`.
pub(crate) async fn create(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    request: Request,
) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?.map(str::to_owned).ok_or_else(no_key)?;
    let person = actor.person()?;
    let new: New = body::typed(request, BODY_BYTES_MAX).await?;
    let request_hash = Sha256::digest(json!(new).to_string());
    let mut connection = api.people.pool.begin().await?;
    let before = access::find_operation(&mut connection, person.user_id, &key).await?;
    if before.is_none() {
        let mut wanted = wanted(&api, &actor, &new)?;
        wanted.server_id = server(&mut connection, new.server.as_deref()).await?;
        may_ask(&mut connection, &actor, &wanted).await?;
        let asked = Asked { by: person.user_id, by_name: &person.email, key: &key, request_hash: &request_hash };
        if let Some(workspace_id) = access::ask_operation(&mut connection, &asked, &wanted).await? {
            // In the same transaction: who gets an answer has the slug.
            let drafted = access::draft_tenant(&mut connection, workspace_id, &wanted, &api.people.first_cell).await;
            drafted.map_err(refused)?;
        }
    }
    let row = access::find_operation(&mut connection, person.user_id, &key).await?;
    let row = row.ok_or_else(|| Problem::internal("an operation is gone"))?;
    connection.commit().await?;
    if row.request_hash != request_hash.as_slice() {
        let detail = "this Idempotency-Key was used for another workspace";
        return Err(Problem::unprocessable("idempotency_conflict", detail, "use a new key for a new wish"));
    }
    if row.ended_at.is_none() {
        let (api, id) = (api.clone(), row.operation_id);
        // Whoever is not done with it, another process is.
        tokio::spawn(async move { operations::finish(&api, id).await });
    }
    answer(&api, &row).await
}

/// `GET /operations/{id}`: how far it is; for who asked for it, and for administrators of the platform. 404 `not_found`.
pub(crate) async fn get(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let wanted = id(&text, "operation")?;
    let row = access::get_operation(&mut *api.people.pool.begin().await?, wanted).await?;
    let by = actor.person()?.user_id;
    let row = row.filter(|row| row.requested_by == by || actor.require_platform().is_ok());
    let row = row.ok_or_else(|| Problem::not_found("operation", &text))?;
    Ok(Json(view(&api, &row).await?).into_response())
}

/// `POST /operations/{id}/retry`, for administrators of the platform: one that failed goes on at the step where it did. 202 with
/// the operation while it runs, 200 once it has ended; asked again, or of one that did not fail, it changes nothing. 404
/// `not_found`.
pub(crate) async fn retry(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    let wanted = id(&text, "operation")?;
    let by = &actor.person()?.email;
    let mut transaction = api.people.pool.begin().await?;
    let goes_on = access::retry_operation(&mut transaction, wanted).await?;
    let row = access::get_operation(&mut transaction, wanted).await?;
    transaction.commit().await?;
    if goes_on {
        tracing::info!(operation_id = %wanted, by, "an operation that failed goes on");
        let api = api.clone();
        // If this process dies, another one does it.
        tokio::spawn(async move { operations::finish(&api, wanted).await });
    }
    answer(&api, &row.ok_or_else(|| Problem::not_found("operation", &text))?).await
}

/// What is wanted, if it is good; whether the slug is free shows when it is written down.
fn wanted(api: &Api, actor: &Actor, new: &New) -> Result<WantedWorkspace, Problem> {
    let person = actor.person()?;
    access::check_tenant(&new.slug, &new.name, new.placement.as_deref()).map_err(refused)?;
    let placement = match new.placement.as_deref() {
        Some("dedicated") => Placement::Dedicated,
        _ => Placement::Pooled,
    };
    if placement == Placement::Pooled && new.server.is_some() {
        let (detail, hint) =
            ("only a workspace with a database of its own has a server", "add \"placement\": \"dedicated\"");
        return Err(Problem::unprocessable("unknown_server", detail, hint));
    }
    let is_special = placement == Placement::Dedicated || new.plan.is_some() || new.owner.is_some();
    if person.level == Level::Platform || is_special {
        actor.require_platform()?;
    } else if !in_force::sign_up(api) {
        let (detail, hint) = ("nobody can make a workspace here", "ask whoever operates this server");
        return Err(Problem::new(StatusCode::FORBIDDEN, "sign_up_off", detail, hint));
    }
    let (owner_email, owner_name) = match &new.owner {
        Some(owner) => {
            let email = normal_email(&owner.email).ok_or_else(|| {
                Problem::unprocessable("bad_email", "that is no e-mail address", "write it as ada@example.com")
            })?;
            if let Some(name) = &owner.name {
                access::check_user_name(name).map_err(refused)?;
            }
            (email, owner.name.clone())
        }
        None if person.level == Level::Platform => {
            let detail = "an administrator of the platform owns no workspace";
            return Err(Problem::unprocessable("owner_required", detail, "name one: \"owner\": {\"email\": …}"));
        }
        None => (person.email.clone(), None),
    };
    let plan = new.plan.clone().unwrap_or_else(|| in_force::plan(api));
    let (slug, name) = (new.slug.clone(), new.name.trim().to_owned());
    Ok(WantedWorkspace { slug, name, plan, owner_email, owner_name, placement, server_id: None })
}

/// The server of that name, which has been seen to be of use and stays until the transaction has ended.
async fn server(connection: &mut PgConnection, name: Option<&str>) -> Result<Option<Uuid>, Problem> {
    let Some(name) = name else { return Ok(None) };
    let shown: String = name.chars().take(100).collect();
    let Some((id, status)) = cells::hold_server(connection, name).await? else {
        let detail = format!("there is no database server \"{shown}\"");
        return Err(Problem::unprocessable("unknown_server", detail, "leave it out for the home server"));
    };
    if status != "valid" {
        let detail = format!("the database server \"{shown}\" is {status}");
        let hint = "check it first, and do what its diagnosis says";
        return Err(Problem::conflict("server_not_valid", detail, hint));
    }
    Ok(Some(id))
}

async fn may_ask(connection: &mut PgConnection, actor: &Actor, wanted: &WantedWorkspace) -> Result<(), Problem> {
    let person = actor.person()?;
    if person.memberships.len() >= WORKSPACES_MAX {
        let detail = format!("you belong to {WORKSPACES_MAX} workspaces, which is the most");
        return Err(Problem::unprocessable("too_many", detail, "leave some first"));
    }
    if access::open_operations(connection, person.user_id).await? >= OPEN_MAX {
        let detail = format!("{OPEN_MAX} workspaces that you asked for are still being made");
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_open", detail, "wait for them");
        return Err(problem.header(axum::http::header::RETRY_AFTER, HeaderValue::from_static("5")));
    }
    if !access::is_plan(connection, &wanted.plan).await.map_err(refused)? {
        let detail = format!("there is no plan \"{}\"", wanted.plan);
        return Err(Problem::unprocessable("unknown_plan", detail, "leave it out for the usual one"));
    }
    Ok(())
}

async fn answer(api: &Api, row: &OperationRow) -> Result<Response, Problem> {
    let status = if row.ended_at.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = (status, Json(view(api, row).await?)).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("/api/v1/operations/{}", row.operation_id)) {
        response.headers_mut().insert(LOCATION, value);
    }
    Ok(response)
}

async fn view(api: &Api, row: &OperationRow) -> Result<Value, Problem> {
    let workspace_id = WorkspaceId(row.workspace_id);
    let tenant = access::get_tenant(&mut *api.people.pool.begin().await?, workspace_id).await?;
    let workspace = tenant.map(|it| json!({ "id": it.id, "slug": it.slug, "name": it.name, "state": it.state }));
    let steps: Vec<Value> = steps_of(&row.placement)
        .iter()
        .map(|name| {
            let at = row.steps.get(*name);
            json!({ "name": name, "status": if at.is_some() { "completed" } else { "pending" }, "at": at })
        })
        .collect();
    let error = row.error_code.as_ref().map(|code| json!({ "code": code, "detail": row.error_detail }));
    Ok(json!({
        "id": row.operation_id, "kind": row.kind, "status": row.status, "workspace": workspace, "steps": steps,
        "error": error, "created_at": row.created_at, "ended_at": row.ended_at,
    }))
}

fn no_key() -> Problem {
    let detail = "the request brings no Idempotency-Key";
    Problem::bad_request("idempotency_key_required", detail, "send one, so that a repeated request makes nothing twice")
}
