//! Telling people, and who they are. For the access role.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::kind::Kind;

/// Most notifications that are kept for a person. The oldest that were read go first, then the oldest; of both, first what workflows
/// tell: whoever writes one in one workspace pushes nothing out that is news of another.
pub const KEPT_MAX: i64 = 200;
/// Most people who are told one piece of news.
const TOLD_MAX: i64 = 100;
/// Most characters of a summary.
const SUMMARY_CHARS_MAX: usize = 500;

/// Something that people are told.
#[derive(Clone, Copy, Debug)]
pub struct News<'a> {
    /// Of which kind.
    pub kind: Kind,
    /// Which it is: told again, it is there once.
    pub source: &'a str,
    /// Of which workspace; absent for matters of the platform.
    pub workspace_id: Option<WorkspaceId>,
    /// A sentence for people.
    pub summary: &'a str,
    /// Where to look, below the editor; empty for nowhere.
    pub page: &'a str,
    /// Whether those who want to be mailed of its kind are: not, where something else mails them.
    pub is_mailed: bool,
}

/// Tells these people, each once, and keeps what they have within bounds. How many were told it for the first time.
///
/// # Errors
/// If the database does.
pub async fn tell(connection: &mut PgConnection, people: &[Uuid], news: &News<'_>) -> Result<u64, StoreError> {
    let ids: Vec<Uuid> = people.iter().map(|_| Uuid::now_v7()).collect();
    let told = sqlx::query(
        "INSERT INTO notifications (user_id, notification_id, source, kind, workspace_id, summary, page, mail_due_at) \
         SELECT t.user_id, t.notification_id, $3, $4, $5, $6, $7, \
                CASE WHEN $8 AND coalesce(p.is_mailed, $9) THEN clock_timestamp() END \
           FROM unnest($1::uuid[], $2::uuid[]) AS t (user_id, notification_id) \
           LEFT JOIN notification_preferences p ON p.user_id = t.user_id AND p.kind = $4 \
          ORDER BY t.user_id \
         ON CONFLICT (user_id, source) DO NOTHING",
    )
    .bind(people)
    .bind(ids)
    .bind(news.source)
    .bind(news.kind.as_str())
    .bind(news.workspace_id.map(|id| id.0))
    .bind(news.summary.chars().take(SUMMARY_CHARS_MAX).collect::<String>())
    .bind(news.page)
    .bind(news.is_mailed)
    .bind(news.kind.is_mailed())
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if told > 0 {
        keep_within_bounds(connection, people).await?;
    }
    Ok(told)
}

async fn keep_within_bounds(connection: &mut PgConnection, people: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM notifications d USING ( \
           SELECT n.user_id, n.notification_id, row_number() OVER ( \
                    PARTITION BY n.user_id ORDER BY n.read_at IS NOT NULL, n.kind = $3, n.notification_id DESC) AS place \
             FROM notifications n WHERE n.user_id = ANY($1)) o \
          WHERE o.place > $2 AND d.user_id = o.user_id AND d.notification_id = o.notification_id",
    )
    .bind(people)
    .bind(KEPT_MAX)
    .bind(Kind::WorkflowNotice.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// The administrators of the platform.
///
/// # Errors
/// If the database does.
pub async fn administrators(connection: &mut PgConnection) -> Result<Vec<Uuid>, StoreError> {
    let ids = sqlx::query_scalar(
        "SELECT r.user_id FROM user_roles r WHERE r.role = 'super_admin' ORDER BY r.user_id LIMIT $1",
    );
    Ok(ids.bind(TOLD_MAX).fetch_all(connection).await?)
}

/// The members of a workspace who have one of these roles, or are these.
///
/// # Errors
/// If the database does.
pub async fn chosen(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    roles: &[String],
    ids: &[Uuid],
) -> Result<Vec<Uuid>, StoreError> {
    let chosen = sqlx::query_scalar(
        "SELECT m.user_id FROM members m WHERE m.workspace_id = $1 AND (m.role = ANY($2) OR m.user_id = ANY($3)) \
         ORDER BY m.user_id LIMIT $4",
    );
    Ok(chosen.bind(workspace_id.0).bind(roles).bind(ids).bind(TOLD_MAX).fetch_all(connection).await?)
}

/// The owner and the administrators of a workspace.
///
/// # Errors
/// If the database does.
pub async fn heads(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Vec<Uuid>, StoreError> {
    let ids = sqlx::query_scalar(
        "SELECT m.user_id FROM members m WHERE m.workspace_id = $1 AND m.role IN ('owner', 'admin') \
         ORDER BY m.user_id LIMIT $2",
    );
    Ok(ids.bind(workspace_id.0).bind(TOLD_MAX).fetch_all(connection).await?)
}
