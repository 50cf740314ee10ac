//! What the fleet does on the side: partitions ahead of time, old rows out. Every worker does it; it is safe twice.

use std::time::Duration;

use capstan_engine::store::error::StoreError;
use capstan_engine::store::upkeep::{make_months, tidy};
use chrono::Utc;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::time::{interval, sleep};
use tracing::{info, warn};

/// Time between two rounds of upkeep.
const UPKEEP_EVERY: Duration = Duration::from_secs(3_600);
/// Pause before the listener connects again.
const LISTEN_PAUSE: Duration = Duration::from_secs(1);

/// Does its round at once and then every hour.
pub(crate) async fn upkeep(pool: PgPool) {
    let mut rounds = interval(UPKEEP_EVERY);
    loop {
        rounds.tick().await;
        if let Err(error) = round(&pool).await {
            warn!(%error, "upkeep failed; it will be tried again in an hour");
        }
    }
}

async fn round(pool: &PgPool) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    let made = make_months(&mut connection).await?;
    if made > 0 {
        info!(tables = made, "made partitions for the coming months");
    }
    while tidy(&mut connection, Utc::now()).await? > 0 {}
    Ok(())
}

/// Turns hints of other processes into rings of the waker. Hints only save time: polling is the truth.
pub(crate) async fn listen(pool: PgPool, channel: String, waker: Arc<Notify>) {
    loop {
        let listening = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(&channel).await?;
            loop {
                listener.recv().await?;
                waker.notify_one();
            }
        };
        let result: Result<(), sqlx::Error> = listening.await;
        if let Err(error) = result {
            warn!(%error, "hints cannot be heard; polling goes on");
        }
        sleep(LISTEN_PAUSE).await;
    }
}
