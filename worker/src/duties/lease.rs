//! A duty that one worker of the fleet does at a time.

use std::time::Duration;

use capstan_engine::store::duties::{Taken, give_back, note, put_off, take};
use capstan_engine::store::error::StoreError;
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::worker::Engine;

/// How long a duty stays with a worker that is not heard of.
const LEASE: Duration = Duration::from_secs(120);
/// Time after which a worker that is at it puts the lease off.
const PUT_OFF_EVERY: Duration = Duration::from_secs(30);
/// When a duty that failed is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(600);

/// What is to be done again and again.
pub(super) struct Duty {
    /// A stable word.
    pub(super) name: &'static str,
    /// Time from its end until it is due again.
    pub(super) every: Duration,
}

/// Does `work` if the duty is due and no other worker is at it, and notes what it says. Work that takes longer than the lease could be put
/// off is given up, as another worker has taken it then; so it has to be safe twice.
pub(super) async fn attend(
    engine: &Engine,
    duty: &Duty,
    work: impl Future<Output = Result<String, String>>,
) -> Result<(), StoreError> {
    let holder = engine.name.as_str();
    // Whoever drains waits until it is given back.
    let _attended = engine.attended.token();
    if engine.stop.is_cancelled() {
        return Ok(());
    }
    let taken = engine.side.run(async |connection| take(connection, duty.name, holder, LEASE).await).await?;
    let Some(taken) = taken else { return Ok(()) };
    let outcome = tokio::select! {
        outcome = work => outcome,
        () = lose(engine, &taken) => {
            warn!(duty = duty.name, "this worker was not heard of for too long, and gives the duty up");
            return Ok(());
        }
        () = engine.stop.cancelled() => {
            return engine.side.run(async |connection| give_back(connection, &taken).await).await;
        }
    };
    if let Err(reason) = &outcome {
        warn!(duty = duty.name, reason, "a duty failed; it will be tried again");
    }
    let next = if outcome.is_ok() { duty.every } else { AGAIN_AFTER };
    let said = outcome.as_deref().map_err(String::as_str);
    engine.side.run(async |connection| note(connection, &taken, said, next).await).await?;
    Ok(())
}

/// Puts the lease off again and again; returns once the duty may be another worker's.
async fn lose(engine: &Engine, taken: &Taken) {
    let mut heard_at = Instant::now();
    while heard_at.elapsed() + PUT_OFF_EVERY < LEASE {
        sleep(PUT_OFF_EVERY).await;
        let asked_at = Instant::now();
        match engine.side.run(async |connection| put_off(connection, taken, LEASE).await).await {
            Ok(true) => heard_at = asked_at,
            Ok(false) => return,
            Err(error) => warn!(%error, "the lease of a duty was not put off; it will be tried again"),
        }
    }
}
