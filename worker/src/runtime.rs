//! apalis as the runtime of the worker: its `Worker` and `Monitor` over our own `Backend`, which the claimer feeds.
//!
//! Retries and timeouts of apalis are not used: they belong to the journal. This is the only file that names it.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use apalis::layers::WorkerBuilderExt;
use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::monitor::Monitor;
use apalis_core::task::Task;
use apalis_core::task::builder::TaskBuilder;
use apalis_core::task::data::Data;
use apalis_core::task::task_id::RandomId;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_core::worker::context::WorkerContext;
use apalis_core::worker::ext::parallelize::ParallelizeExt;
use capstan_engine::store::claim::Claimed;
use capstan_engine::store::past::Past;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower_layer::Identity;
use tracing::error;

use crate::activation;
use crate::life::Life;
use crate::worker::Engine;

/// Activations that share a task at most: answers of one commit wake it once, and each waits for the pure steps of the
/// others.
const TOGETHER_MAX: usize = 32;

/// A claimed execution on its way to a slot.
pub(crate) struct Activation {
    pub(crate) claimed: Claimed,
    /// Empty for one that begins; none if it could not be read together with others.
    pub(crate) past: Option<Past>,
    pub(crate) wake: Arc<Notify>,
    pub(crate) life: Arc<Life>,
}

/// The claimer's feed as an apalis backend. It never fails: the claimer deals with the database.
struct Feed {
    inbox: mpsc::Receiver<Vec<Activation>>,
}

impl Backend for Feed {
    type Task = Task<Vec<Activation>>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, Infallible>>> {
        self.inbox.poll_recv(context).map(|next| next.map(|claim| Ok(TaskBuilder::new(claim).build())))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for Feed {
    type Args = Vec<Activation>;
    type Id = RandomId;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}

/// One task of apalis carries all activations of a claim; what are too many for it get tasks of their own.
async fn handle(mut claim: Vec<Activation>, engine: Data<Arc<Engine>>) -> Result<(), Infallible> {
    let mut driven = JoinSet::new();
    while claim.len() > TOGETHER_MAX {
        let few = claim.split_off(claim.len() - TOGETHER_MAX);
        driven.spawn(drive_all(Arc::clone(&engine), few));
    }
    drive_all(Arc::clone(&engine), claim).await;
    while let Some(ended) = driven.join_next().await {
        if let Err(error) = ended {
            error!(%error, "an activation ended in a way that it should not");
        }
    }
    Ok(())
}

async fn drive_all(engine: Arc<Engine>, activations: Vec<Activation>) {
    let mut driven: FuturesUnordered<_> =
        activations.into_iter().map(|activation| activation::drive(&engine, activation)).collect();
    engine.black_box.together(async { while driven.next().await.is_some() {} }).await;
}

/// Runs claims from `inbox`, at most `slots` at a time, until `stop`; then waits for those that run. How many
/// activations there are is up to the claimer.
pub(crate) async fn run(
    engine: Arc<Engine>,
    inbox: mpsc::Receiver<Vec<Activation>>,
    slots: usize,
    stop: CancellationToken,
    drain_timeout: Duration,
) {
    // There is one feed, so a worker that apalis would restart ends at once.
    let inbox = std::sync::Mutex::new(Some(inbox));
    let (ending, broken) = (stop.clone(), engine.broken.clone());
    let monitor = Monitor::new().register(move |_| {
        let inbox = inbox.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let inbox = inbox.unwrap_or_else(|| mpsc::channel(1).1);
        WorkerBuilder::new("capstan")
            .backend(Feed { inbox })
            .data(Arc::clone(&engine))
            .concurrency(slots)
            .parallelize(tokio::spawn)
            .build(handle)
    });
    let stopped = async move {
        stop.cancelled().await;
        Ok(())
    };
    if let Err(error) = monitor.shutdown_timeout(drain_timeout).run_with_signal(stopped).await {
        error!(%error, "the worker runtime ended with an error");
    }
    if !ending.is_cancelled() {
        error!("the worker runtime ended by itself; this process claims nothing more");
        ending.cancel();
        broken.cancel();
    }
}
