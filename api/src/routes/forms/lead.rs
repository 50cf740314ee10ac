//! Submissions that become leads: lead, values, history, events and the start are one transaction.

use axum::Json;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::leads::{Act, Acted, By, ByKind, Done, LeadPatch, Mode, act};
use capstan_domain::schedules::{Overlap, now};
use capstan_domain::trigger_starts::{self, NewStart, Outcome};
use capstan_node_types::types::{FieldError, LeadMapping};
use chrono::Duration;
use serde_json::{Value, json};
use uuid::Uuid;

use super::found::Found;
use super::{Sent, hashed};
use crate::problem::Problem;
use crate::routes::launch::REPLAYED;
use crate::routes::leads::refusal;

/// How often a submission that met another one of the same lead comes again.
const TRIES_MAX: u32 = 4;
/// For how many hours a start that is refused, such as for a quota, is tried again.
const START_WITHIN_HOURS: i64 = 24;

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

/// Writes the lead and queues the execution, once for each token and what was filled in.
pub(super) async fn note(
    found: &Found,
    mapping: &LeadMapping,
    token: Option<String>,
    input: Value,
) -> Result<Sent, Problem> {
    let token = token.unwrap_or_else(|| Uuid::now_v7().to_string());
    let once = format!("form:{}", hashed(&format!("{}\n{token}\n{input}", found.path)));
    let name = format!("form:{}", found.path);
    let by = By { kind: ByKind::Form, name, role: None, execution_id: None, once: Some(once.clone()), depth: 0 };
    let fields = input.as_object().cloned().unwrap_or_default();
    let patch = LeadPatch { consented: found.config.consent.is_some(), ..mapping.patch(&fields, &found.path) };
    for _ in 0..TRIES_MAX {
        let mut transaction = found.caller.write().await?;
        let noted = Some(("form_submitted", json!({ "form": found.path, "input": input })));
        let what = Act::Upsert { patch: patch.clone(), mode: Mode::Fill, noted };
        match act(&mut transaction, found.caller.workspace_id, &by, what).await? {
            Done::Acted(acted) => {
                // The start came with the lead; its row may be tidied away since, or be that of another node.
                if !acted.replayed {
                    let now = now(&mut transaction).await?;
                    trigger_starts::insert(&mut transaction, &[start(found, &acted, &input, &once, now)]).await?;
                }
                transaction.commit().await?;
                found.caller.cell.ring().await;
                return Ok(Sent::Noted(Noted { lead_id: acted.lead.lead_id, replayed: acted.replayed }));
            }
            Done::Again => {}
            Done::Flawed(flaws) => {
                let of_field = |place: &str| place.strip_prefix("fields/").unwrap_or(place).to_owned();
                let errors = flaws.into_iter();
                let errors =
                    errors.map(|it| FieldError { field: of_field(&it.place), code: it.code, detail: it.detail });
                return Ok(Sent::Wrong(errors.collect()));
            }
            refused => return Err(refusal(refused)),
        }
    }
    Err(refusal(Done::Again))
}

fn start(found: &Found, acted: &Acted, input: &Value, once: &str, now: chrono::DateTime<chrono::Utc>) -> NewStart {
    let mut input = input.clone();
    input["_lead"] = json!({ "id": acted.lead.lead_id, "status": acted.lead.status, "created": acted.created });
    NewStart {
        workspace_id: found.caller.workspace_id,
        workflow_id: found.workflow_id,
        version_id: found.version_id,
        node_id: found.trigger.to_string(),
        subject: once.to_owned(),
        cause: "form",
        at: now,
        input,
        overlap: Overlap::Allow,
        depth: 0,
        due_at: now,
        until_at: now + Duration::hours(START_WITHIN_HOURS),
        outcome: Outcome::Due,
    }
}
