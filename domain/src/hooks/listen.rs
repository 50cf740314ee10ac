//! Listening for a call: the first one at an address of its own is kept for the editor, and starts nothing.

use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// Most addresses of a workspace that are listened at.
pub const LISTENS_MAX: i64 = 20;
/// For how many seconds a sample is kept after its time.
const KEPT_S: i64 = 3_600;

/// Somebody listens, or has listened.
#[derive(Clone, Debug, FromRow)]
pub struct ListenRow {
    /// Part of the address.
    pub listen_id: Uuid,
    /// The workflow.
    pub workflow_id: Uuid,
    /// The trigger, as it was drawn.
    pub node_id: String,
    /// Its config.
    pub config: Value,
    /// Until when a call is waited for.
    pub until_at: DateTime<Utc>,
    /// When it came.
    pub captured_at: Option<DateTime<Utc>>,
    /// What came.
    pub sample: Option<Value>,
    /// Whether the time is over.
    pub is_over: bool,
}

const ROW: &str = "listen_id, workflow_id, node_id, config, until_at, captured_at, sample, \
    until_at <= clock_timestamp() AS is_over";

/// Begins to listen for `seconds`; none if [`LISTENS_MAX`] are listened at. In a transaction.
///
/// # Errors
/// If the database does.
pub async fn begin(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    node_id: &str,
    config: &Value,
    seconds: i64,
) -> Result<Option<ListenRow>, StoreError> {
    sqlx::query(
        "DELETE FROM hook_listens WHERE workspace_id = $1 AND until_at < clock_timestamp() - $2 * interval '1 second'",
    )
    .bind(workspace_id.0)
    .bind(KEPT_S)
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query_as(&format!(
        "INSERT INTO hook_listens (workspace_id, listen_id, workflow_id, node_id, config, until_at) \
         SELECT $1, gen_random_uuid(), $2, $3, $4, clock_timestamp() + $5 * interval '1 second' \
          WHERE (SELECT count(*) FROM hook_listens WHERE workspace_id = $1 AND captured_at IS NULL \
                   AND until_at > clock_timestamp()) < $6 RETURNING {ROW}"
    ))
    .bind(workspace_id.0)
    .bind(workflow_id.0)
    .bind(node_id)
    .bind(config)
    .bind(seconds)
    .bind(LISTENS_MAX)
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// One of the workspace.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    listen_id: Uuid,
) -> Result<Option<ListenRow>, StoreError> {
    let sql = format!("SELECT {ROW} FROM hook_listens WHERE workspace_id = $1 AND listen_id = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(listen_id).fetch_optional(connection).await?)
}

/// Keeps what came, if nothing came before and the time is not over; whether it was kept.
///
/// # Errors
/// If the database does.
pub async fn capture(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    listen_id: Uuid,
    sample: &Value,
) -> Result<bool, StoreError> {
    let kept = sqlx::query(
        "UPDATE hook_listens SET captured_at = clock_timestamp(), sample = $3 \
         WHERE workspace_id = $1 AND listen_id = $2 AND captured_at IS NULL AND until_at > clock_timestamp()",
    );
    Ok(kept.bind(workspace_id.0).bind(listen_id).bind(sample).execute(connection).await?.rows_affected() > 0)
}

/// Ends it; whether it was there.
///
/// # Errors
/// If the database does.
pub async fn end(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    workflow_id: WorkflowId,
    listen_id: Uuid,
) -> Result<bool, StoreError> {
    let gone = sqlx::query("DELETE FROM hook_listens WHERE workspace_id = $1 AND workflow_id = $2 AND listen_id = $3");
    Ok(gone.bind(workspace_id.0).bind(workflow_id.0).bind(listen_id).execute(connection).await?.rows_affected() > 0)
}
