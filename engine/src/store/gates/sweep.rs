//! The sweep: goes through all lines, a bite at a time, for what no hint told of.

use std::collections::{BTreeMap, HashSet};

use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{Passed, admit, lock};
use crate::core::gate::Gate;
use crate::core::ids::WorkspaceId;
use crate::store::error::StoreError;

/// Lines that one sweep goes through at most; the next one goes on behind them.
const LINES_MAX: i32 = 1_000;

/// How far sweeps have come: the last line of the one before.
pub type After = (Uuid, String);

/// What a sweep came to.
#[derive(Debug, Default)]
pub struct Swept {
    /// Executions that were let in.
    pub admitted: usize,
    /// Slots that nobody had any more.
    pub cleared: i32,
    /// Lines that were gone through.
    pub lines: usize,
    /// Where the next one goes on; none at the end.
    pub after: Option<After>,
}

/// Goes through the next lines, if nobody has within the last second: takes slots back that were left behind, and lets in
/// whoever there is room for. None if it is not the caller's turn.
///
/// # Errors
/// If the database does.
pub async fn sweep(connection: &mut PgConnection, after: Option<After>) -> Result<Option<Swept>, StoreError> {
    let is_due: bool = sqlx::query_scalar("SELECT begin_sweep_1()").fetch_one(&mut *connection).await?;
    if !is_due {
        return Ok(None);
    }
    let (workspace, gate) = after.unwrap_or_default();
    let lines: Vec<(Uuid, String)> = sqlx::query_as("SELECT workspace_id, gate FROM lines_1($1, $2, $3)")
        .bind(workspace)
        .bind(gate)
        .bind(LINES_MAX)
        .fetch_all(&mut *connection)
        .await?;
    let is_more = lines.len() as i64 >= i64::from(LINES_MAX);
    let mut swept = Swept { lines: lines.len(), after: lines.last().filter(|_| is_more).cloned(), ..Swept::default() };
    let mut by_workspace = BTreeMap::<Uuid, HashSet<Gate>>::new();
    for (workspace, gate) in lines {
        by_workspace.entry(workspace).or_default().insert(Gate(gate));
    }
    for (workspace, gates) in by_workspace {
        let workspace_id = WorkspaceId(workspace);
        match sweep_one(connection, workspace_id, gates, &mut swept).await {
            // Whoever holds the lock lets in, too; the next sweep comes by again.
            Ok(()) | Err(StoreError::LockTimeout) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(swept))
}

async fn sweep_one(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    gates: HashSet<Gate>,
    swept: &mut Swept,
) -> Result<(), StoreError> {
    swept.cleared += clear(connection, workspace_id).await?;
    let Passed { admitted, .. } = admit(connection, workspace_id, gates).await?;
    swept.admitted += admitted.len();
    Ok(())
}

/// Takes slots back that were left behind.
async fn clear(connection: &mut PgConnection, workspace_id: WorkspaceId) -> Result<i32, StoreError> {
    let mut transaction = connection.begin().await?;
    lock(&mut transaction, None, workspace_id).await?;
    let cleared = sqlx::query_scalar("SELECT clear_gates_1($1)").bind(workspace_id.0);
    let cleared = cleared.fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(cleared)
}
