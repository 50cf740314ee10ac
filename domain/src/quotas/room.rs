//! Limits on how many of something there may be at a time.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

/// The quota of workflows that are not deleted.
pub const WORKFLOWS: &str = "workflows";

/// There is no room for one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// How many there are.
    pub used: i64,
    /// The limit.
    pub units_max: i64,
}

/// Whether a workspace may have one more workflow. Without a limit, this is one look-up. With one, the transaction is the only one
/// of the workspace that makes workflows until it ends, so that two never take the last place.
///
/// # Errors
/// If the database does.
pub async fn make_room(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Result<(), Full>, StoreError> {
    let limit: Option<(i64, i64)> =
        sqlx::query_as("SELECT units_max, hard_max FROM quota_limits WHERE workspace_id = $1 AND meter = $2")
            .bind(workspace_id.0)
            .bind(WORKFLOWS)
            .fetch_optional(&mut *connection)
            .await?;
    let Some((units_max, hard_max)) = limit else { return Ok(Ok(())) };
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '#room'), hashtext($1::text))")
        .bind(workspace_id.0)
        .execute(&mut *connection)
        .await?;
    let used: i64 = sqlx::query_scalar("SELECT count(*) FROM workflows WHERE workspace_id = $1 AND deleted_at IS NULL")
        .bind(workspace_id.0)
        .fetch_one(connection)
        .await?;
    Ok(if used < hard_max { Ok(()) } else { Err(Full { used, units_max }) })
}
