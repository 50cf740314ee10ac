//! Activations: a stretch of work on one execution, from claim to end or park.

mod attempts;
mod children;
mod conclude;
mod drive;
mod enter;
mod hold;
mod obey;
mod put_off;
mod spans;
mod write;

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use capstan_domain::spans::Span;
use capstan_engine::core::fold::fold;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, VersionId, WorkspaceId};
use capstan_engine::core::journal::Entry;
use capstan_engine::core::state::State;
use capstan_engine::store::children::Family;
use capstan_engine::store::claim::Claimed;
use capstan_engine::store::commit::{Commit, Then};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::orders::take_up;
use capstan_engine::store::past::{self, Past};
use capstan_engine::store::signals::{CANCEL, Pending};
use capstan_engine::store::workers::release;
use chrono::TimeDelta;
use futures::FutureExt;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::sleep;
use tracing::{error, warn};

use crate::committer::Committed;
use crate::life::Life;
use crate::runtime::Activation;
use crate::versions::Version;
use crate::worker::Engine;
use drive::Drive;

/// Pause between attempts to read from a database that is away.
const READ_PAUSE: Duration = Duration::from_millis(200);
/// How long an execution that this build cannot run is put off at a time, and from its start on.
const UNSUPPORTED_PAUSE: TimeDelta = TimeDelta::seconds(5);
const UNSUPPORTED_MAX: TimeDelta = TimeDelta::minutes(10);

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
    let Activation { claimed, past, wake, life } = activation;
    let id = ExecutionId(claimed.execution_id);
    let held = HeldUntilDropped { engine, life: &life, id, lease_no: claimed.lease_no };
    let mut span = spans::of_activation(&claimed);
    let work = async {
        let exit = AssertUnwindSafe(run(engine, &life, &claimed, past, &wake, span.as_mut())).catch_unwind().await;
        match exit.unwrap_or_else(|_| Exit::Quarantine("the engine failed while it drove the execution".into())) {
            Exit::Gone => {}
            // At the end of a drain all that is left goes back in one go.
            Exit::GiveBack if engine.hurry.is_cancelled() => {}
            Exit::GiveBack => give_back(engine, &life, &claimed).await,
            Exit::Quarantine(reason) => {
                spans::quarantined(span.as_mut());
                quarantine(&life, &claimed, reason).await;
            }
        }
    };
    // Once its life is over, a worker writes nothing more; what it holds is taken from it.
    engine.black_box.around(id, life.over.run_until_cancelled(pin!(work))).await;
    drop(held);
}

/// Lets go of a lease and frees its slot, whatever ends the activation.
struct HeldUntilDropped<'a> {
    engine: &'a Engine,
    life: &'a Life,
    id: ExecutionId,
    lease_no: i64,
}

impl Drop for HeldUntilDropped<'_> {
    fn drop(&mut self) {
        self.life.let_go(self.id, self.lease_no);
        self.engine.freed.notify_one();
    }
}

async fn run(
    engine: &Arc<Engine>,
    life: &Arc<Life>,
    claimed: &Claimed,
    past: Option<Past>,
    wake: &Notify,
    span: Option<&mut Span>,
) -> Exit {
    let mut past = match past {
        Some(past) => past,
        None => match Box::pin(read_back(engine, claimed)).await {
            Ok(past) => past,
            Err(error) => return Exit::Quarantine(error.to_string()),
        },
    };
    let cancelled = past.signals.iter().any(|signal| signal.name == CANCEL);
    if claimed.incident && !cancelled {
        // It waits for a person.
        return set_down(life, claimed, Then::Park { due_at: None }).await;
    }
    let entries = past.entries();
    let (version, state) = loop {
        match fold_up(engine, claimed, &entries).await {
            Ok(folded) => break folded,
            Err(error) if cancelled && !error.is_transient() => return cancel(life, claimed).await,
            Err(StoreError::Unsupported(reason)) => return put_off(life, claimed, reason).await,
            Err(error) if error.is_transient() => {
                warn!(%error, execution_id = %claimed.execution_id, trace_id = claimed.trace().trace_id(), "an execution could not be read; trying again");
                sleep(READ_PAUSE).await;
            }
            Err(error) => return Exit::Quarantine(error.to_string()),
        }
    };
    // It may be large, and the execution may be active for long.
    drop(entries);
    if claimed.incident && state.has_outgrown() && past.signals.iter().any(is_gentle_cancel) {
        take_up_again(engine, claimed).await;
    }
    Drive::new(engine, life, claimed, &version, state, past, span).run(wake).await
}

/// Reads one execution back by itself, however long the database is away.
async fn read_back(engine: &Engine, claimed: &Claimed) -> Result<Past, StoreError> {
    let ids = [claimed.execution_id];
    loop {
        match engine.side.run(async |connection| past::load(connection, &ids).await).await {
            Ok(mut few) => return Ok(few.remove(&claimed.execution_id).unwrap_or_default()),
            Err(error) if error.is_transient() => {
                warn!(%error, execution_id = %claimed.execution_id, trace_id = claimed.trace().trace_id(), "an execution could not be read; trying again");
                sleep(READ_PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether what was done is to be undone before the end.
fn is_gentle_cancel(signal: &Pending) -> bool {
    signal.name == CANCEL && !is_forced(signal)
}

fn is_forced(cancel: &Pending) -> bool {
    cancel.payload.get("force") == Some(&Value::Bool(true))
}

/// An incident is cancelled, and what it did is undone first: it is none any more.
async fn take_up_again(engine: &Engine, claimed: &Claimed) {
    let (workspace_id, id) = (WorkspaceId(claimed.workspace_id), ExecutionId(claimed.execution_id));
    while let Err(error) =
        Box::pin(engine.side.run(async |connection| take_up(connection, workspace_id, id).await)).await
    {
        warn!(%error, execution_id = %id, trace_id = claimed.trace().trace_id(), "an incident could not be taken up; trying again");
        if !error.is_transient() {
            return;
        }
        sleep(READ_PAUSE).await;
    }
}

/// A person has cancelled an incident that cannot be gone on with.
async fn cancel(life: &Life, claimed: &Claimed) -> Exit {
    let error = Some(json!({ "class": "cancelled", "reason": "cancelled as an incident" }).to_string());
    set_down(life, claimed, Then::End { status: "cancelled", output: None, error, leftovers: true }).await
}

/// Folds the journal of an execution over the graph of its version.
async fn fold_up(
    engine: &Engine,
    claimed: &Claimed,
    entries: &Result<Vec<Entry>, StoreError>,
) -> Result<(Arc<Version>, State), StoreError> {
    let entries = entries.as_ref().map_err(|error| match error {
        StoreError::Unsupported(why) => StoreError::Unsupported(why.clone()),
        other => StoreError::Corrupt(other.to_string()),
    })?;
    let workspace_id = WorkspaceId(claimed.workspace_id);
    let version_id = VersionId(claimed.version_id);
    let version = engine.versions.get(&engine.side, &engine.registry, workspace_id, version_id).await?;
    let input: Value = serde_json::from_str(&claimed.input)
        .map_err(|error| StoreError::Corrupt(format!("the input cannot be read: {error}")))?;
    let trigger = StepKey::root(NodeId::from(claimed.trigger_node_id.as_str()));
    let version = match ExecutionId(claimed.execution_id).is_child() {
        true => engine.versions.begun_at(version_id, version, &claimed.trigger_node_id),
        false => version,
    };
    let state = fold(&version.graph, &trigger, input, claimed.begun_at, entries)
        .map_err(|error| StoreError::Corrupt(format!("the journal cannot be folded: {error}")))?;
    Ok((version, state))
}

/// Sets an execution down that is not driven; one that has been woken meanwhile goes back to the queue.
async fn set_down(life: &Life, claimed: &Claimed, then: Then) -> Exit {
    match life.committers.commit(commit_of(claimed, then)).await {
        Committed::Written { woken: true } => Exit::GiveBack,
        Committed::Written { .. } | Committed::Lost => Exit::Gone,
        Committed::Refused(reason) => Exit::Quarantine(reason),
    }
}

/// Leaves an execution to a newer build for a while, as in a rolling deploy; then a person has to look.
async fn put_off(life: &Life, claimed: &Claimed, reason: String) -> Exit {
    let now = life.clock.now();
    if now - claimed.begun_at > UNSUPPORTED_MAX {
        return Exit::Quarantine(reason);
    }
    warn!(execution_id = %claimed.execution_id, trace_id = claimed.trace().trace_id(), reason, "left to a newer build");
    set_down(life, claimed, Then::Park { due_at: Some(now + UNSUPPORTED_PAUSE) }).await
}

/// A commit of no entries at the place where this activation began.
fn commit_of(claimed: &Claimed, then: Then) -> Commit {
    Commit {
        execution_id: ExecutionId(claimed.execution_id),
        workspace_id: WorkspaceId(claimed.workspace_id),
        lease_no: claimed.lease_no,
        position: 0,
        rows: Vec::new(),
        usage: Vec::new(),
        family: Family::default(),
        leaves: true,
        dropped: Vec::new(),
        bytes: 0,
        then,
    }
}

async fn give_back(engine: &Engine, life: &Life, claimed: &Claimed) {
    let lease = [(ExecutionId(claimed.execution_id), claimed.lease_no)];
    loop {
        match Box::pin(engine.side.run(async |connection| release(connection, life.worker_no, &lease).await)).await {
            Err(error) if error.is_transient() => sleep(READ_PAUSE).await,
            Ok(_) | Err(_) => return,
        }
    }
}

/// Sets an execution aside for a person, with the reason; its journal stays as it is.
async fn quarantine(life: &Life, claimed: &Claimed, reason: String) {
    error!(execution_id = %claimed.execution_id, trace_id = claimed.trace().trace_id(), reason, "an execution was set aside");
    metrics::counter!("capstan_incidents_total").increment(1);
    for reason in [reason.as_str(), "its reason could not be stored; see the worker's log"] {
        let error = json!({ "class": "incident", "reason": reason }).to_string();
        let then = Then::End { status: "incident", output: None, error: Some(error), leftovers: false };
        if !matches!(life.committers.commit(commit_of(claimed, then)).await, Committed::Refused(_)) {
            return;
        }
    }
}
