//! `neighbour`: how long a calm workspace waits while another one has a large backlog.

use std::time::Duration;

use anyhow::ensure;
use capstan_api::starter::Starter;
use capstan_domain::access;
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::store::connect::Role;
use capstan_engine::store::start::Start;
use chrono::{DateTime, Utc};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::Bench;
use super::cell::{Cell, edge, node, noop};
use super::latency::first_steps;
use super::stats::Latencies;
use crate::publish::Published;

/// Time between two starts of the calm workspace.
const START_EVERY: Duration = Duration::from_millis(50);
/// Starts between two looks whether the busy workspace still has a backlog.
const LOOK_AFTER: usize = 20;

/// The p99 from start to first step of the calm workspace, beside the busy one and alone.
pub(crate) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    for round in bench.rounds() {
        let alone = measure(bench, 0).await?;
        let beside = measure(bench, bench.sizes.neighbour_backlog).await?;
        let told = |it: &Latencies| format!("p50 {:.1} ms p99 {:.1} ms", it.percentile_ms(0.5), it.percentile_ms(0.99));
        bench.progress.found(round, &format!("{}, alone {}", told(&beside), told(&alone)));
        bench.findings.pair("neighbour_p99", beside.percentile_ms(0.99), alone.percentile_ms(0.99));
        bench.findings.figure("neighbour_p50_ms", beside.percentile_ms(0.5));
    }
    Ok(())
}

/// Times of the calm workspace while the busy one has up to `backlog` executions ready.
async fn measure(bench: &mut Bench, backlog: usize) -> anyhow::Result<Latencies> {
    let cell = bench.rig.cell().await?;
    let busy = cell.publish_durable().await?;
    let (calm, published) = calm_workspace(&cell).await?;
    if backlog > 0 {
        cell.fill(&busy, backlog).await?;
    }
    let worker = cell.worker().await?;
    let starter = Starter::spawn(cell.place.clone(), Some(worker.waker()));
    let asked = starts(&cell, &starter, calm, &published, bench.sizes.neighbour_starts, backlog > 0).await?;
    let done =
        format!("SELECT NOT EXISTS (SELECT FROM executions WHERE workspace_id = '{calm}' AND status = 'queued')");
    cell.until(&mut cell.owner().await?, &done).await?;
    starter.close().await;
    worker.drain().await;
    first_steps(&cell, &asked).await
}

async fn calm_workspace(cell: &Cell) -> anyhow::Result<(WorkspaceId, Published)> {
    let mut control = cell.control.connect(Role::Owner).await?;
    let slug = format!("calm-{}", Uuid::now_v7().simple());
    let calm = access::create_workspace(&mut control, &slug, "calm", &cell.place.schema).await?;
    let nodes = [node("start", "trigger.manual", &serde_json::json!({})), node("step_1", "debug.noop", &noop())];
    let graph = serde_json::json!({ "nodes": nodes, "edges": [edge("start", "step_1")] });
    Ok((calm, cell.publish(calm, &graph).await?))
}

/// Starts one execution after the other at a steady pace, no longer than the busy workspace's backlog lasts.
async fn starts(
    cell: &Cell,
    starter: &Starter,
    calm: WorkspaceId,
    published: &Published,
    count: usize,
    while_busy: bool,
) -> anyhow::Result<Vec<(ExecutionId, DateTime<Utc>)>> {
    let mut owner = cell.owner().await?;
    let mut ticks = interval(START_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked = Vec::new();
    for number in 1..=count {
        ticks.tick().await;
        let start = Start { workspace_id: calm, ..cell.start_of(published) };
        asked.push((start.execution_id, Utc::now()));
        starter.start(start).await?;
        if while_busy && number % LOOK_AFTER == 0 && is_worked_off(&mut owner, cell.workspace).await? {
            break;
        }
    }
    ensure!(!asked.is_empty(), "nothing was started");
    Ok(asked)
}

async fn is_worked_off(owner: &mut sqlx::PgConnection, busy: WorkspaceId) -> anyhow::Result<bool> {
    let sql = "SELECT NOT EXISTS (SELECT FROM queue WHERE workspace_id = $1)";
    Ok(sqlx::query_scalar(sql).bind(busy.0).fetch_one(owner).await?)
}
