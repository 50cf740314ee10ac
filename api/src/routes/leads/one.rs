//! One lead: making, reading, changing, moving, hiding.

use axum::Json;
use axum::extract::{Path, Request};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::leads::{Act, LeadPatch, Which, find, remove};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::doing::{gone_or_made, no_such};
use super::{LEAD, LEAD_BYTES_MAX, LeadView};
use crate::auth::Caller;
use crate::body;
use crate::problem::Problem;
use crate::routes::author::Author;
use crate::routes::id;

/// A lead that is made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewLead")]
pub(crate) struct NewLead {
    email: Option<String>,
    name: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    /// `manual` if absent.
    source: Option<String>,
    /// The beginning of the pipeline if absent.
    status: Option<String>,
    /// Custom values by name: texts, numbers, true or false. A field that is not known yet is defined.
    #[serde(default)]
    fields: Map<String, Value>,
}

/// What changes: what is absent stays, null goes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LeadChange")]
pub(crate) struct LeadChange {
    #[serde(default, deserialize_with = "null_goes")]
    email: Option<String>,
    #[serde(default, deserialize_with = "null_goes")]
    name: Option<String>,
    #[serde(default, deserialize_with = "null_goes")]
    phone: Option<String>,
    #[serde(default, deserialize_with = "null_goes")]
    company: Option<String>,
    source: Option<String>,
    /// Merged by name; null removes one.
    #[serde(default)]
    fields: Map<String, Value>,
}

/// Where a lead goes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LeadMove")]
pub(crate) struct LeadMove {
    /// A state of the pipeline.
    status: String,
    /// Why, for the history.
    reason: Option<String>,
    /// Only if it still has that status.
    from: Option<String>,
}

/// Null is an empty text, which removes what was there.
fn null_goes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Option::<String>::deserialize(deserializer)?.unwrap_or_default()))
}

/// `POST /leads`: 201 with the lead. 409 `lead_exists`; 422 `invalid_lead`, `unknown_status`; 429 `too_many_events`.
pub(crate) async fn create(author: Author, request: Request) -> Result<Response, Problem> {
    let NewLead { email, name, phone, company, source, status, fields } = body::typed(request, LEAD_BYTES_MAX).await?;
    let patch = LeadPatch { email, name, phone, company, source, fields, consented: false };
    let acted = author.act(Act::Create { patch, status }).await?;
    let location = format!("/api/v1/leads/{}", acted.lead.lead_id);
    let mut response = (StatusCode::CREATED, Json(LeadView::from(acted.lead))).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// `GET /leads/{id}`. 404 unknown.
pub(crate) async fn get(caller: Caller, Path(lead_id): Path<String>) -> Result<Json<LeadView>, Problem> {
    let lead_id: Uuid = id(&lead_id, LEAD)?;
    let mut transaction = caller.read().await?;
    let row = find(&mut transaction, caller.workspace_id, lead_id).await?;
    transaction.commit().await?;
    Ok(Json(row.ok_or_else(|| no_such(lead_id))?.into()))
}

/// `PATCH /leads/{id}`: the lead. 404 unknown, 409 `lead_exists`, 422 `invalid_lead`, 429 `too_many_events`.
pub(crate) async fn update(
    author: Author,
    Path(lead_id): Path<String>,
    request: Request,
) -> Result<Json<LeadView>, Problem> {
    let lead_id: Uuid = id(&lead_id, LEAD)?;
    let LeadChange { email, name, phone, company, source, fields } = body::typed(request, LEAD_BYTES_MAX).await?;
    let patch = LeadPatch { email, name, phone, company, source, fields, consented: false };
    let acted = author.act(Act::Update { which: Which::Id(lead_id), patch }).await?;
    Ok(Json(acted.lead.into()))
}

/// `POST /leads/{id}/status {status, reason?, from?}`: the lead. 404 unknown; 409 `transition_forbidden`, `status_changed`;
/// 422 `unknown_status`; 429 `too_many_events`.
pub(crate) async fn set_status(
    author: Author,
    Path(lead_id): Path<String>,
    request: Request,
) -> Result<Json<LeadView>, Problem> {
    let lead_id: Uuid = id(&lead_id, LEAD)?;
    let LeadMove { status, reason, from } = body::typed(request, LEAD_BYTES_MAX).await?;
    let acted = author.act(Act::SetStatus { which: Which::Id(lead_id), to: status, from, reason }).await?;
    Ok(Json(acted.lead.into()))
}

/// `DELETE /leads/{id}`: 204; it is hidden, and its address is free again. 404 unknown.
pub(crate) async fn delete(author: Author, Path(lead_id): Path<String>) -> Result<StatusCode, Problem> {
    let lead_id: Uuid = id(&lead_id, LEAD)?;
    let mut transaction = author.caller.write().await?;
    let before = find(&mut transaction, author.caller.workspace_id, lead_id).await?;
    if !remove(&mut transaction, author.caller.workspace_id, &author.by, lead_id).await? {
        return Err(no_such(lead_id));
    }
    let before = before.map_or(Value::Null, |lead| lead.shown());
    author.caller.tells(&mut transaction, gone_or_made(&before, &Value::Null)).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
