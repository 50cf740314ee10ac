//! `parked` and `history`: a drain beside many executions that wait, or that have finished, against one without them.

use anyhow::Context;
use capstan_engine::core::ids::ExecutionId;
use serde_json::json;

use super::Bench;
use super::cell::Cell;
use super::drain::refill;
use crate::publish::Published;

/// How long the copied executions wait, so that no timer of them comes due.
const WAIT: &str = "365d";

/// Beside executions that wait: half for a timer, half for a signal.
pub(crate) async fn parked(bench: &mut Bench) -> anyhow::Result<()> {
    let cell = bench.rig.cell().await?;
    let half = bench.sizes.parked / 2;
    let waits = [("logic.delay", json!({ "for": WAIT })), ("logic.wait_for_signal", json!({ "signal": "reply" }))];
    for (type_name, config) in waits {
        bench.progress.doing(&format!("loads {half} executions that wait ({type_name})"));
        let published = cell.publish_row(type_name, &config, 1).await?;
        let template = bring_so_far(&cell, &published).await?;
        cell.load_copies(template, half).await?;
    }
    compare(bench, &cell, "parked").await
}

/// Beside executions that have finished.
pub(crate) async fn history(bench: &mut Bench) -> anyhow::Result<()> {
    let cell = bench.rig.cell().await?;
    bench.progress.doing(&format!("loads {} finished executions", bench.sizes.history));
    let published = cell.publish_durable().await?;
    let template = bring_so_far(&cell, &published).await?;
    cell.load_copies(template, bench.sizes.history).await?;
    compare(bench, &cell, "history").await
}

/// Drains in the crowded cell and in an empty one, in turn.
async fn compare(bench: &mut Bench, crowded: &Cell, key: &'static str) -> anyhow::Result<()> {
    let published = crowded.publish_durable().await?;
    bench.progress.doing("drains");
    for round in bench.rounds() {
        let empty = bench.rig.cell_beside().await?;
        let reference = refill(&empty, &empty.publish_durable().await?, bench.sizes.backlog).await?;
        bench.rig.remove(empty).await?;
        let ours = refill(crowded, &published, bench.sizes.backlog).await?;
        bench.progress.found(round, &format!("{ours:.0}/s of {reference:.0}/s"));
        bench.findings.pair(key, ours, reference);
    }
    Ok(())
}

/// Starts one execution, and lets a worker bring it as far as it gets.
async fn bring_so_far(cell: &Cell, published: &Published) -> anyhow::Result<ExecutionId> {
    cell.fill_at_once(published, 1).await?;
    let mut owner = cell.owner().await?;
    let worker = cell.worker().await?;
    cell.until_drained(&mut owner).await?;
    worker.drain().await;
    let id = sqlx::query_scalar("SELECT execution_id FROM executions WHERE workflow_id = $1")
        .bind(published.workflow_id.0)
        .fetch_one(&mut owner)
        .await
        .context("the execution to copy is not there")?;
    Ok(ExecutionId(id))
}
