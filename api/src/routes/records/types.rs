//! Types of records: which states their records have, and which ways there are between these.

use axum::Json;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use capstan_domain::machine::{Machine, MachineFlaw, MachineState, Transition, is_name};
use capstan_domain::records::{
    DeleteType, IN_USE_SHOWN, PutType, RecordInUse, RecordType, TYPES_MAX, TypeWish, delete_type, put_type,
    record_type, record_types,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::doing::wished_revision;
use super::{TYPE, TYPE_BYTES_MAX};
use crate::auth::Caller;
use crate::body;
use crate::openapi::shapes::Time;
use crate::problem::{Finding, Problem, joined};
use crate::routes::leads::pipeline::told_machine;
use crate::routes::workflows::{etag, expected_revision, stale};

/// All types.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RecordTypeList")]
pub(crate) struct TypeList {
    items: Vec<TypeSummary>,
}

/// A type as lists show it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RecordTypeSummary")]
pub(crate) struct TypeSummary {
    name: String,
    label: String,
    /// 0 as it is shipped.
    revision: i32,
    /// Whether it is as it is shipped.
    shipped: bool,
}

/// A type: its states, the ways between them, and how often it was changed, which is 0 as it is shipped.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RecordType")]
pub(crate) struct TypeView {
    name: String,
    label: String,
    #[serde(flatten)]
    machine: Machine,
    revision: i32,
    /// Whether it is as it is shipped.
    shipped: bool,
    #[schemars(with = "Option<Time>")]
    updated_at: Option<DateTime<Utc>>,
}

/// A definition.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    label: String,
    initial: String,
    states: Vec<MachineState>,
    transitions: Vec<Transition>,
}

fn shown(status: StatusCode, of: RecordType) -> Response {
    let RecordType { name, label, machine, revision, updated_at } = of;
    let view = TypeView { name, label, machine, revision, shipped: revision == 0, updated_at };
    (status, [(ETAG, etag(revision))], Json(view)).into_response()
}

/// A type as the audit log shows it.
fn told(of: &RecordType) -> Value {
    let mut told = told_machine(&of.machine);
    (told["name"], told["label"], told["revision"]) = (json!(of.name), json!(of.label), json!(of.revision));
    told
}

/// `GET /record-types`.
pub(crate) async fn list(caller: Caller) -> Result<Json<TypeList>, Problem> {
    let mut transaction = caller.read().await?;
    let types = record_types(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    let items = types.into_iter().map(|RecordType { name, label, revision, .. }| TypeSummary {
        name,
        label,
        revision,
        shipped: revision == 0,
    });
    Ok(Json(TypeList { items: items.collect() }))
}

/// `GET /record-types/{name}`, with its `ETag`. 404 unknown.
pub(crate) async fn get(caller: Caller, Path(name): Path<String>) -> Result<Response, Problem> {
    require_name(&name)?;
    let mut transaction = caller.read().await?;
    let found = record_type(&mut transaction, caller.workspace_id, &name).await?;
    transaction.commit().await?;
    Ok(shown(StatusCode::OK, found.ok_or_else(|| Problem::not_found(TYPE, &name))?))
}

/// `PUT /record-types/{name} {label, initial, states, transitions}`: the type; with `If-Match` in place of the one there is,
/// else 201. 409 `state_in_use`, 412 if it has another revision, 422 `invalid_type`, `too_many_types`, 428 without
/// `If-Match`.
pub(crate) async fn put(caller: Caller, Path(name): Path<String>, request: Request) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let Wish { label, initial, states, transitions } = body::typed(request, TYPE_BYTES_MAX).await?;
    let wish = TypeWish { label, machine: Machine { initial, states, transitions } };
    let flaws = wish.check(&name);
    if !flaws.is_empty() {
        return Err(invalid(flaws));
    }
    let mut transaction = caller.write().await?;
    let before = record_type(&mut transaction, caller.workspace_id, &name).await?;
    let expected = match &before {
        Some(current) => Some(expected_revision(&headers, current.revision)?),
        None if wished_revision(&headers)?.is_some_and(|revision| revision > 0) => return Err(stale()),
        None => None,
    };
    match put_type(&mut transaction, caller.workspace_id, &name, expected, wish).await? {
        PutType::Put(of) => {
            let before = before.as_ref().map_or(Value::Null, told);
            caller.differs(&mut transaction, &before, &told(&of)).await?;
            transaction.commit().await?;
            Ok(shown(if expected.is_none() { StatusCode::CREATED } else { StatusCode::OK }, of))
        }
        PutType::Stale => Err(stale()),
        PutType::InUse(records) => {
            let detail = format!("records are in states that the new type does not have: {}", named(&records));
            Err(Problem::conflict("state_in_use", detail, "move or delete these records first, or keep the states"))
        }
        PutType::TooMany => {
            let detail = format!("this workspace has {TYPES_MAX} types of its own, which is the most");
            Err(Problem::unprocessable("too_many_types", detail, "delete one that is not needed"))
        }
    }
}

/// `DELETE /record-types/{name}`: 204; one that is shipped holds again as it is shipped. 404 unknown, or as it is shipped; 409
/// `state_in_use`.
pub(crate) async fn delete(caller: Caller, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    require_name(&name)?;
    let mut transaction = caller.write().await?;
    match delete_type(&mut transaction, caller.workspace_id, &name).await? {
        DeleteType::Deleted(old) => {
            let after = record_type(&mut transaction, caller.workspace_id, &name).await?;
            let after = after.as_ref().map_or(Value::Null, told);
            caller.differs(&mut transaction, &told(&old), &after).await?;
            transaction.commit().await?;
            Ok(StatusCode::NO_CONTENT)
        }
        DeleteType::NotFound => Err(Problem::not_found(TYPE, &name)),
        DeleteType::InUse(records) => {
            let detail = format!("records are in states that would be gone: {}", named(&records));
            Err(Problem::conflict("state_in_use", detail, "move or delete these records first"))
        }
    }
}

fn invalid(flaws: Vec<MachineFlaw>) -> Problem {
    let detail = joined(flaws.iter().map(|flaw| flaw.detail.clone()));
    let findings = flaws.into_iter().map(|flaw| Finding {
        code: "invalid",
        pointer: flaw.pointer,
        detail: flaw.detail,
        hint: "correct this part".into(),
    });
    Problem::unprocessable("invalid_type", detail, "each entry of errors names a place").findings(findings)
}

/// What can be no name of a type cannot exist: 404.
fn require_name(name: &str) -> Result<(), Problem> {
    if is_name(name) { Ok(()) } else { Err(Problem::not_found(TYPE, name)) }
}

/// The first of them, each with its state.
fn named(records: &[RecordInUse]) -> String {
    let shown = records.iter().take(IN_USE_SHOWN).map(|(record_id, state)| format!("{record_id} ({state})"));
    let more = if records.len() > IN_USE_SHOWN { " and more" } else { "" };
    shown.collect::<Vec<_>>().join(", ") + more
}
