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
    let mut items: Vec<EventType> = catalogue();
    // What is told of leads is kept with what workspaces send.
    let own = sent.into_iter().filter(|name| items.iter().all(|known| known.type_name != *name));
    let own: Vec<EventType> = own.map(|name| custom(&name)).collect();
    items.extend(own);
    Ok(Json(json!({ "items": items })).into_response())
}
