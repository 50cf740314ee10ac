//! Which pages a workspace has.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};

use crate::access::Pages;

/// An assignment.
#[derive(Clone, Debug, FromRow)]
pub struct AssignedRow {
    /// The words of the pages; some may be of another release.
    pub pages: Vec<String>,
    /// Address of who assigned them.
    pub set_by: String,
    /// When.
    pub set_at: DateTime<Utc>,
}

/// The pages of the workspace that the transaction acts for. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn pages_of(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Pages, StoreError> {
    let words: Option<Vec<String>> =
        sqlx::query_scalar("SELECT p.pages FROM workspace_pages p WHERE p.workspace_id = $1")
            .bind(workspace_id.0)
            .fetch_optional(connection)
            .await?;
    Ok(Pages::of_words(words.as_deref()))
}

/// What was assigned to a workspace; absent if it has all. For the access role.
///
/// # Errors
/// If the database does.
pub async fn assigned_pages(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Option<AssignedRow>, StoreError> {
    let row = sqlx::query_as("SELECT p.pages, p.set_by, p.set_at FROM workspace_pages p WHERE p.workspace_id = $1");
    Ok(row.bind(workspace_id.0).fetch_optional(connection).await?)
}

/// Assigns pages to a workspace, or all there are and will be. For the access role, with the lock of the workspace's row.
///
/// # Errors
/// If the database does.
pub async fn assign_pages(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    pages: Option<Pages>,
    set_by: &str,
) -> Result<(), StoreError> {
    let Some(pages) = pages else {
        sqlx::query("DELETE FROM workspace_pages WHERE workspace_id = $1")
            .bind(workspace_id.0)
            .execute(connection)
            .await?;
        return Ok(());
    };
    let words: Vec<&str> = pages.iter().map(crate::access::Page::as_str).collect();
    sqlx::query(
        "INSERT INTO workspace_pages (workspace_id, pages, set_by) VALUES ($1, $2, $3) \
         ON CONFLICT (workspace_id) DO UPDATE SET pages = excluded.pages, set_by = excluded.set_by, \
           set_at = clock_timestamp()",
    )
    .bind(workspace_id.0)
    .bind(words)
    .bind(set_by)
    .execute(connection)
    .await?;
    Ok(())
}
