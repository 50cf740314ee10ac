//! What is done with an endpoint: switching it, a new secret, a test, sending again.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::schedules::now;
use capstan_domain::webhooks::deliveries::{self, RESEND_MAX, STATUSES};
use capstan_domain::webhooks::{OVERLAP_S_DEFAULT, OVERLAP_S_MAX, SECRETS_MAX, add_secret, endpoints};
use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::deliveries::{DeliveryView, known_delivery};
use super::{ENDPOINT, EndpointView, bad_number, enabled, held, known, no_such, shown};
use crate::Api;
use crate::auth::Caller;
use crate::body;
use crate::problem::Problem;
use crate::routes::id;

/// Most bytes of a request of these.
const WISH_BYTES_MAX: usize = 4 * 1024;
/// Longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DisableEndpoint")]
pub(crate) struct Disable {
    reason: Option<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RotateSecret")]
pub(crate) struct Rotate {
    overlap_s: Option<i64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ResendDeliveries")]
pub(crate) struct Resend {
    #[schemars(with = "crate::openapi::shapes::Time")]
    since: DateTime<Utc>,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    until: Option<DateTime<Utc>>,
    statuses: Option<Vec<String>>,
}

/// `POST /webhook-endpoints/{id}/enable`: 200 with the endpoint, which gets events from now on. 404 unknown.
pub(crate) async fn enable(caller: Caller, Path(endpoint_id): Path<String>) -> Result<Response, Problem> {
    let endpoint_id: Uuid = id(&endpoint_id, ENDPOINT)?;
    let mut transaction = caller.write().await?;
    let before = held(&mut transaction, &caller, endpoint_id).await?;
    if !endpoints::enable(&mut transaction, caller.workspace_id, endpoint_id).await? {
        return Err(no_such(endpoint_id));
    }
    let row = known(&mut transaction, &caller, endpoint_id).await?;
    caller.differs(&mut transaction, &before, &shown(&row)).await?;
    transaction.commit().await?;
    Ok(Json(EndpointView::from(row)).into_response())
}

/// `POST /webhook-endpoints/{id}/disable {reason?}`: 200 with the endpoint; what was not delivered is cancelled. 404 unknown.
pub(crate) async fn disable(
    caller: Caller,
    Path(endpoint_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let endpoint_id: Uuid = id(&endpoint_id, ENDPOINT)?;
    let Disable { reason } = body::typed_or_default(request, WISH_BYTES_MAX).await?;
    let reason = reason.unwrap_or_else(|| "a person has disabled it".into());
    let reason: String = reason.chars().take(REASON_CHARS_MAX).collect();
    let mut transaction = caller.write().await?;
    let before = held(&mut transaction, &caller, endpoint_id).await?;
    if !endpoints::disable(&mut transaction, caller.workspace_id, endpoint_id, &reason).await? {
        return Err(no_such(endpoint_id));
    }
    let row = known(&mut transaction, &caller, endpoint_id).await?;
    caller.differs(&mut transaction, &before, &shown(&row)).await?;
    transaction.commit().await?;
    Ok(Json(EndpointView::from(row)).into_response())
}

/// `POST /webhook-endpoints/{id}/rotate {overlap_s?}`: 200 with the endpoint and a new secret; those of before sign along for
/// a day, or as long as is said. 404 unknown, 409 `too_many_secrets`, 422 `bad_number`.
pub(crate) async fn rotate(
    State(api): State<Api>,
    caller: Caller,
    Path(endpoint_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let endpoint_id: Uuid = id(&endpoint_id, ENDPOINT)?;
    let Rotate { overlap_s } = body::typed_or_default(request, WISH_BYTES_MAX).await?;
    let overlap_s = overlap_s.unwrap_or(OVERLAP_S_DEFAULT);
    if !(0..=OVERLAP_S_MAX).contains(&overlap_s) {
        let detail = format!("overlap_s is {overlap_s}, but has to be a number from 0 to {OVERLAP_S_MAX}");
        return Err(bad_number(detail, "0 ends the old secrets at once".into()));
    }
    let mut transaction = caller.write().await?;
    let before = held(&mut transaction, &caller, endpoint_id).await?;
    let keys = &api.settings.keys;
    let Some(secret) = add_secret(&mut transaction, keys, caller.workspace_id, endpoint_id, overlap_s).await? else {
        let detail = format!("{SECRETS_MAX} secrets sign for this endpoint at the moment, which is the most");
        return Err(Problem::conflict(
            "too_many_secrets",
            detail,
            "wait until one has ended, or rotate with overlap_s 0",
        ));
    };
    let row = known(&mut transaction, &caller, endpoint_id).await?;
    caller.differs(&mut transaction, &before, &shown(&row)).await?;
    transaction.commit().await?;
    let view = EndpointView { secret: Some(secret.reveal()), ..EndpointView::from(row) };
    Ok(Json(view).into_response())
}

/// `POST /webhook-endpoints/{id}/test`: 202 with the delivery of a test event. 404 unknown, 409 `endpoint_disabled`.
pub(crate) async fn test(caller: Caller, Path(endpoint_id): Path<String>) -> Result<Response, Problem> {
    let endpoint_id: Uuid = id(&endpoint_id, ENDPOINT)?;
    let mut transaction = caller.write().await?;
    enabled(&mut transaction, &caller, endpoint_id).await?;
    let delivery_id = deliveries::send_test(&mut transaction, caller.workspace_id, endpoint_id).await?;
    let row = known_delivery(&mut transaction, &caller, delivery_id).await?;
    transaction.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::from(row))).into_response())
}

/// `POST /webhook-endpoints/{id}/resend {since, until?, statuses?}`: 202 with how many deliveries are sent again, at most
/// 1,000 a call. 404 unknown, 409 `endpoint_disabled`, 422 `bad_range`.
pub(crate) async fn resend(
    caller: Caller,
    Path(endpoint_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let endpoint_id: Uuid = id(&endpoint_id, ENDPOINT)?;
    let Resend { since, until, statuses } = body::typed(request, WISH_BYTES_MAX).await?;
    let statuses = statuses.unwrap_or_else(|| vec!["failed".into(), "cancelled".into()]);
    let mut transaction = caller.write().await?;
    enabled(&mut transaction, &caller, endpoint_id).await?;
    let until = match until {
        Some(until) => until,
        None => now(&mut transaction).await?,
    };
    let days = i64::from(deliveries::KEPT_DAYS);
    let ended = |status: &String| status != "pending" && STATUSES.contains(&status.as_str());
    if until < since || until - since > TimeDelta::days(days) || !statuses.iter().all(ended) {
        let detail = "the range ends before it begins, is too long, or names a status that is none";
        let hint = format!("give a range of at most {days} days, and some of failed, cancelled and delivered");
        return Err(Problem::unprocessable("bad_range", detail, hint));
    }
    let range = (since, until);
    let resent = deliveries::resend_range(&mut transaction, caller.workspace_id, endpoint_id, range, &statuses).await?;
    transaction.commit().await?;
    let has_more = resent >= RESEND_MAX.unsigned_abs();
    Ok((StatusCode::ACCEPTED, Json(json!({ "resent": resent, "has_more": has_more }))).into_response())
}

/// `GET /webhook-endpoints/{id}/counts`: deliveries by status, each counted up to 10,000. 404 unknown.
pub(crate) async fn counts(caller: Caller, Path(endpoint_id): Path<String>) -> Result<Response, Problem> {
    let endpoint_id: Uuid = id(&endpoint_id, ENDPOINT)?;
    let mut transaction = caller.read().await?;
    known(&mut transaction, &caller, endpoint_id).await?;
    let counts = deliveries::counts(&mut transaction, caller.workspace_id, endpoint_id).await?;
    transaction.commit().await?;
    let counts: Map<String, Value> = counts.into_iter().map(|(status, count)| (status, count.into())).collect();
    Ok(Json(counts).into_response())
}
