//! News of a cell, until it was brought to people.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::kind::Kind;

/// Days after which nobody is told any more.
const KEPT_DAYS: i32 = 7;
/// Notices that one round removes.
const TIDIED_MAX: i64 = 1_000;
/// Most characters of a summary.
const SUMMARY_CHARS_MAX: usize = 500;

/// Something that has happened in a cell.
#[derive(Clone, Debug, FromRow)]
pub struct Notice {
    /// Where.
    pub workspace_id: Uuid,
    /// The same for the same news.
    pub notice_key: String,
    /// See [`Kind`].
    pub kind: String,
    /// A sentence for people.
    pub summary: String,
    /// Where to look, below the editor.
    pub page: String,
}

/// Leaves a notice in the transaction of what it tells of. Left again, it is there once. For the worker's role, in a cell.
///
/// # Errors
/// If the database does.
pub async fn leave(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    kind: Kind,
    key: &str,
    summary: &str,
    page: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO notices (workspace_id, notice_key, kind, summary, page) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (workspace_id, notice_key) DO NOTHING",
    )
    .bind(workspace_id)
    .bind(key)
    .bind(kind.as_str())
    .bind(summary.chars().take(SUMMARY_CHARS_MAX).collect::<String>())
    .bind(page)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notices of all workspaces of the cell, the oldest first. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn waiting(connection: &mut PgConnection, most: i32) -> Result<Vec<Notice>, StoreError> {
    let rows = sqlx::query_as("SELECT workspace_id, notice_key, kind, summary, page FROM notices_to_tell_1($1)");
    Ok(rows.bind(most).fetch_all(connection).await?)
}

/// Forgets notices that people were told. For the API's role, in a transaction for the workspace.
///
/// # Errors
/// If the database does.
pub async fn forget(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    keys: &[String],
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM notices WHERE workspace_id = $1 AND notice_key = ANY($2)")
        .bind(workspace_id.0)
        .bind(keys)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes notices that nobody came for, a round of them; how many. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn tidy(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let sql = "DELETE FROM notices WHERE ctid = ANY (ARRAY(SELECT n.ctid FROM notices n \
               WHERE n.noticed_at < statement_timestamp() - make_interval(days => $1) LIMIT $2))";
    Ok(sqlx::query(sql).bind(KEPT_DAYS).bind(TIDIED_MAX).execute(connection).await?.rows_affected())
}
