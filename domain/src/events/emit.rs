//! Events from steps.

use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

use super::accept::insert;
use super::event::{COLUMNS, EventFlaw, EventRow, NewEvent};
use super::room::is_full;

/// Most events that may lead from one to the next, through the executions that take and send them.
pub const DEPTH_MAX: i32 = 64;

/// What became of an event of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Emitted {
    /// It is durable, now or from an attempt before.
    Accepted(EventRow),
    /// It cannot be stored.
    Flawed(EventFlaw),
    /// [`DEPTH_MAX`] events led to it.
    TooDeep,
    /// [`super::EVENTS_PENDING_MAX`] wait already.
    Full,
}

/// Sends an event of an execution, once for each id. It is one deeper than the deepest event that the execution took, or
/// one above it had taken when it called, or one below it that it waited for.
/// For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn emit(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    event: &NewEvent,
) -> Result<Emitted, StoreError> {
    if let Err(flaw) = event.check_data() {
        return Ok(Emitted::Flawed(flaw));
    }
    if let Some(row) = find(connection, workspace_id, &event.id).await? {
        return Ok(Emitted::Accepted(row));
    }
    let depth = depth(&mut *connection, workspace_id, execution_id).await?;
    if depth > DEPTH_MAX {
        return Ok(Emitted::TooDeep);
    }
    if is_full(connection, workspace_id).await? {
        return Ok(Emitted::Full);
    }
    if let Some(made) = insert(connection, workspace_id, std::slice::from_ref(event), depth).await?.remove(&event.id) {
        return Ok(Emitted::Accepted(made.row(event, depth)));
    }
    let row = find(connection, workspace_id, &event.id).await?;
    row.map(Emitted::Accepted).ok_or_else(|| StoreError::Corrupt("an event that was just sent is gone".into()))
}

/// How deep an event of an execution is: see [`emit`]. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn depth(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
) -> Result<i32, StoreError> {
    let depth = sqlx::query_scalar("SELECT event_depth_1($1, $2)").bind(workspace_id.0).bind(execution_id.0);
    Ok(depth.fetch_one(connection).await?)
}

async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    client_id: &str,
) -> Result<Option<EventRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM events WHERE workspace_id = $1 AND client_id = $2");
    Ok(sqlx::query_as(&sql).bind(workspace_id.0).bind(client_id).fetch_optional(connection).await?)
}
