//! Whether what came is what was expected.

use capstan_engine::core::ids::StepKey;
use capstan_engine::core::journal::{SettledStatus, Settlement};
use capstan_engine::core::simulate::{Case, Failure, Simulated, first_difference};
use capstan_engine::core::state::StepStatus;
use serde::Serialize;
use serde_json::Value;

use super::expected::{Expected, ExpectedError, Waypoint, key};

const NOTHING: &str = "nothing";
const NOTHING_MORE: &str = "nothing more";

/// Something that was expected and did not come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Mismatch {
    /// Of what, such as `status` or `path, step 4`.
    pub(crate) field: String,
    /// For people.
    pub(crate) expected: String,
    /// For people.
    pub(crate) came: String,
}

impl Mismatch {
    fn new(field: impl Into<String>, expected: impl Into<String>, came: impl Into<String>) -> Self {
        Self { field: field.into(), expected: expected.into(), came: came.into() }
    }
}

/// Everything that did not come as expected.
pub(super) fn judge(expected: &Expected, case: &Case<'_>, simulated: &Simulated) -> Vec<Mismatch> {
    let mut found = Vec::new();
    if expected.status() != simulated.status() {
        found.push(Mismatch::new("status", expected.status(), ended(simulated)));
    }
    if let Some(error) = &expected.error {
        found.extend(errors(error, simulated.failure().as_ref()));
    }
    found.extend(expected.path.as_ref().and_then(|path| way(path, simulated)));
    if let Some(output) = &expected.output {
        let came = simulated.output(case.graph);
        found.extend(value("output", output, came.as_ref().ok_or("nothing, it has not completed")));
    }
    for (step, output) in &expected.outputs {
        let done = simulated.state.find(case.graph, &key(step)).map(|ix| simulated.state.step(ix));
        let done = done.filter(|step| step.status == StepStatus::Completed);
        let came = done.map(|step| &step.output).ok_or("nothing, it has not completed");
        found.extend(value(&format!("outputs of {step}"), output, came));
    }
    for condition in &expected.holds {
        let came = match simulated.holds(case, condition) {
            Ok(true) => continue,
            Ok(false) => "it does not hold".to_owned(),
            Err(reason) => reason,
        };
        found.push(Mismatch::new("holds", condition, came));
    }
    found
}

/// The steps that settled, in order, as a case would write them.
pub(super) fn path(simulated: &Simulated) -> impl Iterator<Item = String> {
    simulated.settled().map(|(step, settlement)| line(step, settlement))
}

fn line(step: &StepKey, settlement: &Settlement) -> String {
    let ports: Vec<&str> = settlement.ports().collect();
    let class = settlement.error.as_ref().map_or("", |error| error.class.as_str());
    match settlement.status {
        SettledStatus::Completed => format!("{step} completed on {}", ports.join(" and ")),
        SettledStatus::Failed => format!("{step} failed with {class}"),
        SettledStatus::OutcomeUnknown => format!("{step} outcome_unknown"),
    }
}

/// How it ended, with the reason.
fn ended(simulated: &Simulated) -> String {
    let status = simulated.status();
    if let Some(stopped) = &simulated.stopped {
        let steps: Vec<String> = stopped.steps().iter().map(ToString::to_string).collect();
        let steps = if steps.is_empty() { String::new() } else { format!(": {}", steps.join(", ")) };
        return format!("{status}: {stopped}{steps} ({})", stopped.hint());
    }
    match simulated.failure() {
        None => status.to_owned(),
        Some(Failure { class, reason, node_id: Some(node) }) => format!("{status}, {class} at {node}: {reason}"),
        Some(Failure { class, reason, node_id: None }) => format!("{status}, {class}: {reason}"),
    }
}

fn errors(expected: &ExpectedError, came: Option<&Failure>) -> Vec<Mismatch> {
    let node = came.and_then(|came| came.node_id.as_ref()).map(|id| id.as_str());
    let fields = [
        ("class", &expected.class, came.map(|came| came.class.as_str())),
        ("reason", &expected.reason, came.map(|came| came.reason.as_str())),
        ("node_id", &expected.node_id, node),
    ];
    let missed = |(name, expected, came): (&str, &Option<String>, Option<&str>)| {
        let expected = expected.as_deref().filter(|expected| Some(*expected) != came)?;
        Some(Mismatch::new(format!("error, {name}"), expected, came.unwrap_or("no error")))
    };
    fields.into_iter().filter_map(missed).collect()
}

/// The first step of the path that differs.
fn way(expected: &[Waypoint], simulated: &Simulated) -> Option<Mismatch> {
    let came: Vec<(&StepKey, &Settlement)> = simulated.settled().collect();
    (0..expected.len().max(came.len())).find_map(|index| {
        let (expected, came) = (expected.get(index), came.get(index));
        if let (Some(waypoint), Some((step, settlement))) = (expected, came)
            && waypoint.fits(step, settlement)
        {
            return None;
        }
        let expected = expected.map_or_else(|| NOTHING_MORE.to_owned(), ToString::to_string);
        let came = came.map_or_else(|| NOTHING_MORE.to_owned(), |(step, settlement)| line(step, settlement));
        Some(Mismatch::new(format!("path, step {}", index + 1), expected, came))
    })
}

/// The first place of a value that differs.
fn value(field: &str, expected: &Value, came: Result<&Value, &str>) -> Option<Mismatch> {
    let came = match came {
        Ok(came) => came,
        Err(reason) => return Some(Mismatch::new(field, expected.to_string(), reason)),
    };
    let place = first_difference(expected, came)?;
    let shown = |value: Option<Value>| value.map_or_else(|| NOTHING.to_owned(), |value| value.to_string());
    let field = if place.pointer.is_empty() { field.to_owned() } else { format!("{field} at {}", place.pointer) };
    Some(Mismatch::new(field, shown(place.before), shown(place.now)))
}
