//! Writing rows of leads.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::{Map, Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::act::{Mode, Which};
use super::patch::{LeadPatch, VALUES_BYTES_MAX, email_key};
use super::words::words_of;
use super::{fields, find};

/// What became of changes.
pub(super) enum Saved {
    /// They are written: name, and what was and is; and which custom values were left out, and why.
    Changes(Vec<(String, Value)>, Map<String, Value>),
    /// Another lead has the address.
    Exists,
    /// Nothing would be left by which it is known.
    Nobody,
    /// There is no such lead any more.
    Gone,
}

/// What is not empty.
fn text(value: Option<&String>) -> Option<&str> {
    value.map(String::as_str).filter(|text| !text.is_empty())
}

/// Inserts a lead; nothing if one has the address. Locks nothing but the new row and its keys.
pub(super) async fn insert(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    patch: &LeadPatch,
    status: &str,
) -> Result<Option<Uuid>, StoreError> {
    let email = text(patch.email.as_ref());
    let lead_id = sqlx::query_scalar(
        "INSERT INTO leads (workspace_id, lead_id, email, email_key, name, phone, company, status, source, consented_at, \
           words) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $10 THEN clock_timestamp() END, \
           array_to_tsvector($11::text[])) \
         ON CONFLICT (workspace_id, email_key) WHERE deleted_at IS NULL AND email_key IS NOT NULL DO NOTHING \
         RETURNING lead_id",
    )
    .bind(workspace_id.0)
    .bind(Uuid::now_v7())
    .bind(email)
    .bind(email.map(email_key))
    .bind(text(patch.name.as_ref()))
    .bind(text(patch.phone.as_ref()))
    .bind(text(patch.company.as_ref()))
    .bind(status)
    .bind(patch.source.as_deref().unwrap_or_default())
    .bind(patch.consented)
    .bind(words_of([&patch.name, &patch.company, &patch.email, &patch.phone]))
    .fetch_optional(connection)
    .await?;
    Ok(lead_id)
}

/// Takes the row of a lead until the transaction ends. What is read of it afterwards is what others have left.
pub(super) async fn lock(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    which: &Which,
) -> Result<Option<Uuid>, StoreError> {
    let found = match which {
        Which::Id(lead_id) => sqlx::query_scalar(
            "SELECT lead_id FROM leads WHERE workspace_id = $1 AND lead_id = $2 AND deleted_at IS NULL FOR UPDATE",
        )
        .bind(workspace_id.0)
        .bind(*lead_id),
        Which::Email(email) => sqlx::query_scalar(
            "SELECT lead_id FROM leads WHERE workspace_id = $1 AND email_key = $2 AND deleted_at IS NULL FOR UPDATE",
        )
        .bind(workspace_id.0)
        .bind(email_key(email.trim())),
    };
    Ok(found.fetch_optional(connection).await?)
}

/// The lead of an address, by its key.
pub(super) async fn of_key(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    email_key: Option<&str>,
) -> Result<Option<Uuid>, StoreError> {
    let found = sqlx::query_scalar(
        "SELECT lead_id FROM leads WHERE workspace_id = $1 AND email_key = $2 AND deleted_at IS NULL",
    );
    Ok(found.bind(workspace_id.0).bind(email_key).fetch_optional(connection).await?)
}

/// Writes changes to a lead whose row this transaction has.
pub(super) async fn save(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    lead_id: Uuid,
    patch: &LeadPatch,
    mode: Mode,
) -> Result<Saved, StoreError> {
    let Some(old) = find::find(&mut *connection, workspace_id, lead_id).await? else { return Ok(Saved::Gone) };
    let mut changes = Vec::new();
    let mut merged = |name: &str, old: &Option<String>, new: &Option<String>, mode: Mode| {
        let keeps = new.is_none() || (mode == Mode::Fill && old.is_some());
        let merged = if keeps { old.clone() } else { text(new.as_ref()).map(str::to_owned) };
        if merged != *old {
            changes.push((name.to_owned(), json!({ "from": old, "to": merged })));
        }
        merged
    };
    let email = merged("email", &old.email, &patch.email, Mode::Replace);
    let name = merged("name", &old.name, &patch.name, mode);
    let phone = merged("phone", &old.phone, &patch.phone, mode);
    let company = merged("company", &old.company, &patch.company, mode);
    let source = merged("source", &Some(old.source.clone()), &patch.source, Mode::Replace).unwrap_or(old.source);
    if [&email, &name, &phone, &company].into_iter().all(Option::is_none) {
        return Ok(Saved::Nobody);
    }
    let (values, left_out) = match mode {
        Mode::Replace => (patch.fields.clone(), Map::new()),
        Mode::Fill => lacking(&old.fields, &patch.fields),
    };
    for (field, value) in &values {
        let before = old.fields.get(field).unwrap_or(&Value::Null);
        if before != value {
            changes.push((format!("fields.{field}"), json!({ "from": before, "to": value })));
        }
    }
    let email_key = email.as_deref().map(email_key);
    let is_taken = patch.email.is_some()
        && of_key(&mut *connection, workspace_id, email_key.as_deref()).await?.is_some_and(|other| other != lead_id);
    if is_taken {
        return Ok(Saved::Exists);
    }
    let words = words_of([&name, &company, &email, &phone]);
    let written = sqlx::query(
        "UPDATE leads SET email = $3, email_key = $4, name = $5, phone = $6, company = $7, source = $8, \
           words = array_to_tsvector($11::text[]), \
           consented_at = CASE WHEN $9 THEN clock_timestamp() ELSE consented_at END, \
           updated_at = CASE WHEN $10 THEN clock_timestamp() ELSE updated_at END, last_activity_at = clock_timestamp() \
         WHERE workspace_id = $1 AND lead_id = $2",
    )
    .bind(workspace_id.0)
    .bind(lead_id)
    .bind(email)
    .bind(email_key)
    .bind(name)
    .bind(phone)
    .bind(company)
    .bind(source)
    .bind(patch.consented)
    .bind(!changes.is_empty())
    .bind(words)
    .execute(&mut *connection)
    .await;
    match written {
        // Somebody has just taken the address.
        Err(error) if error.as_database_error().and_then(|it| it.constraint()) == Some("leads_email_key") => {
            return Err(StoreError::LockTimeout);
        }
        written => written?,
    };
    fields::write(connection, workspace_id, lead_id, &values).await?;
    Ok(Saved::Changes(changes, left_out))
}

/// What of `new` is not among `old`, as far as there is room for all of them together; and why the rest is left out, by name.
/// What is there already is neither.
pub(super) fn lacking(old: &Value, new: &Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    /// Quotes, colon and comma.
    const BYTES_AROUND: usize = 4;
    let (mut values, mut left_out) = (Map::new(), Map::new());
    let mut bytes = old.to_string().len();
    for (name, value) in new {
        let needed = name.len() + value.to_string().len() + BYTES_AROUND;
        match old.get(name) {
            Some(before) if before == value => {}
            Some(_) => _ = left_out.insert(name.clone(), "has_value".into()),
            None if bytes + needed > VALUES_BYTES_MAX => _ = left_out.insert(name.clone(), "too_long".into()),
            None => {
                bytes += needed;
                values.insert(name.clone(), value.clone());
            }
        }
    }
    (values, left_out)
}

/// Gives a lead another status.
pub(super) async fn move_to(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    lead_id: Uuid,
    status: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE leads SET status = $3, last_activity_at = clock_timestamp(), \
           updated_at = CASE WHEN status <> $3 THEN clock_timestamp() ELSE updated_at END \
         WHERE workspace_id = $1 AND lead_id = $2",
    )
    .bind(workspace_id.0)
    .bind(lead_id)
    .bind(status)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that something was done. False if there is no such lead.
pub(super) async fn touch(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    lead_id: Uuid,
    is_email: bool,
) -> Result<bool, StoreError> {
    let touched = sqlx::query(
        "UPDATE leads SET last_activity_at = clock_timestamp(), \
           last_email_at = CASE WHEN $3 THEN clock_timestamp() ELSE last_email_at END \
         WHERE workspace_id = $1 AND lead_id = $2 AND deleted_at IS NULL",
    );
    Ok(touched.bind(workspace_id.0).bind(lead_id).bind(is_email).execute(connection).await?.rows_affected() > 0)
}

/// Hides a lead. False if there is no such lead.
pub(super) async fn hide(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    lead_id: Uuid,
) -> Result<bool, StoreError> {
    let hidden = sqlx::query(
        "UPDATE leads SET deleted_at = clock_timestamp(), updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND lead_id = $2 AND deleted_at IS NULL",
    );
    Ok(hidden.bind(workspace_id.0).bind(lead_id).execute(connection).await?.rows_affected() > 0)
}

/// What is looked at before a hidden lead is shown.
#[derive(FromRow)]
pub(super) struct Hidden {
    pub(super) status: String,
    pub(super) email_key: Option<String>,
}

/// Takes the row of a hidden lead of which it is still known who it was, until the transaction ends.
pub(super) async fn lock_hidden(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    lead_id: Uuid,
) -> Result<Option<Hidden>, StoreError> {
    let found = sqlx::query_as(
        "SELECT status, email_key FROM leads WHERE workspace_id = $1 AND lead_id = $2 AND deleted_at IS NOT NULL \
           AND coalesce(email, phone, company, nullif(name, '[erased]')) IS NOT NULL FOR UPDATE",
    );
    Ok(found.bind(workspace_id.0).bind(lead_id).fetch_optional(connection).await?)
}

/// Shows a lead again whose row this transaction has.
pub(super) async fn show(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    lead_id: Uuid,
) -> Result<(), StoreError> {
    let shown = sqlx::query(
        "UPDATE leads SET deleted_at = NULL, updated_at = clock_timestamp(), last_activity_at = clock_timestamp() \
         WHERE workspace_id = $1 AND lead_id = $2",
    );
    match shown.bind(workspace_id.0).bind(lead_id).execute(connection).await {
        // Somebody has just taken the address.
        Err(error) if error.as_database_error().and_then(|it| it.constraint()) == Some("leads_email_key") => {
            return Err(StoreError::LockTimeout);
        }
        shown => shown?,
    };
    Ok(())
}
