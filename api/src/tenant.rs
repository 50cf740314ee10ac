//! Transactions that act for one workspace, under row-level security.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::transactions::Transactions;
use sqlx::PgTransaction;

use crate::problem::Problem;

/// A read-only transaction with one view of the database, for `workspace_id`.
pub(crate) async fn read(pool: &Transactions, workspace_id: WorkspaceId) -> Result<PgTransaction<'static>, Problem> {
    Ok(pool.begin_for(workspace_id, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?)
}

/// A transaction for `workspace_id`; dropped without a commit, it changes nothing.
pub(crate) async fn write(pool: &Transactions, workspace_id: WorkspaceId) -> Result<PgTransaction<'static>, Problem> {
    Ok(pool.begin_for(workspace_id, "BEGIN").await?)
}
