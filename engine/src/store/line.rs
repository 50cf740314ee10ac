//! Where an execution stands in line, and whether anybody works.

use sqlx::{FromRow, PgConnection};

use super::error::StoreError;
use crate::core::ids::ExecutionId;

/// Most tokens before an execution's own that are counted.
pub const AHEAD_MAX: i32 = 1_000;

/// What keeps an execution that could run from running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct Line {
    /// Tokens that are claimed before its own; none if it has no token, or more than [`AHEAD_MAX`] are before it.
    pub ahead: Option<i32>,
    /// Those of its workspace among them.
    pub ahead_of_workspace: Option<i32>,
    /// There are more than [`AHEAD_MAX`] tokens.
    pub is_longer: bool,
    /// Since a worker that is neither lost nor retired was last seen; none if there is no such worker.
    pub silent_ms: Option<i64>,
    /// Since any worker was last seen; none if that is longer ago than a day, or never was.
    pub unseen_ms: Option<i64>,
}

/// The line before an execution of the workspace that the transaction names. Looks at [`AHEAD_MAX`] tokens at most.
///
/// # Errors
/// If the database does.
pub async fn line(connection: &mut PgConnection, execution_id: ExecutionId) -> Result<Line, StoreError> {
    let row = sqlx::query_as("SELECT ahead, ahead_of_workspace, is_longer, silent_ms, unseen_ms FROM line_1($1, $2)");
    Ok(row.bind(execution_id.0).bind(AHEAD_MAX).fetch_one(connection).await?)
}
