//! What a link in a mail is for, before it is used.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use capstan_domain::access;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{BODY_BYTES_MAX, link_expired};
use crate::problem::Problem;
use crate::{Api, body};

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "LookAtLink")]
pub(crate) struct Look {
    token: String,
}

/// `POST /mail-links/look {token}`: 200 with what it is for; changes nothing. 410 `link_expired`.
pub(crate) async fn look(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let said: Look = body::typed(request, BODY_BYTES_MAX).await?;
    let mut transaction = api.people.pool.begin().await?;
    if let Some(link) = access::look_at_link(&mut transaction, &said.token).await? {
        let told = json!({ "kind": link.kind, "email": link.email, "expires_at": link.expires_at });
        return Ok(Json(told).into_response());
    }
    let open = access::look_at_invitation(&mut transaction, &said.token).await?.ok_or_else(link_expired)?;
    let has_account = access::find_user(&mut transaction, &open.email).await?.is_some();
    let told = json!({
        "kind": "invitation",
        "email": open.email,
        "expires_at": open.expires_at,
        "workspace": { "slug": open.slug, "name": open.name },
        "role": open.role,
        "has_account": has_account,
    });
    Ok(Json(told).into_response())
}
