//! Figures of how the cell, its fleet and its database are, taken about each minute by one worker at a time.

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::store::connect::Place;
use capstan_engine::store::duties::free;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::health::take;
use tokio::time::sleep;
use tracing::warn;

use super::lease::{Duty, attend};
use crate::side::Side;
use crate::worker::Engine;

/// Time between two looks, and from one set of figures to the next.
const EVERY: Duration = Duration::from_secs(60);
/// A little less, so that the next look finds it due.
const HEALTH: Duty = Duty { name: "health", every: Duration::from_secs(55) };
/// Longest time that taking them may need: the queue is counted, and the size of the database read from its files.
const TAKE_MAX: Duration = Duration::from_secs(30);

/// Looks at once and then each minute whether figures are due, until the worker stops.
pub(crate) async fn health(engine: Arc<Engine>, place: Place) {
    loop {
        if let Err(error) = look(&engine, &place).await {
            warn!(%error, "nobody knows whether figures of health are due; it will be looked again");
        }
        if engine.stop.run_until_cancelled(sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

async fn look(engine: &Engine, place: &Place) -> Result<(), StoreError> {
    let names = [HEALTH.name];
    if engine.side.run(async |connection| free(connection, &names).await).await?.is_empty() {
        return Ok(());
    }
    let work = async {
        // Claims do not wait for it.
        let side = Side::new(place.clone());
        let taken = side.run_for(TAKE_MAX, async |connection| take(connection).await).await;
        taken.map(|()| "figures are taken".to_owned()).map_err(|error| error.to_string())
    };
    attend(engine, &HEALTH, work).await
}
