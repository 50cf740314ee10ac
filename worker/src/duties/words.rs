//! Words of executions that have ended, for those who search. Any worker writes them, one at a time: what is written and how far it is
//! are one transaction, so that a worker which dies has done all of a round or none of it.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::search::{is_due, write_words};
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::side::Side;
use crate::worker::Engine;

/// Time between two looks; a look that finds nothing is one statement.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long ago an execution has ended whose words are written: the last lines of its log come a moment after its end.
const LAG: Duration = Duration::from_secs(5);
/// A round is followed by a pause of so many times as long, so that words take a small part of the database, and no start waits for
/// them. What ends faster than they are written is searched a while later.
const PAUSE_FACTOR: u32 = 9;
/// Longest round.
const ROUND_MAX: Duration = Duration::from_secs(60);
/// Rounds of one look; then somebody else may go on.
const ROUNDS_MAX: usize = 1_000;

/// Looks until the worker stops.
pub(crate) async fn words(engine: Arc<Engine>, place: Place) {
    while engine.stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_some() {
        let looked = match engine.side.run(async |connection| is_due(connection, LAG).await).await {
            Ok(false) => Ok(()),
            // May be given up at any time: the database rolls back what it is at.
            Ok(true) => engine.stop.run_until_cancelled(write(&place)).await.unwrap_or(Ok(())),
            Err(error) => Err(error),
        };
        if let Err(error) = looked {
            warn!(%error, "words of executions could not be written; it will be tried again");
        }
    }
}

/// Over a connection of its own, as the side connection must not wait for it.
async fn write(place: &Place) -> Result<(), StoreError> {
    let side = Side::new(place.clone());
    for _ in 0..ROUNDS_MAX {
        let begun_at = Instant::now();
        match side.run_for(ROUND_MAX, async |connection| write_words(connection, LAG).await).await? {
            Some(written) if written.is_more => sleep(begun_at.elapsed() * PAUSE_FACTOR).await,
            _ => return Ok(()),
        }
    }
    Ok(())
}
