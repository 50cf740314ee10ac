//! Sums of days, out of the facts. It has a connection of its own while there is something to count: a workspace may have
//! millions of executions in a day.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::analytics::{Turn, is_due, turn};
use capstan_engine::store::connect::Place;
use tokio::time::sleep;
use tracing::warn;

use crate::side::Side;
use crate::worker::Engine;

/// Time between two looks; a look that finds nothing is one statement.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Pause after a turn, so that counting takes a part of the database only.
const PAUSE: Duration = Duration::from_millis(50);
/// Longest turn: of one workspace that cannot be counted in time, and of others before it.
const TURN_MAX: Duration = Duration::from_secs(120);
/// Turns of one look; then somebody else may go on.
const TURNS_MAX: usize = 1_000;

/// Looks each minute, until the worker stops.
pub(crate) async fn stats(engine: Arc<Engine>, place: Place) {
    while engine.stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_some() {
        match engine.side.run(async |connection| is_due(connection).await).await {
            Ok(false) => {}
            Ok(true) => {
                engine.stop.run_until_cancelled(count(&place)).await;
            }
            Err(error) => {
                warn!(%error, "nobody knows which days are to be summed up; it will be tried again in a minute")
            }
        }
    }
}

/// May be given up at any time: the database rolls back what it is at.
async fn count(place: &Place) {
    let side = Side::new(place.clone());
    for _ in 0..TURNS_MAX {
        match side.run_for(TURN_MAX, async |connection| turn(connection).await).await {
            Ok(Turn::Over) => return,
            Ok(Turn::Wrote(_)) => sleep(PAUSE).await,
            Err(error) => {
                warn!(%error, "a day could not be summed up; it will be tried again in a minute");
                return;
            }
        }
    }
}
