//! `pinned`: a drain while another session holds a transaction open, so that no dead row can be removed.

use std::time::{Duration, Instant};

use capstan_api::starter::Starter;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Executor, PgConnection};
use tokio::time::sleep;

use super::Bench;
use super::cell::Cell;
use super::fill::start_all;

/// Executions that are kept ready while the engine drains.
const BACKLOG: usize = 60_000;
/// Starts of one topping up.
const PORTION: usize = 2_000;
/// Time between two looks at the backlog.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The end of a long pinned drain against an unpinned one. One round, as one takes minutes.
pub(crate) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let (lasting, counted) = (bench.sizes.pinned, bench.sizes.pinned_counted);
    bench.progress.doing("drains without a pin");
    let cell = bench.rig.cell().await?;
    let reference = rate_at_the_end(&cell, counted + counted / 4, counted).await?;
    bench.progress.doing("drains with a pin");
    let cell = bench.rig.cell().await?;
    let pin = pin(&cell).await?;
    let ours = rate_at_the_end(&cell, lasting, counted).await?;
    drop(pin);
    bench.progress.found(1, &format!("{ours:.0}/s of {reference:.0}/s"));
    bench.findings.pair("pinned", ours, reference);
    Ok(())
}

/// A session that holds a snapshot until it is dropped.
async fn pin(cell: &Cell) -> anyhow::Result<PgConnection> {
    let mut session = cell.owner().await?;
    session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    session.execute("SELECT count(*) FROM queue").await?;
    Ok(session)
}

/// Drains a backlog that never ends for so long; answers the executions per second of the time that counts at its end.
async fn rate_at_the_end(cell: &Cell, lasting: Duration, counted: Duration) -> anyhow::Result<f64> {
    let published = cell.publish_durable().await?;
    cell.fill(&published, BACKLOG).await?;
    let mut owner = cell.owner().await?;
    let worker = cell.worker().await?;
    let starter = Starter::spawn(cell.place.clone(), Some(worker.waker()));
    let begun = Instant::now();
    while begun.elapsed() < lasting {
        if backlog(&mut owner).await? < BACKLOG as i64 {
            start_all(&starter, (0..PORTION).map(|_| cell.start_of(&published))).await?;
        } else {
            sleep(LOOK_EVERY).await;
        }
    }
    let until = Utc::now();
    starter.close().await;
    worker.drain().await;
    let ended = ended_between(&mut owner, until - TimeDelta::from_std(counted)?, until).await?;
    Ok(ended as f64 / counted.as_secs_f64())
}

/// Roughly, by the server's statistics: counting rows would suffer from what is measured here.
async fn backlog(owner: &mut PgConnection) -> anyhow::Result<i64> {
    let sql = "SELECT n_tup_ins - n_tup_del FROM pg_stat_user_tables \
               WHERE schemaname = current_schema() AND relname = 'queue'";
    Ok(sqlx::query_scalar(sql).fetch_one(owner).await?)
}

async fn ended_between(owner: &mut PgConnection, from: DateTime<Utc>, until: DateTime<Utc>) -> anyhow::Result<i64> {
    let sql = "SELECT count(*) FROM executions WHERE ended_at >= $1 AND ended_at < $2";
    Ok(sqlx::query_scalar(sql).bind(from).bind(until).fetch_one(owner).await?)
}
