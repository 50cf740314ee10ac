//! Pauses: what is paused is read when that has changed, and what is held up though nothing pauses it any more goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use capstan_engine::store::error::StoreError;
use capstan_engine::store::pauses::{Walk, release};
use capstan_engine::store::workers::Agenda;
use tracing::warn;

use crate::worker::Engine;

/// Looks when what is paused has changed, and while anything is held up, until the worker stops.
pub(crate) async fn pauses(engine: Arc<Engine>) {
    let mut agenda = engine.agenda.reader();
    let has_changed = AtomicBool::new(false);
    let work = |agenda: &Agenda| {
        let is_news = !engine.pauses.is_of(agenda.pauses_no);
        has_changed.store(is_news, Ordering::Relaxed);
        is_news || agenda.held
    };
    while engine.stop.run_until_cancelled(agenda.until(work)).await.is_some() {
        if has_changed.load(Ordering::Relaxed)
            && let Err(error) = engine.pauses.refresh(&engine.side).await
        {
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
