//! What the nodes of leads share: which lead, what is written, and what it came to.

use capstan_domain::events::{DEPTH_MAX, EVENTS_PENDING_MAX, step_event_id};
use capstan_domain::leads::{Act, Acted, Done, LeadFlaw, LeadPatch, Which};
use capstan_domain::machine::Refused;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::parts::{Scalar, has_expression, problem};
use crate::node_type::Context;

/// Error classes of these nodes.
pub(super) const CLASSES: [&str; 6] =
    ["leads", "event_loop", "no_such_lead", "lead_exists", "transition_forbidden", "invalid_lead"];

/// The class of a step whose lead would be one more than the plan allows.
pub(super) const QUOTA: &str = "quota";

pub(super) fn classes() -> Vec<String> {
    CLASSES.map(str::to_owned).to_vec()
}

/// The parts of a lead as a config has them.
pub(super) struct Parts {
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    pub(super) phone: Option<Scalar>,
    pub(super) company: Option<String>,
    pub(super) source: Option<String>,
    pub(super) fields: Option<Map<String, Value>>,
}

impl Parts {
    pub(super) fn patch(self) -> LeadPatch {
        LeadPatch {
            email: self.email,
            name: self.name,
            phone: self.phone.map(|phone| phone.to_string()),
            company: self.company,
            source: self.source,
            fields: self.fields.unwrap_or_default(),
            consented: false,
        }
    }
}

/// The id of a lead, as a config has it.
pub(super) fn id_of(text: &str) -> Result<Uuid, Outcome> {
    text.trim().parse().map_err(|_| {
        let id: String = text.chars().take(60).collect();
        Outcome::fail("config", format!("{id:?} is no id of a lead; use the id that a lead node put out"))
    })
}

/// The lead that a config names by its id or its address.
pub(super) fn which(lead_id: Option<&str>, email: Option<&str>) -> Result<Which, Outcome> {
    match (lead_id, email) {
        (Some(id), _) => id_of(id).map(Which::Id),
        (None, Some(email)) => Ok(Which::Email(email.to_owned())),
        (None, None) => Err(Outcome::fail("config", "neither lead_id nor email says which lead is meant")),
    }
}

/// A finding if neither of the two is written.
pub(super) fn check_which(config: &Value) -> Option<Problem> {
    let is_given = |field: &str| config.get(field).is_some_and(|value| !value.is_null());
    (!is_given("lead_id") && !is_given("email")).then(|| {
        let detail = "nothing says which lead is meant";
        problem("no_lead", "/lead_id", detail, "fill in lead_id, or email")
    })
}

/// A finding if `field` is written as something that the fixed rules of leads refuse.
pub(super) fn check_email(config: &Value) -> Option<Problem> {
    let email = config.get("email")?.as_str().filter(|email| !has_expression(email))?;
    let flaws = LeadPatch { email: Some(email.into()), ..LeadPatch::default() }.checked().err()?;
    let detail = flaws.into_iter().next()?.detail;
    Some(problem("bad_email", "/email", detail, "write an address, or an expression such as {{ input.email }}"))
}

/// Does it, once for the step.
pub(super) async fn run(context: &Context, what: Act) -> Outcome {
    let once = step_event_id(&context.idempotency_key());
    let acting = context.services.leads.act(context.workspace_id, context.execution_id, &once, &what);
    match context.database.ask(acting).await {
        Ok(Some(done)) => outcome(done),
        Ok(None) => {
            let reason = format!(
                "{DEPTH_MAX} events led from one to the next up to this change of a lead; do workflows answer each \
                 other's changes in a circle?"
            );
            Outcome::fail("event_loop", reason)
        }
        Err(away) => away.into(),
    }
}

fn outcome(done: Done) -> Outcome {
    match done {
        Done::Acted(acted) => {
            let Acted { lead, created, changed, .. } = *acted;
            Outcome::done("out", json!({ "lead": lead.shown(), "created": created, "changed": changed }))
        }
        Done::Flawed(flaws) => Outcome::fail("invalid_lead", told(&flaws)),
        Done::Exists(_) => Outcome::fail("lead_exists", "another lead has this e-mail address"),
        Done::NotFound => Outcome::fail("no_such_lead", "there is no such lead in this workspace"),
        Done::Refused(refused @ Refused::UnknownState(..)) => Outcome::fail("config", refused.to_string()),
        Done::Refused(refused) => Outcome::fail("transition_forbidden", refused.to_string()),
        Done::Moved(status) => Outcome::fail("transition_forbidden", format!("the lead is {status} now")),
        Done::Full => {
            let reason = format!("{EVENTS_PENDING_MAX} events of this workspace wait to be looked at already");
            Outcome::retry("leads", reason, None)
        }
        Done::NoRoom(full) => {
            let reason = format!("this workspace has {} leads, and its plan allows {}", full.used, full.units_max);
            Outcome::fail(QUOTA, reason)
        }
        Done::Again => Outcome::retry("leads", "the lead was changed by others at the same time", None),
    }
}

fn told(flaws: &[LeadFlaw]) -> String {
    flaws.iter().map(|flaw| flaw.detail.as_str()).collect::<Vec<_>>().join("; ")
}
