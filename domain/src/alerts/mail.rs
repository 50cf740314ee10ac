//! Alerts that people are to be mailed of. The API sends them: it alone knows whose members have which address. A mail that is
//! taken is due again soon, unless it is said that it was sent: who dies in between has it sent once more.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::list::{AlertRow, COLUMNS};

/// Tries of a mail.
const TRIES_MAX: i32 = 5;
/// Minutes until the next try, which grow with each.
const AGAIN_MINUTES: i32 = 5;
/// Hours after which nobody is told any more.
const LATE_HOURS: i32 = 24;

/// A mail to be sent.
#[derive(Clone, Debug, FromRow)]
pub struct AlertMail {
    /// What it is about.
    #[sqlx(flatten)]
    pub alert: AlertRow,
    /// When it is tried again.
    pub mail_due_at: DateTime<Utc>,
}

/// The alerts that have waited longest to be told of, of all workspaces of the cell. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn to_mail(connection: &mut PgConnection, most: i32) -> Result<Vec<(WorkspaceId, Uuid)>, StoreError> {
    let due: Vec<(Uuid, Uuid)> = sqlx::query_as("SELECT workspace_id, alert_id FROM alerts_to_mail_1($1)")
        .bind(most)
        .fetch_all(connection)
        .await?;
    Ok(due.into_iter().map(|(workspace, alert)| (WorkspaceId(workspace), alert)).collect())
}

/// Takes a mail; nothing if somebody has taken it, or if it was tried so often or is so late that nobody is told any more. For
/// the API's role, in a transaction for the workspace.
///
/// # Errors
/// If the database does.
pub async fn take_mail(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    alert_id: Uuid,
) -> Result<Option<AlertMail>, StoreError> {
    let given_up = sqlx::query(
        "UPDATE alerts SET mail_due_at = NULL WHERE workspace_id = $1 AND alert_id = $2 AND mail_due_at <= clock_timestamp() \
            AND (mail_tries >= $3 OR coalesce(cleared_at, raised_at) < clock_timestamp() - make_interval(hours => $4))",
    );
    let given_up = given_up.bind(workspace_id.0).bind(alert_id).bind(TRIES_MAX).bind(LATE_HOURS);
    if given_up.execute(&mut *connection).await?.rows_affected() > 0 {
        return Ok(None);
    }
    let sql = format!(
        "UPDATE alerts SET mail_tries = mail_tries + 1, \
           mail_due_at = clock_timestamp() + make_interval(mins => $3 * (mail_tries + 1)) \
          WHERE workspace_id = $1 AND alert_id = $2 AND mail_due_at <= clock_timestamp() RETURNING {COLUMNS}, mail_due_at"
    );
    let taken = sqlx::query_as(&sql);
    Ok(taken.bind(workspace_id.0).bind(alert_id).bind(AGAIN_MINUTES).fetch_optional(connection).await?)
}

/// A mail was sent. If the alert has changed since it was taken, there is another one to be sent.
///
/// # Errors
/// If the database does.
pub async fn mailed(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    mail: &AlertMail,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE alerts SET mail_due_at = NULL WHERE workspace_id = $1 AND alert_id = $2 AND mail_due_at = $3")
        .bind(workspace_id.0)
        .bind(mail.alert.alert_id)
        .bind(mail.mail_due_at)
        .execute(connection)
        .await?;
    Ok(())
}
