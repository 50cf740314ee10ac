//! Who one is, and what one may do.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::{self, Level, PASSWORD_CHARS, Pages, Tenant};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::people::{BODY_BYTES_MAX, refused};
use crate::actor::{Actor, Who};
use crate::problem::Problem;
use crate::{Api, body, in_force, pages};

/// `GET /me`: who the request comes from, `{kind, user, key, workspace, role, permissions, pages, workspaces}`.
pub(crate) async fn show(State(api): State<Api>, Extension(actor): Extension<Arc<Actor>>) -> Result<Response, Problem> {
    Ok(Json(view(&api, &actor).await?).into_response())
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ChangeMe")]
pub(crate) struct Change {
    name: String,
}

/// `PUT /me {name}`: 204. 422 `bad_name`.
pub(crate) async fn rename(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    request: Request,
) -> Result<Response, Problem> {
    let token = api.people.token(request.headers()).map(str::to_owned).unwrap_or_default();
    let change: Change = body::typed(request, BODY_BYTES_MAX).await?;
    let mut transaction = api.people.pool.begin().await?;
    access::rename_user(&mut transaction, actor.person()?.user_id, &change.name).await.map_err(refused)?;
    transaction.commit().await?;
    api.people.forget_session(&token).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /access`: what a page for logging in may offer.
pub(crate) async fn access(State(api): State<Api>) -> Response {
    let mail = api.people.post.is_there();
    let set = api.in_force.now();
    Json(json!({
        "sign_up": in_force::sign_up(&api) && mail,
        "mail": mail,
        "notice": set.notice,
        "support_address": set.support_address,
        "password": { "chars_min": PASSWORD_CHARS.start(), "chars_max": PASSWORD_CHARS.end() },
    }))
    .into_response()
}

/// Who somebody is, as `/me` and everything that logs somebody in tell it.
pub(super) async fn view(api: &Api, actor: &Actor) -> Result<Value, Problem> {
    let pages = match &actor.tenant {
        Some(tenant) => pages::of(api, tenant.workspace_id).await?,
        None => Pages::default(),
    };
    let (kind, user, key) = match &actor.who {
        Who::Key(it) => {
            let key = json!({
                "id": it.key.key_id, "name": it.key.name, "scopes": it.scopes, "expires_at": it.expires_at,
            });
            ("key", Value::Null, key)
        }
        Who::Person(it) => ("user", json!({ "id": it.user_id, "email": it.email, "name": it.name }), Value::Null),
        Who::Machine => ("machine", Value::Null, Value::Null),
    };
    let of = |it: &Tenant| json!({ "id": it.workspace_id, "slug": it.slug, "state": it.state, "state_reason": it.state_reason });
    let workspace = actor.tenant.as_ref().map(of);
    let workspaces: Vec<Value> = match &actor.who {
        Who::Person(it) => it
            .memberships
            .iter()
            .map(|it| {
                let mut told = of(&it.tenant);
                (told["name"], told["role"]) = (json!(it.name), json!(it.role));
                told
            })
            .collect(),
        Who::Key(_) | Who::Machine => workspace.iter().cloned().collect(),
    };
    let (level, is_super_admin) = match &actor.who {
        Who::Person(it) => (it.level, it.is_super_admin),
        Who::Key(_) | Who::Machine => (Level::Workspace, false),
    };
    Ok(json!({
        "kind": kind,
        "level": level.as_str(),
        "platform_role": is_super_admin.then_some("super_admin"),
        "user": user,
        "key": key,
        "workspace": workspace,
        "role": actor.role,
        "permissions": actor.permissions,
        "pages": pages,
        "workspaces": workspaces,
    }))
}
