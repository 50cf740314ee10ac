//! Parents and children of executions, as lists, looks and explanations show them.

use std::collections::HashMap;

use capstan_engine::core::clean_up::Ending;
use capstan_engine::core::explain::Reason;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::children;
use capstan_engine::store::endings::being_cancelled;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::executions::ExecutionRow;
use capstan_engine::store::migration;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::auth::Caller;
use crate::view::{ExecutionSummary, ExecutionView, FailureView};

/// Most children that are shown with their parent; lists have all.
const CHILDREN_SHOWN_MAX: i64 = 100;

/// Rows as lists show them, with their parents.
pub(super) async fn summaries(
    connection: &mut PgConnection,
    caller: &Caller,
    rows: &[ExecutionRow],
) -> Result<Vec<ExecutionSummary>, StoreError> {
    let ids = rows.iter().map(|row| row.execution_id);
    let mut parents = children::parents(connection, caller.workspace_id, ids).await?;
    let open: Vec<Uuid> = rows.iter().filter(|row| row.ended_at.is_none()).map(|row| row.execution_id).collect();
    let endings = being_cancelled(connection, caller.workspace_id, &open).await?;
    let mut endings: HashMap<Uuid, Ending> = endings.into_iter().collect();
    let summary = |row: &ExecutionRow| ExecutionSummary {
        parent: parents.remove(&row.execution_id),
        ending: endings.remove(&row.execution_id),
        failure: FailureView::of(row),
        ..ExecutionSummary::from(row)
    };
    Ok(rows.iter().map(summary).collect())
}

/// Adds the parent, the newest children, and the migrations of an execution.
pub(super) async fn complete(
    connection: &mut PgConnection,
    caller: &Caller,
    view: &mut ExecutionView,
) -> Result<(), StoreError> {
    let id = view.summary.id;
    view.summary.parent = children::parents(connection, caller.workspace_id, [id]).await?.remove(&id);
    let before = ExecutionId(Uuid::max());
    let rows = children::list(connection, caller.workspace_id, ExecutionId(id), before, CHILDREN_SHOWN_MAX).await?;
    view.children = rows.iter().map(ExecutionSummary::from).collect();
    view.migrations = migration::of(connection, caller.workspace_id, ExecutionId(id)).await?;
    Ok(())
}

/// Fills in how the children stand that an execution waits for.
pub(super) async fn fill_in(
    connection: &mut PgConnection,
    caller: &Caller,
    reasons: &mut [Reason],
) -> Result<(), StoreError> {
    let id =
        |reason: &Reason| if let Reason::Child { execution_id, .. } = reason { Some(execution_id.0) } else { None };
    let ids: Vec<Uuid> = reasons.iter().filter_map(id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let statuses = children::statuses(connection, caller.workspace_id, &ids).await?;
    for reason in reasons {
        if let Reason::Child { execution_id, status, .. } = reason {
            *status = statuses.get(&execution_id.0).cloned();
        }
    }
    Ok(())
}
