//! Who one is, and what one may do.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::Tenant;
use serde_json::{Value, json};

use crate::actor::{Actor, Who};

/// `GET /me`: who the request comes from, `{kind, user, key, workspace, role, permissions, workspaces}`.
pub(crate) async fn show(Extension(actor): Extension<Arc<Actor>>) -> Response {
    Json(view(&actor)).into_response()
}

fn view(actor: &Actor) -> Value {
    let (kind, key) = match &actor.who {
        Who::Key(it) => {
            let key = json!({
                "id": it.key.key_id, "name": it.key.name, "scopes": it.scopes, "expires_at": it.expires_at,
            });
            ("key", key)
        }
        Who::Machine => ("machine", Value::Null),
    };
    let tenant = |tenant: &Tenant| json!({ "id": tenant.workspace_id, "slug": tenant.slug });
    json!({
        "kind": kind,
        "user": null,
        "key": key,
        "workspace": actor.tenant.as_ref().map(tenant),
        "role": actor.role,
        "permissions": actor.permissions,
        "workspaces": actor.tenant.iter().map(tenant).collect::<Vec<_>>(),
    })
}
