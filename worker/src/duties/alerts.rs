//! Rules of alerts, judged about each minute by one worker at a time, a turn after the other. It has a connection of its own while
//! there is something to do.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::alerts::{due, turn};
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::side::Side;
use crate::worker::Engine;

/// Time between two looks; where the round of this minute is over, a look is one statement.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Shortest pause after a turn. One is as long as its turn, so that turns take a part of the database only.
const PAUSE: Duration = Duration::from_millis(20);
/// Longest turn.
const TURN_MAX: Duration = Duration::from_secs(120);
/// Turns of one look; then somebody else may go on.
const TURNS_MAX: usize = 1_000;

/// Looks at once and then each minute, until the worker stops.
pub(crate) async fn alerts(engine: Arc<Engine>, place: Place) {
    loop {
        match engine.side.run(async |connection| due(connection).await).await {
            Ok(None) => {}
            Ok(Some(now)) => {
                engine.stop.run_until_cancelled(round(&place, now)).await;
            }
            Err(error) => warn!(%error, "nobody knows whether rules of alerts are due; it will be looked again"),
        }
        if engine.stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_none() {
            return;
        }
    }
}

/// May be given up at any time: the database rolls back what it is at.
async fn round(place: &Place, mut now: DateTime<Utc>) {
    let side = Side::new(place.clone());
    for _ in 0..TURNS_MAX {
        let begun = Instant::now();
        match side.run_for(TURN_MAX, async |connection| one(connection, now).await).await {
            Ok(Some(next)) => now = next,
            Ok(None) => return,
            Err(error) => {
                warn!(%error, "rules of alerts could not be judged; it will be tried again in a minute");
                return;
            }
        }
        sleep(PAUSE.max(begun.elapsed())).await;
    }
}

/// Takes a turn; the time, if there is another one to take.
async fn one(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
    let Some(done) = turn(connection, now).await? else { return Ok(None) };
    if done.raised + done.cleared > 0 {
        info!(raised = done.raised, cleared = done.cleared, "alerts were raised or cleared");
    }
    due(connection).await
}
