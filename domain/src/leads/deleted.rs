//! Leads that were deleted: hidden for a while, and restored.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::{Map, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::act::{Acted, Done};
use super::doing::{Told, record};
use super::pipeline::pipeline;
use super::{find, store};
use crate::by::By;
use crate::quotas::leads_fit;

/// A lead that was deleted, and of which it is still known who it was.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct DeletedLead {
    /// Made by us; orders by time.
    pub lead_id: Uuid,
    /// As it was written.
    pub email: Option<String>,
    /// Of the person.
    pub name: Option<String>,
    /// As it was written.
    pub phone: Option<String>,
    /// Of the firm.
    pub company: Option<String>,
    /// Where it stood.
    pub status: String,
    /// Where it first came from.
    pub source: String,
    /// By the database's clock.
    pub created_at: DateTime<Utc>,
    /// As above.
    pub deleted_at: DateTime<Utc>,
}

/// Leads before `before` that can be restored, the newest made first; by the index `leads_hidden`.
///
/// # Errors
/// If the database does.
pub async fn deleted(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    before: Uuid,
    limit: i64,
) -> Result<Vec<DeletedLead>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT lead_id, email, name, phone, company, status, source, created_at, deleted_at FROM leads \
         WHERE workspace_id = $1 AND lead_id < $2 AND deleted_at IS NOT NULL \
           AND coalesce(email, phone, company, nullif(name, '[erased]')) IS NOT NULL \
         ORDER BY lead_id DESC LIMIT $3",
    );
    Ok(rows.bind(workspace_id.0).bind(before).bind(limit).fetch_all(connection).await?)
}

/// Has a lead be as it was: in its state, with its values and history. One that is there already stays as it is.
pub(super) async fn restore(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    lead_id: Uuid,
) -> Result<Done, StoreError> {
    // Who comes at the same time waits here, and finds it restored.
    let Some(hidden) = store::lock_hidden(connection, workspace_id, lead_id).await? else {
        let found = find::find(connection, workspace_id, lead_id).await?;
        return Ok(found.map_or(Done::NotFound, |lead| {
            Done::Acted(Box::new(Acted { lead, created: false, changed: false, replayed: false, changes: Map::new() }))
        }));
    };
    if let Err(refused) = pipeline(connection, workspace_id).await?.machine.known(&hidden.status) {
        return Ok(Done::Refused(refused));
    }
    if hidden.email_key.is_some()
        && let Some(other) = store::of_key(connection, workspace_id, hidden.email_key.as_deref()).await?
    {
        return Ok(Done::Exists(Some(other)));
    }
    store::show(connection, workspace_id, lead_id).await?;
    if let Err(full) = leads_fit(connection, workspace_id).await? {
        return Ok(Done::NoRoom(full));
    }
    let told = Told { history: "restored", event: Some("lead.restored"), data: json!({}), adds_values: false };
    record(connection, workspace_id, by, lead_id, (true, true), Some(told), None).await
}
