//! `wide`: what a step costs in an execution of 40 durable steps, against executions of three.

use capstan_api::starter::Starter;

use super::Bench;
use super::cell::{STEPS, noop};
use super::drain;
use super::ended::Ends;
use super::latency::one_by_one;

/// Steps in sequence.
const WIDE: usize = 40;
/// Executions of 40 steps that are timed one by one; of three steps, as many as make as many steps.
const TIMED_SHARE: usize = 20;

/// Per step, both with a backlog of the same number of steps; and one execution at a time, as figures.
pub(crate) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    let executions = bench.sizes.wide;
    for round in bench.rounds() {
        let reference = us_per_step(bench, STEPS, executions * WIDE / STEPS).await?;
        let ours = us_per_step(bench, WIDE, executions).await?;
        bench.findings.pair("wide", ours, reference);
        let timed = (bench.sizes.timed / TIMED_SHARE).max(1);
        let narrow = ms_per_step_alone(bench, STEPS, timed * WIDE / STEPS).await?;
        let wide = ms_per_step_alone(bench, WIDE, timed).await?;
        bench.findings.figure("narrow_alone_ms_per_step", narrow);
        bench.findings.figure("wide_alone_ms_per_step", wide);
        let told = format!("{ours:.1} µs/step of {reference:.1}; alone {wide:.2} ms/step, three steps {narrow:.2}");
        bench.progress.found(round, &told);
    }
    Ok(())
}

/// Time for each step while a backlog is drained.
async fn us_per_step(bench: &mut Bench, steps: usize, executions: usize) -> anyhow::Result<f64> {
    let cell = bench.rig.cell().await?;
    let published = cell.publish_row("debug.noop", &noop(), steps).await?;
    let rate = drain::backlog(&cell, &published, steps, executions).await?;
    Ok(1e6 / (rate * steps as f64))
}

/// Median time for each step of executions that are alone.
async fn ms_per_step_alone(bench: &mut Bench, steps: usize, executions: usize) -> anyhow::Result<f64> {
    let cell = bench.rig.cell().await?;
    let published = cell.publish_row("debug.noop", &noop(), steps).await?;
    let worker = cell.worker().await?;
    let starter = Starter::spawn(cell.place.clone(), Some(worker.waker()));
    let timed = one_by_one(&cell, &starter, &published, executions, Ends::of_worker(&worker)).await?;
    starter.close().await;
    worker.drain().await;
    Ok(timed.to_end.percentile_ms(0.5) / steps as f64)
}
