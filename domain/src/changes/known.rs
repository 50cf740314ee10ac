//! What a client that comes back knows already, as far as that can be told.

use std::collections::HashSet;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::look::ChangeRow;
use super::position::Position;

/// Beside a look for who comes back.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Changes of the look that are from before its position.
    pub changes: HashSet<String>,
    /// Whether the workspace has any approval, open or closed: of others none can be new.
    pub has_approvals: bool,
}

/// What of a look since that position is no news. A change is known if its record was committed before any transaction that was open
/// at the position, whenever it was begun. By keys; at most as many as the look has. In a transaction of the API's role for the
/// workspace.
///
/// # Errors
/// If the database does.
pub async fn known(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    since: &Position,
    rows: &[ChangeRow],
) -> Result<Known, StoreError> {
    let changes = rows.iter().filter(|row| row.topic == "change");
    let ids: Vec<Uuid> = changes.filter_map(|row| row.id.as_deref()?.parse().ok()).collect();
    // Rows have the lower half of the number of their transaction: which of two is older, it tells around the circle.
    let before: Vec<Uuid> = sqlx::query_scalar(
        "SELECT a.audit_id FROM audit_log a WHERE a.workspace_id = $1 AND a.audit_id = ANY ($2) AND \
           mod(a.xmin::text::bigint - mod($3, 4294967296) + 2147483648 + 4294967296, 4294967296) < 2147483648",
    )
    .bind(workspace_id.0)
    .bind(ids)
    .bind(since.oldest_open())
    .fetch_all(&mut *connection)
    .await?;
    let has_approvals = sqlx::query_scalar("SELECT EXISTS (SELECT FROM approvals WHERE workspace_id = $1)")
        .bind(workspace_id.0)
        .fetch_one(connection)
        .await?;
    Ok(Known { changes: before.iter().map(Uuid::to_string).collect(), has_approvals })
}
