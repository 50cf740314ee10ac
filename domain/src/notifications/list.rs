//! What a person was told, and of what they want mails. For the access role.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::kind::Kind;

/// A notification as its person sees it.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct NotificationRow {
    /// Its id; orders by time.
    pub id: Uuid,
    /// See [`Kind`].
    pub kind: String,
    /// Part of addresses of the workspace that it is about; absent for matters of the platform.
    pub workspace: Option<String>,
    /// A sentence.
    pub summary: String,
    /// Where to look, below the editor; empty for nowhere.
    pub page: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was marked as read.
    pub read_at: Option<DateTime<Utc>>,
}

/// Whether `n` is still for its person: whoever has left a workspace, or does not head it any more, is not told of it. What workflows tell
/// is for members of any role.
pub(super) const IS_THEIRS: &str = "(n.workspace_id IS NULL OR EXISTS (SELECT FROM members m \
    WHERE m.workspace_id = n.workspace_id AND m.user_id = n.user_id \
      AND (m.role IN ('owner', 'admin') OR n.kind = 'workflow.notice')))";

/// What a person was told before `before`, newest first: all of it, or what is not read.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    user_id: Uuid,
    only_unread: bool,
    before: Uuid,
    rows: i64,
) -> Result<Vec<NotificationRow>, StoreError> {
    let sql = format!(
        "SELECT n.notification_id AS id, n.kind, w.slug AS workspace, n.summary, n.page, n.created_at, n.read_at \
           FROM notifications n LEFT JOIN workspaces w ON w.workspace_id = n.workspace_id \
          WHERE n.user_id = $1 AND n.notification_id < $2 AND (NOT $3 OR n.read_at IS NULL) AND {IS_THEIRS} \
          ORDER BY n.notification_id DESC LIMIT $4"
    );
    let listed = sqlx::query_as(&sql).bind(user_id).bind(before).bind(only_unread).bind(rows);
    Ok(listed.fetch_all(connection).await?)
}

/// How much a person has not read.
///
/// # Errors
/// If the database does.
pub async fn unread(connection: &mut PgConnection, user_id: Uuid) -> Result<i64, StoreError> {
    let sql =
        format!("SELECT count(*) FROM notifications n WHERE n.user_id = $1 AND n.read_at IS NULL AND {IS_THEIRS}");
    Ok(sqlx::query_scalar(&sql).bind(user_id).fetch_one(connection).await?)
}

/// Marks these as read, or all that a person has. What is read is not mailed any more. Ids of others change nothing.
///
/// # Errors
/// If the database does.
pub async fn mark_read(connection: &mut PgConnection, user_id: Uuid, ids: Option<&[Uuid]>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE notifications SET read_at = clock_timestamp(), mail_due_at = NULL \
          WHERE user_id = $1 AND read_at IS NULL AND ($2::uuid[] IS NULL OR notification_id = ANY($2))",
    )
    .bind(user_id)
    .bind(ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// Each kind with whether a person is mailed of it.
///
/// # Errors
/// If the database does.
pub async fn preferences(connection: &mut PgConnection, user_id: Uuid) -> Result<Vec<(Kind, bool)>, StoreError> {
    let said: Vec<(String, bool)> =
        sqlx::query_as("SELECT p.kind, p.is_mailed FROM notification_preferences p WHERE p.user_id = $1")
            .bind(user_id)
            .fetch_all(connection)
            .await?;
    let of = |kind: &Kind| {
        let said = said.iter().find(|(it, _)| it == kind.as_str());
        (*kind, said.map_or(kind.is_mailed(), |(_, is_mailed)| *is_mailed))
    };
    Ok(Kind::ALL.iter().map(of).collect())
}

/// Those of these people who want mails of a kind.
///
/// # Errors
/// If the database does.
pub async fn who_wants(connection: &mut PgConnection, people: &[Uuid], kind: Kind) -> Result<Vec<Uuid>, StoreError> {
    let ids = sqlx::query_scalar(
        "SELECT t.user_id FROM unnest($1::uuid[]) AS t (user_id) \
           LEFT JOIN notification_preferences p ON p.user_id = t.user_id AND p.kind = $2 \
          WHERE coalesce(p.is_mailed, $3)",
    );
    Ok(ids.bind(people).bind(kind.as_str()).bind(kind.is_mailed()).fetch_all(connection).await?)
}

/// Says whether a person wants to be mailed of a kind.
///
/// # Errors
/// If the database does.
pub async fn prefer(
    connection: &mut PgConnection,
    user_id: Uuid,
    kind: Kind,
    is_mailed: bool,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO notification_preferences (user_id, kind, is_mailed) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id, kind) DO UPDATE SET is_mailed = excluded.is_mailed, changed_at = clock_timestamp()",
    )
    .bind(user_id)
    .bind(kind.as_str())
    .bind(is_mailed)
    .execute(connection)
    .await?;
    Ok(())
}
