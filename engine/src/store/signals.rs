//! Signals: outside facts on their way into an execution.

use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::error::StoreError;
use crate::core::ids::{ExecutionId, SignalId, WorkspaceId};

/// The signal that cancels an execution. Its payload is the reason.
pub const CANCEL: &str = "$cancel";
/// Most signals of one name that may wait for one execution; of all names twice as many, and beside them a cancel and those that
/// a step waits for.
pub const SIGNALS_PENDING_MAX: i32 = 100;
/// Largest payload of a signal, as JSON.
pub const SIGNAL_BYTES_MAX: usize = 256 * 1024;

/// What became of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Durable; the execution will see it, or it ends first.
    Accepted,
    /// The execution had already ended.
    Ended,
    /// The workspace has no such execution.
    Unknown,
    /// The id was used before for another signal; roll back.
    Conflict,
    /// [`SIGNALS_PENDING_MAX`] signals of that name wait already, or twice as many in all and no step waits for that name.
    Full,
}

/// A signal that waits to be consumed.
#[derive(Clone, Debug, FromRow)]
pub struct Pending {
    /// Unique within the execution.
    pub signal_id: Uuid,
    /// What a waiting step names.
    pub name: String,
    /// What was sent along.
    pub payload: Value,
}

/// Sends a signal: the signal and a wake token, in one commit. Repeating the same id changes nothing. Run it in a
/// transaction, or with an id of its own: what it wrote before a [`Sent::Conflict`] has to be rolled back.
///
/// # Errors
/// If the database does.
pub async fn send(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    signal_id: SignalId,
    name: &str,
    payload: &Value,
) -> Result<Sent, StoreError> {
    let verdict: String = sqlx::query_scalar("SELECT signal_2($1, $2, $3, $4, $5, $6)")
        .bind(workspace_id.0)
        .bind(execution_id.0)
        .bind(signal_id.0)
        .bind(name)
        .bind(payload.to_string())
        .bind(SIGNALS_PENDING_MAX)
        .fetch_one(connection)
        .await?;
    Ok(match verdict.as_str() {
        "accepted" => Sent::Accepted,
        "ended" => Sent::Ended,
        "full" => Sent::Full,
        "conflict" => Sent::Conflict,
        _ => Sent::Unknown,
    })
}

/// Takes note of a wake-up and reads what waits, oldest first. A signal that comes later wakes again.
///
/// # Errors
/// If the database does.
pub async fn heed(
    connection: &mut PgConnection,
    execution_id: ExecutionId,
    lease_no: i64,
) -> Result<Vec<Pending>, StoreError> {
    sqlx::query("SELECT heed_1($1, $2)").bind(execution_id.0).bind(lease_no).execute(&mut *connection).await?;
    pending(connection, execution_id).await
}

/// The signals that wait for an execution, oldest first.
///
/// # Errors
/// If the database does.
pub async fn pending(connection: &mut PgConnection, execution_id: ExecutionId) -> Result<Vec<Pending>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT signal_id, name, payload FROM signals WHERE execution_id = $1 ORDER BY created_at, signal_id",
    )
    .bind(execution_id.0)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
