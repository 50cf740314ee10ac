//! Transactions of one workspace, under row-level security.

use capstan_engine::core::ids::WorkspaceId;
use sqlx::{PgPool, Postgres, Transaction};

/// Begins a transaction of the API role that sees the rows of `workspace` only.
pub(crate) async fn begin(
    pool: &PgPool,
    workspace: WorkspaceId,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query("SELECT set_config('app.workspace_id', $1, true)")
        .bind(workspace.to_string())
        .execute(&mut *transaction)
        .await?;
    Ok(transaction)
}
