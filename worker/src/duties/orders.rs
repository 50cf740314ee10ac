//! Orders that a bulk job gives to many executions: what each of them needs is found out one by one, and then all are given
//! together, so that nobody waits for the rows of a whole chunk.

use std::sync::Arc;

use capstan_domain::history;
use capstan_domain::resolve::Unresolvable;
use capstan_domain::restart::Recorded;
use capstan_engine::core::ids::{ExecutionId, VersionId, WorkspaceId};
use capstan_engine::store::bulk::ItemEnd;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::executions;
use capstan_engine::store::orders::{Given, Order, Ordered, RETRY_NOW, What};
use capstan_engine::store::said::Said;
use serde_json::json;
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use super::item::{Judged, NOT_KEPT, send, version};
use crate::worker::Engine;

/// Who is said to have given the order.
pub(super) const BY: &str = "a bulk job";

fn order(reason: Option<&str>, what: What) -> Order {
    Order { by: BY.into(), reason: reason.map(str::to_owned), what }
}

/// Has an execution paused, or go on.
pub(super) fn pause_or_resume(execution_id: ExecutionId, what: What, reason: Option<&str>) -> Judged {
    let paused = what == What::Pause;
    Judged::Order(Box::new(Given { execution_id, order: order(reason, what), paused }))
}

/// What became of an order.
pub(super) fn end(given: &Given, ordered: Ordered) -> ItemEnd {
    match (ordered, &given.order.what) {
        (Ordered::Accepted, _) => ItemEnd::Done(None),
        (Ordered::Unfit(_), What::Resume) => ItemEnd::Skipped("the execution is not paused".into()),
        (Ordered::Unfit(status), What::Resolve(_)) => no_incident(&status),
        (Ordered::Unfit(status), _) => ItemEnd::Skipped(format!("the execution is {status}")),
        (Ordered::Unknown, _) => ItemEnd::Skipped(NOT_KEPT.into()),
    }
}

fn no_incident(status: &str) -> ItemEnd {
    ItemEnd::Skipped(format!("the execution is {status}, and no incident"))
}

/// Has an incident go on as is said of all.
pub(super) async fn resolve(
    engine: &Engine,
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    said: &Said,
) -> Result<Judged, StoreError> {
    let Some(row) = executions::find(connection, workspace_id, execution_id).await? else {
        return Ok(Judged::End(ItemEnd::Skipped(NOT_KEPT.into())));
    };
    if row.status != "incident" {
        return Ok(Judged::End(no_incident(&row.status)));
    }
    let action = said.action(BY).map_err(|strange| StoreError::Unsupported(strange.detail))?;
    let entries = history::outline(connection, workspace_id, execution_id, 0).await?;
    let graph = version(engine, workspace_id, VersionId(row.version_id)).await?.begun_at(&row.trigger_node_id);
    let step = said.step();
    // On a thread of its own: a long journal takes a while, and what panics over it fails alone.
    let registry = Arc::clone(&engine.registry);
    let resolved = spawn_blocking(move || {
        Recorded { row: &row, graph: &graph, entries: &entries }.resolve(step, action, registry.as_ref())
    });
    let resolved = resolved.await;
    Ok(match resolved {
        Ok(Ok((resolve, paused))) => {
            let order = order(said.reason.as_deref(), What::Resolve(resolve));
            Judged::Order(Box::new(Given { execution_id, order, paused }))
        }
        Ok(Err(Unresolvable::Unreadable(error))) => return Err(error),
        Ok(Err(refused)) => Judged::End(ItemEnd::Failed(refused.to_string())),
        Err(error) => Judged::End(ItemEnd::Failed(format!("the execution cannot be read: {error}"))),
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
    let graph = version(engine, workspace_id, VersionId(row.version_id)).await?.begun_at(&row.trigger_node_id);
    // On a thread of its own: a long journal takes a while, and what panics over it fails alone.
    let waits = spawn_blocking(move || {
        let state = history::state(&row, &graph, entries.iter().map(|(_, entry)| entry))?;
        Ok::<_, StoreError>(!state.in_backoff().is_empty())
    });
    match waits.await {
        Ok(Ok(true)) => {
            let order = order(reason, What::RetryNow { step: None });
            send(connection, workspace_id, id, RETRY_NOW, &json!(order)).await
        }
        Ok(Ok(false)) => Ok(ItemEnd::Skipped("no step waits for its next attempt".into())),
        Ok(Err(error)) => Err(error),
        Err(error) => Ok(ItemEnd::Failed(format!("the execution cannot be read: {error}"))),
    }
}
