//! Endpoints: making, changing, deleting.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::webhooks::endpoints::{self, ENDPOINTS_MAX};
use capstan_domain::webhooks::{OVERLAP_S_DEFAULT, add_secret, fit_pairs};
use serde_json::{Value, json};
use uuid::Uuid;

use super::wish::{WISH_BYTES_MAX, WishBody};
use super::{ENDPOINT, EndpointView, held, known, no_such, shown};
use crate::Api;
use crate::auth::Caller;
use crate::body;
use crate::problem::Problem;
use crate::routes::id;

/// `GET /webhook-endpoints`: all of them, newest first.
pub(crate) async fn list(caller: Caller) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let rows = endpoints::list(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    let items: Vec<EndpointView> = rows.into_iter().map(EndpointView::from).collect();
    Ok(Json(json!({ "items": items })).into_response())
}

/// `GET /webhook-endpoints/{id}`. 404 unknown.
pub(crate) async fn get(caller: Caller, Path(endpoint_id): Path<String>) -> Result<Response, Problem> {
    let endpoint_id: Uuid = id(&endpoint_id, ENDPOINT)?;
    let mut transaction = caller.read().await?;
    let row = known(&mut transaction, &caller, endpoint_id).await?;
    transaction.commit().await?;
    Ok(Json(EndpointView::from(row)).into_response())
}

/// `POST /webhook-endpoints {url, types, filter?, description?, rate_per_s?, concurrency?, asymmetric?, ordered?}`: 201 with
/// the endpoint and its secret, which is never shown again. 422 `invalid_endpoint`, `too_many_endpoints`.
pub(crate) async fn create(State(api): State<Api>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let wish: WishBody = body::typed(request, WISH_BYTES_MAX).await?;
    let wish = wish.check(&api.guard)?;
    let endpoint_id = Uuid::now_v7();
    let mut transaction = caller.write().await?;
    if !endpoints::create(&mut transaction, caller.workspace_id, endpoint_id, &wish).await? {
        let detail = format!("this workspace has {ENDPOINTS_MAX} webhook endpoints, which is the most");
        return Err(Problem::unprocessable("too_many_endpoints", detail, "delete one that is not needed"));
    }
    let keys = &api.settings.keys;
    let secret = add_secret(&mut transaction, keys, caller.workspace_id, endpoint_id, OVERLAP_S_DEFAULT).await?;
    let secret = secret.ok_or_else(|| Problem::internal("a new endpoint has no room for a secret"))?;
    let row = known(&mut transaction, &caller, endpoint_id).await?;
    caller.differs(&mut transaction, &Value::Null, &shown(&row)).await?;
    transaction.commit().await?;
    let view = EndpointView { secret: Some(secret.reveal()), ..EndpointView::from(row) };
    let mut response = (StatusCode::CREATED, Json(view)).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/webhook-endpoints/{endpoint_id}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// `PUT /webhook-endpoints/{id}`, with all that `POST` takes: 200 with the endpoint. 404 unknown, 422 `invalid_endpoint`.
pub(crate) async fn update(
    State(api): State<Api>,
    caller: Caller,
    Path(endpoint_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let endpoint_id: Uuid = id(&endpoint_id, ENDPOINT)?;
    let wish: WishBody = body::typed(request, WISH_BYTES_MAX).await?;
    let wish = wish.check(&api.guard)?;
    let mut transaction = caller.write().await?;
    let before = held(&mut transaction, &caller, endpoint_id).await?;
    if !endpoints::update(&mut transaction, caller.workspace_id, endpoint_id, &wish).await? {
        return Err(no_such(endpoint_id));
    }
    fit_pairs(&mut transaction, &api.settings.keys, caller.workspace_id, endpoint_id).await?;
    let row = known(&mut transaction, &caller, endpoint_id).await?;
    caller.differs(&mut transaction, &before, &shown(&row)).await?;
    transaction.commit().await?;
    Ok(Json(EndpointView::from(row)).into_response())
}

/// `DELETE /webhook-endpoints/{id}`: 204; what was not delivered is cancelled. 404 unknown.
pub(crate) async fn delete(caller: Caller, Path(endpoint_id): Path<String>) -> Result<Response, Problem> {
    let endpoint_id: Uuid = id(&endpoint_id, ENDPOINT)?;
    let mut transaction = caller.write().await?;
    let before = held(&mut transaction, &caller, endpoint_id).await?;
    if !endpoints::delete(&mut transaction, caller.workspace_id, endpoint_id).await? {
        return Err(no_such(endpoint_id));
    }
    caller.differs(&mut transaction, &before, &Value::Null).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
