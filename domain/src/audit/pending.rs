//! Records of changes in `control`: made there with the change, and brought to the cell of the workspace afterwards. Whoever dies
//! in between leaves them for the next one; brought twice, they are there once.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{AuditRow, COLUMNS, NewAudit, add};

/// Most records that are brought at a time.
const BROUGHT_MAX: i64 = 200;

/// Records a change in the transaction that makes it. For the access role, in `control`.
///
/// # Errors
/// If the database does.
pub async fn note(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    new: &NewAudit<'_>,
) -> Result<(), StoreError> {
    add(connection, "audit_pending", workspace_id, Uuid::now_v7(), new).await?;
    Ok(())
}

/// Records that are not in the cell yet, the oldest first. For the access role, in `control`.
///
/// # Errors
/// If the database does.
pub async fn pending(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Vec<AuditRow>, StoreError> {
    let statement =
        format!("SELECT {COLUMNS} FROM audit_pending WHERE workspace_id = $1 ORDER BY workspace_id, audit_id LIMIT $2");
    let rows = sqlx::query_as(&statement).bind(workspace_id.0).bind(BROUGHT_MAX).fetch_all(connection).await?;
    Ok(rows)
}

/// Takes records in, each once. For the API's role, in the cell.
///
/// # Errors
/// If the database does.
pub async fn take_in(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    rows: &[AuditRow],
) -> Result<(), StoreError> {
    for row in rows {
        sqlx::query(
            "INSERT INTO audit_log \
               (workspace_id, audit_id, recorded_at, by_kind, by_id, by_name, action, subject, status, address, request_id, \
                changes) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (workspace_id, audit_id) DO NOTHING",
        )
        .bind(workspace_id.0)
        .bind(row.audit_id)
        .bind(row.recorded_at)
        .bind(&row.by_kind)
        .bind(row.by_id)
        .bind(&row.by_name)
        .bind(&row.action)
        .bind(&row.subject)
        .bind(row.status)
        .bind(&row.address)
        .bind(&row.request_id)
        .bind(&row.changes)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Forgets records that are in the cell for good. For the access role, in `control`.
///
/// # Errors
/// If the database does.
pub async fn forget(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    rows: &[AuditRow],
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.audit_id).collect();
    sqlx::query("DELETE FROM audit_pending WHERE workspace_id = $1 AND audit_id = ANY($2)")
        .bind(workspace_id.0)
        .bind(ids)
        .execute(connection)
        .await?;
    Ok(())
}
