//! What the API keeps and settles, in a transaction for the workspace.

use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// For how many hours a link is good, and a submission kept.
pub const LINK_HOURS: i32 = 24;
/// Longest title that is kept for the mail, in characters.
const TITLE_CHARS_MAX: usize = 100;
/// Rows that one call of [`tidy`] removes at most.
const BITE: i64 = 2_000;

/// A submission whose address is to be proven.
#[derive(Clone, Debug)]
pub struct NewSubmission<'a> {
    /// Its id, made by the caller.
    pub submission_id: Uuid,
    /// What makes it known when it is sent again.
    pub once: &'a str,
    /// The workflow of the form.
    pub workflow_id: WorkflowId,
    /// The trigger.
    pub node_id: &'a str,
    /// Where the form answers.
    pub path: &'a str,
    /// What the mail calls the form; what is too long or no text is cut.
    pub title: &'a str,
    /// The address, as [`crate::access::normal_email`] gives it.
    pub email: &'a str,
    /// Name of the credential of the mail server to be used.
    pub credential: Option<&'a str>,
    /// What the execution is to be given.
    pub input: &'a Value,
}

/// A submission that is kept.
#[derive(Clone, Debug, FromRow)]
pub struct Submission {
    /// Its id.
    pub submission_id: Uuid,
    /// What makes it known when it is sent again.
    pub once: String,
    /// The workflow of the form.
    pub workflow_id: Uuid,
    /// The trigger.
    pub node_id: String,
    /// Where the form answered.
    pub path: String,
    /// What the form was called.
    pub title: String,
    /// The address.
    pub email: String,
    /// What the execution is to be given; nothing once it is confirmed.
    pub input: Option<Value>,
    /// When somebody has pressed the button.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Whether its link has ended.
    pub is_over: bool,
}

const COLUMNS: &str = "submission_id, once, workflow_id, node_id, path, title, email, input, confirmed_at, \
    expires_at <= clock_timestamp() AS is_over";

/// Whether a submission is there already, confirmed or not. One whose mail was given up is not: its address was never asked.
///
/// # Errors
/// If the database does.
pub async fn is_kept(connection: &mut PgConnection, workspace_id: WorkspaceId, once: &str) -> Result<bool, StoreError> {
    let kept = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM form_submissions WHERE workspace_id = $1 AND once = $2 \
           AND (confirmed_at IS NOT NULL OR mailed_at IS NOT NULL OR mail_due_at IS NOT NULL))",
    );
    Ok(kept.bind(workspace_id.0).bind(once).fetch_one(connection).await?)
}

/// Keeps a submission, whose mail is due at once; one that is there already stays as it is, but that a mail which was given up is due
/// again, with a link that is good for as long as a new one.
///
/// # Errors
/// If the database does.
pub async fn keep(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: &NewSubmission<'_>,
) -> Result<(), StoreError> {
    let title: String = new.title.chars().filter(|c| !c.is_control()).take(TITLE_CHARS_MAX).collect();
    sqlx::query(
        "INSERT INTO form_submissions AS f (workspace_id, submission_id, once, workflow_id, node_id, path, title, email, credential, \
           input, expires_at, mail_due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + make_interval(hours => $11), clock_timestamp()) \
         ON CONFLICT ON CONSTRAINT form_submissions_once_key DO UPDATE \
         SET mail_due_at = excluded.mail_due_at, expires_at = excluded.expires_at, credential = excluded.credential, mail_tries = 0 \
         WHERE f.confirmed_at IS NULL AND f.mailed_at IS NULL AND f.mail_due_at IS NULL",
    )
    .bind(workspace_id.0)
    .bind(new.submission_id)
    .bind(new.once)
    .bind(new.workflow_id.0)
    .bind(new.node_id)
    .bind(new.path)
    .bind(title)
    .bind(new.email)
    .bind(new.credential)
    .bind(new.input)
    .bind(LINK_HOURS)
    .execute(connection)
    .await?;
    Ok(())
}

/// A submission.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    submission_id: Uuid,
) -> Result<Option<Submission>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM form_submissions WHERE workspace_id = $1 AND submission_id = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(submission_id).fetch_optional(connection).await?)
}

/// The same, and nobody else confirms it until the transaction ends.
///
/// # Errors
/// If the database does.
pub async fn lock(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    submission_id: Uuid,
) -> Result<Option<Submission>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM form_submissions WHERE workspace_id = $1 AND submission_id = $2 FOR UPDATE");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(submission_id).fetch_optional(connection).await?)
}

/// Settles a submission that this transaction has locked, and forgets what was filled in.
///
/// # Errors
/// If the database does.
pub async fn confirm(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    submission_id: Uuid,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE form_submissions SET input = NULL, mail_due_at = NULL, confirmed_at = clock_timestamp() \
         WHERE workspace_id = $1 AND submission_id = $2 AND confirmed_at IS NULL",
    )
    .bind(workspace_id.0)
    .bind(submission_id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes submissions whose links have ended; answers how many. Come again while it is not zero. For the workers' role.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let gone = sqlx::query(
        "DELETE FROM form_submissions WHERE ctid = ANY (ARRAY(SELECT s.ctid FROM form_submissions s \
           WHERE s.expires_at < (SELECT clock_timestamp()) ORDER BY s.expires_at LIMIT $1))",
    );
    Ok(gone.bind(BITE).execute(connection).await?.rows_affected())
}
