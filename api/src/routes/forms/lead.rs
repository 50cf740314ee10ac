//! Submissions that become leads: lead, values, history, events and the start are one transaction.

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::leads::{Act, By, ByKind, Done, LeadPatch, Mode, act};
use capstan_domain::schedules::now;
use capstan_domain::trigger_starts;
use capstan_node_types::types::{FieldError, LeadMapping};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::found::Found;
use super::{Sent, once, queued};
use crate::problem::Problem;
use crate::routes::launch::REPLAYED;
use crate::routes::leads::refusal;

/// How often a submission that met another one of the same lead comes again.
pub(super) const TRIES_MAX: u32 = 4;

/// A lead that was written, and whose execution is queued.
pub(super) struct Noted {
    lead_id: Uuid,
    replayed: bool,
}

impl IntoResponse for Noted {
    fn into_response(self) -> Response {
        let body = json!({ "lead_id": self.lead_id, "status": "accepted", "replayed": self.replayed });
        let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// What came of writing a lead.
pub(super) enum Written {
    /// It is there with the commit, and its execution is queued.
    Noted(Noted),
    /// Another submission of the same lead was written at the same time: come again.
    Again,
    /// Something has to be corrected.
    Wrong(Vec<FieldError>),
}

/// Writes the lead and queues the execution, once for each token and what was filled in.
pub(super) async fn note(
    found: &Found,
    mapping: &LeadMapping,
    token: Option<String>,
    input: Value,
) -> Result<Sent, Problem> {
    let once = once(found, token, &input);
    for _ in 0..TRIES_MAX {
        let mut transaction = found.caller.write().await?;
        match write(&mut transaction, found, mapping, &once, &input).await? {
            Written::Noted(noted) => {
                transaction.commit().await?;
                found.caller.cell.ring().await;
                return Ok(Sent::Noted(noted));
            }
            Written::Again => {}
            Written::Wrong(errors) => return Ok(Sent::Wrong(errors)),
        }
    }
    Err(refusal(Done::Again))
}

/// The same in a transaction of the caller, once for each `once`.
pub(super) async fn write(
    transaction: &mut PgConnection,
    found: &Found,
    mapping: &LeadMapping,
    once: &str,
    input: &Value,
) -> Result<Written, Problem> {
    let name = format!("form:{}", found.path);
    let by = By { kind: ByKind::Form, name, role: None, execution_id: None, once: Some(once.to_owned()), depth: 0 };
    let fields = input.as_object().cloned().unwrap_or_default();
    let patch = LeadPatch { consented: found.config.consent.is_some(), ..mapping.patch(&fields, &found.path) };
    let noted = Some(("form_submitted", json!({ "form": found.path, "input": input })));
    let what = Act::Upsert { patch, mode: Mode::Fill, noted };
    match act(transaction, found.caller.workspace_id, &by, what).await? {
        Done::Acted(acted) => {
            // The start came with the lead; its row may be tidied away since, or be that of another node.
            if !acted.replayed {
                let mut input = input.clone();
                let lead = json!({ "id": acted.lead.lead_id, "status": acted.lead.status, "created": acted.created });
                input["_lead"] = lead;
                let now = now(transaction).await?;
                trigger_starts::insert(transaction, &[queued(found, input, once, now)]).await?;
            }
            Ok(Written::Noted(Noted { lead_id: acted.lead.lead_id, replayed: acted.replayed }))
        }
        Done::Again => Ok(Written::Again),
        Done::Flawed(flaws) => {
            let of_field = |place: &str| place.strip_prefix("fields/").unwrap_or(place).to_owned();
            let errors = flaws.into_iter();
            let errors = errors.map(|it| FieldError { field: of_field(&it.place), code: it.code, detail: it.detail });
            Ok(Written::Wrong(errors.collect()))
        }
        Done::NoRoom(_) => Err(no_room()),
        refused => Err(refusal(refused)),
    }
}

/// Whoever fills in a form is not told how many leads there are.
fn no_room() -> Problem {
    let detail = "the form takes in nobody new at the moment, and nothing was sent";
    let hint = "tell whom you have the address of the form from";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "quota_exceeded", detail, hint)
}
