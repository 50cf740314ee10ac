//! Log lines of steps: a bounded pipeline of its own, beside the journal.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use crate::core::ids::{ExecutionId, WorkspaceId};

/// One log line.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct LogLine {
    /// The execution.
    #[serde(skip)]
    pub execution_id: Uuid,
    /// Orders the lines of an execution.
    pub log_id: Uuid,
    /// The tenant.
    #[serde(skip)]
    pub workspace_id: Uuid,
    /// The step's node.
    pub node_id: String,
    /// The step's scope.
    pub scope: String,
    /// From 1.
    pub attempt: i32,
    /// `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// The text.
    pub message: String,
    /// Database time.
    pub created_at: DateTime<Utc>,
}

/// Characters that an execution may log over its whole life; what comes later is dropped, with one last line.
pub const EXECUTION_LOG_CHARS_MAX: i64 = 4 << 20;

/// Orders the last line of a full log behind all others.
const LAST_LINE: Uuid = Uuid::from_u128(u128::MAX);

/// Writes lines of many executions at once. Repeating lines changes nothing. Executions whose log is full get one
/// last line that says so. Reads the log of each execution concerned, by key.
///
/// # Errors
/// If the database does.
pub async fn write(connection: &mut PgConnection, lines: &[LogLine]) -> Result<(), StoreError> {
    sqlx::query(
        "WITH line AS MATERIALIZED (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], \
           $6::int[], $7::text[], $8::text[], $9::timestamptz[]) AS l (execution_id, log_id, workspace_id, node_id, \
           scope, attempt, level, message, created_at)), \
         full_log AS MATERIALIZED (SELECT d.execution_id FROM (SELECT DISTINCT execution_id FROM line) d \
           WHERE (SELECT sum(length(x.message)) FROM execution_logs x WHERE x.execution_id = d.execution_id) >= $10), \
         kept AS (SELECT * FROM line WHERE execution_id NOT IN (SELECT execution_id FROM full_log) \
           UNION ALL (SELECT DISTINCT ON (execution_id) execution_id, $11, workspace_id, node_id, scope, attempt, 'warn', \
             'this and all later lines were dropped: the log of this execution is full', created_at \
             FROM line WHERE execution_id IN (SELECT execution_id FROM full_log))) \
         INSERT INTO execution_logs (execution_id, log_id, workspace_id, node_id, scope, attempt, level, message, \
         created_at) SELECT * FROM kept ON CONFLICT DO NOTHING",
    )
    .bind(lines.iter().map(|line| line.execution_id).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.log_id).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.workspace_id).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.node_id.as_str()).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.scope.as_str()).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.attempt).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.level.as_str()).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.message.as_str()).collect::<Vec<_>>())
    .bind(lines.iter().map(|line| line.created_at).collect::<Vec<_>>())
    .bind(EXECUTION_LOG_CHARS_MAX)
    .bind(LAST_LINE)
    .execute(connection)
    .await?;
    Ok(())
}

/// Log lines of an execution after `after`, oldest first.
///
/// # Errors
/// If the database does.
pub async fn read(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    after: Uuid,
    limit: i64,
) -> Result<Vec<LogLine>, StoreError> {
    let lines = sqlx::query_as(
        "SELECT execution_id, log_id, workspace_id, node_id, scope, attempt, level, message, created_at \
         FROM execution_logs WHERE execution_id = $1 AND workspace_id = $2 AND log_id > $3 ORDER BY log_id LIMIT $4",
    )
    .bind(execution_id.0)
    .bind(workspace_id.0)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(lines)
}
