//! API keys of the workspace.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::{self, KeyId, KeyRow, NewKey, Permission, Permissions};
use capstan_domain::audit::Difference;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{BODY_BYTES_MAX, refused, require_still};
use crate::actor::{Actor, Who};
use crate::audit::Change;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::routes::id;
use crate::{Api, body, tenant};

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "NewApiKey")]
pub(crate) struct Make {
    name: String,
    scopes: Option<Vec<String>>,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    expires_at: Option<DateTime<Utc>>,
}

/// `GET /keys`: newest first, revoked ones after all others, without the keys themselves.
pub(crate) async fn list(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let mut transaction = tenant::read(&api.people.pool, caller.workspace_id).await?;
    let rows = access::list_keys(&mut transaction, caller.workspace_id).await.map_err(refused)?;
    transaction.commit().await?;
    Ok(Json(json!({ "items": rows })).into_response())
}

/// `POST /keys {name, scopes?, expires_at?}`: 201 with the key, which is told this once. Nobody makes a key that may do more
/// than they may. 403 `more_than_own`, 422 `bad_scopes`, `bad_expiry`, `bad_name`, `too_many`.
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    Extension(change): Extension<Arc<Change>>,
    request: Request,
) -> Result<Response, Problem> {
    let said: Make = body::typed(request, BODY_BYTES_MAX).await?;
    let scopes = said.scopes.map(known).transpose()?;
    let wanted = Permissions::of_scopes(scopes.as_deref());
    if let Some(more) = wanted.iter().find(|permission| !actor.permissions.has(*permission)) {
        let detail = format!("the key would have {more}, which you do not have yourself");
        let hint = "name scopes that you have; GET /api/v1/me lists them";
        return Err(Problem::new(StatusCode::FORBIDDEN, "more_than_own", detail, hint));
    }
    let (expires_at, created_by) = match &actor.who {
        Who::Key(own) => (outlived(said.expires_at, own.expires_at)?, own.key.key_id),
        Who::Person(person) => (said.expires_at, person.user_id),
        Who::Machine => return Err(crate::auth::no_key()),
    };
    if expires_at.is_some_and(|at| at <= Utc::now()) {
        let detail = "the key would have expired already";
        return Err(Problem::unprocessable("bad_expiry", detail, "name a time in the future, or none"));
    }
    let new = NewKey { name: said.name, scopes, expires_at, created_by: Some(created_by) };
    let mut transaction = tenant::write(&api.people.pool, caller.workspace_id).await?;
    require_still(&mut transaction, &caller, &actor, Permission::KeysWrite, wanted).await?;
    let (row, key) = access::make_key(&mut transaction, caller.workspace_id, &new).await.map_err(refused)?;
    let made = Difference::between(&Value::Null, &shown(&row));
    change.note(&mut transaction, StatusCode::CREATED, made).await?;
    transaction.commit().await?;
    let mut told = json!(row);
    told["key"] = json!(key);
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

/// `DELETE /keys/{id}`: 204; it opens nothing after a second at most.
pub(crate) async fn revoke(
    State(api): State<Api>,
    caller: Caller,
    Extension(change): Extension<Arc<Change>>,
    Path(key_id): Path<String>,
) -> Result<Response, Problem> {
    let wanted = KeyId(id(&key_id, "key")?);
    let mut transaction = tenant::write(&api.people.pool, caller.workspace_id).await?;
    let revoked = access::revoke_key(&mut transaction, caller.workspace_id, wanted).await.map_err(refused)?;
    if !revoked {
        return Err(Problem::not_found("key", &key_id));
    }
    // Nothing of it changes but that it is revoked.
    let row = access::find_key(&mut transaction, caller.workspace_id, wanted).await.map_err(refused)?;
    let gone = Difference::between(&row.as_ref().map_or(Value::Null, shown), &Value::Null);
    change.note(&mut transaction, StatusCode::NO_CONTENT, gone).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A key as the audit log shows it, which is not even its beginning.
fn shown(row: &KeyRow) -> Value {
    let scopes = row.scopes.as_ref().map_or_else(|| json!("all"), |scopes| json!(scopes));
    json!({ "id": row.key_id, "name": row.name, "scopes": scopes, "expires_at": row.expires_at })
}

/// The scopes in the order of the table, each once.
pub(super) fn known(scopes: Vec<String>) -> Result<Vec<String>, Problem> {
    if scopes.is_empty() {
        let detail = "without any scope it would open nothing";
        return Err(Problem::unprocessable("bad_scopes", detail, "name some, or leave scopes out for all"));
    }
    for scope in &scopes {
        if !scope.parse().is_ok_and(|permission: Permission| permission.is_scope()) {
            let scope: String = scope.chars().take(100).collect();
            let detail = format!("neither key nor token can have the scope {scope:?}");
            return Err(Problem::unprocessable("bad_scopes", detail, "docs/permissions.md lists those there are"));
        }
    }
    Ok(Permissions::of_scopes(Some(&scopes)).iter().map(|permission| permission.as_str().to_owned()).collect())
}

/// A key that expires makes none that lasts longer.
fn outlived(wanted: Option<DateTime<Utc>>, own: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, Problem> {
    match (wanted, own) {
        (None, own) => Ok(own),
        (Some(wanted), Some(own)) if wanted > own => {
            let detail = "the key would outlive the one that makes it";
            Err(Problem::unprocessable("bad_expiry", detail, "name an earlier time"))
        }
        (wanted, _) => Ok(wanted),
    }
}
