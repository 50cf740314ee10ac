//! The certificate that an endpoint's receiver asks clients for.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::webhooks::{remove_certificate, set_certificate};
use capstan_node_types::services::certificate::{BadCertificate, CERTIFICATE_BYTES_MAX, check_certificate};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{ENDPOINT, EndpointView, held, known, no_such, shown};
use crate::Api;
use crate::auth::Caller;
use crate::body;
use crate::problem::{Finding, Problem};
use crate::routes::id;

/// Most bytes of a request: line breaks become two bytes each.
const WISH_BYTES_MAX: usize = 2 * CERTIFICATE_BYTES_MAX;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewClientCertificate")]
pub(crate) struct NewCertificate {
    /// PEM: the client's own certificate, and below it those that it is signed with.
    certificate: String,
    /// PEM, without a password. It is stored encrypted, and never shown.
    private_key: String,
}

/// `PUT /webhook-endpoints/{id}/client-certificate {certificate, private_key}`: 200 with the endpoint; from now on it is shown to
/// receivers that ask for one. 404 unknown, 422 `bad_client_certificate`, 503 `no_secret_keys`.
pub(crate) async fn put(
    State(api): State<Api>,
    caller: Caller,
    Path(endpoint_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let endpoint_id: Uuid = id(&endpoint_id, ENDPOINT)?;
    let NewCertificate { certificate, private_key } = body::typed(request, WISH_BYTES_MAX).await?;
    let checking = spawn_blocking(move || check_certificate(&certificate, &private_key));
    let checked = checking.await.map_err(|_| Problem::internal("a client certificate could not be checked"))?;
    let (pem, fingerprint) = checked.map_err(refused)?;
    let keys = &api.settings.keys;
    let mut transaction = caller.write().await?;
    let before = held(&mut transaction, &caller, endpoint_id).await?;
    if !set_certificate(&mut transaction, keys, caller.workspace_id, endpoint_id, &pem, &fingerprint).await? {
        return Err(no_such(endpoint_id));
    }
    let row = known(&mut transaction, &caller, endpoint_id).await?;
    caller.differs(&mut transaction, &before, &shown(&row)).await?;
    transaction.commit().await?;
    Ok(Json(EndpointView::from(row)).into_response())
}

/// `DELETE /webhook-endpoints/{id}/client-certificate`: 204. 404 unknown, or without one.
pub(crate) async fn delete(caller: Caller, Path(endpoint_id): Path<String>) -> Result<Response, Problem> {
    let uuid: Uuid = id(&endpoint_id, ENDPOINT)?;
    let mut transaction = caller.write().await?;
    let before = held(&mut transaction, &caller, uuid).await?;
    if !remove_certificate(&mut transaction, caller.workspace_id, uuid).await? {
        return Err(Problem::not_found("client certificate of the webhook endpoint", &endpoint_id));
    }
    let row = known(&mut transaction, &caller, uuid).await?;
    caller.differs(&mut transaction, &before, &shown(&row)).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn refused(bad: BadCertificate) -> Problem {
    let pointer = if bad == BadCertificate::Key { "/private_key" } else { "/certificate" };
    let hint = "send both as PEM; nothing was changed";
    let code = "bad_client_certificate";
    let finding = Finding { code, pointer: pointer.into(), detail: bad.to_string(), hint: hint.into() };
    Problem::unprocessable(code, bad.to_string(), hint).findings([finding])
}
