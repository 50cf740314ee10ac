//! Partitions ahead of time, old rows out. Every worker does it; it is safe twice.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::{events, form_submissions, leads, persons, request_keys, trigger_starts, webhooks};
use capstan_engine::store::bulk;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::upkeep::{make_months, tidy};
use capstan_engine::store::{flow, trials};
use tokio::time::interval;
use tracing::{info, warn};

use crate::side::Side;

/// Time between two rounds of upkeep.
const UPKEEP_EVERY: Duration = Duration::from_secs(3_600);

/// Does its round at once and then every hour.
pub(crate) async fn upkeep(side: Arc<Side>) {
    let mut rounds = interval(UPKEEP_EVERY);
    loop {
        rounds.tick().await;
        if let Err(error) = round(&side).await {
            warn!(%error, "upkeep failed; it will be tried again in an hour");
        }
    }
}

async fn round(side: &Side) -> Result<(), StoreError> {
    let made = side.run(async |connection| make_months(connection).await).await?;
    if made > 0 {
        info!(tables = made, "made partitions for the coming months");
    }
    // In turns, so that nothing waits for all of it.
    while side.run(async |connection| tidy(connection).await).await? > 0 {}
    while side.run(async |connection| bulk::tidy(connection).await).await? > 0 {}
    while side.run(async |connection| trials::tidy(connection).await).await? > 0 {}
    while side.run(async |connection| events::tidy(connection).await).await? > 0 {}
    while side.run(async |connection| webhooks::deliveries::tidy(connection).await).await? > 0 {}
    while side.run(async |connection| trigger_starts::tidy(connection).await).await? > 0 {}
    while side.run(async |connection| flow::tidy(connection).await).await? > 0 {}
    while side.run(async |connection| request_keys::tidy(connection).await).await? > 0 {}
    while side.run(async |connection| persons::tidy(connection).await).await? > 0 {}
    while side.run(async |connection| leads::tidy(connection).await).await? > 0 {}
    while side.run(async |connection| form_submissions::tidy(connection).await).await? > 0 {}
    let mut reached = Some(Default::default());
    while let Some(after) = reached {
        reached = side.run(async |connection| events::tidy_waits(connection, after).await).await?;
    }
    Ok(())
}
