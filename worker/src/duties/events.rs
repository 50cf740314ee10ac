//! Custom events. Any worker brings an event to those who wait for it, a chunk at a time: what was given and how far
//! the event has come are one transaction, so that a worker which dies has done all of a chunk or none of it.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::events::{self, Begun, TOGETHER_MAX, Turn};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{debug, warn};

use crate::side::{Apart, Side};
use crate::worker::Engine;

/// Pause after a chunk of an event for which more wait, so that it takes a part of the database only.
const CHUNK_PAUSE: Duration = Duration::from_millis(20);
/// Time after which it is looked anew whose turn it is.
const SLICE: Duration = Duration::from_millis(250);
/// Time after which events are looked for once more where there were some: longer than senders hold hints back.
const AGAIN_PAUSE: Duration = Duration::from_millis(25);
/// Pause before hints are listened for again, where the connection was lost.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// Longest wait for a connection that hears hints.
const CONNECT_MAX: Duration = Duration::from_secs(3);

/// Looks for events and works on them, until the worker stops. `waker` is told of executions that may go on, `starts` of
/// what triggers are to start.
pub(crate) async fn events(engine: Arc<Engine>, place: Place, waker: Arc<Notify>, starts: Arc<Notify>) {
    let mut apart = Apart::new(place.clone());
    let mut hints = Hints { place, listener: None, again_at: Instant::now() };
    let mut agenda = engine.agenda.reader();
    let mut worked = true;
    let mut until_any = async |worked: bool, apart: &mut Apart| {
        tokio::select! {
            never = apart.rest() => match never {},
            () = sleep(AGAIN_PAUSE), if worked => {}
            () = hints.hear() => {}
            () = agenda.until(|agenda| agenda.events) => {}
        }
    };
    while engine.stop.run_until_cancelled(until_any(worked, &mut apart)).await.is_some() {
        worked = burst(&engine, &mut apart, &waker, &starts).await.unwrap_or_else(|error| {
            warn!(%error, "a chunk of an event failed; it will be tried again");
            // With whatever was begun on it.
            apart.end();
            false
        });
    }
}

/// Works until no event is left for this worker; whether there was one.
async fn burst(engine: &Engine, apart: &mut Apart, waker: &Notify, starts: &Notify) -> Result<bool, StoreError> {
    if !engine.side.run(async |connection| events::is_any(connection).await).await? {
        return Ok(false);
    }
    let side = apart.side();
    loop {
        let passed = side.run(async |connection| events::pass_by(connection).await).await?;
        let Some(passed) = passed else { return Ok(true) };
        let (mut is_any, begun) = (passed.is_more, Instant::now());
        for turns in passed.left.chunks(TOGETHER_MAX) {
            // Other workspaces may have sent something meanwhile.
            if begun.elapsed() > SLICE {
                is_any = true;
                break;
            }
            is_any |= give_all(engine, side, turns, waker, starts).await?;
        }
        // One of those that begin again has its turn beside any number of new ones.
        is_any |= give(engine, side, None, waker, starts).await?;
        if !is_any || engine.stop.is_cancelled() {
            return Ok(true);
        }
    }
}

/// Gives events to those who wait for them, what only triggers wait for together; whether there were any.
async fn give_all(
    engine: &Engine,
    side: &Side,
    turns: &[Turn],
    waker: &Notify,
    starts: &Notify,
) -> Result<bool, StoreError> {
    if engine.stop.is_cancelled() {
        return Ok(false);
    }
    let begun = match turns {
        [_] => Begun { left: turns.to_vec(), starts: 0 },
        _ => side.run(async |connection| events::begin_starts(connection, turns).await).await.unwrap_or_else(|error| {
            debug!(%error, "events could not be given together; they are given one at a time");
            Begun { left: turns.to_vec(), starts: 0 }
        }),
    };
    if begun.starts > 0 {
        starts.notify_one();
    }
    let mut is_any = begun.left.len() < turns.len();
    for turn in &begun.left {
        is_any |= give(engine, side, Some(turn), waker, starts).await?;
    }
    Ok(is_any)
}

/// Gives an event to a chunk of those who wait for it; whether there was one.
async fn give(
    engine: &Engine,
    side: &Side,
    turn: Option<&Turn>,
    waker: &Notify,
    starts: &Notify,
) -> Result<bool, StoreError> {
    if engine.stop.is_cancelled() {
        return Ok(false);
    }
    let matched = side.run(async |connection| events::work(connection, turn).await).await?;
    let Some(matched) = matched else { return Ok(false) };
    if matched.waits > 0 {
        waker.notify_one();
    }
    if matched.starts > 0 {
        starts.notify_one();
    }
    if matched.is_more {
        engine.stop.run_until_cancelled(sleep(CHUNK_PAUSE)).await;
    }
    Ok(true)
}

/// Hears hints at events, over a connection of its own. Hints only save time: the agenda is the truth.
struct Hints {
    place: Place,
    listener: Option<PgListener>,
    /// When a connection may be made. A time, not a pause: what there is to do cuts waiting short again and again.
    again_at: Instant,
}

impl Hints {
    /// Returns as soon as a hint has come or may have been missed.
    async fn hear(&mut self) {
        let Some(listener) = &mut self.listener else {
            sleep_until(self.again_at).await;
            self.again_at = Instant::now() + RECONNECT_PAUSE;
            self.listener = self.listen().await;
            return;
        };
        if let Ok(None) | Err(_) = listener.try_recv().await {
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
