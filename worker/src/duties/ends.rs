//! Ends of executions that other workflows wait for. Any worker looks at them, one at a time: what an end starts and that it was
//! looked at are one transaction, so that a worker which dies has done all of a round or none of it.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::execution_triggers::{HandedOn, hand_on, is_any};
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use tokio::sync::Notify;
use tokio::time::sleep;
use tracing::warn;

use crate::side::Side;
use crate::worker::Engine;

/// Shortest time between two looks for ends: after one that has started something.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(100);
/// Longest time between two looks, while workflows wait for ends: the cursor moves no more often where nothing comes of it.
const LOOK_EVERY_MAX: Duration = Duration::from_secs(1);
/// Time until it is looked again whether a workflow waits for ends, while none does.
const LOOK_EVERY_IDLE: Duration = Duration::from_secs(2);
/// Pause after a look that failed.
const AGAIN_PAUSE: Duration = Duration::from_secs(2);

/// Looks until the worker stops; `starts` is told of what triggers are to start.
pub(crate) async fn ends(engine: Arc<Engine>, place: Place, starts: Arc<Notify>) {
    let (mut side, mut pause) = (None, LOOK_EVERY_MIN);
    while engine.stop.run_until_cancelled(sleep(pause)).await.is_some() {
        pause = round(&engine, &place, &mut side, &starts).await.unwrap_or_else(|error| {
            warn!(%error, "ends of executions could not be looked at; trying again");
            AGAIN_PAUSE
        });
    }
}

/// Looks at what there is, over a connection that lives as long as workflows wait for ends: the side connection must not wait
/// for conditions. Answers how long to pause.
async fn round(
    engine: &Engine,
    place: &Place,
    side: &mut Option<Side>,
    starts: &Notify,
) -> Result<Duration, StoreError> {
    if !engine.side.run(async |connection| is_any(connection).await).await? {
        *side = None;
        return Ok(LOOK_EVERY_IDLE);
    }
    let side = side.get_or_insert_with(|| Side::new(place.clone()));
    let mut pause = LOOK_EVERY_MAX;
    while let Some(HandedOn { starts: made, is_more }) = side.run(async |connection| hand_on(connection).await).await? {
        if made > 0 {
            pause = LOOK_EVERY_MIN;
            starts.notify_one();
        }
        if !is_more || engine.stop.is_cancelled() {
            break;
        }
    }
    Ok(pause)
}
