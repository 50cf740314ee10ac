//! Database servers that dedicated workspaces may be on, for administrators of the platform. No answer shows a password, sealed or not.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::cells::{self, Flaw, ServerError, ServerRow, ServerWish};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{BODY_BYTES_MAX, who};
use crate::actor::Actor;
use crate::problem::{Finding, Problem};
use crate::routes::id;
use crate::{Api, body};

/// Where PostgreSQL usually listens.
const PORT: i32 = 5432;
/// How connections are secured unless somebody says otherwise.
const TLS: &str = "verify-full";

/// A server as somebody wants it. Passwords are kept sealed; on a change they may be left out, as long as they go to the same login at
/// the same address.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DatabaseServerWish")]
pub(crate) struct Wish {
    name: String,
    /// Name, address, or folder of a Unix socket.
    host: String,
    port: Option<i32>,
    /// `disable`, `prefer`, `require`, `verify-ca` or `verify-full`, which it is if it is left out.
    tls: Option<String>,
    /// Who works there: a member of `capstan_api`, `capstan_starter` and `capstan_worker` that may nothing else.
    login: String,
    password: Option<String>,
    /// Who makes databases there.
    creator_login: String,
    creator_password: Option<String>,
}

/// `GET /platform/database-servers`: by name.
pub(crate) async fn list(State(api): State<Api>) -> Result<Response, Problem> {
    let rows = cells::list_servers(&mut *api.people.pool.begin().await?).await?;
    Ok(Json(json!({ "items": rows })).into_response())
}

/// `GET /platform/database-servers/{id}`: 404 `not_found`.
pub(crate) async fn get(State(api): State<Api>, Path(text): Path<String>) -> Result<Response, Problem> {
    Ok(Json(found(&api, id(&text, "database server")?).await?).into_response())
}

/// `POST /platform/database-servers {name, host, port?, tls?, login, password, creator_login, creator_password}`: 201 with the server,
/// which nobody has checked yet. 409 `server_exists`, `too_many_servers`; 422 `bad_server`, `password_needed`; 503 `no_secret_keys`.
pub(crate) async fn create(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    request: Request,
) -> Result<Response, Problem> {
    let (by, request) = who(&api, &actor, request)?;
    let wish = good(body::typed(request, BODY_BYTES_MAX).await?)?;
    let mut transaction = api.people.pool.begin().await?;
    let made = cells::create_server(&mut transaction, &api.settings.keys, &wish, &by).await.map_err(refused)?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(found(&api, made).await?)).into_response())
}

/// `PUT /platform/database-servers/{id}`: as for a new one; 200, and it has to be checked again. 404 `not_found`, 409 `server_exists`,
/// 422 `bad_server`, `password_needed`; 503 `no_secret_keys`.
pub(crate) async fn change(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(text): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let server_id = id(&text, "database server")?;
    let (by, request) = who(&api, &actor, request)?;
    let wish = good(body::typed(request, BODY_BYTES_MAX).await?)?;
    let mut transaction = api.people.pool.begin().await?;
    let keys = &api.settings.keys;
    let is_there = cells::change_server(&mut transaction, keys, server_id, &wish, &by).await.map_err(refused)?;
    transaction.commit().await?;
    if !is_there {
        return Err(unknown(&text));
    }
    Ok(Json(found(&api, server_id).await?).into_response())
}

/// `DELETE /platform/database-servers/{id}`: 204. 404 `not_found`, 409 `server_in_use`.
pub(crate) async fn delete(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(text): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let server_id = id(&text, "database server")?;
    let (by, _) = who(&api, &actor, request)?;
    let mut transaction = api.people.pool.begin().await?;
    let is_gone = cells::delete_server(&mut transaction, server_id, &by).await.map_err(refused)?;
    transaction.commit().await?;
    if is_gone { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(unknown(&text)) }
}

/// `POST /platform/database-servers/{id}/check`: connects to it as its runtime login and asks it; 200 with the server and what was
/// found, good or bad. 404 `not_found`, 409 `server_changed`.
pub(crate) async fn check(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(text): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let server_id = id(&text, "database server")?;
    let (by, _) = who(&api, &actor, request)?;
    let row = found(&api, server_id).await?;
    let server = cells::server_of(&mut *api.people.pool.begin().await?, server_id).await?;
    let server = server.ok_or_else(|| unknown(&text))?;
    let keys = &api.settings.keys;
    // It may take a while: nothing is held meanwhile.
    let checked = cells::check(&server, &row.creator_login, keys).await;
    let result = (checked.is_valid, &checked.diagnosis);
    let mut transaction = api.people.pool.begin().await?;
    let is_noted = cells::note_check(&mut transaction, keys, (server_id, row.revision), result, &by).await?;
    transaction.commit().await?;
    if !is_noted {
        let detail = "the server was changed while it was checked";
        return Err(Problem::conflict("server_changed", detail, "check it again"));
    }
    Ok(Json(found(&api, server_id).await?).into_response())
}

async fn found(api: &Api, server_id: Uuid) -> Result<ServerRow, Problem> {
    let row = cells::get_server(&mut *api.people.pool.begin().await?, server_id).await?;
    row.ok_or_else(|| unknown(&server_id.to_string()))
}

/// The wish as it is kept, unless something is wrong with it. 422 `bad_server` with each of them.
fn good(wish: Wish) -> Result<ServerWish, Problem> {
    let wish = ServerWish {
        name: wish.name,
        host: wish.host,
        port: wish.port.unwrap_or(PORT),
        tls: wish.tls.unwrap_or_else(|| TLS.into()),
        login: wish.login,
        password: wish.password,
        creator_login: wish.creator_login,
        creator_password: wish.creator_password,
    };
    let flaws = wish.flaws();
    if flaws.is_empty() {
        return Ok(wish);
    }
    let finding = |flaw: &Flaw| Finding {
        code: flaw.code,
        pointer: format!("/{}", flaw.field),
        detail: flaw.detail.into(),
        hint: flaw.hint.into(),
    };
    let (detail, hint) = ("no database server can be like that", "correct what errors names");
    Err(Problem::unprocessable("bad_server", detail, hint).findings(flaws.iter().map(finding)))
}

fn refused(error: ServerError) -> Problem {
    let detail = error.to_string();
    match error {
        ServerError::NameTaken => Problem::conflict("server_exists", detail, "choose another name"),
        ServerError::TooMany => Problem::conflict("too_many_servers", detail, "take out those that nothing is on"),
        ServerError::InUse => Problem::conflict("server_in_use", detail, "it stays as long as they do"),
        ServerError::PasswordNeeded => {
            Problem::unprocessable("password_needed", detail, "give password and creator_password")
        }
        ServerError::Seal(error) => error.into(),
        ServerError::Store(error) => error.into(),
    }
}

fn unknown(text: &str) -> Problem {
    let detail = format!("there is no database server \"{}\"", text.chars().take(100).collect::<String>());
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail, "list the database servers to find the id")
}
