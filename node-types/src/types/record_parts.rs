//! What the nodes of records share: doing it, and what it came to.

use capstan_domain::events::{DEPTH_MAX, EVENTS_PENDING_MAX, step_event_id};
use capstan_domain::machine::Refused;
use capstan_domain::records::{Act, Acted, Done};
use capstan_engine::core::outcome::Outcome;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::node_type::Context;

/// Error classes of these nodes.
const CLASSES: [&str; 6] =
    ["records", "event_loop", "no_such_record", "no_such_type", "transition_forbidden", "invalid_record"];

pub(super) fn classes() -> Vec<String> {
    CLASSES.map(str::to_owned).to_vec()
}

/// The id of a record, as a config has it.
pub(super) fn id_of(text: &str) -> Result<Uuid, Outcome> {
    text.trim().parse().map_err(|_| {
        let id: String = text.chars().take(60).collect();
        Outcome::fail("config", format!("{id:?} is no id of a record; use the id that a record node put out"))
    })
}

/// Does it, once for the step.
pub(super) async fn run(context: &Context, what: Act) -> Outcome {
    let once = step_event_id(&context.idempotency_key());
    let shown: fn(&Acted) -> Value = match what {
        Act::Update { .. } => changed,
        Act::Note { .. } => noted,
        _ => moved,
    };
    let acting = context.services.records.act(context.workspace_id, context.execution_id, &once, &what);
    match context.database.ask(acting).await {
        Ok(Some(done)) => outcome(done, shown),
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

// What is done again is told as it was the first time; the record is as it is now.

fn moved(acted: &Acted) -> Value {
    let entry = acted.entry.as_ref();
    let (from, to) = entry.map_or((None, None), |entry| (entry.from_state.as_deref(), entry.to_state.as_deref()));
    json!({ "record": acted.record.shown(), "from": from, "to": to })
}

fn changed(acted: &Acted) -> Value {
    let fields = acted.entry.as_ref().map(|entry| entry.fields.as_slice()).unwrap_or_default();
    json!({ "record": acted.record.shown(), "changed": fields })
}

fn noted(acted: &Acted) -> Value {
    json!({ "record": acted.record.shown() })
}

fn outcome(done: Done, shown: fn(&Acted) -> Value) -> Outcome {
    match done {
        Done::Acted(acted) => Outcome::done("out", shown(&acted)),
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
