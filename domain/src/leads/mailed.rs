//! Noting what a step has mailed to a lead.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::history::{NewHistory, write};
use super::patch::email_key;
use super::store;
use crate::by::By;

/// A mail that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailed {
    /// Addresses without names; a mail has few.
    pub to: Vec<String>,
    /// One line.
    pub subject: String,
    /// In angle brackets.
    pub message_id: String,
}

/// Notes it on each lead whose address it went to, once for each key; answers on how many. For the role of workers. Locks
/// the leads, in the order of their ids, and then their history, as other acts do.
pub(super) async fn note_mail(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    by: &By,
    mail: &Mailed,
) -> Result<usize, StoreError> {
    let keys: Vec<String> = mail.to.iter().map(|address| email_key(address.trim())).collect();
    // By leads_email_key. In the order of ids it might be another index, through all leads of the workspace.
    let mut leads: Vec<Uuid> = sqlx::query_scalar(
        "SELECT lead_id FROM leads \
         WHERE workspace_id = $1 AND email_key = ANY ($2) AND email_key IS NOT NULL AND deleted_at IS NULL",
    )
    .bind(workspace_id.0)
    .bind(&keys)
    .fetch_all(&mut *connection)
    .await?;
    leads.sort_unstable();
    let data = json!({ "text": mail.subject, "message_id": mail.message_id });
    let mut noted = 0;
    for lead_id in leads {
        // A step that comes again has sent its mail again, too.
        if !store::touch(connection, workspace_id, lead_id, true).await? {
            continue;
        }
        let once = by.once.as_ref().map(|once| format!("{once}:{lead_id}"));
        let new = NewHistory { lead_id, history: "email", once: once.as_deref(), data: &data };
        noted += usize::from(write(connection, workspace_id, by, &new).await?.is_some());
    }
    Ok(noted)
}
