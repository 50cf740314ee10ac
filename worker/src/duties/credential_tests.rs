//! Tests of credentials: the API asks for them, and only a worker can open a credential. A test is begun once, also where it came to
//! nothing: a token server may take a refresh token only once.

use std::sync::Arc;

use capstan_domain::credentials::tested::{self, Begun};
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, WorkspaceId};
use capstan_engine::store::error::StoreError;
use capstan_node_types::node_type::{Context, LogLevel, LogSink};
use capstan_node_types::services::credentials::try_out;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{info, warn};

use crate::worker::Engine;

/// Tests that a process does at a time; further ones wait for the next look. Many times as many as a workspace may have, so that a few
/// workspaces whose servers do not answer hold nobody up.
const AT_A_TIME: usize = 48;

/// A test leaves no log: what it came to is its answer.
struct NoLog;

impl LogSink for NoLog {
    fn log(&self, _: LogLevel, _: &str) {}
}

/// Looks for tests that were asked for, until the worker stops; what is under way then comes to its end.
pub(crate) async fn credential_tests(engine: Arc<Engine>) {
    let (mut agenda, places) = (engine.agenda.reader(), Arc::new(Semaphore::new(AT_A_TIME)));
    while engine.stop.run_until_cancelled(agenda.until(|agenda| agenda.tests)).await.is_some() {
        if let Err(error) = begin(&engine, &places).await {
            warn!(%error, "tests of credentials could not be begun; trying again");
        }
    }
}

/// Begins as many as there are places for.
async fn begin(engine: &Arc<Engine>, places: &Arc<Semaphore>) -> Result<(), StoreError> {
    let mut free: Vec<OwnedSemaphorePermit> = Vec::new();
    while let Ok(place) = Arc::clone(places).try_acquire_owned() {
        free.push(place);
    }
    if free.is_empty() {
        return Ok(());
    }
    let begun = engine.side.run(async |connection| tested::begin(connection, free.len()).await).await?;
    for (begun, place) in begun.into_iter().zip(free) {
        let engine = Arc::clone(engine);
        let tracker = engine.senders.clone();
        tracker.spawn(async move {
            test(&engine, &begun).await;
            drop(place);
        });
    }
    Ok(())
}

async fn test(engine: &Engine, begun: &Begun) {
    let context = Context {
        workspace_id: WorkspaceId(begun.workspace_id),
        // Of no execution: nothing that it does is kept under this id.
        execution_id: ExecutionId(begun.test_id),
        step: StepKey::root(NodeId::from("test")),
        attempt: 1,
        round: 0,
        now: begun.begun_at,
        wake: None,
        log: Arc::new(NoLog),
        services: Arc::clone(&engine.services),
        secrets: Arc::default(),
        database: Arc::default(),
    };
    let tested = try_out(&context, &begun.name, begun.url.as_deref()).await;
    info!(credential_id = %begun.credential_id, outcome = tested.verdict.as_str(), "a credential was tested");
    let ended = engine.side.run(async |connection| tested::end(connection, begun, &tested).await).await;
    if let Err(error) = ended {
        warn!(%error, credential_id = %begun.credential_id, "what a test came to could not be kept");
    }
}
