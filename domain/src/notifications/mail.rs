//! Mails to people of what they were told. One that is taken is due again soon, unless it is said that it was sent: who dies in between
//! has it sent once more, with the same id. For the access role.

use capstan_engine::store::error::StoreError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::list::IS_THEIRS;

/// Tries of a mail.
const TRIES_MAX: i32 = 5;
/// Minutes until the next try, which grow with each.
const AGAIN_MINUTES: i32 = 5;

/// A mail to be sent.
#[derive(Clone, Debug, FromRow)]
pub struct DueMail {
    /// Of the notification.
    pub notification_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// Their address.
    pub email: String,
    /// Part of addresses of the workspace that it is about.
    pub workspace: Option<String>,
    /// A sentence.
    pub summary: String,
    /// Where to look, below the editor.
    pub page: String,
}

/// Takes the mails that have waited longest. After the last try, whoever takes it, none is due any more. Who is not told of the workspace
/// any more by then gets none.
///
/// # Errors
/// If the database does.
pub async fn take_mails(connection: &mut PgConnection, most: i64) -> Result<Vec<DueMail>, StoreError> {
    let sql = format!(
        "WITH due AS ( \
           SELECT n.user_id, n.notification_id FROM notifications n WHERE n.mail_due_at <= statement_timestamp() \
            ORDER BY n.mail_due_at LIMIT $1 FOR UPDATE SKIP LOCKED), \
         taken AS ( \
           UPDATE notifications n SET mail_tries = n.mail_tries + 1, \
             mail_due_at = CASE WHEN n.mail_tries + 1 < $2 \
                                THEN clock_timestamp() + make_interval(mins => $3 * (n.mail_tries + 1)) END \
             FROM due d WHERE n.user_id = d.user_id AND n.notification_id = d.notification_id \
           RETURNING n.user_id, n.notification_id, n.workspace_id, n.summary, n.page, {IS_THEIRS} AS is_theirs) \
         SELECT k.notification_id, k.user_id, u.email, w.slug AS workspace, k.summary, k.page \
           FROM taken k JOIN users u ON u.user_id = k.user_id LEFT JOIN workspaces w ON w.workspace_id = k.workspace_id \
          WHERE k.is_theirs ORDER BY k.notification_id"
    );
    Ok(sqlx::query_as(&sql).bind(most).bind(TRIES_MAX).bind(AGAIN_MINUTES).fetch_all(connection).await?)
}

/// A mail was sent.
///
/// # Errors
/// If the database does.
pub async fn mailed(connection: &mut PgConnection, mail: &DueMail) -> Result<(), StoreError> {
    sqlx::query("UPDATE notifications SET mail_due_at = NULL WHERE user_id = $1 AND notification_id = $2")
        .bind(mail.user_id)
        .bind(mail.notification_id)
        .execute(connection)
        .await?;
    Ok(())
}
