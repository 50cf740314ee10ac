//! Where leads come from.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

/// Most sources of a workspace.
pub const SOURCES_MAX: i64 = 500;
/// Source of leads for whose own one there is no room; it always has some.
pub const SOURCE_REST: &str = "other";

/// All of them, by name.
///
/// # Errors
/// If the database does.
pub async fn sources(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Vec<String>, StoreError> {
    let names = sqlx::query_scalar("SELECT name FROM lead_sources WHERE workspace_id = $1 ORDER BY name LIMIT $2");
    Ok(names.bind(workspace_id.0).bind(SOURCES_MAX + 1).fetch_all(connection).await?)
}

/// Whether a source is known, or there is room for it.
///
/// # Errors
/// If the database does.
pub async fn source_has_room(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<bool, StoreError> {
    let has_room = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM lead_sources WHERE workspace_id = $1 AND name = $2) \
           OR (SELECT count(*) FROM lead_sources WHERE workspace_id = $1) < $3",
    );
    Ok(has_room.bind(workspace_id.0).bind(name).bind(SOURCES_MAX).fetch_one(connection).await?)
}

/// Notes a source. False if there are too many already.
pub(super) async fn know(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<bool, StoreError> {
    // Nothing is written for one that is known: that is nearly always so.
    let is_known: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM lead_sources WHERE workspace_id = $1 AND name = $2)")
            .bind(workspace_id.0)
            .bind(name)
            .fetch_one(&mut *connection)
            .await?;
    if is_known {
        return Ok(true);
    }
    let made = sqlx::query(
        "INSERT INTO lead_sources (workspace_id, name) SELECT $1, $2 \
          WHERE (SELECT count(*) FROM lead_sources WHERE workspace_id = $1) < $3 ON CONFLICT DO NOTHING",
    )
    .bind(workspace_id.0)
    .bind(name)
    .bind(SOURCES_MAX + i64::from(name == SOURCE_REST))
    .execute(&mut *connection)
    .await?;
    if made.rows_affected() > 0 {
        return Ok(true);
    }
    // Somebody else has just made it, or there is no room.
    let is_known = sqlx::query_scalar("SELECT EXISTS (SELECT FROM lead_sources WHERE workspace_id = $1 AND name = $2)");
    Ok(is_known.bind(workspace_id.0).bind(name).fetch_one(connection).await?)
}
