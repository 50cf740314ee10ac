//! The audit log from its beginning on, piece by piece, for who takes it out.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{AuditRow, COLUMNS};

/// Changes of one piece. What differs has 16 KiB at most, so a piece has a few MiB at most.
pub const EXPORT_ROWS: usize = 200;

/// The first [`EXPORT_ROWS`] changes of `from` or later and before `until`, the oldest first; by the primary key.
///
/// # Errors
/// If the database does.
pub async fn export_page(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    from: Uuid,
    until: Uuid,
) -> Result<Vec<AuditRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_log WHERE workspace_id = $1 AND audit_id >= $2 AND audit_id < $3 \
         ORDER BY audit_id LIMIT $4"
    );
    let rows = sqlx::query_as(&sql).bind(workspace_id.0).bind(from).bind(until).bind(EXPORT_ROWS as i64);
    Ok(rows.fetch_all(connection).await?)
}
