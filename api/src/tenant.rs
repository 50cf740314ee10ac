//! Transactions that act for one workspace, under row-level security.

use capstan_engine::core::ids::WorkspaceId;
use sqlx::{PgPool, PgTransaction};

use crate::problem::Problem;

/// A read-only transaction with one view of the database, for `workspace_id`.
pub(crate) async fn read(pool: &PgPool, workspace_id: WorkspaceId) -> Result<PgTransaction<'static>, Problem> {
    begin(pool, workspace_id, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await
}

/// A transaction for `workspace_id`; dropped without a commit, it changes nothing.
pub(crate) async fn write(pool: &PgPool, workspace_id: WorkspaceId) -> Result<PgTransaction<'static>, Problem> {
    begin(pool, workspace_id, "BEGIN").await
}

async fn begin(
    pool: &PgPool,
    workspace_id: WorkspaceId,
    statement: &'static str,
) -> Result<PgTransaction<'static>, Problem> {
    let mut transaction = pool.begin_with(statement).await?;
    sqlx::query("SELECT set_config('app.workspace_id', $1, true)")
        .bind(workspace_id.to_string())
        .execute(&mut *transaction)
        .await?;
    Ok(transaction)
}
