//! Which events there are.

use axum::Json;
use axum::response::{IntoResponse, Response};
use capstan_domain::webhooks::deliveries::custom_types;
use capstan_domain::webhooks::{EventType, catalogue, custom};
use serde_json::json;

use crate::auth::Caller;
use crate::problem::Problem;

/// Most custom types that are listed.
const CUSTOM_MAX: i64 = 100;

/// `GET /event-types`: those that Capstan sends, and those that this workspace has sent lately.
pub(crate) async fn list(caller: Caller) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let sent = custom_types(&mut transaction, caller.workspace_id, CUSTOM_MAX).await?;
    transaction.commit().await?;
    let items: Vec<EventType> = catalogue().into_iter().chain(sent.iter().map(|name| custom(name))).collect();
    Ok(Json(json!({ "items": items })).into_response())
}
