//! Credentials: made, listed, replaced, renamed, tested and deleted; their secrets come in and never go out.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use capstan_domain::audit::Difference;
use capstan_domain::credentials::{self, CREDENTIALS_MAX, CredentialRow, GMAIL, Kept, NewCredential, Renamed, TYPES};
use capstan_domain::secrets::redact::Redactor;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgTransaction;
use uuid::Uuid;

use super::id;
use crate::Api;
use crate::auth::{Caller, Holder};
use crate::body;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

mod findings;
pub(crate) mod gmail;
pub(crate) mod test;
pub(crate) mod uses;
pub(crate) mod wish;

pub(super) use findings::{credential_findings, require_use, require_use_of_step};
use wish::{NewName, Replacement, Wish, checked, checked_name};

/// Most bytes of a request with a credential.
const WISH_BYTES_MAX: usize = 256 * 1024;
/// Most uses that are told.
const USES_MAX: i64 = 100;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /credential-types`: which there are, the schema of their fields, which nodes can use them, and where one may be connected instead
/// of written.
pub(crate) async fn types(State(api): State<Api>, _caller: Caller) -> Response {
    let connects = |kind: &str| (kind == GMAIL && api.consent.client.is_some()).then_some(gmail::BEGIN);
    let items: Vec<Value> = TYPES
        .iter()
        .map(|kind| {
            let secret = kind.fields.iter().filter(|field| field.is_secret).map(|field| field.name);
            json!({
                "type": kind.name, "title": kind.title, "description": kind.description, "fields": kind.schema(),
                "secret_fields": secret.collect::<Vec<_>>(), "fits": kind.fits, "connect": connects(kind.name),
            })
        })
        .collect();
    Json(json!({ "items": items })).into_response()
}

/// `GET /credentials?limit&cursor`: newest first, without their secrets.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let rows = credentials::list(&mut transaction, caller.workspace_id, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.credential_id, |row| show(&row))).into_response())
}

/// `POST /credentials {name, type, allowed_hosts, fields}`: 201. 422 `bad_credential` with all findings, 409 `name_taken` or
/// `too_many_credentials`, 503 `no_secret_keys`.
pub(crate) async fn create(State(api): State<Api>, holder: Holder, request: Request) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    let Wish { name, kind, allowed_hosts, fields } = body::typed(request, WISH_BYTES_MAX).await?;
    let kept = checked(Some(&name), kind, allowed_hosts, fields)?;
    let credential_id = Uuid::now_v7();
    let sealed = kept.seal(&api.settings.keys, caller.workspace_id, credential_id)?;
    let (fields_set, secrets) = (fields_set(&kept), redactor(&kept)?);
    let new = NewCredential {
        credential_id,
        name: &name,
        kind: &kept.kind,
        allowed_hosts: &kept.allowed_hosts,
        fields_set: &fields_set,
        sealed: &sealed,
        by: &key.name,
    };
    let mut transaction = caller.write().await?;
    refuse_if_full(&mut transaction, &caller).await?;
    if !credentials::create(&mut transaction, caller.workspace_id, &new).await? {
        return Err(name_taken(&name));
    }
    let row = found(&mut transaction, &caller, credential_id).await?;
    let made = Difference::between(&Value::Null, &shown(&row)).without(&secrets);
    caller.tells(&mut transaction, made).await?;
    transaction.commit().await?;
    let location = format!("/api/v1/credentials/{credential_id}");
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(show(&row))).into_response())
}

/// `GET /credentials/{id}`: the same as in the list, with the newest versions that name it.
pub(crate) async fn get(caller: Caller, Path(credential_id): Path<String>) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let row = found(&mut transaction, &caller, id(&credential_id, "credential")?).await?;
    let uses = credentials::uses(&mut transaction, caller.workspace_id, row.credential_id, USES_MAX).await?;
    transaction.commit().await?;
    let mut shown = show(&row);
    let used_by =
        uses.iter().map(|used| json!({"workflow_id": used.workflow_id, "name": used.name, "number": used.number}));
    shown["used_by"] = used_by.collect();
    Ok(Json(shown).into_response())
}

/// `PUT /credentials/{id} {allowed_hosts, fields}`: 200. All fields anew: else a host could be added to a secret that one does not
/// know.
pub(crate) async fn replace(
    State(api): State<Api>,
    holder: Holder,
    Path(credential_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    let Replacement { allowed_hosts, fields } = body::typed(request, WISH_BYTES_MAX).await?;
    let mut transaction = caller.write().await?;
    let row = held(&mut transaction, &caller, &credential_id).await?;
    let before = shown(&row);
    let kept = checked(None, row.kind, allowed_hosts, fields)?;
    let sealed = kept.seal(&api.settings.keys, caller.workspace_id, row.credential_id)?;
    let (fields_set, secrets) = (fields_set(&kept), redactor(&kept)?);
    let new = NewCredential {
        credential_id: row.credential_id,
        name: &row.name,
        kind: &kept.kind,
        allowed_hosts: &kept.allowed_hosts,
        fields_set: &fields_set,
        sealed: &sealed,
        by: &key.name,
    };
    if !credentials::replace(&mut transaction, caller.workspace_id, &new).await? {
        return Err(Problem::not_found("credential", &credential_id));
    }
    let row = found(&mut transaction, &caller, row.credential_id).await?;
    let difference = Difference::between(&before, &shown(&row)).without(&secrets);
    caller.tells(&mut transaction, difference).await?;
    transaction.commit().await?;
    Ok(Json(show(&row)).into_response())
}

/// `POST /credentials/{id}/rename {name}`: 200. 409 `credential_in_use` or `name_taken`.
pub(crate) async fn rename(
    holder: Holder,
    Path(credential_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    let NewName { name } = body::typed(request, WISH_BYTES_MAX).await?;
    checked_name(&name)?;
    let mut transaction = caller.write().await?;
    let row = held(&mut transaction, &caller, &credential_id).await?;
    refuse_if_used(&mut transaction, &caller, &row).await?;
    let renamed =
        credentials::rename(&mut transaction, caller.workspace_id, row.credential_id, &name, &key.name).await?;
    if renamed == Renamed::Taken {
        return Err(name_taken(&name));
    }
    let before = shown(&row);
    let row = found(&mut transaction, &caller, row.credential_id).await?;
    caller.differs(&mut transaction, &before, &shown(&row)).await?;
    transaction.commit().await?;
    Ok(Json(show(&row)).into_response())
}

/// `DELETE /credentials/{id}`: 204; the secret is gone. 409 `credential_in_use`.
pub(crate) async fn delete(caller: Caller, Path(credential_id): Path<String>) -> Result<Response, Problem> {
    let mut transaction = caller.write().await?;
    let row = held(&mut transaction, &caller, &credential_id).await?;
    refuse_if_used(&mut transaction, &caller, &row).await?;
    credentials::delete(&mut transaction, caller.workspace_id, row.credential_id).await?;
    caller.differs(&mut transaction, &shown(&row), &Value::Null).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The credential, which nobody changes or publishes a use of until the transaction has ended.
async fn held(
    transaction: &mut PgTransaction<'_>,
    caller: &Caller,
    credential_id: &str,
) -> Result<CredentialRow, Problem> {
    let uuid: Uuid = id(credential_id, "credential")?;
    credentials::hold(transaction, caller.workspace_id, uuid).await?;
    found(transaction, caller, uuid).await
}

async fn found(
    transaction: &mut PgTransaction<'_>,
    caller: &Caller,
    credential_id: Uuid,
) -> Result<CredentialRow, Problem> {
    let row = credentials::find(transaction, caller.workspace_id, credential_id).await?;
    row.ok_or_else(|| Problem::not_found("credential", &credential_id.to_string()))
}

async fn refuse_if_full(transaction: &mut PgTransaction<'_>, caller: &Caller) -> Result<(), Problem> {
    if credentials::count(transaction, caller.workspace_id).await? < CREDENTIALS_MAX {
        return Ok(());
    }
    let detail = format!("this workspace has {CREDENTIALS_MAX} credentials, more than that may not be");
    Err(Problem::conflict("too_many_credentials", detail, "delete those that nothing uses"))
}

/// Of a credential that is held.
async fn refuse_if_used(
    transaction: &mut PgTransaction<'_>,
    caller: &Caller,
    row: &CredentialRow,
) -> Result<(), Problem> {
    let uses = credentials::uses(transaction, caller.workspace_id, row.credential_id, USES_MAX).await?;
    if uses.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = uses.iter().take(5).map(|used| format!("\"{}\"", used.name)).collect();
    let more = if uses.len() > names.len() { " and others" } else { "" };
    let detail = format!("the credential \"{}\" is used by {}{more}", row.name, names.join(", "));
    let hint = "publish these workflows without it first, or replace its fields instead";
    let findings = uses.iter().map(|used| {
        json!({
            "code": "credential_in_use", "pointer": "", "hint": "publish it without the credential",
            "detail": format!("version {} of the workflow \"{}\" names it", used.number, used.name),
        })
    });
    Err(Problem::conflict("credential_in_use", detail, hint).findings(findings))
}

fn name_taken(name: &str) -> Problem {
    let detail = format!("another credential of this workspace is called \"{name}\"");
    Problem::conflict("name_taken", detail, "choose another name, or replace that credential")
}

fn fields_set(kept: &Kept) -> Vec<String> {
    kept.fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name.clone()).collect()
}

/// The secret texts of a credential, which are in nothing that is told of it, not even in its name.
fn redactor(kept: &Kept) -> Result<Redactor, Problem> {
    let redactor = Redactor::default();
    redactor.add(kept.secrets()).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(redactor)
}

/// A credential as the audit log shows it; its revision stands for what its fields hold.
fn shown(row: &CredentialRow) -> Value {
    json!({
        "id": row.credential_id, "name": row.name, "type": row.kind, "allowed_hosts": row.allowed_hosts,
        "fields_set": row.fields_set, "secret": row.revision,
    })
}

fn show(row: &CredentialRow) -> Value {
    let token = row
        .token_expires_at
        .map(|expires_at| json!({"expires_at": expires_at, "refreshed_at": row.token_refreshed_at}));
    json!({
        "id": row.credential_id,
        "name": row.name,
        "type": row.kind,
        "allowed_hosts": row.allowed_hosts,
        "fields_set": row.fields_set,
        "revision": row.revision,
        "key_id": row.key_id,
        "token": token,
        "last_test": test::show(&row.tested),
        "created_at": row.created_at,
        "created_by": row.created_by,
        "updated_at": row.updated_at,
        "updated_by": row.updated_by,
    })
}
