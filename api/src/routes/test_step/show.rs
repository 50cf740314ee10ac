//! What one attempt of a step came to.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_engine::core::catalogue::Catalogue;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey};
use capstan_engine::core::redact::redact;
use capstan_engine::core::scene::Scene;
use capstan_engine::core::state::{State, StepIx, StepStatus};
use capstan_engine::store::logs::{self, LogLine};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::executions::{Loaded, load_with_outputs};
use super::super::launch::Launched;
use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::view::{StepView, step};

/// Most log lines that are shown; the execution has them all.
const LINES_MAX: i64 = 200;

/// How the step stands: 200 if it has ended or waits, else 202.
pub(super) async fn answer(
    api: &Api,
    caller: &Caller,
    launched: &Launched,
    (node, filled): (&NodeId, Value),
) -> Result<Response, Problem> {
    let (loaded, truncated) = load_with_outputs(api, caller, &launched.execution_id.to_string()).await?;
    let lines = lines(caller, launched.execution_id, node).await?;
    let state = loaded.state()?;
    let graph = &loaded.version.graph;
    let found = (0..state.steps().len())
        .rev()
        .find(|&ix| state.key(graph, ix).node_id == *node && state.step(ix).status != StepStatus::Pending);
    let mut shown = match found {
        Some(ix) => {
            let mut view = step(graph, &state, ix);
            view.output_truncated = truncated.contains(&view.key());
            of_step(&view, config(api, &loaded, &state, ix, filled))
        }
        None => json!({ "status": "queued" }),
    };
    let is_told = matches!(found, Some(ix) if state.step(ix).has_ended() || shown["waiting"].is_object());
    shown["execution_id"] = json!(launched.execution_id);
    shown["trial"] = json!(true);
    shown["logs"] = lines
        .iter()
        .map(|line| json!({ "level": line.level, "message": line.message, "created_at": line.created_at }))
        .collect();
    let status = if is_told || loaded.row.ended_at.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok(launched.dress((status, Json(shown)).into_response()))
}

fn of_step(view: &StepView, config: Value) -> Value {
    let took = view.fired_at.zip(view.settled_at).map(|(fired, settled)| (settled - fired).num_milliseconds());
    let mut shown = json!({
        "status": view.status,
        "port": view.port,
        "output": view.output,
        "output_truncated": view.output_truncated,
        "error": view.error,
        "waiting": view.waiting,
        "attempts": view.attempts,
        "duration_ms": took,
        "config": config,
    });
    if !view.more_ports.is_empty() {
        shown["more_ports"] = json!(view.more_ports);
    }
    shown
}

/// The config as the attempt got it, without what its names tell to be secret; `filled` if it cannot be
/// filled in any more.
fn config(api: &Api, loaded: &Loaded, state: &State, ix: StepIx, filled: Value) -> Value {
    let (row, graph) = (&loaded.row, &loaded.version.graph);
    let trigger = state.find(graph, &StepKey::root(NodeId::from(row.trigger_node_id.as_str())));
    let execution_id = ExecutionId(row.execution_id);
    let scene = Scene { graph, state, trigger, execution_id, created_at: row.created_at };
    let node = &graph.nodes[state.step(ix).node];
    let filled = match scene.config(ix, api.registry.node_type(&node.type_name)) {
        Ok(config) => config.unwrap_or_else(|| node.config.clone()),
        // A container that has ended keeps no items.
        Err(_) => filled,
    };
    let mut shown = capstan_engine::core::raw::together(&filled, &node.raw).into_owned();
    redact(&mut shown);
    shown
}

async fn lines(caller: &Caller, execution_id: ExecutionId, node: &NodeId) -> Result<Vec<LogLine>, Problem> {
    let mut transaction = caller.read().await?;
    let lines = logs::read(&mut transaction, caller.workspace_id, execution_id, Uuid::nil(), LINES_MAX).await?;
    transaction.commit().await?;
    Ok(lines.into_iter().filter(|line| line.node_id == node.as_str()).collect())
}
