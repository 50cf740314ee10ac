//! Activations: a stretch of work on one execution, from claim to end or park.

mod attempts;
mod drive;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use capstan_engine::core::fold::fold;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, VersionId, WorkspaceId};
use capstan_engine::store::claim::{Claimed, load_journal};
use capstan_engine::store::commit::{Commit, Then};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::signals::pending;
use capstan_engine::store::workers::release;
use futures::FutureExt;
use serde_json::{Value, json};
use tokio::time::sleep;
use tracing::{error, warn};

use crate::life::Life;
use crate::runtime::Activation;
use crate::worker::Engine;
use drive::Drive;

/// Pause between attempts to read from a database that is away.
const READ_PAUSE: Duration = Duration::from_millis(200);

/// How an activation ended.
enum Exit {
    /// Ended, parked, or lost to another worker: nothing is held any more.
    Gone,
    /// Drained: the lease is to be given back.
    GiveBack,
    /// It cannot be gone on with; a person has to look.
    Quarantine(String),
}

/// Drives one claimed execution as far as it goes.
pub(crate) async fn drive(engine: &Arc<Engine>, activation: Activation) {
    let Activation { claimed, wake, life } = activation;
    let id = ExecutionId(claimed.execution_id);
    let work = async {
        let exit = AssertUnwindSafe(run(engine, &life, &claimed, &wake)).catch_unwind().await;
        match exit.unwrap_or_else(|_| Exit::Quarantine("the engine failed while it drove the execution".into())) {
            Exit::Gone => {}
            Exit::GiveBack => give_back(engine, &life, &claimed).await,
            Exit::Quarantine(reason) => quarantine(&life, &claimed, reason).await,
        }
    };
    // Once its life is over, a worker writes nothing more; what it holds is taken from it.
    life.over.run_until_cancelled(work).await;
    life.let_go(id, claimed.lease_no);
    engine.freed.notify_one();
}

async fn run(engine: &Arc<Engine>, life: &Arc<Life>, claimed: &Claimed, wake: &tokio::sync::Notify) -> Exit {
    loop {
        match load(engine, life, claimed).await {
            Ok(Some(drive)) => return drive.run(wake).await,
            Ok(None) => {
                let park = commit_of(claimed, Then::Park { due_at: None });
                let _ = life.committers.commit(park).await;
                return Exit::Gone;
            }
            Err(error) if error.is_transient() => {
                warn!(%error, execution_id = %claimed.execution_id, "an execution could not be read; trying again");
                sleep(READ_PAUSE).await;
            }
            Err(error) => return Exit::Quarantine(error.to_string()),
        }
    }
}

/// Reads an execution and folds its journal; nothing if it has ended.
async fn load<'a>(
    engine: &'a Arc<Engine>,
    life: &'a Arc<Life>,
    claimed: &'a Claimed,
) -> Result<Option<Drive<'a>>, StoreError> {
    let workspace_id = WorkspaceId(claimed.workspace_id);
    let version_id = VersionId(claimed.version_id);
    let graph = engine.versions.get(&engine.pool, &engine.registry, workspace_id, version_id).await?;
    let (entries, signals) = if claimed.fresh {
        (Vec::new(), Vec::new())
    } else {
        let mut connection = engine.pool.acquire().await?;
        let id = ExecutionId(claimed.execution_id);
        let Some(entries) = load_journal(&mut connection, id).await? else { return Ok(None) };
        (entries, pending(&mut connection, id).await?)
    };
    let input: Value = serde_json::from_str(&claimed.input)
        .map_err(|error| StoreError::Corrupt(format!("the input cannot be read: {error}")))?;
    let trigger = StepKey::root(NodeId::from(claimed.trigger_node_id.as_str()));
    let state = fold(&graph, &trigger, input, claimed.created_at, &entries)
        .map_err(|error| StoreError::Corrupt(format!("the journal cannot be folded: {error}")))?;
    Ok(Some(Drive::new(engine, life, claimed, graph, state, signals)))
}

/// A commit of no entries at the place where this activation began.
fn commit_of(claimed: &Claimed, then: Then) -> Commit {
    Commit {
        execution_id: ExecutionId(claimed.execution_id),
        workspace_id: WorkspaceId(claimed.workspace_id),
        lease_no: claimed.lease_no,
        position: 0,
        entries: Vec::new(),
        usage: Vec::new(),
        then,
    }
}

async fn give_back(engine: &Engine, life: &Life, claimed: &Claimed) {
    let lease = [(ExecutionId(claimed.execution_id), claimed.lease_no)];
    loop {
        let released = async { release(&mut *engine.pool.acquire().await?, life.worker_no, &lease).await };
        match released.await {
            Err(error) if error.is_transient() => sleep(READ_PAUSE).await,
            Ok(_) | Err(_) => return,
        }
    }
}

/// Sets an execution aside for a person, with the reason; its journal stays as it is.
async fn quarantine(life: &Life, claimed: &Claimed, reason: String) {
    error!(execution_id = %claimed.execution_id, reason, "an execution was set aside");
    metrics::counter!("capstan_incidents_total").increment(1);
    let error = json!({ "class": "incident", "reason": reason });
    let then = Then::End { status: "incident", output: None, error: Some(error), leftovers: false };
    let _ = life.committers.commit(commit_of(claimed, then)).await;
}
