//! Drafts as they go out and come in.

use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Drafts of one piece of an export; each may have 2 MiB.
pub const EXPORT_ROWS: usize = 4;

/// A workflow on its way out.
#[derive(Clone, Debug, FromRow)]
pub struct ExportRow {
    /// Its id.
    pub workflow_id: Uuid,
    /// What people call it.
    pub name: String,
    /// Its draft, as the editor has it, with its secrets.
    pub graph: Value,
}

/// The first [`EXPORT_ROWS`] workflows of `from` or made later that are not deleted, the oldest first.
///
/// # Errors
/// If the database does.
pub async fn export_page(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    from: Uuid,
) -> Result<Vec<ExportRow>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT w.workflow_id, w.name, d.graph FROM workflows w \
           JOIN workflow_drafts d ON d.workspace_id = w.workspace_id AND d.workflow_id = w.workflow_id \
         WHERE w.workspace_id = $1 AND w.workflow_id >= $2 AND w.deleted_at IS NULL ORDER BY w.workflow_id LIMIT $3",
    );
    let rows = rows.bind(workspace_id.0).bind(from).bind(EXPORT_ROWS as i64);
    Ok(rows.fetch_all(connection).await?)
}

/// A workflow that a file may replace.
#[derive(Clone, Debug, FromRow)]
pub struct PresentRow {
    /// What people call it.
    pub name: String,
    /// Whether it is hidden.
    pub is_deleted: bool,
    /// Its draft.
    pub graph: Value,
    /// Rises by one with each save of the draft.
    pub revision: i32,
    /// The sum of what was last imported.
    pub imported: Option<String>,
}

/// The workflow of that id, hidden or not. Who `takes` it has it until the transaction ends, as others have left it.
///
/// # Errors
/// If the database does.
pub async fn find_present(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    takes: bool,
) -> Result<Option<PresentRow>, StoreError> {
    let sql = format!(
        "SELECT w.name, w.deleted_at IS NOT NULL AS is_deleted, d.graph, d.revision, d.imported FROM workflows w \
           JOIN workflow_drafts d ON d.workspace_id = w.workspace_id AND d.workflow_id = w.workflow_id \
         WHERE w.workspace_id = $1 AND w.workflow_id = $2 {}",
        if takes { "FOR UPDATE" } else { "" }
    );
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(workflow_id.0).fetch_optional(connection).await?)
}

/// Takes those workflows until the transaction ends. Before room is asked for: whoever restores one takes it first as well, so that
/// neither waits for what the other has.
///
/// # Errors
/// If the database does.
pub async fn take_all(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_ids: &[Uuid],
) -> Result<(), StoreError> {
    let taken = sqlx::query(
        "SELECT FROM workflows WHERE workspace_id = $1 AND workflow_id = ANY($2) ORDER BY workflow_id FOR UPDATE",
    );
    taken.bind(workspace_id.0).bind(workflow_ids).execute(connection).await?;
    Ok(())
}

/// Notes the sum of what was imported.
///
/// # Errors
/// If the database does.
pub async fn mark_imported(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    sum: &str,
) -> Result<(), StoreError> {
    let marked = sqlx::query("UPDATE workflow_drafts SET imported = $3 WHERE workspace_id = $1 AND workflow_id = $2");
    marked.bind(workspace_id.0).bind(workflow_id.0).bind(sum).execute(connection).await?;
    Ok(())
}
