//! `drain`: a full backlog of three-step executions, starts excluded.

use std::time::Instant;

use serde_json::json;

use super::Bench;
use super::cell::{Cell, STEPS, noop, result};
use super::limit::{self, Variant};
use super::limit_own;
use crate::publish::Published;

/// Three durable steps against the raw loop that commits each of them.
pub(crate) async fn durable(bench: &mut Bench) -> anyhow::Result<()> {
    for round in bench.rounds() {
        let reference = limit::drain(&bench.rig.limit().await?, Variant::Steps, bench.sizes.backlog).await?;
        let own = own_tables(bench, Variant::Steps).await?;
        bench.findings.figure("limit_own_steps_per_s", own);
        let cell = bench.rig.cell().await?;
        let published = cell.publish_durable().await?;
        let ours = backlog(&cell, &published, STEPS, bench.sizes.backlog).await?;
        bench.progress.found(round, &format!("{ours:.0}/s of {reference:.0}/s, own tables {own:.0}/s"));
        bench.findings.pair("drain_durable", ours, reference);
    }
    Ok(())
}

/// Three pure steps against the raw loop that commits them together.
pub(crate) async fn pure(bench: &mut Bench) -> anyhow::Result<()> {
    for round in bench.rounds() {
        let reference = limit::drain(&bench.rig.limit().await?, Variant::Fused, bench.sizes.backlog).await?;
        let own = own_tables(bench, Variant::Fused).await?;
        bench.findings.figure("limit_own_fused_per_s", own);
        let cell = bench.rig.cell().await?;
        let published = cell.publish_row("data.set", &json!({ "values": result() }), STEPS).await?;
        let ours = backlog(&cell, &published, STEPS, bench.sizes.backlog).await?;
        bench.progress.found(round, &format!("{ours:.0}/s of {reference:.0}/s, own tables {own:.0}/s"));
        bench.findings.pair("drain_pure", ours, reference);
    }
    Ok(())
}

async fn own_tables(bench: &mut Bench, variant: Variant) -> anyhow::Result<f64> {
    let cell = bench.rig.cell().await?;
    let published = cell.publish_row("debug.noop", &noop(), STEPS).await?;
    cell.fill(&published, bench.sizes.backlog).await?;
    limit_own::drain(&cell, variant, bench.sizes.backlog).await
}

/// Fills a fresh cell, drains it with one worker, and checks that all is done; answers executions per second.
pub(crate) async fn backlog(
    cell: &Cell,
    published: &Published,
    steps: usize,
    executions: usize,
) -> anyhow::Result<f64> {
    let rate = refill(cell, published, executions).await?;
    cell.ensure_done(&mut cell.owner().await?, executions, steps * executions).await?;
    Ok(rate)
}

/// Fills a cell, and drains it with one worker; answers executions per second.
pub(crate) async fn refill(cell: &Cell, published: &Published, executions: usize) -> anyhow::Result<f64> {
    cell.fill(published, executions).await?;
    let mut owner = cell.owner().await?;
    let begun = Instant::now();
    let worker = cell.worker().await?;
    cell.until_drained(&mut owner).await?;
    let rate = executions as f64 / begun.elapsed().as_secs_f64();

    worker.drain().await;
    Ok(rate)
}
