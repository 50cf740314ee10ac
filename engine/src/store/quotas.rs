//! Quotas: a process takes a slice by one conditional update and spends it in memory.

use sqlx::PgConnection;

use super::error::StoreError;
use crate::core::ids::WorkspaceId;

/// The meter of started executions.
pub const EXECUTIONS: &str = "executions";

/// Takes up to `units` of this month's quota; answers how many were granted. Zero is a refusal.
///
/// # Errors
/// If the database does.
pub async fn take_slice(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    meter: &str,
    units: i64,
) -> Result<i64, StoreError> {
    let granted = sqlx::query_scalar("SELECT take_slice_1($1, $2, $3)")
        .bind(workspace_id.0)
        .bind(meter)
        .bind(units)
        .fetch_one(connection)
        .await?;
    Ok(granted)
}

/// Returns the unspent part of a slice.
///
/// # Errors
/// If the database does.
pub async fn return_slice(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    meter: &str,
    units: i64,
) -> Result<(), StoreError> {
    sqlx::query("SELECT return_slice_1($1, $2, $3)")
        .bind(workspace_id.0)
        .bind(meter)
        .bind(units)
        .execute(connection)
        .await?;
    Ok(())
}
