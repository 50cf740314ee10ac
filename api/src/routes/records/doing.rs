//! Acting on records, and why not.

use axum::http::header::IF_MATCH;
use axum::http::{HeaderMap, StatusCode};
use capstan_domain::audit::Difference;
use capstan_domain::events::EVENTS_PENDING_MAX;
use capstan_domain::records::{self, Act, Acted, Done, EntryKind, RecordFlaw, RecordRow};
use serde_json::{Value, json};
use uuid::Uuid;

use super::RECORD;
use crate::entity_tags::Named;
use crate::problem::{Finding, Problem};
use crate::routes::author::{Author, not_moved};
use crate::routes::workflows::stale;

/// Does it in a transaction of its own, and tells the workers.
pub(super) async fn act(author: &Author, what: Act) -> Result<Acted, Problem> {
    let mut transaction = author.caller.write().await?;
    match records::act(&mut transaction, author.caller.workspace_id, &author.by, what).await? {
        Done::Acted(acted) => {
            author.caller.tells(&mut transaction, difference(&acted)).await?;
            transaction.commit().await?;
            author.caller.cell.ring().await;
            Ok(*acted)
        }
        refused => Err(refusal(refused)),
    }
}

/// How a record differs, as the audit log shows it: of its data only which fields changed, since nobody can be erased from
/// the log.
fn difference(acted: &Acted) -> Difference {
    let told = |row: &RecordRow| {
        json!({
            "id": row.record_id, "type": row.type_name, "state": row.state, "data": row.data, "revision": row.revision,
        })
    };
    let before = acted.before.as_ref().map_or(Value::Null, told);
    let is_gone = acted.entry.as_ref().is_some_and(|entry| entry.kind == EntryKind::Deleted.as_str());
    let after = if is_gone { Value::Null } else { told(&acted.record) };
    Difference::between(&before, &after).hiding(&["data"])
}

/// The revision that the request says it changes, if it does; `*` is any. What cannot be one is none of ours: 412.
pub(super) fn wished_revision(headers: &HeaderMap) -> Result<Option<i32>, Problem> {
    let Some(named) = Named::by(headers, IF_MATCH).filter(|named| *named != Named::Any) else { return Ok(None) };
    let revision = named.strong().find_map(|tag| tag.parse().ok());
    revision.map(Some).ok_or_else(stale)
}

fn refusal(done: Done) -> Problem {
    match done {
        Done::Acted(_) => Problem::internal("what was done is no refusal"),
        Done::Flawed(flaw) => flawed(flaw),
        Done::NoType(name) => {
            let detail = format!("there is no type {name:?} of records in this workspace");
            Problem::unprocessable("unknown_type", detail, "GET /api/v1/record-types lists the types")
        }
        Done::NotFound => Problem::not_found(RECORD, "that was asked for"),
        Done::Refused(refused) => not_moved(
            &refused,
            "unknown_state",
            "GET /api/v1/record-types/{name} has the states and the ways between them",
        ),
        Done::Moved(state) => {
            let detail = format!("somebody has moved the record: its state is {state} now");
            Problem::conflict("state_changed", detail, "look at it again, and decide anew")
        }
        Done::Stale(_) => stale(),
        Done::Full => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_events",
            format!("{EVENTS_PENDING_MAX} events of this workspace wait to be looked at already"),
            "send it again in a while; workers look at events as they come",
        ),
        Done::Again => Problem::unavailable("busy", "others change the same record at the same time", "send it again"),
    }
}

fn flawed(RecordFlaw { pointer, code, detail }: RecordFlaw) -> Problem {
    let finding = Finding { code, pointer, detail: detail.clone(), hint: "correct the field".into() };
    let hint = "each entry of errors names a field; nothing was written";
    Problem::unprocessable("invalid_record", detail, hint).findings([finding])
}

pub(super) fn no_such(record_id: Uuid) -> Problem {
    Problem::not_found(RECORD, &record_id.to_string())
}
