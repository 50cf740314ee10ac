//! What a step that is tested alone reads of others, and whether all of it is there.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use capstan_engine::core::catalogue::NodeTypeInfo;
use capstan_engine::core::expression;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, StepKey};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::simulate::{Case, Runner, Stubs, Trial, Unstubbed, simulate};
use capstan_engine::core::state::{State, StepStatus};
use capstan_node_types::registry::Registry;
use capstan_node_types::simulate::LocalRunner;
use capstan_node_types::trial::{GIVEN_BYTES_MAX, Given, Need, OneStep, needs};
use chrono::Utc;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::executions::Loaded;
use super::super::simulate::runner;
use super::Prepared;
use crate::problem::{Finding, Problem};

/// What is given for each step that the step reads, or that is named: by the request, else by the record of an execution,
/// else by what is pinned in the draft. 422 `missing_input` with each expression that reads more.
pub(super) fn find(
    step: &OneStep<'_>,
    draft: &Value,
    steps: &Map<String, Value>,
    past: Option<&Loaded>,
) -> Result<BTreeMap<String, Given>, Problem> {
    let (told, pinned) = (Stubs::read(steps)?, Stubs::pinned(draft)?);
    let state = past.map(|past| Ok::<_, Problem>((&past.version.graph, past.record()?.state))).transpose()?;
    let mut found = BTreeMap::new();
    for name in steps.keys() {
        found.insert(name.clone(), told.first(name).and_then(Given::of).ok_or_else(|| not_an_end(name))?);
    }
    let mut missing = Vec::new();
    for need in needs(step.node, step.node_type) {
        if found.contains_key(&need.step) {
            continue;
        }
        let recorded = state.as_ref().and_then(|(graph, state)| recorded(graph, state, &need.step));
        match recorded.or_else(|| pinned.first(&need.step).and_then(Given::of)) {
            Some(given) => _ = found.insert(need.step, given),
            None => missing.push(need),
        }
    }
    if !missing.is_empty() {
        return Err(missing_input(&missing));
    }
    found.iter().try_for_each(|(name, given)| check_size(name, given))?;
    Ok(found)
}

/// What a step came to; one that did not run is null.
fn recorded(graph: &Graph, state: &State, name: &str) -> Option<Given> {
    let step = state.latest(graph, graph.find(&name.into())?)?;
    Some(match (&step.error, step.status) {
        (Some(error), StepStatus::Failed) => Given::Error { class: error.class.clone(), reason: error.reason.clone() },
        _ => Given::Output { port: None, more_ports: Vec::new(), output: step.output.clone() },
    })
}

fn not_an_end(name: &str) -> Problem {
    let detail = format!("what is given for step {name:?} does not say how it ended");
    Problem::unprocessable("bad_stub", detail, "give {\"output\": …} or {\"error\": {\"class\": …}}")
}

fn check_size(name: &str, given: &Given) -> Result<(), Problem> {
    let bytes = given.bytes();
    if bytes <= GIVEN_BYTES_MAX {
        return Ok(());
    }
    let detail = format!("what step {name:?} gave has {bytes} bytes; at most {GIVEN_BYTES_MAX} can be given to a step");
    Err(Problem::unprocessable("given_too_large", detail, "give a smaller output under \"steps\""))
}

fn missing_input(missing: &[Need]) -> Problem {
    let first = &missing[0];
    let detail = format!(
        "the expression {:?} in {} reads step {:?}, of which nothing is given",
        first.expression, first.field, first.step
    );
    let hint =
        "give each of them under \"steps\", name an execution as \"of_execution\", or pin an output in the draft";
    let findings = missing.iter().map(|need| Finding {
        code: "missing_input",
        pointer: format!("/steps/{}", need.step),
        detail: format!("{:?} in {} reads step {:?}", need.expression, need.field, need.step),
        hint: format!("give \"steps\": {{\"{}\": {{\"output\": …}}}}", need.step),
    });
    Problem::unprocessable("missing_input", detail, hint).findings(findings)
}

/// Fills in the config of the step as the worker will, so that what is missing in what is given is told before anything
/// runs. The config as it comes out.
pub(super) fn try_out(prepared: &Prepared, registry: &Registry) -> Result<Value, Problem> {
    let probe = Probe { local: runner(registry)?, prepared, config: Mutex::default() };
    let trigger = StepKey::root(prepared.trigger.clone());
    let case = Case {
        graph: &prepared.graph,
        trigger: &trigger,
        input: prepared.input.clone(),
        now: Utc::now(),
        execution_id: ExecutionId(Uuid::nil()),
        stubs: &Stubs::default(),
        unstubbed: Unstubbed::Null,
        timeout_ms: None,
        cancel: None,
    };
    let simulated =
        simulate(&case, &probe).map_err(|illegal| Problem::internal(format!("a step was not begun: {illegal}")))?;
    let unread = simulated.settled().find(|(step, _)| step.node_id == prepared.node);
    let error = unread.and_then(|(_, settlement)| settlement.error.as_ref());
    match error.filter(|error| error.class == expression::CLASS) {
        Some(error) => {
            let hint = "give what it reads with \"input\", \"steps\" or \"item\", or correct the expression";
            Err(Problem::unprocessable("missing_input", error.reason.clone(), hint))
        }
        None => Ok(probe.config.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// Runs what is given, and in the place of the step nothing at all.
struct Probe<'a> {
    local: LocalRunner<'a>,
    prepared: &'a Prepared,
    /// That of the step, filled in.
    config: Mutex<Value>,
}

impl Runner for Probe<'_> {
    fn runs(&self, _type_name: &str) -> bool {
        true
    }

    fn node_type(&self, type_name: &str) -> Option<&dyn NodeTypeInfo> {
        self.local.node_type(type_name)
    }

    fn run(&self, trial: &Trial<'_>) -> Outcome {
        if trial.node.id != self.prepared.node {
            return self.local.run(trial);
        }
        self.config.lock().unwrap_or_else(PoisonError::into_inner).clone_from(trial.config);
        Outcome::done(trial.node.ports.first().map_or("out", String::as_str), Value::Null)
    }
}
