//! Orders that a bulk job gives to many executions.

use capstan_domain::history;
use capstan_engine::core::ids::{ExecutionId, SignalId, VersionId, WorkspaceId};
use capstan_engine::store::bulk::ItemEnd;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::executions;
use capstan_engine::store::orders::{self, Order, Ordered, RETRY_NOW, What};
use serde_json::json;
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use super::item::{NOT_KEPT, send, version};
use crate::worker::Engine;

/// Who is said to have given the order.
const BY: &str = "a bulk job";

/// Has an execution paused, or go on.
pub(super) async fn give(
    connection: &mut PgConnection,
    id: ExecutionId,
    what: What,
    reason: Option<&str>,
) -> Result<ItemEnd, StoreError> {
    let paused = what == What::Pause;
    let order = Order { by: BY.into(), reason: reason.map(str::to_owned), what };
    Ok(match orders::give(connection, id, SignalId::new(), &order, paused).await? {
        Ordered::Accepted => ItemEnd::Done(None),
        Ordered::Unfit(_) if !paused => ItemEnd::Skipped("the execution is not paused".into()),
        Ordered::Unfit(status) => ItemEnd::Skipped(format!("the execution is {status}")),
        Ordered::Unknown => ItemEnd::Skipped(NOT_KEPT.into()),
    })
}

/// Has an execution try again at once what waits for its next attempt.
pub(super) async fn retry_now(
    engine: &Engine,
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    id: ExecutionId,
    reason: Option<&str>,
) -> Result<ItemEnd, StoreError> {
    let Some(row) = executions::find(connection, workspace_id, id).await? else {
        return Ok(ItemEnd::Skipped(NOT_KEPT.into()));
    };
    if row.ended_at.is_some() || row.status == "incident" {
        return Ok(ItemEnd::Skipped(format!("the execution is {}", row.status)));
    }
    let entries = history::outline(connection, workspace_id, id, 0).await?;
    let graph = version(engine, workspace_id, VersionId(row.version_id)).await?;
    // On a thread of its own: a long journal takes a while, and what panics over it fails alone.
    let waits = spawn_blocking(move || {
        let state = history::state(&row, &graph, entries.iter().map(|(_, entry)| entry))?;
        Ok::<_, StoreError>(!state.in_backoff().is_empty())
    });
    match waits.await {
        Ok(Ok(true)) => {
            let order = Order { by: BY.into(), reason: reason.map(str::to_owned), what: What::RetryNow { step: None } };
            send(connection, workspace_id, id, RETRY_NOW, &json!(order)).await
        }
        Ok(Ok(false)) => Ok(ItemEnd::Skipped("no step waits for its next attempt".into())),
        Ok(Err(error)) => Err(error),
        Err(error) => Ok(ItemEnd::Failed(format!("the execution cannot be read: {error}"))),
    }
}
