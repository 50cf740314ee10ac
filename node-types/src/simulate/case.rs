//! A case for `capstan test`, written from what an execution recorded.

use capstan_domain::recording::Record;
use capstan_engine::core::decide::IllegalEvent;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::journal::{SettledStatus, Settlement};
use capstan_engine::core::redact::redact;
use capstan_engine::core::simulate::{Case, Runner, Simulated, Stubs, are_alike, simulate};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{Unfit, Wish};

/// Largest output that is expected, as JSON; the path tells of the others.
const EXPECTED_BYTES_MAX: usize = 16 * 1024;

/// A case, and how far it is the execution.
#[derive(Clone, Debug)]
pub struct Written {
    /// As a case file has it.
    pub case: Value,
    /// Whether the same steps run and end as they did.
    pub exact: bool,
    /// Whether something was taken for a secret and is left out.
    pub redacted: bool,
}

/// Why there is no case.
#[derive(Debug, Error)]
pub enum NoCase {
    /// What is recorded cannot be simulated.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It cannot begin.
    #[error("a simulation did not begin: {0}")]
    Illegal(#[from] IllegalEvent),
    /// It did not come to an end.
    #[error("what is recorded does not tell how the execution ended: {0}")]
    Stopped(String),
}

/// The case of an execution on its own graph. What has to come out is what comes of the case itself, so that it passes on
/// the same version.
///
/// # Errors
/// See [`NoCase`].
pub fn case_of(record: &Record<'_>, document: &Value, name: &str, runner: &dyn Runner) -> Result<Written, NoCase> {
    let (graph, row) = (record.graph, record.row);
    let recording = record.on(graph, runner);
    let mut told = json!({
        "trigger": row.trigger_node_id,
        "input": row.input,
        "now": row.created_at,
        "stubs": recording.stubs.written(),
    });
    if let Some(cancel) = recording.cancel {
        told["cancel"] = json!({ "reason": cancel.reason, "force": cancel.force, "after_ms": cancel.after_ms });
    }
    let redacted = redact(&mut told["input"]) | redact_stubs(&mut told["stubs"]);
    let wish = Wish::deserialize(&told).unwrap_or_default();
    let fitted = wish.fit(graph, document, Stubs::default(), row.created_at)?;
    let case = fitted.case(graph);
    let simulated = simulate(&case, runner)?;
    if let Some(stopped) = &simulated.stopped {
        return Err(NoCase::Stopped(stopped.to_string()));
    }
    let exact = simulated.status() == row.status && are_alike(graph, &record.state, &simulated.state);
    let mut written = json!({ "name": name });
    if let (Some(all), Value::Object(told)) = (written.as_object_mut(), told) {
        all.extend(told);
    }
    written["expect"] = expected(&case, &simulated, runner);
    Ok(Written { case: written, exact, redacted })
}

/// Names of steps are no names of fields: `token-of-ada` is no secret.
fn redact_stubs(stubs: &mut Value) -> bool {
    let stubs = stubs.as_object_mut().into_iter().flat_map(Map::values_mut);
    stubs.fold(false, |found, stub| redact(stub) | found)
}

fn expected(case: &Case<'_>, simulated: &Simulated, runner: &dyn Runner) -> Value {
    let path: Vec<String> =
        simulated.settled().map(|(step, settlement)| format!("{step} {}", came(settlement))).collect();
    let mut expected = json!({ "status": simulated.status(), "path": path });
    if let Some(failure) = simulated.failure() {
        expected["error"] = json!({ "class": failure.class, "node_id": failure.node_id });
    }
    if let Some(output) = simulated.output(case.graph).filter(is_small) {
        expected["output"] = output;
    }
    let outputs = outputs(case.graph, simulated, runner);
    if !outputs.is_empty() {
        expected["outputs"] = outputs.into();
    }
    expected
}

fn came(settlement: &Settlement) -> String {
    let ports: Vec<&str> = settlement.ports().collect();
    match (settlement.status, &ports[..], &settlement.error) {
        (SettledStatus::Completed, [_, ..], _) => format!("completed on {}", ports.join(" and ")),
        (SettledStatus::Completed, [], _) => "completed".into(),
        (SettledStatus::Failed, _, Some(error)) if !error.class.contains(char::is_whitespace) => {
            format!("failed with {}", error.class)
        }
        (SettledStatus::Failed, ..) => "failed".into(),
        (SettledStatus::OutcomeUnknown, ..) => "outcome_unknown".into(),
    }
}

/// Of the steps that the simulation runs itself: those of the others are its stubs.
fn outputs(graph: &Graph, simulated: &Simulated, runner: &dyn Runner) -> Map<String, Value> {
    let is_run = |id| graph.find(id).is_some_and(|ix| runner.runs(&graph.nodes[ix].type_name));
    let told = simulated.settled().filter(|(step, settlement)| {
        settlement.status == SettledStatus::Completed && is_run(&step.node_id) && is_small(&settlement.output)
    });
    told.map(|(step, settlement)| (step.to_string(), settlement.output.clone())).collect()
}

fn is_small(output: &Value) -> bool {
    output.to_string().len() <= EXPECTED_BYTES_MAX
}
