//! What triggers start by themselves. Any worker moves schedules on that are due, and makes the starts that are due, each in
//! one transaction with the end of its waiting: who dies has started nothing, and nothing starts twice.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::schedules::{PassedBy, advance, next_ms};
use capstan_domain::trigger_starts::{Key, candidates, refuse};
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::workers::Agenda;
use tokio::sync::Notify;
use tracing::{debug, info, warn};

use super::trigger_burst::{Burst, make_all};
use super::trigger_start::{Desk, Made, start};
use crate::side::{Apart, Side};
use crate::worker::Engine;

/// Shortest time between two looks.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(20);
/// Time until the next look after one that failed, in milliseconds.
const AGAIN_MS: i64 = 1_000;

/// Pause where something is due still, which others work on, in milliseconds.
const OTHERS_MS: i64 = 100;

/// Starts what is due, until the worker stops. `due` says that there may be something before it is looked for.
pub(crate) async fn trigger_starts(engine: Arc<Engine>, place: Place, waker: Arc<Notify>, due: Arc<Notify>) {
    // Whoever drains waits until what is being made is made, and what is held of quotas is given back.
    let _attended = engine.attended.token();
    let (desk, mut agenda, mut next_ms) = (Desk::new(&place), engine.agenda.reader(), Some(0));
    let (mut passed_by, mut apart) = (PassedBy::default(), Apart::new(place));
    let triggers = |agenda: &Agenda| agenda.triggers_ms;
    let mut until_due = async |next_ms: Option<i64>, apart: &mut Apart| {
        tokio::select! {
            never = apart.rest() => match never {},
            () = due.notified() => {}
            () = agenda.until_due(next_ms, LOOK_EVERY_MIN, triggers) => {}
        }
    };
    while engine.stop.run_until_cancelled(until_due(next_ms, &mut apart)).await.is_some() {
        next_ms = match look(&engine, &desk, &mut apart, &waker, &mut passed_by).await {
            Ok(next_ms) => next_ms,
            Err(error) => {
                warn!(%error, "what triggers are to start could not be looked at; it will be tried again");
                // With whatever was begun on it.
                apart.end();
                Some(AGAIN_MS)
            }
        };
    }
    desk.till.close().await;
}

/// Works until nothing is due for this worker; answers in how many milliseconds something will be.
async fn look(
    engine: &Engine,
    desk: &Desk,
    apart: &mut Apart,
    waker: &Notify,
    passed_by: &mut PassedBy,
) -> Result<Option<i64>, StoreError> {
    let next = engine.side.run(async |connection| next_ms(connection, passed_by).await).await?;
    if next.is_none_or(|ms| ms > 0) {
        return Ok(next);
    }
    // The side connection must not wait for starts.
    let side = apart.side();
    let mut behind = 0;
    while !engine.stop.is_cancelled() {
        let moved = side.run(async |connection| advance(connection, passed_by).await).await?;
        let due = side.run(async |connection| candidates(connection, behind).await).await?;
        let (found, mut made) = (due.len(), 0);
        for keys in by_workspace(due) {
            made += all(engine, desk, side, &keys, waker).await?;
        }
        // What others have is theirs: whoever is held up there holds up nobody else.
        behind = if made == 0 { behind + i64::try_from(found).unwrap_or(0) } else { 0 };
        if moved == 0 && found == 0 {
            break;
        }
    }
    let next = engine.side.run(async |connection| next_ms(connection, passed_by).await).await?;
    Ok(next.map(|ms| if ms > 0 { ms } else { OTHERS_MS }))
}

/// Those of each workspace, the workspaces in the order in which they come.
fn by_workspace(due: Vec<Key>) -> Vec<Vec<Key>> {
    let mut all: Vec<Vec<Key>> = Vec::new();
    for key in due {
        match all.iter_mut().find(|keys| keys[0].workspace_id == key.workspace_id) {
            Some(keys) => keys.push(key),
            None => all.push(vec![key]),
        }
    }
    all
}

/// Makes starts of one workspace, together as far as that goes; how many were this worker's to make.
async fn all(engine: &Engine, desk: &Desk, side: &Side, keys: &[Key], waker: &Notify) -> Result<usize, StoreError> {
    if engine.stop.is_cancelled() {
        return Ok(0);
    }
    let burst = match keys {
        [_] => Burst::none_of(keys),
        _ => make_all(engine, desk, side, keys).await.unwrap_or_else(|error| {
            debug!(%error, "starts of triggers could not be made together; they are made one at a time");
            Burst::none_of(keys)
        }),
    };
    if burst.new > 0 {
        waker.notify_one();
    }
    let mut made = burst.made;
    for key in &burst.left {
        if engine.stop.is_cancelled() {
            break;
        }
        made += usize::from(one(engine, desk, side, key, waker).await?);
    }
    Ok(made)
}

/// Makes one start; whether it was this worker's to make.
async fn one(engine: &Engine, desk: &Desk, side: &Side, key: &Key, waker: &Notify) -> Result<bool, StoreError> {
    let (reason, not_before) = match start(engine, desk, side, key).await {
        Ok(Made::Nothing) => return Ok(false),
        Ok(Made::Settled { is_new }) => {
            if is_new {
                waker.notify_one();
            }
            return Ok(true);
        }
        Ok(Made::Refused { reason, until }) => (reason, until),
        Err(
            error @ (StoreError::Data(_) | StoreError::NoMonth | StoreError::Unsupported(_) | StoreError::Corrupt(_)),
        ) => {
            warn!(%error, workflow_id = %key.workflow_id, node_id = key.node_id, "a start of a trigger failed");
            ("the start failed; the worker's log says why".into(), None)
        }
        // Nobody knows whether it was made: it is looked at again.
        Err(error) => return Err(error),
    };
    let missed = side.run(async |connection| refuse(connection, key, &reason, not_before).await).await?;
    if missed {
        let &Key { workflow_id, ref node_id, ref subject, .. } = key;
        info!(%workflow_id, node_id, subject, reason, "a trigger could start nothing until its deadline");
    }
    Ok(true)
}
