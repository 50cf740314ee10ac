//! Who one is at providers, and no longer.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::{self, IdentityRow, Unlinked};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::Api;
use crate::actor::Actor;
use crate::problem::Problem;
use crate::routes::id;

/// Who one is at a provider.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Identity")]
pub(crate) struct IdentityView {
    #[schemars(with = "crate::openapi::shapes::Id")]
    id: Uuid,
    /// What people call the provider; absent if there is no such one any more.
    provider: Option<String>,
    issuer: String,
    /// As the provider told it when the two were linked.
    email: String,
    #[schemars(with = "crate::openapi::shapes::Time")]
    created_at: DateTime<Utc>,
}

/// `GET /identities`: the oldest first.
pub(crate) async fn list(State(api): State<Api>, Extension(actor): Extension<Arc<Actor>>) -> Result<Response, Problem> {
    let person = actor.person()?;
    let rows = access::list_identities(&mut *api.people.pool.begin().await?, person.user_id).await?;
    let items: Vec<IdentityView> = rows.into_iter().map(|row| view(&api, row)).collect();
    Ok(Json(json!({ "items": items })).into_response())
}

/// `DELETE /identities/{id}`: 204. 409 `last_login` for the only way to log in.
pub(crate) async fn unlink(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(identity_id): Path<String>,
) -> Result<Response, Problem> {
    let wanted: Uuid = id(&identity_id, "identity")?;
    let issuers: Vec<&str> = api.login.providers().iter().map(|provider| provider.settings.issuer.as_str()).collect();
    let mut transaction = api.people.pool.begin().await?;
    match access::unlink_identity(&mut transaction, actor.person()?.user_id, wanted, &issuers).await? {
        Unlinked::Done => {
            transaction.commit().await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Unlinked::NotFound => Err(Problem::not_found("identity", &identity_id)),
        Unlinked::LastWay => Err(Problem::conflict(
            "last_login",
            "it is the only way to log in: nobody knows a password of this account",
            "choose a password with \"forgot the password\" first, or log in through another provider",
        )),
    }
}

fn view(api: &Api, row: IdentityRow) -> IdentityView {
    let mut known = api.login.providers().iter().map(|provider| &provider.settings);
    let provider = known.find(|settings| settings.issuer == row.issuer).map(|settings| settings.name.clone());
    IdentityView { id: row.identity_id, provider, issuer: row.issuer, email: row.email, created_at: row.created_at }
}
