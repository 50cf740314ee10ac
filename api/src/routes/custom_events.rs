//! Custom events: facts from outside that executions wait for.

use std::collections::HashSet;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::events::{
    Accepted, BATCH_EVENTS_MAX, DATA_BYTES_MAX, EVENTS_PENDING_MAX, EventFlaw, Intake, KEPT_DAYS, NewEvent, accept,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::launch::REPLAYED;
use crate::auth::Caller;
use crate::body::{self, BODY_BYTES_MAX};
use crate::problem::{Finding, Problem, joined};

/// Most bytes of a request with one event: its data, and room for the rest.
const EVENT_BYTES_MAX: usize = 2 * DATA_BYTES_MAX;

/// An event as clients send it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewEvent")]
pub(crate) struct EventBody {
    #[serde(rename = "type")]
    type_name: String,
    #[serde(default)]
    key: String,
    #[serde(default = "nothing")]
    data: Value,
    id: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewEvents")]
pub(crate) struct Batch {
    events: Vec<EventBody>,
}

/// An event that was taken in.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Event")]
pub(crate) struct EventView {
    id: String,
    #[serde(rename = "type")]
    type_name: String,
    key: String,
    #[schemars(with = "crate::openapi::shapes::Time")]
    at: DateTime<Utc>,
    replayed: bool,
}

fn nothing() -> Value {
    json!({})
}

impl From<EventBody> for NewEvent {
    fn from(body: EventBody) -> Self {
        let EventBody { type_name, key, data, id } = body;
        Self { id: id.unwrap_or_else(|| Uuid::now_v7().to_string()), type_name, key, data }
    }
}

impl From<Accepted> for EventView {
    fn from(Accepted { row, replayed }: Accepted) -> Self {
        Self { id: row.client_id, type_name: row.type_name, key: row.key, at: row.received_at, replayed }
    }
}

/// `POST /events {type, key?, data?, id?}`: 202 with the event once it is durable; one that came before, by its id, again
/// with `Idempotent-Replayed: true`. 422 `invalid_event`, `event_id_reused`; 429 `too_many_events`.
pub(crate) async fn create(caller: Caller, request: Request) -> Result<Response, Problem> {
    let event: EventBody = body::typed(request, EVENT_BYTES_MAX).await?;
    let accepted = take_in(&caller, vec![event.into()], |_, field| format!("/{field}")).await?;
    let view = accepted.into_iter().next().map(EventView::from);
    let view = view.ok_or_else(|| Problem::internal("an event that was taken in is gone"))?;
    let replayed = view.replayed;
    let mut response = (StatusCode::ACCEPTED, Json(view)).into_response();
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// `POST /events/batch {events}`: 202 with the events, in their order; all of them are taken in, or none.
pub(crate) async fn create_batch(caller: Caller, request: Request) -> Result<Response, Problem> {
    let Batch { events } = body::typed(request, BODY_BYTES_MAX).await?;
    if events.is_empty() || events.len() > BATCH_EVENTS_MAX {
        let detail = format!("the batch has {} events", events.len());
        let hint = format!("send 1 to {BATCH_EVENTS_MAX} at a time");
        return Err(Problem::unprocessable("bad_batch", detail, hint));
    }
    let events = events.into_iter().map(NewEvent::from).collect();
    let accepted = take_in(&caller, events, |index, field| format!("/events/{index}/{field}")).await?;
    let views: Vec<EventView> = accepted.into_iter().map(EventView::from).collect();
    Ok((StatusCode::ACCEPTED, Json(json!({ "events": views }))).into_response())
}

/// Takes events in and tells the workers. `pointer` says where in the body a field of an event is.
async fn take_in(
    caller: &Caller,
    events: Vec<NewEvent>,
    pointer: impl Fn(usize, &str) -> String,
) -> Result<Vec<Accepted>, Problem> {
    check(&events, &pointer)?;
    let mut transaction = caller.write().await?;
    match accept(&mut transaction, &caller.cell.room, caller.workspace_id, &events).await? {
        Intake::Accepted(accepted) => {
            transaction.commit().await?;
            caller.cell.ring().await;
            Ok(accepted)
        }
        Intake::Conflict(index) => {
            let id = &events[index].id;
            let detail = format!("the id \"{id}\" was used before for another event");
            let hint = format!("give each event an id of its own; ids are known for {KEPT_DAYS} days");
            let finding = finding("event_id_reused", pointer(index, "id"), detail.clone());
            Err(Problem::unprocessable("event_id_reused", detail, hint).findings([finding]))
        }
        Intake::Full => Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_events",
            format!("{EVENTS_PENDING_MAX} events of this workspace wait to be looked at already"),
            "send it again in a while; workers look at events as they come",
        )),
    }
}

fn check(events: &[NewEvent], pointer: impl Fn(usize, &str) -> String) -> Result<(), Problem> {
    let mut ids = HashSet::new();
    let mut findings: Vec<Finding<'_>> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        if let Err((field, flaw)) = event.check() {
            findings.push(finding(code(&flaw), pointer(index, field), flaw.to_string()));
        } else if !ids.insert(&event.id) {
            let detail = format!("the id \"{}\" comes twice", event.id);
            findings.push(finding("duplicate_id", pointer(index, "id"), detail));
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    let detail = joined(findings.iter().map(|finding| finding.detail.clone()));
    let hint = "each entry of errors names a field; nothing was taken in";
    Err(Problem::unprocessable("invalid_event", detail, hint).findings(findings))
}

fn finding(code: &str, pointer: String, detail: String) -> Finding<'_> {
    Finding { code, pointer, detail, hint: "correct the field".into() }
}

fn code(flaw: &EventFlaw) -> &'static str {
    match flaw {
        EventFlaw::BadType(_) => "bad_type",
        EventFlaw::Reserved(_) => "reserved_type",
        EventFlaw::BadKey => "bad_key",
        EventFlaw::BadId => "bad_id",
        EventFlaw::TooLarge(_) => "data_too_large",
    }
}
