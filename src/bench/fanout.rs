//! `fanout`: one execution with 1,000 parallel branches, against the same number of steps in separate executions.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Bench;
use super::cell::{Cell, edge, node, noop};
use crate::publish::Published;

/// Branches; a graph may have 2,000 nodes.
const BRANCHES: usize = 1_000;

/// Steps per second, each side several times in turn with a worker that runs all the while.
pub(crate) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    for round in bench.rounds() {
        let cell = bench.rig.cell().await?;
        let fan = cell.publish(cell.workspace, &graph()).await?;
        let single = cell.publish_row("debug.noop", &noop(), 1).await?;
        let worker = cell.worker().await?;
        let (mut ours_s, mut reference_s) = (0.0, 0.0);
        for _ in 0..bench.sizes.fanouts {
            reference_s += seconds(&cell, &single, BRANCHES).await?;
            ours_s += seconds(&cell, &fan, 1).await?;
        }
        worker.drain().await;
        let runs = bench.sizes.fanouts;
        cell.ensure_done(&mut cell.owner().await?, runs * (BRANCHES + 1), 2 * runs * BRANCHES).await?;
        let steps = (runs * BRANCHES) as f64;
        let (ours, reference) = (steps / ours_s, steps / reference_s);
        bench.progress.found(round, &format!("{ours:.0} steps/s of {reference:.0}"));
        bench.findings.pair("fanout", ours, reference);
    }
    Ok(())
}

/// From the moment at which the worker can see the executions to the end of the last one, in seconds.
async fn seconds(cell: &Cell, published: &Published, executions: usize) -> anyhow::Result<f64> {
    let mut owner = cell.owner().await?;
    cell.fill_at_once(published, executions).await?;
    let shown = Utc::now();
    cell.until_drained(&mut owner).await?;
    let ended: DateTime<Utc> = sqlx::query_scalar("SELECT max(ended_at) FROM executions").fetch_one(&mut owner).await?;
    Ok((ended - shown).as_seconds_f64().max(f64::MIN_POSITIVE))
}

fn graph() -> Value {
    let mut nodes = vec![node("start", "trigger.manual", &json!({}))];
    let mut edges = Vec::new();
    for branch in 1..=BRANCHES {
        let id = format!("branch_{branch}");
        nodes.push(node(&id, "debug.noop", &noop()));
        edges.push(edge("start", &id));
    }
    json!({ "nodes": nodes, "edges": edges })
}
