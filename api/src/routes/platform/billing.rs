//! Billing for administrators of the platform: which price is which plan, who pays for whom, and what nobody knew what to do with.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::billing::{self, LinkError, Outcome, PriceError};
use capstan_engine::core::ids::WorkspaceId;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{BODY_BYTES_MAX, tenant, unknown, who};
use crate::actor::Actor;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;
use crate::routes::billing::view;
use crate::routes::id;
use crate::{Api, body};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetPrice {
    /// The plan that is paid for.
    plan: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkCustomer {
    /// Its id at the provider.
    customer_id: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct EventQuery {
    outcome: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /platform/billing/prices`: which price or product is which plan.
pub(crate) async fn prices(State(api): State<Api>) -> Result<Response, Problem> {
    let rows = billing::list_prices(&mut *api.people.pool.begin().await?).await?;
    Ok(Json(json!({ "items": rows })).into_response())
}

/// `PUT /platform/billing/prices/{price} {plan}`: 200; those who pay it get that plan. 422 `unknown_plan`, `bad_price`; 409
/// `too_many_prices`.
pub(crate) async fn put_price(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(price): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (by, request) = who(&api, &actor, request)?;
    let wish: SetPrice = body::typed(request, BODY_BYTES_MAX).await?;
    if !billing::is_price(&price) {
        let detail = "nothing that is sold has such an id";
        return Err(Problem::unprocessable(
            "bad_price",
            detail,
            "copy the id of the price or product from the provider",
        ));
    }
    let mut transaction = api.people.pool.begin().await?;
    let row = billing::set_price(&mut transaction, &price, &wish.plan, &by).await.map_err(not_set)?;
    transaction.commit().await?;
    look(&api).await;
    Ok(Json(row).into_response())
}

/// `DELETE /platform/billing/prices/{price}`: 204; those who pay it keep their plan until something changes. 404 `not_found`.
pub(crate) async fn delete_price(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(price): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (by, _) = who(&api, &actor, request)?;
    let mut transaction = api.people.pool.begin().await?;
    let is_gone = billing::is_price(&price) && billing::remove_price(&mut transaction, &price, &by).await?;
    transaction.commit().await?;
    if !is_gone {
        let detail = format!("\"{}\" stands for no plan", price.chars().take(100).collect::<String>());
        return Err(Problem::new(StatusCode::NOT_FOUND, "not_found", detail, "list the prices to find it"));
    }
    look(&api).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /platform/billing/events?outcome&limit&cursor`: events that somebody has to look at, or those with that outcome, newest first.
/// 400 `bad_outcome`.
pub(crate) async fn events(State(api): State<Api>, Query(query): Query<EventQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let outcome: Option<Outcome> =
        query.outcome.as_deref().map(|text| text.parse().map_err(|()| bad_outcome(text))).transpose()?;
    let mut control = api.people.pool.begin().await?;
    let rows = billing::list_events(&mut control, outcome, paging.before, paging.rows()).await?;
    Ok(Json(paging.page(rows, |row| row.id, |row| row)).into_response())
}

/// `GET /platform/tenants/{id}/billing`: what its owner sees, with who linked it, and what was told of it. 404 `not_found`.
pub(crate) async fn show(State(api): State<Api>, Path(text): Path<String>) -> Result<Response, Problem> {
    let workspace_id = WorkspaceId(id(&text, "workspace")?);
    tenant(&api, workspace_id).await?;
    Ok(Json(details(&api, workspace_id).await?).into_response())
}

/// `PUT /platform/tenants/{id}/billing/customer {customer_id}`: 200 with what is shown then; what was told of that customer before holds
/// from now on. 404 `not_found`, 409 `customer_taken`, 422 `bad_customer`.
pub(crate) async fn link(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(text): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let workspace_id = WorkspaceId(id(&text, "workspace")?);
    let (by, request) = who(&api, &actor, request)?;
    let wish: LinkCustomer = body::typed(request, BODY_BYTES_MAX).await?;
    if !billing::is_price(&wish.customer_id) {
        let detail = "no customer has such an id";
        return Err(Problem::unprocessable("bad_customer", detail, "copy the id of the customer from the provider"));
    }
    let fallback = &api.settings.billing.fallback_plan;
    let mut transaction = api.people.pool.begin().await?;
    let linked = billing::link_by_hand(&mut transaction, workspace_id, &wish.customer_id, &by.name, fallback).await;
    linked.map_err(|error| match error {
        LinkError::UnknownWorkspace(_) => unknown(&text),
        LinkError::Taken(_) => {
            let hint = "give that workspace another customer first, or leave it as it is";
            Problem::conflict("customer_taken", error.to_string(), hint)
        }
        LinkError::Store(error) => error.into(),
    })?;
    transaction.commit().await?;
    crate::billing::bring(&api, workspace_id).await;
    Ok(Json(details(&api, workspace_id).await?).into_response())
}

async fn details(api: &Api, workspace_id: WorkspaceId) -> Result<serde_json::Value, Problem> {
    let mut shown = view(api, workspace_id).await?;
    let mut control = crate::tenant::read(&api.people.pool, workspace_id).await?;
    let customer = billing::customer_of(&mut control, workspace_id).await?;
    shown["linked_by"] = json!(customer.as_ref().map(|it| &it.linked_by));
    shown["linked_at"] = json!(customer.as_ref().map(|it| it.linked_at));
    shown["given_plan"] = json!(customer.and_then(|it| it.given_plan));
    shown["events"] = json!(billing::events_of(&mut control, workspace_id).await?);
    control.commit().await?;
    Ok(shown)
}

/// Looks at the plans of those who pay a price that has changed. If that fails, the next look does it.
async fn look(api: &Api) {
    if let Err(problem) = crate::billing::round(api).await {
        let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
        tracing::warn!(cause, "who pays a price that has changed was not looked at yet");
    }
}

fn not_set(error: PriceError) -> Problem {
    match error {
        PriceError::UnknownPlan(_) => {
            Problem::unprocessable("unknown_plan", error.to_string(), "name one that `capstan plan list` shows")
        }
        PriceError::TooMany => Problem::conflict("too_many_prices", error.to_string(), "remove some first"),
        PriceError::Store(error) => error.into(),
    }
}

fn bad_outcome(text: &str) -> Problem {
    let known = Outcome::ALL.map(Outcome::as_str).join(", ");
    let detail = format!("\"{}\" is no outcome", text.chars().take(100).collect::<String>());
    Problem::bad_request("bad_outcome", detail, format!("ask for one of {known}"))
}
