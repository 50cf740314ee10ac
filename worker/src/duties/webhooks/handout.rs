//! Handing events out to the endpoints that are subscribed to them, one process at a time.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::webhooks::{Source, Turn, end_turn, hand_out as hand_out_some, is_any_endpoint, take_turn};
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use tokio::sync::Notify;
use tokio::time::sleep;
use tracing::warn;

use crate::side::Side;
use crate::worker::Engine;

/// Shortest time between two looks for events.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(50);
/// Longest time between two looks, while there are endpoints: shorter than a turn, so that it is kept.
const LOOK_EVERY_MAX: Duration = Duration::from_millis(500);
/// Time between two looks while there are no endpoints, which keep the cursors near.
const LOOK_EVERY_IDLE: Duration = Duration::from_secs(60);
/// Pause after a look that failed.
const AGAIN_PAUSE: Duration = Duration::from_secs(2);

/// Hands out until the worker stops; rings `due` when there is something to send.
pub(crate) async fn hand_out(engine: Arc<Engine>, place: Place, due: Arc<Notify>) {
    let (mut turns, mut pause) = (Turns { side: None, place, outbox: None, events: None }, LOOK_EVERY_MIN);
    let mut agenda = engine.agenda.reader();
    let mut until_any = async |pause: Duration| {
        tokio::select! {
            () = sleep(pause) => {}
            () = agenda.until(|agenda| agenda.endpoints), if pause == LOOK_EVERY_IDLE => {}
        }
    };
    while engine.stop.run_until_cancelled(until_any(pause)).await.is_some() {
        pause = match turns.round(&engine, &due).await {
            Ok(Round::Busy) => LOOK_EVERY_MIN,
            Ok(Round::Idle) => (pause * 2).min(LOOK_EVERY_MAX),
            Ok(Round::NoEndpoint) => LOOK_EVERY_IDLE,
            Err(error) => {
                warn!(%error, "events could not be handed out to webhooks; trying again");
                AGAIN_PAUSE
            }
        };
    }
    if let Err(error) = turns.end().await {
        warn!(%error, "the turn of handing out could not be given back; another worker takes it within ten seconds");
    }
}

enum Round {
    Busy,
    Idle,
    NoEndpoint,
}

/// What this process holds.
struct Turns {
    /// A connection of its own, while there are endpoints: the side connection must not wait for conditions.
    side: Option<Side>,
    place: Place,
    outbox: Option<Turn>,
    events: Option<Turn>,
}

impl Turns {
    async fn round(&mut self, engine: &Engine, due: &Notify) -> Result<Round, StoreError> {
        if !engine.side.run(async |connection| is_any_endpoint(connection).await).await? {
            self.side = None;
            [&mut self.outbox, &mut self.events].into_iter().flatten().for_each(Turn::forget);
            return Ok(Round::NoEndpoint);
        }
        let side = self.side.get_or_insert_with(|| Side::new(self.place.clone()));
        let mut round = Round::Idle;
        for (source, held) in [(Source::Outbox, &mut self.outbox), (Source::Events, &mut self.events)] {
            if work(engine, side, source, held, due).await? {
                round = Round::Busy;
            }
        }
        Ok(round)
    }

    /// Gives back what is held, for the worker stops and another one goes on.
    async fn end(&mut self) -> Result<(), StoreError> {
        let Some(side) = &self.side else { return Ok(()) };
        for (source, held) in [(Source::Outbox, self.outbox.take()), (Source::Events, self.events.take())] {
            let Some(turn) = held else { continue };
            side.run(async |connection| end_turn(connection, source, &turn).await).await?;
        }
        Ok(())
    }
}

/// Hands out what a source has, if it is this process's turn; whether that was anything.
async fn work(
    engine: &Engine,
    side: &Side,
    source: Source,
    held: &mut Option<Turn>,
    due: &Notify,
) -> Result<bool, StoreError> {
    let mut worked = false;
    loop {
        let wished = held.take();
        *held = side.run(async |connection| take_turn(connection, source, wished).await).await?;
        let Some(turn) = held else { return Ok(worked) };
        let handed = side.run(async |connection| hand_out_some(connection, source, turn).await).await?;
        let Some(handed) = handed else {
            *held = None;
            return Ok(worked);
        };
        if handed.deliveries > 0 {
            worked = true;
            metrics::counter!("capstan_webhook_deliveries_made_total").increment(handed.deliveries as u64);
            due.notify_one();
        }
        if !handed.is_more || engine.stop.is_cancelled() {
            return Ok(worked);
        }
    }
}
