//! What a bulk job does to one execution.

use std::sync::Arc;

use capstan_domain::history;
use capstan_domain::quotas::EXECUTIONS;
use capstan_domain::restart::{Recorded, Refused};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, SignalId, VersionId, WorkspaceId};
use capstan_engine::store::bulk::{Beginning, Item, ItemEnd, Work};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::executions;
use capstan_engine::store::migration::Migration;
use capstan_engine::store::orders::{Given, What};
use capstan_engine::store::restart::{Restart, restart};
use capstan_engine::store::signals::{self, CANCEL, Sent};
use capstan_engine::store::start::Started;
use capstan_engine::store::trials;
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use super::{migrate, orders};
use crate::worker::Engine;

/// Why a job cancels where nobody says it.
const REASON: &str = "cancelled by a bulk job";
pub(super) const NOT_KEPT: &str = "the execution is no longer kept";
/// Why a trial is not migrated.
pub(super) const IS_TRIAL: &str = "the execution is a trial of a draft, which no version takes over";
const NOT_ENDED: &str = "the execution has not ended";
const TRIAL_GONE: &str = "the graph of this trial is no longer kept; run the draft again";
const USED_UP: &str = "this workspace has used up its executions of this month";

/// What became of an item so far.
pub(super) enum Judged {
    /// It is done, or cannot be.
    End(ItemEnd),
    /// It is cancelled: a pause is to be lifted.
    Cancelled(ExecutionId, ItemEnd),
    /// An order for it is to be given.
    Order(Box<Given>),
    /// It is to go on with another version.
    Migrate(Box<Migration>),
}

impl Judged {
    /// The order, if one is to be given.
    pub(super) fn given(&self) -> Option<&Given> {
        match self {
            Self::Order(given) => Some(given),
            Self::End(_) | Self::Cancelled(..) | Self::Migrate(_) => None,
        }
    }

    /// The migration, if it is to go on with another version.
    pub(super) fn migration(&self) -> Option<&Migration> {
        match self {
            Self::Migrate(migration) => Some(migration),
            Self::End(_) | Self::Cancelled(..) | Self::Order(_) => None,
        }
    }
}

/// Does the verb, or finds out what is to be done, in the transaction of the caller, which acts for the workspace. No row of
/// `executions` is locked here.
pub(super) async fn work(
    engine: &Engine,
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    work: &Work,
    item: &Item,
) -> Result<Judged, StoreError> {
    let id = ExecutionId(item.execution_id);
    let end = match work {
        Work::Cancel { reason, force } => {
            let payload = json!({ "reason": reason.as_deref().unwrap_or(REASON), "force": force });
            let end = send(connection, workspace_id, id, CANCEL, &payload).await?;
            return Ok(Judged::Cancelled(id, end));
        }
        Work::Pause { reason } => return Ok(orders::pause_or_resume(id, What::Pause, reason.as_deref())),
        Work::Resume { reason } => return Ok(orders::pause_or_resume(id, What::Resume, reason.as_deref())),
        Work::Resolve(said) => return orders::resolve(engine, connection, workspace_id, id, said).await,
        Work::Migrate { reason, .. } => {
            return migrate::plan(engine, connection, workspace_id, item, reason.as_deref()).await;
        }
        Work::RetryNow { reason } => orders::retry_now(engine, connection, workspace_id, id, reason.as_deref()).await,
        Work::Signal { name, payload } => send(connection, workspace_id, id, name, payload).await,
        Work::Restart { from, .. } => again(engine, connection, workspace_id, item, from).await,
    };
    end.map(Judged::End)
}

pub(super) async fn send(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    id: ExecutionId,
    name: &str,
    payload: &Value,
) -> Result<ItemEnd, StoreError> {
    Ok(match signals::send(connection, workspace_id, id, SignalId::new(), name, payload).await? {
        Sent::Accepted => ItemEnd::Done(None),
        Sent::Ended => ItemEnd::Skipped("the execution had already ended".into()),
        Sent::Unknown => ItemEnd::Skipped(NOT_KEPT.into()),
        Sent::Full | Sent::Conflict => ItemEnd::Failed("too many signals wait for the execution already".into()),
    })
}

async fn again(
    engine: &Engine,
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    item: &Item,
    from: &Beginning,
) -> Result<ItemEnd, StoreError> {
    let id = ExecutionId(item.execution_id);
    let Some(row) = executions::find(connection, workspace_id, id).await? else {
        return Ok(ItemEnd::Skipped(NOT_KEPT.into()));
    };
    if !row.can_restart() {
        return Ok(ItemEnd::Skipped(NOT_ENDED.into()));
    }
    let entries = history::outline(connection, workspace_id, id, 0).await?;
    let version_id = item.version_id.map_or(VersionId(row.version_id), VersionId);
    let old = version(engine, workspace_id, VersionId(row.version_id)).await?.begun_at(&row.trigger_node_id);
    let new = version(engine, workspace_id, version_id).await?;
    let (from, is_trial) = (from.clone(), row.trial && version_id.0 == row.version_id);
    // On a thread of its own: a long journal takes a while, and what panics over it fails alone.
    let planned = spawn_blocking(move || {
        let recorded = Recorded { row: &row, graph: &old, entries: &entries };
        let plan = recorded.plan(&new, &from)?;
        Ok::<_, Refused>(recorded.restart(&plan, version_id, None))
    });
    match planned.await {
        // Used now, so that its graph stays.
        Ok(Ok(_)) if is_trial && !trials::touch(connection, workspace_id, version_id).await? => {
            Ok(ItemEnd::Failed(TRIAL_GONE.into()))
        }
        Ok(Ok(asked)) => begin(engine, connection, workspace_id, &asked).await,
        Ok(Err(Refused::Unreadable(error))) => Err(error),
        Ok(Err(refused @ Refused::NothingFailed)) => Ok(ItemEnd::Skipped(refused.to_string())),
        Ok(Err(refused)) => Ok(ItemEnd::Failed(refused.to_string())),
        Err(error) => Ok(ItemEnd::Failed(format!("the restart cannot be planned: {error}"))),
    }
}

pub(super) async fn version(
    engine: &Engine,
    workspace_id: WorkspaceId,
    id: VersionId,
) -> Result<Arc<Graph>, StoreError> {
    let version = engine.versions.get(&engine.side, &engine.registry, workspace_id, id).await?;
    Ok(Arc::clone(&version.graph))
}

/// What is rolled back with the chunk stays spent, until the facts are counted.
async fn begin(
    engine: &Engine,
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    asked: &Restart,
) -> Result<ItemEnd, StoreError> {
    let quotas = &engine.services.quotas;
    if quotas.admit(workspace_id, EXECUTIONS, 1).await?.is_err() {
        return Ok(ItemEnd::Failed(USED_UP.into()));
    }
    let started = restart(connection, asked).await?;
    match started {
        Some(Started::New(_)) => quotas.confirm(workspace_id, EXECUTIONS, 1),
        _ => quotas.give_back(workspace_id, EXECUTIONS, 1),
    }
    Ok(match started {
        Some(Started::New(id) | Started::Replayed(id)) => ItemEnd::Done(Some(id)),
        Some(Started::Conflict) | None => ItemEnd::Skipped(NOT_ENDED.into()),
    })
}
