//! Logging in and out, and where one is logged in.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::{self, Level, is_password, normal_email};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::tries::Tries;
use super::{BODY_BYTES_MAX, open_at, unhashed, welcome_to};
use crate::actor::Actor;
use crate::problem::Problem;
use crate::routes::id;
use crate::{Api, body};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct LogIn {
    email: String,
    password: String,
    workspace: Option<String>,
}

/// `POST /session {email, password, workspace?}`: 200 with who one is, and the cookie. An administrator of the platform who
/// names no workspace gets a session of the platform; who names one gets a session for it. 401 `wrong_login`, 403
/// `not_a_member`, 429 `too_many_tries`.
pub(crate) async fn log_in(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let said: LogIn = body::typed(Request::from_parts(parts.clone(), body), BODY_BYTES_MAX).await?;
    let workspace = said.workspace.as_deref();
    let token = token_for(&api, &parts, &said.email, said.password, workspace).await?.ok_or_else(wrong_login)?;
    welcome_to(&api, StatusCode::OK, &token, workspace).await
}

/// Opens a session for who knows the password, of the platform or of `workspace`.
///  An unknown address takes as long as a wrong password.
pub(in crate::routes) async fn token_for(
    api: &Api,
    parts: &axum::http::request::Parts,
    email: &str,
    password: String,
    workspace: Option<&str>,
) -> Result<Option<String>, Problem> {
    let email = normal_email(email).unwrap_or_default();
    let tries = Tries::log_in(api, parts, &email).await?;
    let user = access::find_user(&mut *api.people.pool.begin().await?, &email).await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let is_right = is_password(password, hash).await.map_err(unhashed)?;
    let Some(user) = user.filter(|_| is_right) else { return Ok(None) };
    tries.forgive(api).await?;
    let mut transaction = api.people.pool.begin().await?;
    // The password may have changed while it was looked at; from here on a change waits, and ends this session, too.
    if !access::hold_password(&mut transaction, user.user_id, &user.password_hash).await? {
        return Ok(None);
    }
    let level = level(&mut transaction, user.user_id, workspace).await?;
    let token = open_at(api, &mut transaction, parts, user.user_id, level).await?;
    transaction.commit().await?;
    Ok(Some(token))
}

/// Which session somebody gets: of the platform without a workspace, if they are one of its administrators.
async fn level(connection: &mut PgConnection, user_id: Uuid, workspace: Option<&str>) -> Result<Level, Problem> {
    match workspace {
        Some(slug) if access::is_member(connection, user_id, slug).await? => Ok(Level::Workspace),
        Some(slug) => {
            let detail = format!("you belong to no workspace \"{}\"", slug.chars().take(100).collect::<String>());
            let hint = "name one that you belong to, or none";
            Err(Problem::new(StatusCode::FORBIDDEN, "not_a_member", detail, hint))
        }
        None if access::is_super_admin(connection, user_id).await? => Ok(Level::Platform),
        None => Ok(Level::Workspace),
    }
}

/// `DELETE /session`: 204, logged out.
pub(crate) async fn log_out(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    request: Request,
) -> Result<Response, Problem> {
    let person = actor.person()?;
    let mut transaction = api.people.pool.begin().await?;
    access::end_session(&mut transaction, person.user_id, person.session_id).await?;
    transaction.commit().await?;
    if let Some(token) = api.people.token(request.headers()) {
        api.people.forget_session(token).await;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    api.people.take(&mut response);
    Ok(response)
}

/// `GET /sessions`: where one is logged in.
pub(crate) async fn list(State(api): State<Api>, Extension(actor): Extension<Arc<Actor>>) -> Result<Response, Problem> {
    let person = actor.person()?;
    let rows = access::list_sessions(&mut *api.people.pool.begin().await?, person.user_id).await?;
    let items: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let current = row.id == person.session_id;
            let mut item = json!(row);
            item["current"] = json!(current);
            item
        })
        .collect();
    Ok(Json(json!({ "items": items })).into_response())
}

/// `DELETE /sessions/{id}`: 204, logged out there within a second.
pub(crate) async fn end(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(session_id): Path<String>,
) -> Result<Response, Problem> {
    let wanted: Uuid = id(&session_id, "session")?;
    let mut transaction = api.people.pool.begin().await?;
    if !access::end_session(&mut transaction, actor.person()?.user_id, wanted).await? {
        return Err(Problem::not_found("session", &session_id));
    }
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `DELETE /sessions`: 204, logged out everywhere else within a second.
pub(crate) async fn end_others(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
) -> Result<Response, Problem> {
    let person = actor.person()?;
    let mut transaction = api.people.pool.begin().await?;
    access::end_sessions(&mut transaction, person.user_id, Some(person.session_id)).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn wrong_login() -> Problem {
    let detail = "the address or the password is wrong";
    Problem::new(StatusCode::UNAUTHORIZED, "wrong_login", detail, "try again, or reset the password")
}
