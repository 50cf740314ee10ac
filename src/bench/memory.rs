//! `memory`: the resident size of a worker process, idle and with many activations in flight.

use std::time::Duration;

use anyhow::ensure;
use serde_json::json;
use tokio::time::sleep;

use super::Bench;
use super::process::Process;
use super::slow_site::SlowSite;

/// Time for a worker to become idle, and for activations to get as far as they do.
const CALM: Duration = Duration::from_secs(2);

/// Two sizes. In flight are executions whose HTTP request is not answered yet.
pub(crate) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let in_flight = bench.sizes.in_flight;
    for round in bench.rounds() {
        let site = SlowSite::open().await?;
        let cell = bench.rig.cell().await?;
        let config = json!({ "url": format!("http://{}/", site.address()), "timeout_ms": 600_000 });
        let published = cell.publish_row("action.http_request", &config, 1).await?;
        let settings = cell.settings.clone().with("CAPSTAN_SLOTS", in_flight.to_string());
        let settings = settings.with("CAPSTAN_ALLOW_PRIVATE", site.address().to_string());
        let worker = Process::start("worker", &settings).await?;
        sleep(CALM).await;
        let idle = worker.resident_mib()?;
        cell.fill_at_once(&published, in_flight).await?;
        let mut owner = cell.owner().await?;
        cell.until(&mut owner, &format!("SELECT count(*) = {in_flight} FROM leases")).await?;
        sleep(CALM).await;
        let (busy, asked) = (worker.resident_mib()?, site.asked());
        site.answer_all();
        cell.until_drained(&mut owner).await?;
        worker.end().await?;
        ensure!(asked > 0, "no request came");
        cell.ensure_done(&mut owner, in_flight, in_flight).await?;
        bench.findings.figure("memory_idle_mib", idle);
        bench.findings.figure("memory_busy_mib", busy);
        bench.findings.figure("memory_busy_requests", asked as f64);
        bench.progress.found(round, &format!("{idle:.1} MiB idle, {busy:.1} MiB with {asked} requests under way"));
    }
    Ok(())
}
