//! Secrets that are sealed under an older key come under the newest. Every worker does it; it is safe twice.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::secrets::{Walk, rotate_some};
use capstan_engine::store::error::StoreError;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use crate::worker::Engine;

/// Time between two walks: processes that still seal under the old key bring rows for a while.
const WALK_EVERY: Duration = Duration::from_secs(60);

/// Walks at once and then every minute, until the worker stops; never, where there is one key only.
pub(crate) async fn secrets(engine: Arc<Engine>) {
    if engine.keys.ids().count() < 2 {
        return;
    }
    let mut ticks = interval(WALK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while engine.stop.run_until_cancelled(ticks.tick()).await.is_some() {
        match walk(&engine).await {
            Ok(Walk { moved: 0, damaged: 0, .. }) => {}
            Ok(Walk { moved, damaged, .. }) => info!(moved, damaged, "brought secrets under the newest key"),
            Err(error) => warn!(%error, "secrets could not be brought under the newest key; trying again in a minute"),
        }
    }
}

/// In bites, so that others have their turns on the connection in between.
async fn walk(engine: &Engine) -> Result<Walk, StoreError> {
    let mut walk = Walk::default();
    while !walk.is_over() && !engine.stop.is_cancelled() {
        let so_far = walk.clone();
        walk = engine.side.run(async |connection| rotate_some(connection, &engine.keys, so_far.clone()).await).await?;
    }
    Ok(walk)
}
