//! `fleet`: the same backlog for one worker process and for many.

use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::future::join_all;
use sqlx::PgConnection;
use tokio::time::sleep;

use super::Bench;
use super::cell::STEPS;
use super::process::Process;

/// Sizes of fleets that are compared; the first is what the others are compared with.
const FLEETS: [usize; 5] = [1, 2, 4, 8, 16];
/// The ratios among them.
const RATIOS: [(usize, &str); 2] = [(4, "fleet_4"), (16, "fleet_16")];
/// Time between two counts of connections.
const COUNT_EVERY: Duration = Duration::from_millis(200);
/// Connections of this process while it counts: the one that counts, and the one that waits for the end.
const OWN_CONNECTIONS: i64 = 2;
/// What the server's log says when something went wrong between processes.
const COMPLAINTS: [(&str, &[&str]); 3] = [
    ("fleet_deadlocks", &["deadlock detected"]),
    ("fleet_serialization_failures", &["could not serialize access"]),
    ("fleet_refused_connections", &["too many clients", "remaining connection slots"]),
];

/// What a fleet of so many did.
struct Drained {
    per_s: f64,
    failed: usize,
    connections: i64,
}

/// Rates of fleets, and crowds that are only started and drained.
pub(crate) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let said_before = bench.rig.server_log()?.map_or(0, |log| log.len());
    for round in bench.rounds() {
        let mut rates = Vec::new();
        for size in FLEETS {
            let drained = drain(bench, size).await?;
            if RATIOS.iter().all(|(compared, _)| *compared != size) {
                bench.findings.figure(format!("fleet_{size}_per_s"), drained.per_s);
            }
            rates.push((size, drained.per_s));
        }
        for (size, key) in RATIOS {
            let rate = rates.iter().find(|(found, _)| *found == size).map_or(0.0, |(_, rate)| *rate);
            bench.findings.pair(key, rate, rates[0].1);
        }
        let told: Vec<String> = rates.iter().map(|(size, rate)| format!("{size}: {rate:.0}/s")).collect();
        bench.progress.found(round, &told.join(", "));
    }
    for &size in bench.sizes.fleet_crowds {
        let drained = drain(bench, size).await?;
        let of_each = drained.connections as f64 / (size - drained.failed).max(1) as f64;
        bench.findings.figure(format!("fleet_{size}_per_s"), drained.per_s);
        bench.findings.figure(format!("fleet_{size}_failed_workers"), drained.failed as f64);
        bench.findings.figure(format!("fleet_{size}_connections_per_worker"), of_each);
        let told = format!("{size}: {:.0}/s, {of_each:.1} connections each, {} failed", drained.per_s, drained.failed);
        bench.progress.found(1, &told);
    }
    count_complaints(bench, said_before)
}

/// Starts so many workers, shows them a backlog, and waits until it is worked off.
async fn drain(bench: &mut Bench, size: usize) -> anyhow::Result<Drained> {
    bench.progress.doing(&format!("{size} workers"));
    let backlog = bench.sizes.fleet_backlog;
    let cell = bench.rig.cell().await?;
    let published = cell.publish_durable().await?;
    let (mut owner, mut counter) = (cell.owner().await?, cell.owner().await?);
    let started = join_all((0..size).map(|_| Process::start("worker", &cell.settings))).await;
    let workers: Vec<Process> = started.into_iter().flatten().collect();
    ensure!(!workers.is_empty(), "no worker started");
    cell.fill_at_once(&published, backlog).await?;
    let begun = Instant::now();
    let mut connections = 0;
    tokio::select! {
        drained = cell.until_drained(&mut owner) => drained?,
        failed = count(&mut counter, &mut connections) => failed?,
    }
    let per_s = backlog as f64 / begun.elapsed().as_secs_f64();
    let ended = join_all(workers.into_iter().map(Process::end)).await;
    let good = ended.into_iter().filter(Result::is_ok).count();
    cell.ensure_done(&mut owner, backlog, STEPS * backlog).await?;
    Ok(Drained { per_s, failed: size - good, connections })
}

/// Counts the connections of workers until dropped, and keeps the most there were.
async fn count(counter: &mut PgConnection, most: &mut i64) -> anyhow::Result<()> {
    loop {
        let connections: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'capstan'",
        )
        .fetch_one(&mut *counter)
        .await?;
        *most = (connections - OWN_CONNECTIONS).max(*most);
        sleep(COUNT_EVERY).await;
    }
}

/// Counts what the server has complained of since its log had `before` bytes; nothing of a server that is not ours.
fn count_complaints(bench: &mut Bench, before: usize) -> anyhow::Result<()> {
    let Some(log) = bench.rig.server_log()? else { return Ok(()) };
    let said = log.get(before..).unwrap_or_default();
    for (key, texts) in COMPLAINTS {
        let lines = said.lines().filter(|line| texts.iter().any(|text| line.contains(text)));
        bench.findings.figure(key, lines.count() as f64);
    }
    Ok(())
}
