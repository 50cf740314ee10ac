//! Counters of quotas: what dead processes held is taken back, and each night all are compared with the facts. It has a
//! connection of its own while there is something to do: counting a month may take a while.

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::store::connect::Place;
use capstan_engine::store::quotas::{COUNT_MAX, Reconciled, is_any, reclaim, reconcile};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::side::Side;
use crate::worker::Engine;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Pause after a counter, so that it takes a part of the database only.
const PAUSE: Duration = Duration::from_millis(20);
/// Longest work on one counter: its count, and what is around it.
const COUNTER_MAX: Duration = COUNT_MAX.saturating_add(Duration::from_secs(30));
/// Counters of one look that lost a holder.
const RECLAIMS_MAX: usize = 1_000;
/// Counters of one look that cannot be counted.
const FAILURES_MAX: usize = 10;

/// Looks each minute, by one statement of the side connection where there is nothing to do, until the worker stops.
pub(crate) async fn quotas(engine: Arc<Engine>, place: Place) {
    while engine.stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_some() {
        match engine.side.run(async |connection| is_any(connection).await).await {
            Ok(false) => {}
            Ok(true) => {
                engine.stop.run_until_cancelled(round(&place)).await;
            }
            Err(error) => {
                warn!(%error, "nobody knows whether a quota is to be counted; it will be looked at again in a minute");
            }
        }
    }
}

/// May be given up at any time: the database rolls back what it is at.
async fn round(place: &Place) {
    let side = Side::new(place.clone());
    for _ in 0..RECLAIMS_MAX {
        match side.run_for(COUNTER_MAX, async |connection| reclaim(connection).await).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                warn!(%error, "what a dead process held of a quota was not taken back; it will be tried again");
                break;
            }
        }
    }
    let (mut mended, mut failures) = (0, 0);
    while failures < FAILURES_MAX {
        match side.run_for(COUNTER_MAX, async |connection| reconcile(connection).await).await {
            Ok(Reconciled::Over) => break,
            Ok(Reconciled::Right) => {}
            Ok(Reconciled::Mended) => mended += 1,
            Err(error) => {
                failures += 1;
                warn!(%error, "a counter of a quota could not be compared with its facts; it will be tried again tomorrow");
            }
        }
        sleep(PAUSE).await;
    }
    if mended > 0 {
        info!(mended, "counters of quotas were not their facts, and are now");
    }
}
