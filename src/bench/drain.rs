//! `drain`: a full backlog of three-step executions, starts excluded.

use std::time::Instant;

use serde_json::{Value, json};

use super::limit::{self, Variant};
use super::rig::{Cell, Rig};

/// Steps of each execution.
const STEPS: usize = 3;

/// One round of `drain_durable`: ours, the reference.
pub(crate) async fn durable(rig: &mut Rig, executions: usize) -> anyhow::Result<(f64, f64)> {
    let reference = limit::drain(&rig.limit().await?, Variant::Steps, executions).await?;
    let ours = ours(&rig.cell().await?, "debug.noop", &json!({ "output": result() }), executions).await?;
    Ok((ours, reference))
}

/// One round of `drain_pure`.
pub(crate) async fn pure(rig: &mut Rig, executions: usize) -> anyhow::Result<(f64, f64)> {
    let reference = limit::drain(&rig.limit().await?, Variant::Fused, executions).await?;
    let ours = ours(&rig.cell().await?, "data.set", &json!({ "values": result() }), executions).await?;
    Ok((ours, reference))
}

/// Drains with one worker process; answers executions per second.
async fn ours(cell: &Cell, type_name: &str, config: &Value, executions: usize) -> anyhow::Result<f64> {
    let published = cell.publish_row(type_name, config, STEPS).await?;
    cell.fill(&published, &result(), executions).await?;
    let mut owner = cell.owner().await?;
    sqlx::Executor::execute(&mut owner, "CHECKPOINT").await?;
    let begun = Instant::now();
    let worker = cell.worker().await?;
    cell.until_drained(&mut owner).await?;
    let rate = executions as f64 / begun.elapsed().as_secs_f64();

    worker.drain().await;
    cell.ensure_done(&mut owner, executions, STEPS * executions).await?;
    Ok(rate)
}

/// A result of about a hundred bytes, as a small step would give back; the same as the raw loop's.
pub(crate) fn result() -> Value {
    json!({ "ok": true, "value": 42, "text": "a result of about a hundred bytes, as a small step would give back" })
}
