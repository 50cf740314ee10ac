//! Doing it. Each act is part of one transaction of its caller, which commits only what is [`Done::Acted`].
//!
//! Rows are locked in one order: sources, definitions of fields, the lead, the room for one more, its values, its history, events.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::act::{Act, Acted, Done, Mode, Which};
use super::deleted::restore;
use super::history::{HistoryRow, NewHistory, write};
use super::lead::LeadRow;
use super::note::{Note, TEXT_CHARS_MAX};
use super::patch::{LeadFlaw, LeadPatch, VALUES_BYTES_MAX, email_key};
use super::pipeline::pipeline;
use super::sources::{SOURCE_REST, SOURCES_MAX};
use super::store::{self, Saved};
use super::{fields, find, history, sources};
use crate::by::By;
use crate::events::{NewEvent, is_room, tell};
use crate::machine::Move;
use crate::note_kind::NoteKind;
use crate::quotas::leads_fit;

/// Source of a lead of which nothing else is said.
const SOURCE_DEFAULT: &str = "manual";
/// Most bytes of an event's data, below what events may have; of more it tells what fits.
const TOLD_BYTES_MAX: usize = 48 * 1024;

/// What is told of an act, beside the lead.
pub(super) struct Told {
    pub(super) history: &'static str,
    pub(super) event: Option<&'static str>,
    pub(super) data: Value,
    /// Whether custom values were written.
    pub(super) adds_values: bool,
}

impl Told {
    /// As [`Acted::changes`] has them.
    fn changes(&self) -> Map<String, Value> {
        match self.history {
            "status_changed" if self.data["from"] != self.data["to"] => {
                let moved = json!({ "from": self.data["from"], "to": self.data["to"] });
                Map::from_iter([("status".to_owned(), moved)])
            }
            _ => self.data["changes"].as_object().cloned().unwrap_or_default(),
        }
    }
}

/// Does it. For the roles of the API and of workers.
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
        && let Some(before) = history::done_before(connection, workspace_id, once).await?
    {
        let lead = find::any(connection, workspace_id, before.lead_id).await?;
        let lead = lead.ok_or_else(|| StoreError::Corrupt("the lead of an event is gone".into()))?;
        // A step whose worker died after the commit goes on as it would have.
        let (created, changed) = (before.created(), before.changed());
        return Ok(Done::Acted(Box::new(Acted { lead, created, changed, replayed: true, changes: Map::new() })));
    }
    if !is_room(connection, workspace_id).await? {
        return Ok(Done::Full);
    }
    match act {
        Act::Create { patch, status } => create(connection, workspace_id, by, patch, status).await,
        Act::Upsert { patch, mode, noted } => upsert(connection, workspace_id, by, patch, mode, noted).await,
        Act::Update { which, patch } => {
            let patch = match ready(connection, workspace_id, patch).await? {
                Ok(patch) => patch,
                Err(flaws) => return Ok(Done::Flawed(flaws)),
            };
            let Some(lead_id) = store::lock(connection, workspace_id, &which).await? else {
                return Ok(Done::NotFound);
            };
            change(connection, workspace_id, by, lead_id, (&patch, Mode::Replace), None).await
        }
        Act::SetStatus { which, to, from, reason } => {
            set_status(connection, workspace_id, by, &which, (&to, from.as_deref(), reason.as_deref())).await
        }
        Act::Restore { lead_id } => restore(connection, workspace_id, by, lead_id).await,
        Act::Note { which, note } => note_down(connection, workspace_id, by, &which, &note).await,
    }
}

/// A patch that fits the fields and sources of the workspace, which know it from now on.
async fn ready(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    patch: LeadPatch,
) -> Result<Result<LeadPatch, Vec<LeadFlaw>>, StoreError> {
    let patch = match patch.checked() {
        Ok(patch) => patch,
        Err(flaws) => return Ok(Err(flaws)),
    };
    if let Some(source) = &patch.source
        && !sources::know(connection, workspace_id, source).await?
    {
        let detail = format!("a workspace has at most {SOURCES_MAX} sources");
        return Ok(Err(vec![LeadFlaw::new("source", "too_many", detail)]));
    }
    let flaws = fields::know(connection, workspace_id, &patch.fields).await?;
    Ok(if flaws.is_empty() { Ok(patch) } else { Err(flaws) })
}

/// The same for what anybody may send: what does not fit is left out, not refused. Why, by name.
async fn fitted(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    patch: LeadPatch,
) -> Result<Result<(LeadPatch, Map<String, Value>), Vec<LeadFlaw>>, StoreError> {
    let mut patch = match patch.checked() {
        Ok(patch) => patch,
        Err(flaws) => return Ok(Err(flaws)),
    };
    if let Some(source) = &patch.source
        && !sources::know(connection, workspace_id, source).await?
    {
        sources::know(connection, workspace_id, SOURCE_REST).await?;
        patch.source = Some(SOURCE_REST.into());
    }
    let mut left_out = fields::fit(connection, workspace_id, &mut patch.fields).await?;
    let (values, too_long) = store::lacking(&json!({}), &patch.fields);
    patch.fields = values;
    left_out.extend(too_long);
    Ok(Ok((patch, left_out)))
}

async fn create(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    patch: LeadPatch,
    status: Option<String>,
) -> Result<Done, StoreError> {
    let patch = LeadPatch { source: patch.source.or_else(|| Some(SOURCE_DEFAULT.into())), ..patch };
    if !patch.names_somebody() {
        return Ok(Done::Flawed(vec![nobody()]));
    }
    let patch = match ready(connection, workspace_id, patch).await? {
        Ok(patch) => patch,
        Err(flaws) => return Ok(Done::Flawed(flaws)),
    };
    let machine = pipeline(connection, workspace_id).await?.machine;
    let status = status.unwrap_or_else(|| machine.initial.clone());
    if let Err(refused) = machine.known(&status) {
        return Ok(Done::Refused(refused));
    }
    let Some(lead_id) = store::insert(connection, workspace_id, &patch, &status).await? else {
        let email = Which::Email(patch.email.unwrap_or_default());
        return Ok(Done::Exists(store::lock(connection, workspace_id, &email).await?));
    };
    created(connection, workspace_id, by, lead_id, &patch, None).await
}

fn nobody() -> LeadFlaw {
    LeadFlaw::new("email", "required", "a lead has at least one of email, name, phone and company")
}

async fn upsert(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    patch: LeadPatch,
    mode: Mode,
    noted: Option<(&'static str, Value)>,
) -> Result<Done, StoreError> {
    let patch = LeadPatch { source: patch.source.or_else(|| Some(SOURCE_DEFAULT.into())), ..patch };
    if !patch.names_somebody() {
        return Ok(Done::Flawed(vec![nobody()]));
    }
    let fitting = match mode {
        Mode::Replace => ready(connection, workspace_id, patch).await?.map(|patch| (patch, Map::new())),
        Mode::Fill => fitted(connection, workspace_id, patch).await?,
    };
    let (patch, left_out) = match fitting {
        Ok(fitting) => fitting,
        Err(flaws) => return Ok(Done::Flawed(flaws)),
    };
    let noted = noted.map(|noted| with_left_out(noted, left_out));
    let initial = pipeline(connection, workspace_id).await?.machine.initial;
    if let Some(lead_id) = store::insert(connection, workspace_id, &patch, &initial).await? {
        return created(connection, workspace_id, by, lead_id, &patch, noted).await;
    }
    let email = Which::Email(patch.email.clone().unwrap_or_default());
    // It was there a moment ago. Who comes again makes it anew.
    let Some(lead_id) = store::lock(connection, workspace_id, &email).await? else { return Ok(Done::Again) };
    // Where a lead first came from stays.
    let patch = LeadPatch { source: None, email: None, ..patch };
    change(connection, workspace_id, by, lead_id, (&patch, mode), noted).await
}

/// What is kept of a submission says what of it is not in the lead.
fn with_left_out((history, mut data): (&'static str, Value), left_out: Map<String, Value>) -> (&'static str, Value) {
    if !left_out.is_empty()
        && let Some(data) = data.as_object_mut()
        && let Some(all) = data.entry("left_out").or_insert_with(|| json!({})).as_object_mut()
    {
        all.extend(left_out);
    }
    (history, data)
}

async fn created(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    lead_id: Uuid,
    patch: &LeadPatch,
    noted: Option<(&'static str, Value)>,
) -> Result<Done, StoreError> {
    if let Err(full) = leads_fit(connection, workspace_id).await? {
        return Ok(Done::NoRoom(full));
    }
    fields::write(connection, workspace_id, lead_id, &patch.fields).await?;
    let adds_values = patch.adds_values();
    let told = Told { history: "created", event: Some("lead.created"), data: json!({}), adds_values };
    record(connection, workspace_id, by, lead_id, (true, true), Some(told), noted).await
}

async fn change(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    lead_id: Uuid,
    (patch, mode): (&LeadPatch, Mode),
    noted: Option<(&'static str, Value)>,
) -> Result<Done, StoreError> {
    let (changes, left_out) = match store::save(connection, workspace_id, lead_id, patch, mode).await? {
        Saved::Changes(changes, left_out) => (changes, left_out),
        Saved::Exists => {
            let email = patch.email.as_deref().map(email_key);
            return Ok(Done::Exists(store::of_key(connection, workspace_id, email.as_deref()).await?));
        }
        Saved::Nobody => return Ok(Done::Flawed(vec![nobody()])),
        Saved::Gone => return Ok(Done::NotFound),
    };
    let noted = noted.map(|noted| with_left_out(noted, left_out));
    let changed = !changes.is_empty();
    let event = changed.then_some("lead.updated");
    // What changes nothing is noted if it has to be known when it comes again.
    let is_noted = changed || (by.once.is_some() && noted.is_none());
    let told = is_noted.then(|| Told {
        history: "updated",
        event,
        data: json!({ "changes": Map::from_iter(changes) }),
        adds_values: patch.adds_values(),
    });
    record(connection, workspace_id, by, lead_id, (false, changed), told, noted).await
}

async fn set_status(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    which: &Which,
    (to, expected, reason): (&str, Option<&str>, Option<&str>),
) -> Result<Done, StoreError> {
    if reason.is_some_and(|reason| reason.chars().count() > TEXT_CHARS_MAX) {
        let detail = format!("a reason has at most {TEXT_CHARS_MAX} characters");
        return Ok(Done::Flawed(vec![LeadFlaw::new("reason", "too_long", detail)]));
    }
    let machine = pipeline(connection, workspace_id).await?.machine;
    let Some(lead_id) = store::lock(connection, workspace_id, which).await? else { return Ok(Done::NotFound) };
    let lead = find::find(connection, workspace_id, lead_id).await?;
    let Some(lead) = lead else { return Ok(Done::NotFound) };
    if expected.is_some_and(|expected| expected != lead.status) {
        return Ok(Done::Moved(lead.status));
    }
    let wish = Move { label: "lead", from: &lead.status, to, record: &lead.shown(), why: reason, doer: by.doer() };
    if let Err(refused) = machine.pass(&wish) {
        return Ok(Done::Refused(refused));
    }
    let changed = lead.status != to;
    store::move_to(connection, workspace_id, lead_id, to).await?;
    let told = (changed || by.once.is_some()).then(|| Told {
        history: "status_changed",
        event: changed.then_some("lead.status_changed"),
        data: json!({ "from": lead.status, "to": to, "reason": reason }),
        adds_values: false,
    });
    record(connection, workspace_id, by, lead_id, (false, changed), told, None).await
}

async fn note_down(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    which: &Which,
    note: &Note,
) -> Result<Done, StoreError> {
    if let Some(flaw) = note.flaw() {
        return Ok(Done::Flawed(vec![flaw]));
    }
    let Some(lead_id) = store::lock(connection, workspace_id, which).await? else { return Ok(Done::NotFound) };
    store::touch(connection, workspace_id, lead_id, note.kind == NoteKind::Email).await?;
    let noted = Some((note.kind.as_str(), note.data()));
    record(connection, workspace_id, by, lead_id, (false, false), None, noted).await
}

/// Writes history, and tells others.
pub(super) async fn record(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    lead_id: Uuid,
    (created, changed): (bool, bool),
    told: Option<Told>,
    noted: Option<(&'static str, Value)>,
) -> Result<Done, StoreError> {
    let lead = find::find(connection, workspace_id, lead_id).await?;
    let lead = lead.ok_or_else(|| StoreError::Corrupt("a lead that was just written is gone".into()))?;
    let adds_values = told.as_ref().is_some_and(|told| told.adds_values);
    let changes = told.as_ref().map(Told::changes).unwrap_or_default();
    if adds_values && lead.fields.to_string().len() > VALUES_BYTES_MAX {
        let detail = format!("all custom values of a lead together have at most {VALUES_BYTES_MAX} bytes");
        return Ok(Done::Flawed(vec![LeadFlaw::new("fields", "too_many", detail)]));
    }
    // The key stands in the row that tells best what was done.
    let mut once = by.once.as_deref();
    if let Some((history, data)) = &noted {
        let new = NewHistory { lead_id, history, once: once.take(), data };
        if write(connection, workspace_id, by, &new).await?.is_none() {
            return Ok(Done::Again);
        }
    }
    if let Some(told) = told {
        let new = NewHistory { lead_id, history: told.history, once, data: &told.data };
        let Some(row) = write(connection, workspace_id, by, &new).await? else { return Ok(Done::Again) };
        if let Some(event) = told.event {
            let event = lead_event(event, &lead, &row, &told.data);
            tell(connection, workspace_id, &event, by.depth).await?;
        }
    }
    Ok(Done::Acted(Box::new(Acted { lead, created, changed, replayed: false, changes })))
}

fn lead_event(type_name: &str, lead: &LeadRow, row: &HistoryRow, data: &Value) -> NewEvent {
    let mut shown = json!({ "lead": lead.shown(), "by": { "kind": row.by_kind, "name": row.by_name } });
    for (name, value) in data.as_object().into_iter().flatten() {
        shown[name] = value.clone();
    }
    if shown.to_string().len() > TOLD_BYTES_MAX {
        shown["lead"]["fields"] = Value::Null;
        shown["changes"] = Value::Null;
        shown["truncated"] = Value::Bool(true);
    }
    // Nobody outside can send an id that begins so.
    let id = format!("$lead:{}", row.event_id);
    NewEvent { id, type_name: type_name.into(), key: lead.lead_id.to_string(), data: shown }
}
