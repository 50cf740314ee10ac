//! Limits on how many of something there may be at a time.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

/// The quota of workflows that are not deleted.
pub const WORKFLOWS: &str = "workflows";
/// The quota of leads that are not deleted.
pub const LEADS: &str = "leads";

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
    let Some((units_max, hard_max)) = limit(connection, workspace_id, WORKFLOWS).await? else { return Ok(Ok(())) };
    take_turn(connection, workspace_id, "#room").await?;
    let used: i64 = sqlx::query_scalar("SELECT count(*) FROM workflows WHERE workspace_id = $1 AND deleted_at IS NULL")
        .bind(workspace_id.0)
        .fetch_one(connection)
        .await?;
    Ok(if used < hard_max { Ok(()) } else { Err(Full { used, units_max }) })
}

/// Whether a workspace has no more leads than it may, the one that this transaction has made among them; roll back if it has. As
/// [`make_room`]: with a limit, nobody else makes leads of the workspace until the transaction ends. Counts leads, by an index of
/// those that are not deleted, up to the limit.
///
/// # Errors
/// If the database does.
pub async fn leads_fit(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<Result<(), Full>, StoreError> {
    let Some((units_max, hard_max)) = limit(connection, workspace_id, LEADS).await? else { return Ok(Ok(())) };
    take_turn(connection, workspace_id, "#room of leads").await?;
    let used: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT FROM leads WHERE workspace_id = $1 AND deleted_at IS NULL LIMIT $2) l",
    )
    .bind(workspace_id.0)
    .bind(hard_max + 1)
    .fetch_one(connection)
    .await?;
    Ok(if used <= hard_max { Ok(()) } else { Err(Full { used: used - 1, units_max }) })
}

/// The soft and the hard limit.
async fn limit(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    meter: &str,
) -> Result<Option<(i64, i64)>, StoreError> {
    let limit = sqlx::query_as("SELECT units_max, hard_max FROM quota_limits WHERE workspace_id = $1 AND meter = $2");
    Ok(limit.bind(workspace_id.0).bind(meter).fetch_optional(connection).await?)
}

async fn take_turn(connection: &mut PgConnection, workspace_id: WorkspaceId, room: &str) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext(current_schema() || $2), hashtext($1::text))")
        .bind(workspace_id.0)
        .bind(room)
        .execute(connection)
        .await?;
    Ok(())
}
