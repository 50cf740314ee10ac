//! Events of Stripe, or of what speaks as it does.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::billing::{Event, take_in};
use capstan_domain::schedules::now;
use serde_json::json;

use crate::problem::Problem;
use crate::rates::count_address;
use crate::{Api, billing, body};

/// Most bytes of an event.
const EVENT_BYTES_MAX: usize = 512 * 1024;

/// `POST /api/public/billing/stripe`: 200 `{event_id, outcome, replayed}` for whatever is signed, as only what could be taken in later
/// is to come again. 400 `not_an_event`; 401 `not_verified`, whatever is wrong with the signature; 404 `billing_off`.
pub(crate) async fn receive(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let settings = &api.settings.billing;
    if settings.secrets.is_empty() {
        let hint = "whoever operates this server sets CAPSTAN_BILLING_STRIPE_SECRETS";
        return Err(Problem::new(StatusCode::NOT_FOUND, "billing_off", "no events of payments are taken here", hint));
    }
    let (parts, body) = request.into_parts();
    let bytes = body::bytes(&parts, body, EVENT_BYTES_MAX).await?;
    let now_s = now(&mut *api.people.pool.begin().await?).await?.timestamp();
    let mut signatures = parts.headers.get_all("stripe-signature").iter();
    // One that comes twice is signed by nobody.
    let signature = signatures.next().filter(|_| signatures.next().is_none()).and_then(|value| value.to_str().ok());
    if !settings.secrets.have_signed(signature, &bytes, now_s) {
        count_address(&api, &parts, None).await?;
        let hint = "sign it with the secret of this endpoint, over the body as it is sent, and with the time of now";
        let detail = "the event could not be verified";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "not_verified", detail, hint));
    }
    let event = Event::parse(&bytes).map_err(|error| {
        Problem::bad_request("not_an_event", error.to_string(), "send snapshot events, as Stripe makes them")
    })?;
    let mut transaction = api.people.pool.begin().await?;
    let taken = take_in(&mut transaction, &event, &settings.fallback_plan).await?;
    transaction.commit().await?;
    let (outcome, event_type) = (taken.outcome.as_str(), &event.type_name);
    if taken.outcome.is_unmatched() && !taken.is_repeated {
        tracing::warn!(
            event_id = event.id,
            event_type,
            outcome,
            "an event of payments waits for somebody to look at it"
        );
    } else {
        tracing::info!(
            event_id = event.id,
            event_type,
            outcome,
            replayed = taken.is_repeated,
            "an event of payments came"
        );
    }
    if let Some(workspace_id) = taken.workspace_id {
        billing::bring(&api, workspace_id).await;
    }
    Ok(Json(json!({ "event_id": event.id, "outcome": outcome, "replayed": taken.is_repeated })).into_response())
}
