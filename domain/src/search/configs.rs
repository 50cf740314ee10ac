//! Finding workflows by what their nodes are configured with.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Nodes, of all versions, that may have what is sought. Of what more have nobody learns much.
pub const CONFIGS_MATCHED_MAX: i32 = 20_000;

/// The workflows whose newest version has a node whose configuration contains `config`; none if more than [`CONFIGS_MATCHED_MAX`] nodes
/// are like that. Under the API's role, in a transaction that acts for the workspace: see `search_configs_1`.
///
/// # Errors
/// If the database does.
pub async fn using(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    config: &Value,
) -> Result<Option<Vec<Uuid>>, StoreError> {
    let (found, is_too_many): (Vec<Uuid>, bool) =
        sqlx::query_as("SELECT s.workflow_ids, s.is_too_many FROM search_configs_1($1, $2, $3) AS s")
            .bind(workspace_id.0)
            .bind(config)
            .bind(CONFIGS_MATCHED_MAX)
            .fetch_one(connection)
            .await?;
    Ok((!is_too_many).then_some(found))
}
