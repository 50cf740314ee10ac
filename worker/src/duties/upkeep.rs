//! Partitions ahead of time, old rows and old months out. Each is a duty that one worker does at a time, and is safe twice.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::{
    events, form_submissions, leads, notifications, persons, records, request_keys, trigger_starts, webhooks,
};
use capstan_engine::store::bulk;
use capstan_engine::store::connect::Place;
use capstan_engine::store::duties::free;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::upkeep::{make_months, tidy};
use capstan_engine::store::{flow, trials};
use tokio::time::sleep;
use tracing::{info, warn};

use super::lease::{Duty, attend};
use super::retention;
use crate::side::Side;
use crate::worker::Engine;

/// Time between two rounds of a duty of upkeep.
const EVERY: Duration = Duration::from_secs(3_600);
/// Makes months ahead.
const PARTITIONS: Duty = Duty { name: "partitions", every: EVERY };
/// Takes out rows that are past their time.
const TIDYING: Duty = Duty { name: "tidying", every: EVERY };
/// Takes out months that are past theirs.
const RETENTION: Duty = Duty { name: "retention", every: EVERY };

/// Looks at once and then again and again which duty is due, until the worker stops.
pub(crate) async fn upkeep(engine: Arc<Engine>, place: Place) {
    loop {
        if let Err(error) = look(&engine, &place).await {
            warn!(%error, "nobody knows which duties of upkeep are due; it will be tried again");
        }
        if engine.stop.run_until_cancelled(sleep(engine.upkeep.look_every)).await.is_none() {
            return;
        }
    }
}

async fn look(engine: &Engine, place: &Place) -> Result<(), StoreError> {
    let names = [PARTITIONS.name, TIDYING.name, RETENTION.name];
    let free = engine.side.run(async |connection| free(connection, &names).await).await?;
    let is_free = |duty: &Duty| free.iter().any(|name| name == duty.name);
    if is_free(&PARTITIONS) {
        attend(engine, &PARTITIONS, in_words(months(&engine.side))).await?;
    }
    if is_free(&TIDYING) {
        attend(engine, &TIDYING, in_words(tidy_all(&engine.side))).await?;
    }
    if is_free(&RETENTION) {
        attend(engine, &RETENTION, in_words(retention::round(engine, place))).await?;
    }
    Ok(())
}

/// What came of it, for operators.
async fn in_words<E: std::fmt::Display>(work: impl Future<Output = Result<String, E>>) -> Result<String, String> {
    work.await.map_err(|error| error.to_string())
}

/// Makes them before a worker does anything else: where none was for months, this one's tables are not there. Where it cannot, the
/// duty tries again.
pub(crate) async fn first_months(side: &Side) {
    if let Err(error) = months(side).await {
        warn!(%error, "partitions for the coming months could not be made; it will be tried again");
    }
}

async fn months(side: &Side) -> Result<String, StoreError> {
    let made = side.run(async |connection| make_months(connection).await).await?;
    if made > 0 {
        info!(tables = made, "made partitions for the coming months");
    }
    Ok(format!("{made} tables made for the coming months"))
}

/// Removes what is past its time of one kind, in turns, so that nothing waits for all of it; a failure is noted, and hinders no other
/// kind.
macro_rules! take_out {
    ($side:expr, $failed:expr, $what:literal, $tidy:path) => {{
        async fn out(side: &Side) -> Result<(), StoreError> {
            while side.run(async |connection| $tidy(connection).await).await? > 0 {}
            Ok(())
        }
        if let Err(error) = out($side).await {
            $failed.push(format!("{}: {error}", $what));
        }
    }};
}

async fn tidy_all(side: &Side) -> Result<String, String> {
    let mut failed = Vec::new();
    take_out!(side, failed, "keys, outbox and losses", tidy);
    take_out!(side, failed, "bulk jobs", bulk::tidy);
    take_out!(side, failed, "trials", trials::tidy);
    take_out!(side, failed, "events", events::tidy);
    take_out!(side, failed, "webhook deliveries", webhooks::deliveries::tidy);
    take_out!(side, failed, "starts of triggers", trigger_starts::tidy);
    take_out!(side, failed, "flow control", flow::tidy);
    take_out!(side, failed, "idempotency keys of requests", request_keys::tidy);
    take_out!(side, failed, "jobs about persons", persons::tidy);
    take_out!(side, failed, "leads", leads::tidy);
    take_out!(side, failed, "records", records::tidy);
    take_out!(side, failed, "submissions of forms", form_submissions::tidy);
    take_out!(side, failed, "notices", notifications::tidy);
    if let Err(error) = waits(side).await {
        failed.push(format!("waits for events: {error}"));
    }
    if failed.is_empty() { Ok("what is past its time is out".into()) } else { Err(failed.join("; ")) }
}

/// Those of executions that have ended.
async fn waits(side: &Side) -> Result<(), StoreError> {
    let mut reached = Some(Default::default());
    while let Some(after) = reached {
        reached = side.run(async |connection| events::tidy_waits(connection, after).await).await?;
    }
    Ok(())
}
