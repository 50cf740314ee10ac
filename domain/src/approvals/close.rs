//! Closing an approval without an answer.

use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

use super::step::ApprovalStep;

/// Closes an approval whose step waits no more. Repeating it changes nothing.
///
/// # Errors
/// If the database does.
pub async fn set_cancelled(connection: &mut PgConnection, asking: &ApprovalStep) -> Result<(), StoreError> {
    close(connection, asking, "cancelled").await
}

/// Takes an approval from `open` to `status`, if it is open.
pub(super) async fn close(
    connection: &mut PgConnection,
    asking: &ApprovalStep,
    status: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE approvals SET status = $5, closed_at = clock_timestamp() \
         WHERE workspace_id = $1 AND execution_id = $2 AND node_id = $3 AND scope = $4 AND status = 'open'",
    )
    .bind(asking.workspace_id.0)
    .bind(asking.execution_id.0)
    .bind(asking.step.node_id.as_str())
    .bind(asking.step.scope.as_str())
    .bind(status)
    .execute(connection)
    .await?;
    Ok(())
}
