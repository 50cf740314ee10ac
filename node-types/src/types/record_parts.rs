//! What the nodes of records share: doing it, and what it came to.

use capstan_domain::events::{DEPTH_MAX, EVENTS_PENDING_MAX, step_event_id};
use capstan_domain::machine::Refused;
use capstan_domain::records::{Act, Done};
use capstan_engine::core::outcome::Outcome;
use serde_json::json;

use crate::node_type::Context;

/// Error classes of these nodes.
const CLASSES: [&str; 6] =
    ["records", "event_loop", "no_such_record", "no_such_type", "transition_forbidden", "invalid_record"];

pub(super) fn classes() -> Vec<String> {
    CLASSES.map(str::to_owned).to_vec()
}

/// Does it, once for the step.
pub(super) async fn run(context: &Context, what: Act) -> Outcome {
    let once = step_event_id(&context.idempotency_key());
    let acting = context.services.records.act(context.workspace_id, context.execution_id, &once, &what);
    match context.database.ask(acting).await {
        Ok(Some(done)) => outcome(done),
        Ok(None) => {
            let reason = format!(
                "{DEPTH_MAX} events led from one to the next up to this change of a record; do workflows answer each \
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
            // What is done again is told as it was the first time; the record is as it is now.
            let (from, to) = acted.entry.map_or((None, None), |entry| (entry.from_state, entry.to_state));
            Outcome::done("out", json!({ "record": acted.record.shown(), "from": from, "to": to }))
        }
        Done::Flawed(flaw) => Outcome::fail("invalid_record", flaw.detail),
        Done::NoType(name) => Outcome::fail("no_such_type", format!("there is no type {name:?} of records")),
        Done::NotFound => Outcome::fail("no_such_record", "there is no such record in this workspace"),
        Done::Refused(
            refused @ (Refused::UnknownState(..) | Refused::UnknownName { .. } | Refused::NoReason { .. }),
        ) => Outcome::fail("config", refused.to_string()),
        Done::Refused(refused) => Outcome::fail("transition_forbidden", refused.to_string()),
        Done::Moved(state) => Outcome::fail("transition_forbidden", format!("the state of the record is {state} now")),
        Done::Stale(revision) => {
            Outcome::fail("transition_forbidden", format!("the revision of the record is {revision} now"))
        }
        Done::Full => {
            let reason = format!("{EVENTS_PENDING_MAX} events of this workspace wait to be looked at already");
            Outcome::retry("records", reason, None)
        }
        Done::Again => Outcome::retry("records", "the record was changed by others at the same time", None),
    }
}
