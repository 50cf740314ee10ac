//! Backlogs: started as the API starts, with quotas and shares, or all at once under the eyes of workers.

use capstan_api::starter::Starter;
use capstan_engine::store::connect::Role;
use capstan_engine::store::start::{Start, start};
use capstan_engine::store::workers::{TOKENS, hint};
use futures::stream::{self, StreamExt, TryStreamExt};
use sqlx::{Connection, Executor};

use super::cell::Cell;
use crate::publish::Published;

/// Starts under way side by side.
const AT_A_TIME: usize = 2_000;
/// Starts of one round trip.
const BATCH: usize = 500;
/// Virtual time from one execution of a workspace to its next.
const COST: i64 = 1_000_000;

impl Cell {
    /// Starts `count` executions, and tidies up as autovacuum would.
    pub(crate) async fn fill(&self, published: &Published, count: usize) -> anyhow::Result<()> {
        let starter = Starter::spawn(self.place.clone(), None);
        start_all(&starter, (0..count).map(|_| self.start_of(published))).await?;
        starter.close().await;
        let mut owner = self.owner().await?;
        owner.execute("VACUUM ANALYZE queue").await?;
        owner.execute("CHECKPOINT").await?;
        Ok(())
    }

    /// Starts `count` executions that running workers see all at the same moment, that of the return.
    pub(crate) async fn fill_at_once(&self, published: &Published, count: usize) -> anyhow::Result<()> {
        let mut owner = self.owner().await?;
        let front: i64 = sqlx::query_scalar("SELECT vt FROM queue_front").fetch_one(&mut owner).await?;
        let vts = (1..).map(|place| front + place * COST);
        let starts: Vec<Start> = vts.take(count).map(|vt| Start { vt, ..self.start_of(published) }).collect();
        let mut starter = self.place.connect(Role::Starter).await?;
        let mut transaction = starter.begin().await?;
        for batch in starts.chunks(BATCH) {
            start(&mut transaction, batch).await?;
        }
        owner.execute("CHECKPOINT").await?;
        transaction.commit().await?;
        hint(&mut starter, &self.place.channel(), TOKENS).await?;
        Ok(())
    }
}

/// Starts all of `starts`, many at a time.
pub(crate) async fn start_all(starter: &Starter, starts: impl Iterator<Item = Start>) -> anyhow::Result<()> {
    let started = stream::iter(starts).map(|start| starter.start(start)).buffer_unordered(AT_A_TIME);
    started.map_err(anyhow::Error::new).try_for_each(async |_| Ok(())).await
}
