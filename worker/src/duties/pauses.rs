//! Pauses: what is paused is read with each beat, and what is held up though nothing pauses it any more goes on.

use std::sync::Arc;

use capstan_engine::store::error::StoreError;
use capstan_engine::store::pauses::{Walk, release};
use capstan_engine::store::workers::Agenda;
use tracing::warn;

use crate::worker::Engine;

/// Looks while there is or was a pause, until the worker stops.
pub(crate) async fn pauses(engine: Arc<Engine>) {
    let mut agenda = engine.agenda.reader();
    let work = |agenda: &Agenda| agenda.pauses || agenda.held || engine.pauses.is_any();
    while engine.stop.run_until_cancelled(agenda.until(work)).await.is_some() {
        if let Err(error) = engine.pauses.refresh(&engine.side).await {
            warn!(%error, "what is paused could not be read; what was known holds");
        }
        if let Err(error) = walk(&engine).await {
            warn!(%error, "executions that were held up could not go on; trying again");
        }
    }
}

/// Goes through all that is held up, in bites, so that others have their turns on the connection in between.
async fn walk(engine: &Engine) -> Result<(), StoreError> {
    let mut walk = Walk::default();
    loop {
        walk = engine.side.run(async |connection| release(connection, walk).await).await?;
        if walk.released > 0 {
            metrics::counter!("capstan_executions_released_total").increment(walk.released.unsigned_abs());
            engine.waker.notify_one();
        }
        if walk.is_over() || engine.stop.is_cancelled() {
            return Ok(());
        }
    }
}
