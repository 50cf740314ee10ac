//! Pauses: what is paused is read each second, and what is held up though nothing pauses it any more goes on.

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::store::error::StoreError;
use capstan_engine::store::pauses::{Walk, release};
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

use crate::worker::Engine;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks each second, until the worker stops.
pub(crate) async fn pauses(engine: Arc<Engine>) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while engine.stop.run_until_cancelled(ticks.tick()).await.is_some() {
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
