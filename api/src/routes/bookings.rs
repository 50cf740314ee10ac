//! Bookings that Calendly tells: the lead, its status, its history, events and the start are one transaction.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use capstan_domain::leads::{Act, By, ByKind, Done, LeadPatch, Mode, Which, act};
use capstan_domain::schedules::{Overlap, now};
use capstan_domain::trigger_paths::{BOOKING, BOOKING_PATH, is_path};
use capstan_domain::trigger_starts::{self, NewStart, Outcome};
use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::store::workflows;
use capstan_node_types::types::{DemoBookedConfig, UnknownLead};
use chrono::Duration;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgTransaction;
use uuid::Uuid;

use super::hooks::{Keys, verified};
use super::leads::refusal;
use crate::Api;
use crate::auth::Caller;
use crate::body::{self, INPUT_BYTES_MAX};
use crate::problem::Problem;
use crate::query::Query;
use crate::rates::count_address;

/// What Calendly calls a booking.
const CREATED: &str = "invitee.created";
/// How often a booking that met another change of the same lead comes again.
const TRIES_MAX: u32 = 4;
/// For how many hours a start that is refused, such as for a quota, is tried again.
const START_WITHIN_HOURS: i64 = 24;

/// A published trigger.
struct Found {
    caller: Caller,
    workflow_id: WorkflowId,
    version_id: VersionId,
    node_id: String,
    config: DemoBookedConfig,
    path: String,
}

/// A booking.
struct Booking {
    email: String,
    name: Option<String>,
    /// The same in each repetition.
    once: String,
    payload: Value,
}

#[derive(Deserialize)]
pub(crate) struct Named {
    workspace: Option<String>,
}

/// `POST /api/webhook/calendly?workspace=slug`: see [`at_path`].
pub(crate) async fn by_query(
    State(api): State<Api>,
    Query(named): Query<Named>,
    request: Request,
) -> Result<Response, Problem> {
    let slug = named.workspace.ok_or_else(|| {
        let detail = "the address names no workspace";
        Problem::bad_request("workspace_required", detail, "call /api/webhook/calendly/{workspace}")
    })?;
    receive(&api, &slug, BOOKING_PATH.into(), request).await
}

/// `POST /api/webhook/calendly/{workspace}`: see [`at_path`].
pub(crate) async fn at_workspace(
    State(api): State<Api>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    receive(&api, &slug, BOOKING_PATH.into(), request).await
}

/// `POST /api/webhook/calendly/{workspace}/{path}`, signed by Calendly: 200 `{status, lead_id}`; `ignored` for what is no
/// booking, or of nobody who is a lead where the trigger says so. A repetition starts nothing. 401 `not_verified`, 404
/// unknown, 422 `invalid_booking`.
pub(crate) async fn at_path(
    State(api): State<Api>,
    Path((slug, path)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    receive(&api, &slug, path, request).await
}

async fn receive(api: &Api, slug: &str, path: String, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let unknown = || Problem::not_found("trigger of bookings", &path);
    let caller = Caller::by_slug(api, slug).await?.filter(|_| is_path(&path)).ok_or_else(unknown)?;
    count_address(api, &parts, Some(caller.workspace_id)).await?;
    let mut transaction = caller.read().await?;
    let found = workflows::trigger_at(&mut transaction, caller.workspace_id, BOOKING, &path).await?;
    let found = found.ok_or_else(unknown)?;
    let version_id = VersionId(found.version_id);
    let version = api.graphs.version(&mut transaction, caller.workspace_id, version_id).await?;
    let config = version.as_deref().and_then(|version| version.node(&found.node_id)).map(|node| node.config.clone());
    let config: DemoBookedConfig = serde_json::from_value(config.unwrap_or_default())
        .map_err(|error| Problem::internal(format!("the trigger at \"{path}\" cannot be read: {error}")))?;
    let hook = config.as_hook();
    let keys = Keys::read(api, &mut transaction, caller.workspace_id, &hook).await?;
    transaction.commit().await?;
    let bytes = body::bytes(&parts, body, INPUT_BYTES_MAX).await?;
    verified(&hook, &keys, &parts, &bytes)?;
    let told = body::parse(&bytes)?;
    if told["event"] != CREATED {
        return Ok(ignored());
    }
    let booking = Booking::read(&told, &path)?;
    let workflow_id = WorkflowId(found.workflow_id);
    take(Found { caller, workflow_id, version_id, node_id: found.node_id, config, path }, booking).await
}

fn ignored() -> Response {
    Json(json!({ "status": "ignored", "lead_id": null })).into_response()
}

impl Booking {
    fn read(told: &Value, path: &str) -> Result<Self, Problem> {
        let payload = told["payload"].clone();
        let text = |name: &str| payload[name].as_str().map(str::to_owned).filter(|text| !text.is_empty());
        let Some(email) = text("email") else {
            let detail = "the booking has no e-mail address at payload.email";
            return Err(Problem::unprocessable(
                "invalid_booking",
                detail,
                "send what Calendly sends for invitee.created",
            ));
        };
        // Calendly signs each repetition anew: what it calls the invitee stays the same.
        let id = text("uri").unwrap_or_else(|| payload.to_string());
        let hash = Sha256::digest(format!("{path}\n{CREATED}\n{id}").as_bytes());
        let once: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { name: text("name"), once: format!("booking:{once}"), email, payload })
    }
}

async fn take(found: Found, booking: Booking) -> Result<Response, Problem> {
    for _ in 0..TRIES_MAX {
        let mut transaction = found.caller.write().await?;
        match write(&mut transaction, &found, &booking).await? {
            Written::Lead(lead_id) => {
                transaction.commit().await?;
                found.caller.cell.ring().await;
                return Ok(Json(json!({ "status": "accepted", "lead_id": lead_id })).into_response());
            }
            Written::Nobody => {
                tracing::info!(path = found.path, "a booking of nobody who is a lead was passed over");
                return Ok(ignored());
            }
            Written::Again => {}
        }
    }
    Err(refusal(Done::Again))
}

enum Written {
    Lead(Uuid),
    Nobody,
    Again,
}

async fn write(transaction: &mut PgTransaction<'static>, found: &Found, booking: &Booking) -> Result<Written, Problem> {
    let workspace_id = found.caller.workspace_id;
    let by = By {
        kind: ByKind::Hook,
        name: "calendly".into(),
        role: None,
        execution_id: None,
        once: Some(booking.once.clone()),
        depth: 0,
    };
    let status = Act::SetStatus {
        which: Which::Email(booking.email.clone()),
        to: found.config.status.clone(),
        from: None,
        reason: Some("a meeting was booked".into()),
    };
    let moved = By { once: None, ..by.clone() };
    if found.config.unknown == UnknownLead::Ignore
        && !capstan_domain::leads::is_known(transaction, workspace_id, &booking.email).await?
    {
        return Ok(Written::Nobody);
    }
    let patch = LeadPatch {
        email: Some(booking.email.clone()),
        name: booking.name.clone(),
        source: Some("calendly".into()),
        ..LeadPatch::default()
    };
    let noted = Some(("webhook_received", json!({ "from": "calendly", "event": CREATED, "booking": booking.payload })));
    let acted = match act(transaction, workspace_id, &by, Act::Upsert { patch, mode: Mode::Fill, noted }).await? {
        Done::Acted(acted) => *acted,
        Done::Again => return Ok(Written::Again),
        refused => return Err(refusal(refused)),
    };
    if acted.replayed {
        return Ok(Written::Lead(acted.lead.lead_id));
    }
    let lead = match act(transaction, workspace_id, &moved, status).await? {
        Done::Acted(moved) => moved.lead,
        // One that is won already stays so; its history tells of the booking.
        Done::Refused(_) => acted.lead,
        Done::Again => return Ok(Written::Again),
        refused => return Err(refusal(refused)),
    };
    let now = now(transaction).await?;
    let start = NewStart {
        workspace_id,
        workflow_id: found.workflow_id,
        version_id: found.version_id,
        node_id: found.node_id.clone(),
        subject: booking.once.clone(),
        cause: "booking",
        at: now,
        input: json!({ "lead": lead.shown(), "booking": booking.payload, "event": CREATED }),
        overlap: Overlap::Allow,
        depth: 0,
        due_at: now,
        until_at: now + Duration::hours(START_WITHIN_HOURS),
        outcome: Outcome::Due,
        trace: None,
    };
    trigger_starts::insert(transaction, &[start]).await?;
    Ok(Written::Lead(lead.lead_id))
}
