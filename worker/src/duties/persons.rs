//! Jobs about a person. Any worker takes the job whose turn it is, for one page of it: see [`capstan_domain::persons`].

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::persons;
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use tokio::time::sleep;
use tracing::warn;

use crate::side::Side;
use crate::worker::Engine;

/// Longest time of a turn. It takes up nothing new after a second, and breaks off by itself before.
const TURN_TIME_MAX: Duration = Duration::from_secs(90);
/// Pause after a turn, so that a job takes a part of the database only.
const TURN_PAUSE: Duration = Duration::from_millis(100);

/// Looks for jobs and works on them, until the worker stops.
pub(crate) async fn persons(engine: Arc<Engine>, place: Place) {
    let mut agenda = engine.agenda.reader();
    while engine.stop.run_until_cancelled(agenda.until(|agenda| agenda.jobs)).await.is_some() {
        if let Err(error) = burst(&engine, &place).await {
            warn!(%error, "a turn of a job about a person failed; it will be tried again");
        }
    }
}

/// Works until no job has a turn for this worker. Its connection lives as long: the side connection must not wait for it.
async fn burst(engine: &Engine, place: &Place) -> Result<(), StoreError> {
    let side = Side::new(place.clone());
    while !engine.stop.is_cancelled()
        && side.run_for(TURN_TIME_MAX, async |connection| persons::work(connection).await).await?
    {
        engine.stop.run_until_cancelled(sleep(TURN_PAUSE)).await;
    }
    Ok(())
}
