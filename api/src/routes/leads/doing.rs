//! Acting on leads, and why not.

use axum::http::StatusCode;
use capstan_domain::audit::Difference;
use capstan_domain::events::EVENTS_PENDING_MAX;
use capstan_domain::leads::{self, Act, Acted, Done, LeadFlaw};
use serde_json::{Value, json};
use uuid::Uuid;

use super::LEAD;
use crate::problem::{Finding, Problem, joined};
use crate::routes::author::{Author, not_moved};

/// How often an act that met another one comes again.
const TRIES_MAX: u32 = 4;

/// What of a lead is about the person.
const PERSONAL: [&str; 5] = ["email", "name", "phone", "company", "fields"];

impl Author {
    /// Does it in a transaction of its own, and tells the workers.
    pub(super) async fn act(&self, act: Act) -> Result<Acted, Problem> {
        for _ in 0..TRIES_MAX {
            let mut transaction = self.caller.write().await?;
            let done = leads::act(&mut transaction, self.caller.workspace_id, &self.by, act.clone()).await?;
            match done {
                Done::Acted(acted) => {
                    self.caller.tells(&mut transaction, difference(&acted)).await?;
                    transaction.commit().await?;
                    self.caller.cell.ring().await;
                    return Ok(*acted);
                }
                Done::Again => {}
                refused => return Err(refusal(refused)),
            }
        }
        Err(busy())
    }
}

/// How a lead differs, as the audit log shows it: where it stands and came from; of the person only which members changed, since
/// nobody can be erased from the log.
fn difference(acted: &Acted) -> Difference {
    if acted.created {
        return gone_or_made(&Value::Null, &acted.lead.shown());
    }
    let [mut before, mut after] = [json!({ "fields": {} }), json!({ "fields": {} })];
    for (name, change) in &acted.changes {
        for (side, word) in [(&mut before, "from"), (&mut after, "to")] {
            match name.strip_prefix("fields.") {
                Some(field) => side["fields"][field] = change[word].clone(),
                None => side[name] = change[word].clone(),
            }
        }
    }
    Difference::between(&before, &after).hiding(&PERSONAL)
}

/// The same of a lead that is new, or no more; null for none.
pub(super) fn gone_or_made(before: &Value, after: &Value) -> Difference {
    let told = |lead: &Value| match lead {
        Value::Object(members) => {
            let told = members.iter().filter(|(name, value)| !name.ends_with("_at") && **value != json!({}));
            told.map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        _ => Value::Null,
    };
    Difference::between(&told(before), &told(after)).hiding(&PERSONAL)
}

/// Why an act was not done.
pub(in crate::routes) fn refusal(done: Done) -> Problem {
    match done {
        Done::Acted(_) => Problem::internal("what was done is no refusal"),
        Done::Flawed(flaws) => flawed(flaws),
        Done::Exists(lead_id) => {
            let id = lead_id.map(|id| format!(": {id}")).unwrap_or_default();
            let detail = format!("another lead of this workspace has this e-mail address{id}");
            Problem::conflict("lead_exists", detail, "change that one, or leave the address out")
        }
        Done::NotFound => Problem::not_found(LEAD, "that was asked for"),
        Done::Refused(refused) => not_moved(
            &refused,
            "unknown_status",
            "GET /api/v1/lead-pipeline lists the states and the ways between them",
        ),
        Done::Moved(status) => {
            let detail = format!("somebody has moved the lead: its status is {status} now");
            Problem::conflict("status_changed", detail, "look at it again, and decide anew")
        }
        Done::Full => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_events",
            format!("{EVENTS_PENDING_MAX} events of this workspace wait to be looked at already"),
            "send it again in a while; workers look at events as they come",
        ),
        Done::NoRoom(full) => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "quota_exceeded",
            format!("this workspace has {} leads, and its plan allows {}", full.used, full.units_max),
            "delete leads that are not needed, or have the quota raised",
        ),
        Done::Again => busy(),
    }
}

/// Others are in the way, again and again.
fn busy() -> Problem {
    let detail = "others change the same lead at the same time";
    Problem::unavailable("busy", detail, "send it again")
}

fn flawed(flaws: Vec<LeadFlaw>) -> Problem {
    let detail = joined(flaws.iter().map(|flaw| flaw.detail.clone()));
    let findings = flaws.into_iter().map(|flaw| Finding {
        code: flaw.code,
        pointer: format!("/{}", flaw.place),
        detail: flaw.detail,
        hint: "correct the field".into(),
    });
    Problem::unprocessable("invalid_lead", detail, "each entry of errors names a field; nothing was written")
        .findings(findings)
}

pub(super) fn no_such(lead_id: Uuid) -> Problem {
    Problem::not_found(LEAD, &lead_id.to_string())
}
