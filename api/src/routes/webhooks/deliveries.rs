//! What was delivered, what was not, and every attempt.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::webhooks::deliveries::{self, AttemptRow, DeliveryRow, Filter, STATUSES, details, find};
use capstan_domain::webhooks::wire_id;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::enabled;
use crate::auth::Caller;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;
use crate::routes::id;

const DELIVERY: &str = "webhook delivery";

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Wanted {
    endpoint_id: Option<String>,
    status: Option<String>,
    #[serde(rename = "type")]
    type_name: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// A delivery as its owner sees it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookDelivery")]
pub(crate) struct DeliveryView {
    #[schemars(with = "crate::openapi::shapes::Id")]
    id: Uuid,
    #[schemars(with = "crate::openapi::shapes::Id")]
    endpoint_id: Uuid,
    event_id: String,
    #[serde(rename = "type")]
    type_name: String,
    #[schemars(with = "crate::openapi::shapes::DeliveryStatus")]
    status: String,
    reason: Option<String>,
    attempts: i32,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    next_attempt_at: Option<DateTime<Utc>>,
    /// Whether it waits for the end of earlier ones of the same thing: its endpoint is ordered.
    waits_in_line: bool,
    #[schemars(with = "crate::openapi::shapes::Time")]
    created_at: DateTime<Utc>,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    settled_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookAttempt")]
pub(crate) struct AttemptView {
    number: i32,
    #[schemars(with = "crate::openapi::shapes::Time")]
    started_at: DateTime<Utc>,
    duration_ms: i64,
    status_code: Option<i32>,
    outcome: String,
    error: Option<String>,
    detail: Option<String>,
    response: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookDeliveryDetails")]
pub(crate) struct WholeView {
    #[serde(flatten)]
    delivery: DeliveryView,
    body: Value,
    tries: Vec<AttemptView>,
}

impl From<DeliveryRow> for DeliveryView {
    fn from(row: DeliveryRow) -> Self {
        let (is_pending, waits_in_line) = (row.status == "pending", row.waits_in_line());
        Self {
            id: row.delivery_id,
            endpoint_id: row.endpoint_id,
            event_id: wire_id(row.event_id),
            type_name: row.type_name,
            status: row.status,
            reason: row.reason,
            attempts: row.attempts,
            next_attempt_at: (is_pending && !waits_in_line).then_some(row.due_at),
            waits_in_line,
            created_at: row.created_at,
            settled_at: row.settled_at,
        }
    }
}

impl From<AttemptRow> for AttemptView {
    fn from(row: AttemptRow) -> Self {
        let AttemptRow { number, started_at, duration_ms, status_code, outcome, error, detail, response } = row;
        Self { number, started_at, duration_ms, status_code, outcome, error, detail, response }
    }
}

/// The delivery of that id, or 404.
pub(super) async fn known_delivery(
    connection: &mut PgConnection,
    caller: &Caller,
    delivery_id: Uuid,
) -> Result<DeliveryRow, Problem> {
    let found = find(connection, caller.workspace_id, delivery_id).await?;
    found.ok_or_else(|| Problem::not_found(DELIVERY, &delivery_id.to_string()))
}

/// `GET /webhook-deliveries?endpoint_id&status&type`: newest first. 400 `bad_filter`.
pub(crate) async fn list(caller: Caller, Query(wanted): Query<Wanted>) -> Result<Response, Problem> {
    let paging = Paging::new(wanted.limit.as_deref(), wanted.cursor.as_deref())?;
    let bad = |detail: &str, hint: &str| Problem::bad_request("bad_filter", detail, hint);
    let endpoint_id = wanted.endpoint_id.map(|text| text.parse()).transpose();
    let endpoint_id = endpoint_id.map_err(|_| bad("endpoint_id is no id", "give the id of an endpoint"))?;
    if wanted.status.as_deref().is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(bad("the status is none of deliveries", "give pending, delivered, failed or cancelled"));
    }
    let filter = Filter { endpoint_id, status: wanted.status, type_name: wanted.type_name };
    let mut transaction = caller.read().await?;
    let rows = deliveries::list(&mut transaction, caller.workspace_id, &filter, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.delivery_id, DeliveryView::from)).into_response())
}

/// `GET /webhook-deliveries/{id}`: with what it brings and its attempts. 404 unknown.
pub(crate) async fn get(caller: Caller, Path(delivery_id): Path<String>) -> Result<Response, Problem> {
    let delivery_id: Uuid = id(&delivery_id, DELIVERY)?;
    let mut transaction = caller.read().await?;
    let row = known_delivery(&mut transaction, &caller, delivery_id).await?;
    let (body, attempts) = details(&mut transaction, caller.workspace_id, &row).await?;
    transaction.commit().await?;
    let body = body.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default();
    let tries = attempts.into_iter().map(AttemptView::from).collect();
    Ok(Json(WholeView { delivery: row.into(), body, tries }).into_response())
}

/// `POST /webhook-deliveries/{id}/resend`: 202 with the delivery, which is pending again. 404 unknown, 409
/// `endpoint_disabled`.
pub(crate) async fn resend(caller: Caller, Path(delivery_id): Path<String>) -> Result<Response, Problem> {
    let delivery_id: Uuid = id(&delivery_id, DELIVERY)?;
    let mut transaction = caller.write().await?;
    let row = known_delivery(&mut transaction, &caller, delivery_id).await?;
    enabled(&mut transaction, &caller, row.endpoint_id).await?;
    deliveries::resend(&mut transaction, caller.workspace_id, &row).await?;
    let row = known_delivery(&mut transaction, &caller, delivery_id).await?;
    transaction.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::from(row))).into_response())
}
