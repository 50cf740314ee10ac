//! A worker that can be killed: it lives in a runtime of its own, which is torn down without a word.

use std::sync::Arc;

use capstan_engine::store::connect::Place;
use capstan_worker::{Worker, WorkerSettings};
use tokio::runtime::{Builder, Runtime};

use crate::support::Cell;

pub(crate) struct Doomed {
    runtime: Option<Runtime>,
}

impl Doomed {
    /// Starts a worker against `place`, which may lead through a proxy.
    pub(crate) async fn start(cell: &Cell, place: Place) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (registry, services) = (Arc::clone(&cell.registry), Arc::clone(&cell.services));
        let started = runtime.spawn(async move {
            let worker = Worker::start(place, registry, services, WorkerSettings::default()).await.unwrap();
            // Kept for as long as the runtime.
            std::mem::forget(worker);
        });
        started.await.unwrap();
        Self { runtime: Some(runtime) }
    }

    /// Kills it: tasks end where they stand, connections break.
    pub(crate) fn kill(mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
