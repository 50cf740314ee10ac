//! Bulk jobs. Any worker takes the job whose turn it is, for one chunk: what is done to its executions and what is
//! recorded of that are one transaction, so that a worker which dies has done all of a chunk or none of it.

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::store::bulk::{self, Chunk, Item, ItemEnd, Work};
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use sqlx::{Connection, PgConnection};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::item;
use crate::side::Side;
use crate::worker::Engine;

/// Executions of a chunk. Each has a savepoint; more than 64 of them would slow down every snapshot of the database.
const CHUNK_ITEMS: i64 = 60;
/// Time after which a chunk takes no further execution: claims look back two seconds for tokens that come late.
const CHUNK_TIME: Duration = Duration::from_secs(1);
/// Pause after a chunk, so that a job takes a part of the database only.
const CHUNK_PAUSE: Duration = Duration::from_millis(200);
/// Shortest and longest time between two looks for a job, while there is none.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(500);
const LOOK_EVERY_MAX: Duration = Duration::from_secs(5);

/// Looks for jobs and works on them, until the worker stops.
pub(crate) async fn bulk(engine: Arc<Engine>, place: Place, waker: Arc<Notify>) {
    let mut pause = LOOK_EVERY_MIN;
    while engine.stop.run_until_cancelled(sleep(pause)).await.is_some() {
        let worked = burst(&engine, &place, &waker).await.unwrap_or_else(|error| {
            warn!(%error, "a chunk of a bulk job failed; it will be tried again");
            false
        });
        pause = if worked { LOOK_EVERY_MIN } else { (pause * 2).min(LOOK_EVERY_MAX) };
    }
}

/// Works until no job is left for this worker; whether there was one. Its connection lives as long: the side connection
/// must not wait for a chunk.
async fn burst(engine: &Engine, place: &Place, waker: &Notify) -> Result<bool, StoreError> {
    if !engine.side.run(async |connection| bulk::is_any(connection).await).await? {
        return Ok(false);
    }
    let (side, mut worked) = (Side::new(place.clone()), false);
    while !engine.stop.is_cancelled() && side.run(async |connection| chunk(engine, connection).await).await? {
        worked = true;
        waker.notify_one();
        engine.stop.run_until_cancelled(sleep(CHUNK_PAUSE)).await;
    }
    Ok(worked)
}

/// Works on one chunk of the job whose turn it is; whether there was one.
async fn chunk(engine: &Engine, connection: &mut PgConnection) -> Result<bool, StoreError> {
    let mut transaction = connection.begin().await?;
    let Some(chunk) = bulk::pick(&mut transaction, CHUNK_ITEMS).await? else { return Ok(false) };
    match work(engine, &mut transaction, &chunk).await {
        Ok(()) => transaction.commit().await?,
        Err(error) => {
            transaction.rollback().await?;
            bulk::give_up_turn(connection, chunk.workspace_id, chunk.job_id).await?;
            return Err(error);
        }
    }
    Ok(true)
}

async fn work(engine: &Engine, connection: &mut PgConnection, chunk: &Chunk) -> Result<(), StoreError> {
    let work = Work::read(&chunk.verb, chunk.arguments.clone()).map_err(|error| {
        StoreError::Unsupported(format!("bulk job {} cannot be read by this build: {error}", chunk.job_id))
    })?;
    let (until, mut ends) = (Instant::now() + CHUNK_TIME, Vec::with_capacity(chunk.items.len()));
    for item in &chunk.items {
        let mut savepoint = connection.begin().await?;
        match item::work(engine, &mut savepoint, chunk.workspace_id, &work, item).await {
            Ok(end) => {
                savepoint.commit().await?;
                ends.push(end);
            }
            Err(error) if is_of_item(&error) => {
                savepoint.rollback().await?;
                ends.push(ItemEnd::Failed(told(item, &error)));
            }
            Err(error) => return Err(error),
        }
        if Instant::now() >= until {
            break;
        }
    }
    bulk::finish(connection, chunk, &ends).await
}

/// What the owner of a job is told of an error: what the database said is for whoever runs it.
fn told(item: &Item, error: &StoreError) -> String {
    if !matches!(error, StoreError::Database(_) | StoreError::Data(_)) {
        return error.to_string();
    }
    warn!(%error, execution_id = %item.execution_id, "an execution of a bulk job failed");
    "the database refused it; the worker's log says why".to_owned()
}

/// Whether an error is about the execution at hand, and would come again. What the server says of connections, clashes,
/// limits, locks and its own end is not, nor that a table or a right is missing, as it may be while a release is under way;
/// that a statement took too long is.
fn is_of_item(error: &StoreError) -> bool {
    const PASSING: [&str; 7] = ["08", "40", "42", "53", "55", "57", "58"];
    const TOO_LONG: &str = "57014";
    match error {
        StoreError::Data(_) | StoreError::Unsupported(_) | StoreError::Corrupt(_) => true,
        StoreError::Database(error) => {
            let code = error.as_database_error().and_then(|error| error.code());
            code.is_some_and(|code| code == TOO_LONG || !PASSING.iter().any(|class| code.starts_with(class)))
        }
        StoreError::Fenced | StoreError::LockTimeout => false,
    }
}
