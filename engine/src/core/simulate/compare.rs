//! Where two simulations took other ways.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::place::{Place, first_difference};
use super::{Case, Runner, Simulated};
use crate::core::graph::Graph;
use crate::core::ids::StepKey;
use crate::core::scene::Scene;
use crate::core::state::{State, Step, StepIx, StepStatus};

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its status.
    pub status: StepStatus,
    /// The port it emitted on.
    pub port: Option<String>,
    /// Further ports that it emitted on at the same time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more_ports: Vec<String>,
    /// The class of its error.
    pub error_class: Option<String>,
}

/// In what a step differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It did not run, and does now.
    NewlyRuns,
    /// It ran, and does not now.
    NoLongerRuns,
    /// It ends with another status or error class.
    EndsOtherwise,
    /// It emits on another port.
    OtherPort,
    /// It gives back something else.
    OtherOutput,
    /// It has an effect, and asks for another one: its config, filled in, is not the same.
    OtherConfig,
}

/// A step that is not as it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Its address.
    pub step: String,
    /// In what: what weighs most.
    pub change: Change,
    /// How it had ended; none if it did not run.
    pub before: Option<Standing>,
    /// How it ends now; none if it does not run.
    pub now: Option<Standing>,
    /// The first place where its output, or its config, is not the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// One of two simulations.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What was simulated.
    pub case: &'a Case<'a>,
    /// What it came to.
    pub simulated: &'a Simulated,
}

/// The steps that are not as they were, what comes first in the graph first. Times and attempts are not compared; of a
/// simulation that was stopped, neither is what it did not come to.
#[must_use]
pub fn differences(before: Side<'_>, now: Side<'_>, runner: &dyn Runner) -> Vec<Difference> {
    let (was, is) = (before.standings(), now.standings());
    let mut found: Vec<(usize, Difference)> = Vec::new();
    for key in was.keys().chain(is.keys().filter(|key| !was.contains_key(*key))) {
        let told = match (was.get(key), is.get(key)) {
            (Some(_), _) if now.is_open(key) => None,
            (Some((_, before)), Some((_, now))) if before != now => Some((changed(before, now), None)),
            (Some(&(before_ix, _)), Some(&(now_ix, _))) => content(before, before_ix, now, now_ix, runner),
            (None, _) => Some((Change::NewlyRuns, None)),
            (_, None) => Some((Change::NoLongerRuns, None)),
        };
        if let Some((change, at)) = told {
            let standing = |side: &BTreeMap<StepKey, (StepIx, Standing)>| side.get(key).map(|(_, it)| it.clone());
            let place = now.place(key).or_else(|| before.place(key)).unwrap_or_default();
            let (before, now) = (standing(&was), standing(&is));
            found.push((place, Difference { step: key.to_string(), change, before, now, at }));
        }
    }
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, difference)| difference).collect()
}

/// Whether the same steps ran and ended alike; outputs are not compared.
#[must_use]
pub fn are_alike(graph: &Graph, one: &State, other: &State) -> bool {
    let standings = |state| -> Vec<(StepKey, Standing)> {
        standings(graph, state).into_iter().map(|(key, (_, standing))| (key, standing)).collect()
    };
    standings(one) == standings(other)
}

impl<'a> Side<'a> {
    fn standings(self) -> BTreeMap<StepKey, (StepIx, Standing)> {
        standings(self.case.graph, &self.simulated.state)
    }

    /// Whether it was stopped before it was settled what becomes of a step.
    fn is_open(self, key: &StepKey) -> bool {
        let step = self.simulated.state.find(self.case.graph, key).map(|ix| self.simulated.state.step(ix));
        self.simulated.stopped.is_some()
            && step.is_none_or(|step| step.is_active() || step.status == StepStatus::Pending)
    }

    /// Grows along every path.
    fn place(self, key: &StepKey) -> Option<usize> {
        self.case.graph.find(&key.node_id).map(|ix| self.case.graph.nodes[ix].ancestors.len())
    }

    fn output(self, step: StepIx) -> &'a Value {
        &self.simulated.state.step(step).output
    }

    /// What a step with effects asks for; none if it has none.
    fn config(self, step: StepIx, runner: &dyn Runner) -> Option<Value> {
        let (case, state) = (self.case, &self.simulated.state);
        let node = &case.graph.nodes[state.step(step).node];
        if runner.runs(&node.type_name) || runner.is_spent() {
            return None;
        }
        let trigger = state.find(case.graph, case.trigger);
        let scene = Scene { graph: case.graph, state, trigger, execution_id: case.execution_id, created_at: case.now };
        let config = scene.config(step, runner.node_type(&node.type_name));
        // One that cannot be filled in has failed the step.
        config.ok().map(|filled| filled.unwrap_or_else(|| node.config.clone()))
    }
}

/// Of the steps that ran; a simulation hands nothing over, so those that stand for chunks do not count.
fn standings(graph: &Graph, state: &State) -> BTreeMap<StepKey, (StepIx, Standing)> {
    let ran = |status: StepStatus| !matches!(status, StepStatus::Pending | StepStatus::Skipped);
    let counts = |step: &Step| ran(step.status) && !graph.nodes[step.node].is_chunk;
    let steps = state.steps().iter().enumerate().filter(|(_, step)| counts(step));
    let standing = |(ix, step): (StepIx, &Step)| {
        let error_class = step.error.as_ref().map(|error| error.class.clone());
        let (port, more_ports) = (step.port.clone(), step.more_ports.clone());
        (state.key(graph, ix), (ix, Standing { status: step.status, port, more_ports, error_class }))
    };
    steps.map(standing).collect()
}

fn changed(before: &Standing, now: &Standing) -> Change {
    let is_alike = before.status == now.status && before.error_class == now.error_class;
    if is_alike { Change::OtherPort } else { Change::EndsOtherwise }
}

/// In what the content of a step that ended alike differs: what it gave back weighs more than what it asked for.
fn content(
    before: Side<'_>,
    before_ix: StepIx,
    now: Side<'_>,
    now_ix: StepIx,
    runner: &dyn Runner,
) -> Option<(Change, Option<Place>)> {
    if let Some(place) = first_difference(before.output(before_ix), now.output(now_ix)) {
        return Some((Change::OtherOutput, Some(place)));
    }
    let (before, now) = (before.config(before_ix, runner)?, now.config(now_ix, runner)?);
    first_difference(&before, &now).map(|place| (Change::OtherConfig, Some(place)))
}
