//! Acting on leads, and why not.

use axum::http::StatusCode;
use capstan_domain::events::EVENTS_PENDING_MAX;
use capstan_domain::leads::{self, Act, Acted, Done, LeadFlaw};
use uuid::Uuid;

use super::LEAD;
use crate::problem::{Finding, Problem};
use crate::routes::author::{Author, not_moved};

/// How often an act that met another one comes again.
const TRIES_MAX: u32 = 4;

impl Author {
    /// Does it in a transaction of its own, and tells the workers.
    pub(super) async fn act(&self, act: Act) -> Result<Acted, Problem> {
        for _ in 0..TRIES_MAX {
            let mut transaction = self.caller.write().await?;
            let done = leads::act(&mut transaction, self.caller.workspace_id, &self.by, act.clone()).await?;
            match done {
                Done::Acted(acted) => {
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
        Done::Again => busy(),
    }
}

/// Others are in the way, again and again.
fn busy() -> Problem {
    let detail = "others change the same lead at the same time";
    Problem::unavailable("busy", detail, "send it again")
}

fn flawed(flaws: Vec<LeadFlaw>) -> Problem {
    let detail = flaws.first().map(|flaw| flaw.detail.clone()).unwrap_or_default();
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
