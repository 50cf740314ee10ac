//! A database at rest, for what is measured to the millisecond or counted one by one.

use std::time::{Duration, Instant};

use sqlx::{Executor, PgConnection};
use tokio::time::sleep;

/// Time of one look; counts of the past reach the statistics meanwhile.
const LOOK: Duration = Duration::from_secs(4);
/// Transactions per second of a database at rest, that of the look included, and looks until then.
const CALM_PER_S: f64 = 0.5;
const CALM_TRIES_MAX: usize = 15;

/// Waits until the database has written down and tidied up what was done before; false if it takes too long.
pub(crate) async fn calm(owner: &mut PgConnection) -> anyhow::Result<bool> {
    owner.execute("CHECKPOINT").await?;
    for _ in 0..CALM_TRIES_MAX {
        if rates(owner, LOOK).await?.0 <= CALM_PER_S {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Transactions and transactions with a number, per second.
pub(crate) async fn rates(owner: &mut PgConnection, lasting: Duration) -> anyhow::Result<(f64, f64)> {
    let (begun, before) = (Instant::now(), counts(owner).await?);
    sleep(lasting).await;
    let (after, seconds) = (counts(owner).await?, begun.elapsed().as_secs_f64());
    Ok(((after.0 - before.0) as f64 / seconds, (after.1 - before.1) as f64 / seconds))
}

async fn counts(owner: &mut PgConnection) -> anyhow::Result<(i64, i64)> {
    let sql = "SELECT xact_commit + xact_rollback, pg_snapshot_xmax(pg_current_snapshot())::text::bigint \
               FROM pg_stat_database WHERE datname = current_database()";
    Ok(sqlx::query_as(sql).fetch_one(owner).await?)
}
