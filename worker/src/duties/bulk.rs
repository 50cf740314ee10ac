//! Bulk jobs. Any worker takes the job whose turn it is, for one chunk: what is done to its executions and what is
//! recorded of that are one transaction, so that a worker which dies has done all of a chunk or none of it.

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::store::bulk::{self, Chunk, ItemEnd, Work};
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::migration::{self, Migration};
use capstan_engine::store::orders::{Given, give_all, lift_pause};
use sqlx::{Connection, PgConnection};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tracing::warn;
use uuid::Uuid;

use super::item::{self, Judged};
use super::{migrate, orders};
use crate::side::Side;
use crate::worker::Engine;

/// Executions of a chunk. Each has a savepoint; more than 64 of them would slow down every snapshot of the database.
const CHUNK_ITEMS: i64 = 60;
/// Time after which a chunk takes no further execution: claims look back two seconds for tokens that come late.
const CHUNK_TIME: Duration = Duration::from_secs(1);
/// How long orders wait for the row of an execution, holding those before it; then the chunk is tried again later.
const ROW_WAIT_MS: u32 = 200;
/// Pause after a chunk, so that a job takes a part of the database only.
const CHUNK_PAUSE: Duration = Duration::from_millis(200);

/// Looks for jobs and works on them, until the worker stops.
pub(crate) async fn bulk(engine: Arc<Engine>, place: Place, waker: Arc<Notify>) {
    let mut agenda = engine.agenda.reader();
    while engine.stop.run_until_cancelled(agenda.until(|agenda| agenda.jobs)).await.is_some() {
        if let Err(error) = burst(&engine, &place, &waker).await {
            warn!(%error, "a chunk of a bulk job failed; it will be tried again");
        }
    }
}

/// Works until no job is left for this worker. Its connection lives as long: the side connection
/// must not wait for a chunk.
async fn burst(engine: &Engine, place: &Place, waker: &Notify) -> Result<(), StoreError> {
    let side = Side::new(place.clone());
    while !engine.stop.is_cancelled() && side.run(async |connection| chunk(engine, connection).await).await? {
        waker.notify_one();
        engine.stop.run_until_cancelled(sleep(CHUNK_PAUSE)).await;
    }
    Ok(())
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
    let (until, mut judged) = (Instant::now() + CHUNK_TIME, Vec::with_capacity(chunk.items.len()));
    for item in &chunk.items {
        let mut savepoint = connection.begin().await?;
        match item::work(engine, &mut savepoint, chunk.workspace_id, &work, item).await {
            Ok(one) => {
                savepoint.commit().await?;
                judged.push(one);
            }
            Err(error) if is_of_item(&error) => {
                savepoint.rollback().await?;
                judged.push(Judged::End(ItemEnd::Failed(told(item.execution_id, &error))));
            }
            Err(error) => return Err(error),
        }
        if Instant::now() >= until {
            break;
        }
    }
    let ends = conclude(connection, judged).await?;
    bulk::finish(connection, chunk, &ends).await
}

/// Does to the rows of the executions what is to be done, last of all: a commit that ends one of them waits for these few
/// statements, and not for the chunk.
async fn conclude(connection: &mut PgConnection, judged: Vec<Judged>) -> Result<Vec<ItemEnd>, StoreError> {
    let given: Vec<Given> = judged.iter().filter_map(Judged::given).cloned().collect();
    let mut ordered = give(connection, &given).await?.into_iter();
    let migrations: Vec<Migration> = judged.iter().filter_map(Judged::migration).cloned().collect();
    let mut migrated = match migrations.as_slice() {
        [] => Vec::new().into_iter(),
        some => migration::migrate(connection, some, ROW_WAIT_MS).await?.into_iter(),
    };
    let mut ends = Vec::with_capacity(judged.len());
    for one in judged {
        ends.push(match one {
            Judged::End(end) => end,
            Judged::Cancelled(id, end) => {
                lift_pause(connection, id).await?;
                end
            }
            Judged::Migrate(_) => migrated.next().map_or_else(nothing, migrate::end),
            Judged::Order(_) => ordered.next().unwrap_or_else(nothing),
        });
    }
    Ok(ends)
}

/// As many answers come as there were questions.
fn nothing() -> ItemEnd {
    ItemEnd::Failed("the database did not say what came of it".into())
}

/// Gives orders together; each alone if something is wrong with one of them.
async fn give(connection: &mut PgConnection, given: &[Given]) -> Result<Vec<ItemEnd>, StoreError> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let mut savepoint = connection.begin().await?;
    match give_all(&mut savepoint, given, ROW_WAIT_MS).await {
        Ok(ordered) => {
            savepoint.commit().await?;
            Ok(given.iter().zip(ordered).map(|(given, ordered)| orders::end(given, ordered)).collect())
        }
        Err(error) if is_of_item(&error) => {
            savepoint.rollback().await?;
            if let [one] = given {
                return Ok(vec![ItemEnd::Failed(told(one.execution_id.0, &error))]);
            }
            let mut ends = Vec::with_capacity(given.len());
            for one in given {
                ends.extend(Box::pin(give(connection, std::slice::from_ref(one))).await?);
            }
            Ok(ends)
        }
        Err(error) => Err(error),
    }
}

/// What the owner of a job is told of an error: what the database said is for whoever runs it.
fn told(execution_id: Uuid, error: &StoreError) -> String {
    if !matches!(error, StoreError::Database(_) | StoreError::Data(_)) {
        return error.to_string();
    }
    warn!(%error, %execution_id, "an execution of a bulk job failed");
    "the database refused it; the worker's log says why".to_owned()
}

/// Whether an error is about the execution at hand, and would come again. What the server says of connections, clashes,
/// limits, locks, its own end and of being a standby is not, nor that a table or a right is missing, as it may be while a
/// release is under way; that a statement took too long is.
fn is_of_item(error: &StoreError) -> bool {
    const PASSING: [&str; 8] = ["08", "25006", "40", "42", "53", "55", "57", "58"];
    const TOO_LONG: &str = "57014";
    match error {
        StoreError::Data(_) | StoreError::Unsupported(_) | StoreError::Corrupt(_) => true,
        StoreError::Database(error) => {
            let code = error.as_database_error().and_then(|error| error.code());
            code.is_some_and(|code| code == TOO_LONG || !PASSING.iter().any(|class| code.starts_with(class)))
        }
        StoreError::Fenced | StoreError::LockTimeout | StoreError::NoMonth => false,
    }
}
