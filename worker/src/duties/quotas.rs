//! Counters of quotas: what dead processes held is taken back, and each night all are compared with the facts. It has a
//! connection of its own while there is something to do: counting a month may take a while.

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::quotas::{reclaim, reconcile};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::side::Side;
use crate::worker::Engine;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Pause after a bite, so that it takes a part of the database only.
const BITE_PAUSE: Duration = Duration::from_millis(100);

/// Looks each minute, until the worker stops.
pub(crate) async fn quotas(engine: Arc<Engine>, place: Place) {
    while engine.stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_some() {
        if let Err(error) = round(&engine, &place).await {
            warn!(%error, "quotas could not be compared with the facts; it will be tried again");
        }
    }
}

async fn round(engine: &Engine, place: &Place) -> Result<(), StoreError> {
    let side = Side::new(place.clone());
    while side.run(async |connection| reclaim(connection).await).await? {}
    let mut mended = 0;
    while !engine.stop.is_cancelled() {
        let done = side.run(async |connection| reconcile(connection).await).await?;
        mended += done.mended;
        if done.checked == 0 {
            break;
        }
        engine.stop.run_until_cancelled(sleep(BITE_PAUSE)).await;
    }
    if mended > 0 {
        info!(mended, "counters of quotas were not their facts, and are now");
    }
    Ok(())
}
