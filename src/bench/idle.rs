//! `idle`: what a worker with nothing to do asks of the database, with all its duties.

use std::time::{Duration, Instant};

use sqlx::PgConnection;
use tokio::time::sleep;

use super::Bench;
use super::process::Process;

/// Time for a worker to become idle: its polling slows down, and counts of the past reach the statistics.
const CALM: Duration = Duration::from_secs(4);
/// Transactions per second of a database at rest, that of the look included, and looks until then.
const CALM_PER_S: f64 = 0.5;
const CALM_TRIES_MAX: usize = 15;

/// Statements and writes a second, above those of the database itself.
///
/// Transactions are counted, by the server's statistics: those of an idle worker are of one statement each. A write
/// is a transaction that took a number. What autovacuum does is counted without a worker first, and taken off.
pub(crate) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let cell = bench.rig.cell().await?;
    let mut owner = cell.owner().await?;
    for round in bench.rounds() {
        if !calm(&mut owner).await? {
            bench.progress.found(round, "the database does not come to rest; what else goes on is taken off");
        }
        let alone = rates(&mut owner, bench.sizes.idle).await?;
        let worker = Process::start("worker", &cell.settings).await?;
        sleep(CALM).await;
        let watched = rates(&mut owner, bench.sizes.idle).await?;
        worker.end().await?;
        let statements = (watched.0 - alone.0).max(0.0);
        let writes = (watched.1 - alone.1).max(0.0);
        bench.findings.figure("idle_statements_per_s", statements);
        bench.findings.figure("idle_writes_per_s", writes);
        bench.progress.found(round, &format!("{statements:.2} statements/s, {writes:.2} writes/s"));
    }
    Ok(())
}

/// Waits until the database has tidied up after what was done before; false if it takes too long.
async fn calm(owner: &mut PgConnection) -> anyhow::Result<bool> {
    for _ in 0..CALM_TRIES_MAX {
        if rates(owner, CALM).await?.0 <= CALM_PER_S {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Transactions and transactions with a number, per second.
async fn rates(owner: &mut PgConnection, lasting: Duration) -> anyhow::Result<(f64, f64)> {
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
