//! Restarting: a new execution whose journal begins with entries of another one.

use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use super::start::{IdempotencyKey, Started, hash_of};
use crate::core::ids::{ExecutionId, VersionId};
use crate::core::trace::Trace;

/// An execution to be restarted.
#[derive(Clone, Debug)]
pub struct Restart {
    /// The id of the new one, made by the caller.
    pub execution_id: ExecutionId,
    /// The one that it goes on from; it has ended or is an incident.
    pub of: ExecutionId,
    /// The version that the new one keeps for life.
    pub version_id: VersionId,
    /// Longest time until its end, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Positions of the entries that it begins with, ascending.
    pub positions: Vec<i32>,
    /// Repetitions with the same key start nothing.
    pub idempotency_key: Option<IdempotencyKey>,
    /// What the new one belongs to; without it, to a trace of its own.
    pub trace: Option<Trace>,
}

#[derive(FromRow)]
struct RestartRow {
    execution_id: Uuid,
    verdict: String,
}

/// Restarts an execution of the workspace of this transaction. None if that has no such execution, or if it has not ended.
///
/// # Errors
/// If the database does; then nothing was started.
pub async fn restart(connection: &mut PgConnection, restart: &Restart) -> Result<Option<Started>, StoreError> {
    let key = restart.idempotency_key.as_ref();
    let request = key.map(|key| hash_of(&[&restart.of.to_string(), &key.wishes]));
    let row: Option<RestartRow> =
        sqlx::query_as("SELECT execution_id, verdict FROM restart_2($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(restart.execution_id.0)
            .bind(restart.of.0)
            .bind(restart.version_id.0)
            .bind(restart.timeout_ms.and_then(|ms| i64::try_from(ms).ok()))
            .bind(&restart.positions)
            .bind(key.map(|key| hash_of(&[&key.key])))
            .bind(request)
            .bind(restart.trace.as_ref().map(ToString::to_string))
            .fetch_optional(connection)
            .await?;
    Ok(row.map(|row| match row.verdict.as_str() {
        "started" => Started::New(ExecutionId(row.execution_id)),
        "replayed" => Started::Replayed(ExecutionId(row.execution_id)),
        _ => Started::Conflict,
    }))
}
