//! The mails, for the workers' role. A mail that is taken is due again soon, unless it is said that it was sent or will not be: who
//! dies in between has it sent once more, with the same link and message id.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Tries of a mail.
pub const TRIES_MAX: i32 = 6;
/// Time until a mail is tried again, in seconds; twice as long after each try. Longer than a try may take.
const AGAIN_S: f64 = 90.0;
/// Mails that are due among which turns are given, by workspace.
const WINDOW: i64 = 500;
/// Longest reason that is kept, in characters.
const REASON_CHARS_MAX: usize = 500;

/// A mail to be sent.
#[derive(Clone, Debug, FromRow)]
pub struct DueMail {
    /// The tenant.
    pub workspace_id: Uuid,
    /// What was filled in.
    pub submission_id: Uuid,
    /// What the form is called.
    pub title: String,
    /// Whom it is to.
    pub email: String,
    /// Name of the credential of the mail server.
    pub credential: Option<String>,
    /// When its link ends.
    pub expires_at: DateTime<Utc>,
    /// Which try this is, from 1 on.
    pub tries: i32,
    /// Time of the database.
    pub now: DateTime<Utc>,
}

/// What whoever sends has room for.
#[derive(Clone, Copy, Debug)]
pub struct Room<'a> {
    /// Mails.
    pub places: usize,
    /// Of one workspace at most.
    pub share: usize,
    /// Workspaces that have their share already.
    pub full: &'a [Uuid],
}

/// Takes mails that are due, of all workspaces in turn. Locks their rows for a moment, and passes by those that others have.
///
/// # Errors
/// If the database does.
pub async fn take(connection: &mut PgConnection, room: &Room<'_>) -> Result<Vec<DueMail>, StoreError> {
    let mails = sqlx::query_as(
        "WITH waiting AS MATERIALIZED ( \
           SELECT s.workspace_id, s.submission_id, s.mail_due_at FROM form_submissions s \
            WHERE s.mail_due_at <= (SELECT clock_timestamp()) AND s.workspace_id <> ALL ($5) \
            ORDER BY s.mail_due_at LIMIT $1 \
         ), turns AS ( \
           SELECT w.workspace_id, w.submission_id, w.mail_due_at, \
                  row_number() OVER (PARTITION BY w.workspace_id ORDER BY w.mail_due_at, w.submission_id) AS turn FROM waiting w \
         ), chosen AS MATERIALIZED ( \
           SELECT t.workspace_id, t.submission_id FROM turns t WHERE t.turn <= $4 \
            ORDER BY t.turn, t.mail_due_at LIMIT $2 \
         ), locked AS MATERIALIZED ( \
           SELECT s.workspace_id, s.submission_id FROM form_submissions s JOIN chosen c USING (workspace_id, submission_id) \
            WHERE s.mail_due_at <= (SELECT clock_timestamp()) FOR UPDATE OF s SKIP LOCKED \
         ) \
         UPDATE form_submissions s SET mail_tries = s.mail_tries + 1, \
                mail_due_at = clock_timestamp() + make_interval(secs => $3 * 2 ^ least(s.mail_tries, 20)) \
           FROM locked l WHERE s.workspace_id = l.workspace_id AND s.submission_id = l.submission_id \
         RETURNING s.workspace_id, s.submission_id, s.title, s.email, s.credential, s.expires_at, s.mail_tries AS tries, \
                   clock_timestamp() AS now",
    );
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mails = mails.bind(WINDOW).bind(number(room.places)).bind(AGAIN_S).bind(number(room.share)).bind(room.full);
    Ok(mails.fetch_all(connection).await?)
}

/// A mail was sent.
///
/// # Errors
/// If the database does.
pub async fn sent(connection: &mut PgConnection, mail: &DueMail) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE form_submissions SET mail_due_at = NULL, mail_error = NULL, mailed_at = clock_timestamp() \
         WHERE workspace_id = $1 AND submission_id = $2",
    )
    .bind(mail.workspace_id)
    .bind(mail.submission_id)
    .execute(connection)
    .await?;
    Ok(())
}

/// A mail could not be sent now; it comes again as it was to.
///
/// # Errors
/// If the database does.
pub async fn put_off(connection: &mut PgConnection, mail: &DueMail, reason: &str) -> Result<(), StoreError> {
    let sql = "UPDATE form_submissions SET mail_error = $3 WHERE workspace_id = $1 AND submission_id = $2";
    failed(connection, mail, reason, sql).await
}

/// A mail will not be sent.
///
/// # Errors
/// If the database does.
pub async fn give_up(connection: &mut PgConnection, mail: &DueMail, reason: &str) -> Result<(), StoreError> {
    let sql = "UPDATE form_submissions SET mail_due_at = NULL, mail_error = $3 WHERE workspace_id = $1 AND submission_id = $2";
    failed(connection, mail, reason, sql).await
}

async fn failed(connection: &mut PgConnection, mail: &DueMail, reason: &str, sql: &str) -> Result<(), StoreError> {
    let reason: String = reason.chars().filter(|c| *c != '\0').take(REASON_CHARS_MAX).collect();
    sqlx::query(sql).bind(mail.workspace_id).bind(mail.submission_id).bind(reason).execute(connection).await?;
    Ok(())
}
