//! Custom events. Any worker brings an event to those who wait for it, a chunk at a time: what was given and how far
//! the event has come are one transaction, so that a worker which dies has done all of a chunk or none of it.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::events;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::side::Side;
use crate::worker::Engine;

/// Pause after a chunk of an event for which more wait, so that it takes a part of the database only.
const CHUNK_PAUSE: Duration = Duration::from_millis(20);
/// Chunks after which events for which nobody waits are looked for again, where there were none.
const PASS_BY_EVERY: u32 = 100;
/// Shortest time between two looks for events, while there are none: longer than senders hold hints back.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(25);
/// Longest time between two looks for events.
const LOOK_EVERY_MAX: Duration = Duration::from_secs(5);
/// Longest wait for a connection that hears hints.
const CONNECT_MAX: Duration = Duration::from_secs(3);

/// Looks for events and works on them, until the worker stops. `waker` is told of executions that may go on, `starts` of
/// what triggers are to start.
pub(crate) async fn events(engine: Arc<Engine>, place: Place, waker: Arc<Notify>, starts: Arc<Notify>) {
    let (mut hints, mut pause) = (Hints { place: place.clone(), listener: None }, LOOK_EVERY_MIN);
    while engine.stop.run_until_cancelled(hints.hear_for(pause)).await.is_some() {
        let worked = burst(&engine, &place, &waker, &starts).await.unwrap_or_else(|error| {
            warn!(%error, "a chunk of an event failed; it will be tried again");
            false
        });
        pause = if worked { LOOK_EVERY_MIN } else { (pause * 2).min(LOOK_EVERY_MAX) };
    }
}

/// Works until no event is left for this worker; whether there was one. Its connection lives as long: the side
/// connection must not wait for a chunk.
async fn burst(engine: &Engine, place: &Place, waker: &Notify, starts: &Notify) -> Result<bool, StoreError> {
    if !engine.side.run(async |connection| events::is_any(connection).await).await? {
        return Ok(false);
    }
    let side = Side::new(place.clone());
    let (mut passed, mut chunks) = (true, 0);
    while !engine.stop.is_cancelled() {
        if passed || chunks % PASS_BY_EVERY == 0 {
            passed = side.run(async |connection| events::pass_by(connection).await).await?;
        }
        chunks += 1;
        let matched = side.run(async |connection| events::work(connection).await).await?;
        if matched.as_ref().is_some_and(|matched| matched.waits > 0) {
            waker.notify_one();
        }
        if matched.as_ref().is_some_and(|matched| matched.starts > 0) {
            starts.notify_one();
        }
        match matched {
            Some(matched) if matched.is_more => _ = engine.stop.run_until_cancelled(sleep(CHUNK_PAUSE)).await,
            None if !passed => break,
            _ => {}
        }
    }
    Ok(true)
}

/// Hears hints at events, over a connection of its own. Hints only save time: polling is the truth.
struct Hints {
    place: Place,
    listener: Option<PgListener>,
}

impl Hints {
    /// Returns after `pause`, or as soon as a hint has come or may have been missed.
    async fn hear_for(&mut self, pause: Duration) {
        let Some(listener) = &mut self.listener else {
            sleep(pause).await;
            self.listener = self.listen().await;
            return;
        };
        if let Ok(Ok(None) | Err(_)) = timeout(pause, listener.try_recv()).await {
            self.listener = None;
        }
    }

    async fn listen(&self) -> Option<PgListener> {
        let pool = self.place.pool(Role::Worker, 1);
        let listening = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.eager_reconnect(false);
            listener.listen(&self.place.events_channel()).await?;
            Ok::<_, StoreError>(listener)
        };
        let found = timeout(CONNECT_MAX, listening).await;
        if let Ok(Err(error)) = &found {
            debug!(%error, "no hints at events are heard; polling");
        }
        found.ok()?.ok()
    }
}
