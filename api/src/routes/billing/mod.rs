//! What the provider of payments tells, and what a workspace sees of it.

mod stripe;

pub(crate) use stripe::receive;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use capstan_domain::billing::{self, Status};
use capstan_domain::quotas;
use capstan_engine::core::ids::WorkspaceId;
use serde_json::{Value, json};

use crate::auth::Caller;
use crate::problem::Problem;
use crate::{Api, tenant};

/// `GET /billing`: `{customer_id, plan, plan_ends_at, subscriptions, invoices}`, as the provider told it last.
pub(crate) async fn show(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    Ok(Json(view(&api, caller.workspace_id).await?).into_response())
}

/// What the people of a workspace see of its billing.
pub(crate) async fn view(api: &Api, workspace_id: WorkspaceId) -> Result<Value, Problem> {
    let mut control = tenant::read(&api.people.pool, workspace_id).await?;
    let customer = billing::customer_of(&mut control, workspace_id).await?;
    let subscriptions = billing::subscriptions_of(&mut control, workspace_id).await?;
    let invoices = billing::invoices_of(&mut control, workspace_id).await?;
    let plan = quotas::plan_of(&mut control, workspace_id).await?;
    control.commit().await?;
    // When it is looked at again, which is its end unless something is paid for.
    let pays = subscriptions.iter().any(|it| it.status.parse::<Status>().is_ok_and(Status::pays));
    let ends_at = customer.as_ref().and_then(|it| it.look_at).filter(|_| !pays);
    let invoices: Vec<Value> = invoices
        .iter()
        .map(|it| {
            json!({
                "invoice_id": it.object_id, "is_paid": it.type_name == "invoice.paid", "amount": it.amount,
                "currency": it.currency, "attempts": it.attempts, "next_attempt_at": it.next_attempt_at, "at": it.happened_at,
            })
        })
        .collect();
    Ok(json!({
        "customer_id": customer.as_ref().map(|it| &it.customer_id),
        "plan": plan.map(|it| it.plan),
        "plan_ends_at": ends_at,
        "subscriptions": subscriptions,
        "invoices": invoices,
    }))
}
