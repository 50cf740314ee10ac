//! `idle`: what a worker with nothing to do asks of the database, with all its duties.

use std::time::Duration;

use tokio::time::sleep;

use super::Bench;
use super::calm::{calm, rates};
use super::process::Process;

/// Time for a worker to become idle: its polling slows down, and counts of the past reach the statistics.
const CALM: Duration = Duration::from_secs(4);

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
