//! `latency`: one execution at a time, from the start that is asked for to the end that is durable.

use std::time::Instant;

use capstan_api::starter::Starter;
use capstan_engine::core::ids::ExecutionId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Bench;
use super::calm::calm;
use super::cell::Cell;
use super::ended::Ends;
use super::limit::{self, Variant};
use super::process::Process;
use super::stats::Latencies;
use crate::publish::Published;

/// Executions before those that count, on both sides: they open connections and prepare statements.
const WARM_UP: usize = 20;

/// Starter and worker in one process, as in `capstan dev`.
pub(crate) async fn together(bench: &mut Bench) -> anyhow::Result<()> {
    for round in bench.rounds() {
        let reference = reference(bench).await?;
        let cell = bench.rig.cell().await?;
        let published = cell.publish_durable().await?;
        calm(&mut cell.owner().await?).await?;
        let worker = cell.worker().await?;
        let starter = Starter::spawn(cell.place.clone(), Some(worker.waker()));
        let ends = Ends::of_worker(&worker);
        let ours = one_by_one(&cell, &starter, &published, bench.sizes.timed, ends).await?;
        starter.close().await;
        worker.drain().await;
        for (key, share) in [("latency_p50", 0.5), ("latency_p99", 0.99)] {
            bench.findings.pair(key, ours.to_end.percentile_ms(share), reference.percentile_ms(share));
        }
        for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
            let key = format!("start_to_first_step_{name}_ms");
            bench.findings.figure(key, ours.to_first_step.percentile_ms(share));
        }
        bench.progress.found(round, &told(&ours, &reference));
    }
    Ok(())
}

/// Starter here, worker in a process of its own.
pub(crate) async fn split(bench: &mut Bench) -> anyhow::Result<()> {
    for round in bench.rounds() {
        let reference = reference(bench).await?;
        let cell = bench.rig.cell().await?;
        let published = cell.publish_durable().await?;
        calm(&mut cell.owner().await?).await?;
        let worker = Process::start("worker", &cell.settings).await?;
        let starter = Starter::spawn(cell.place.clone(), None);
        let ends = Ends::of_cell(&cell).await?;
        let ours = one_by_one(&cell, &starter, &published, bench.sizes.timed, ends).await?;
        starter.close().await;
        worker.end().await?;
        bench.findings.pair("latency_split_p50", ours.to_end.percentile_ms(0.5), reference.percentile_ms(0.5));
        bench.findings.figure("latency_split_p99_ms", ours.to_end.percentile_ms(0.99));
        bench.findings.figure("start_to_first_step_split_p50_ms", ours.to_first_step.percentile_ms(0.5));
        bench.progress.found(round, &told(&ours, &reference));
    }
    Ok(())
}

async fn reference(bench: &Bench) -> anyhow::Result<Latencies> {
    let database = bench.rig.limit().await?;
    calm(&mut bench.rig.owner().await?).await?;
    Ok(limit::latency(&database, Variant::Steps, WARM_UP + bench.sizes.timed).await?.after(WARM_UP))
}

fn told(ours: &Timed, reference: &Latencies) -> String {
    let told = |it: &Latencies| format!("p50 {:.2} ms p99 {:.2} ms", it.percentile_ms(0.5), it.percentile_ms(0.99));
    format!("{} of {}; first step {}", told(&ours.to_end), told(reference), told(&ours.to_first_step))
}

/// Times from the moments at which starts were asked for.
pub(crate) struct Timed {
    pub(crate) to_end: Latencies,
    pub(crate) to_first_step: Latencies,
}

/// Starts an execution, waits for its end, and so on.
pub(crate) async fn one_by_one(
    cell: &Cell,
    starter: &Starter,
    published: &Published,
    count: usize,
    mut ends: Ends,
) -> anyhow::Result<Timed> {
    let mut to_end = Latencies::default();
    let mut asked = Vec::new();
    for _ in 0..WARM_UP + count {
        let start = cell.start_of(published);
        let id = start.execution_id;
        asked.push((id, Utc::now()));
        let begun = Instant::now();
        starter.start(start).await?;
        ends.of_execution(id).await?;
        to_end.add(begun.elapsed());
    }
    let to_first_step = first_steps(cell, &asked).await?.after(WARM_UP);
    Ok(Timed { to_end: to_end.after(WARM_UP), to_first_step })
}

/// Times from the starts to the moments at which the first steps had run, as the journal tells; in the order of
/// `asked`. The database keeps this machine's time.
pub(crate) async fn first_steps(cell: &Cell, asked: &[(ExecutionId, DateTime<Utc>)]) -> anyhow::Result<Latencies> {
    let ids: Vec<Uuid> = asked.iter().map(|(id, _)| id.0).collect();
    let ran: Vec<DateTime<Utc>> = sqlx::query_scalar(
        "SELECT min(j.recorded_at) FROM unnest($1::uuid[]) WITH ORDINALITY AS a (id, n) \
         JOIN journal j ON j.execution_id = a.id GROUP BY a.n ORDER BY a.n",
    )
    .bind(ids)
    .fetch_all(&mut cell.owner().await?)
    .await?;
    anyhow::ensure!(ran.len() == asked.len(), "only {} of {} executions have begun", ran.len(), asked.len());
    let mut latencies = Latencies::default();
    for (ran, (_, asked)) in ran.into_iter().zip(asked) {
        latencies.add((ran - *asked).to_std().unwrap_or_default());
    }
    Ok(latencies)
}
