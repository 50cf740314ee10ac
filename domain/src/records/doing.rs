//! Doing it. Each act is part of one transaction of its caller, which commits only what is [`Done::Acted`].
//!
//! Locks are taken in one order: the types of the workspace, the record, its history, events.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::act::{Act, Acted, Done, Goal, RecordFlaw};
use super::data::{check, merged};
use super::deleted::restore;
use super::event::event_of;
use super::history::{self, EntryKind, NewEntry};
use super::note::write_down;
use super::record::RecordRow;
use super::store;
use super::types::{hold_types, record_type};
use crate::by::By;
use crate::events::{is_room, tell};
use crate::machine::{Machine, Move, Refused};

/// Longest reason of a transition, in characters.
pub const REASON_CHARS_MAX: usize = 2_000;

/// How a record is to be moved.
struct Wish {
    record_id: Uuid,
    goal: Goal,
    from: Option<String>,
    reason: Option<String>,
    expected: Option<i32>,
}

/// Does it. For the roles of the API and of workers; these make, change and move records only.
///
/// # Errors
/// If the database does.
pub async fn act(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    act: Act,
) -> Result<Done, StoreError> {
    if let Some(once) = &by.once
        && let Some(entry) = history::done_before(connection, workspace_id, once).await?
    {
        let record = store::any(connection, workspace_id, entry.record_id).await?;
        let record = record.ok_or_else(|| StoreError::Corrupt("the record of an entry is gone".into()))?;
        return Ok(Done::Acted(Box::new(Acted { record, before: None, entry: Some(entry), replayed: true })));
    }
    if !is_room(connection, workspace_id).await? {
        return Ok(Done::Full);
    }
    hold_types(connection, workspace_id).await?;
    match act {
        Act::Create { type_name, data } => create(connection, workspace_id, by, type_name, data).await,
        Act::Update { record_id, data, expected } => {
            update(connection, workspace_id, by, record_id, data, expected).await
        }
        Act::Transition { record_id, goal, from, reason, expected } => {
            let wish = Wish { record_id, goal, from, reason, expected };
            transition(connection, workspace_id, by, wish).await
        }
        Act::Delete { record_id } => {
            let Some(record) = store::lock(connection, workspace_id, record_id).await? else {
                return Ok(Done::NotFound);
            };
            let hidden = store::hide(connection, workspace_id, record_id).await?;
            let entry = NewEntry::of(record_id, EntryKind::Deleted);
            note(connection, workspace_id, by, (Some(record), hidden), &entry).await
        }
        Act::Note { record_id, kind, text } => write_down(connection, workspace_id, by, record_id, (kind, &text)).await,
        Act::Restore { record_id } => restore(connection, workspace_id, by, record_id).await,
    }
}

async fn create(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    type_name: String,
    data: Map<String, Value>,
) -> Result<Done, StoreError> {
    let (data, _) = merged(&json!({}), data);
    if let Err(flaw) = check(&data) {
        return Ok(Done::Flawed(flaw));
    }
    let Some(of) = record_type(connection, workspace_id, &type_name).await? else {
        return Ok(Done::NoType(type_name.chars().take(60).collect()));
    };
    let initial = of.machine.initial.as_str();
    let record = store::insert(connection, workspace_id, &of.name, initial, &data).await?;
    let entry = NewEntry { to: Some(initial), ..NewEntry::of(record.record_id, EntryKind::Created) };
    note(connection, workspace_id, by, (None, record), &entry).await
}

async fn update(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    record_id: Uuid,
    change: Map<String, Value>,
    expected: Option<i32>,
) -> Result<Done, StoreError> {
    let Some(record) = store::lock(connection, workspace_id, record_id).await? else { return Ok(Done::NotFound) };
    if expected.is_some_and(|expected| expected != record.revision) {
        return Ok(Done::Stale(record.revision));
    }
    let (data, changed) = merged(&record.data, change);
    if let Err(flaw) = check(&data) {
        return Ok(Done::Flawed(flaw));
    }
    if changed.is_empty() {
        let before = Some(record.clone());
        return Ok(Done::Acted(Box::new(Acted { record, before, entry: None, replayed: false })));
    }
    let rewritten = store::rewrite(connection, workspace_id, record_id, &data).await?;
    let entry = NewEntry { fields: &changed, ..NewEntry::of(record_id, EntryKind::Updated) };
    note(connection, workspace_id, by, (Some(record), rewritten), &entry).await
}

/// The one place where records are moved.
async fn transition(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    wish: Wish,
) -> Result<Done, StoreError> {
    let Wish { record_id, goal, from, reason, expected } = wish;
    let reason = reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
        let detail = format!("a reason has at most {REASON_CHARS_MAX} characters");
        return Ok(Done::Flawed(RecordFlaw::new("/reason", "too_long", detail)));
    }
    // Who comes at the same time waits here, and finds where the first one went.
    let Some(record) = store::lock(connection, workspace_id, record_id).await? else { return Ok(Done::NotFound) };
    if from.is_some_and(|from| from != record.state) {
        return Ok(Done::Moved(record.state));
    }
    if expected.is_some_and(|expected| expected != record.revision) {
        return Ok(Done::Stale(record.revision));
    }
    let Some(of) = record_type(connection, workspace_id, &record.type_name).await? else {
        return Ok(Done::NoType(record.type_name));
    };
    let to = match judged(&of.machine, &record, &goal, reason, by) {
        Ok(to) => to,
        Err(refused) => return Ok(Done::Refused(refused)),
    };
    let moved = store::move_to(connection, workspace_id, record_id, &to).await?;
    let from = record.state.clone();
    let entry = NewEntry {
        from: Some(&from),
        to: Some(&to),
        transition: of.machine.way(&from, &to).and_then(|way| way.name.as_deref()),
        reason,
        ..NewEntry::of(record_id, EntryKind::Transitioned)
    };
    note(connection, workspace_id, by, (Some(record), moved), &entry).await
}

/// The state that the record goes to. Staying is refused, too: it is no transition of any machine.
fn judged(
    machine: &Machine,
    record: &RecordRow,
    goal: &Goal,
    reason: Option<&str>,
    by: &By,
) -> Result<String, Refused> {
    let to = match goal {
        Goal::State(to) => to,
        Goal::Called(name) => &machine.way_called(&record.state, name)?.to,
    };
    let (label, from) = (record.type_name.as_str(), record.state.as_str());
    let wish = Move { label, from, to, record: &record.shown(), why: reason, doer: by.doer() };
    if from == to {
        return Err(machine.forbidden(&wish));
    }
    machine.pass(&wish)?;
    Ok(to.clone())
}

/// Writes history, and tells others.
pub(super) async fn note(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    (before, record): (Option<RecordRow>, RecordRow),
    new: &NewEntry<'_>,
) -> Result<Done, StoreError> {
    let Some(entry) = history::write(connection, workspace_id, by, new).await? else { return Ok(Done::Again) };
    if let Some(event) = event_of(new.kind, &record, &entry) {
        tell(connection, workspace_id, &event, by.depth).await?;
    }
    Ok(Done::Acted(Box::new(Acted { record, before, entry: Some(entry), replayed: false })))
}
