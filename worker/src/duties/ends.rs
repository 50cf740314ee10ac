//! Ends of executions, for the triggers that wait for them. Any worker reads on behind the cursor of the cell, one at a time:
//! what is to be started and how far that has come are one transaction.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::execution_triggers::{HandedOut, hand_out};
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use tokio::sync::Notify;
use tokio::time::sleep;
use tracing::warn;

use crate::side::Side;
use crate::worker::Engine;

/// Time between two looks, while there are such triggers.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Pause after a look that failed.
const AGAIN_PAUSE: Duration = Duration::from_secs(2);

/// Looks for ends until the worker stops; rings `starts` when there is something to start.
pub(crate) async fn ends(engine: Arc<Engine>, place: Place, starts: Arc<Notify>) {
    // A connection of its own, while there are triggers: the side connection must not wait for conditions.
    let (mut side, mut pause, mut agenda) = (None, None, engine.agenda.reader());
    let mut until_any = async |pause: Option<Duration>| match pause {
        Some(pause) => sleep(pause).await,
        None => agenda.until(|agenda| agenda.ends).await,
    };
    while engine.stop.run_until_cancelled(until_any(pause)).await.is_some() {
        pause = match burst(&engine, side.get_or_insert_with(|| Side::new(place.clone())), &starts).await {
            Ok(true) => Some(LOOK_EVERY),
            Ok(false) => {
                side = None;
                None
            }
            Err(error) => {
                warn!(%error, "what starts at the ends of executions could not be looked at; it will be tried again");
                Some(AGAIN_PAUSE)
            }
        };
    }
}

/// Works until no end is left for this worker; whether there are triggers.
async fn burst(engine: &Engine, side: &Side, starts: &Notify) -> Result<bool, StoreError> {
    while !engine.stop.is_cancelled() {
        let handed = side.run(async |connection| hand_out(connection).await).await?;
        let Some(HandedOut { starts: made, is_more }) = handed else { return Ok(false) };
        if made > 0 {
            starts.notify_one();
        }
        if !is_more {
            break;
        }
    }
    Ok(true)
}
