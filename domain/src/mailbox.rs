//! The sandbox mailbox: mail of workspaces without a mail server, to be looked at.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Mails that are kept of each workspace: the newest.
pub const MAILS_KEPT: i64 = 200;

/// Whose mailbox has the mails to people (sign-up, reset, invitation): no workspace's, since their links open accounts.
pub const TO_PEOPLE: WorkspaceId = WorkspaceId(Uuid::nil());

/// A mail to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    /// In angle brackets; a mail with a known one is the same mail again.
    pub message_id: String,
    /// Name and address.
    pub sender: String,
    /// Addresses, at least one.
    pub recipients: Vec<String>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body_text: String,
    /// The same as HTML, from the author of the workflow: never show it unescaped.
    pub body_html: Option<String>,
}

/// A mail that was kept.
#[derive(Clone, Debug, FromRow)]
pub struct MailRow {
    /// Orders the mails of a workspace by time.
    pub mail_id: Uuid,
    /// In angle brackets.
    pub message_id: String,
    /// Name and address.
    pub sender: String,
    /// Addresses.
    pub recipients: Vec<String>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body_text: String,
    /// HTML; never show it unescaped.
    pub body_html: Option<String>,
    /// When it came.
    pub created_at: DateTime<Utc>,
}

const COLUMNS: &str = "mail_id, message_id, sender, recipients, subject, body_text, body_html, created_at";

/// Keeps a mail and drops those beyond [`MAILS_KEPT`]. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn store_mail(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    mail: &NewMail,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sandbox_mails (workspace_id, mail_id, message_id, sender, recipients, subject, body_text, body_html) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
    )
    .bind(workspace_id.0)
    .bind(Uuid::now_v7())
    .bind(&mail.message_id)
    .bind(&mail.sender)
    .bind(&mail.recipients)
    .bind(&mail.subject)
    .bind(&mail.body_text)
    .bind(&mail.body_html)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM sandbox_mails WHERE workspace_id = $1 AND mail_id <= (\
           SELECT mail_id FROM sandbox_mails WHERE workspace_id = $1 ORDER BY mail_id DESC OFFSET $2 LIMIT 1)",
    )
    .bind(workspace_id.0)
    .bind(MAILS_KEPT)
    .execute(connection)
    .await?;
    Ok(())
}

/// The mails of a workspace, newest first.
///
/// # Errors
/// If the database does.
pub async fn list_mails(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    limit: i64,
) -> Result<Vec<MailRow>, StoreError> {
    let rows = sqlx::query_as(&format!(
        "SELECT {COLUMNS} FROM sandbox_mails WHERE workspace_id = $1 ORDER BY mail_id DESC LIMIT $2"
    ))
    .bind(workspace_id.0)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// One mail of a workspace.
///
/// # Errors
/// If the database does.
pub async fn find_mail(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    mail_id: Uuid,
) -> Result<Option<MailRow>, StoreError> {
    let row = sqlx::query_as(&format!("SELECT {COLUMNS} FROM sandbox_mails WHERE workspace_id = $1 AND mail_id = $2"))
        .bind(workspace_id.0)
        .bind(mail_id)
        .fetch_optional(connection)
        .await?;
    Ok(row)
}
