//! What a case expects, as it is written.

use std::collections::BTreeMap;

use capstan_engine::core::expression::check_condition;
use capstan_engine::core::graph::{Graph, Node};
use capstan_engine::core::ids::{NodeId, Scope, StepKey};
use capstan_engine::core::journal::{SettledStatus, Settlement};
use capstan_engine::core::problem::Problem;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::suite::bad;

/// What is absent is not looked at; only the status always is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Expected {
    /// `completed` if absent, or `failed` if an error is expected.
    status: Option<Status>,
    pub(super) error: Option<ExpectedError>,
    /// The steps that settle, in that order, without the trigger: see [`Waypoint`].
    pub(super) path: Option<Vec<Waypoint>>,
    /// The whole result.
    #[serde(deserialize_with = "given")]
    pub(super) output: Option<Value>,
    /// Whole outputs by step.
    pub(super) outputs: BTreeMap<String, Value>,
    /// Conditions, as of an edge, that hold at the end.
    pub(super) holds: Vec<String>,
}

/// How a simulation may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Completed,
    Failed,
    Cancelled,
    Incident,
    Stopped,
}

/// Why it does not complete, as far as it matters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectedError {
    pub(super) class: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) node_id: Option<String>,
}

/// A step that settles: `mail`, `mail completed`, `mail completed on out`, `route completed on gift and fragile`, `mail failed`, `mail failed with http_4xx` or
/// `mail outcome_unknown`; in a container, `each[0]/mail`. The name alone means that it completes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(super) struct Waypoint(String);

/// A null that is written is expected.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Expected {
    /// As it is written everywhere.
    pub(super) fn status(&self) -> &'static str {
        let default = if self.error.is_some() { Status::Failed } else { Status::Completed };
        match self.status.unwrap_or(default) {
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
            Status::Incident => "incident",
            Status::Stopped => "stopped",
        }
    }

    /// Whether it can come about in that graph.
    pub(super) fn check(&self, graph: &Graph) -> Result<(), Box<Problem>> {
        for (index, waypoint) in self.path.iter().flatten().enumerate() {
            let pointer = format!("/expect/path/{index}");
            waypoint.check(graph).map_err(|(detail, hint)| bad(&pointer, detail, &hint))?;
        }
        for step in self.outputs.keys() {
            node(graph, step).map_err(|detail| bad("/expect/outputs", detail, "correct the name of the step"))?;
        }
        for (index, condition) in self.holds.iter().enumerate() {
            let pointer = format!("/expect/holds/{index}");
            let hint = "write a condition such as steps.fetch.status == 200";
            check_condition(condition).map_err(|error| bad(&pointer, error.to_string(), hint))?;
        }
        Ok(())
    }
}

impl Waypoint {
    fn words(&self) -> Vec<&str> {
        self.0.split_whitespace().collect()
    }

    fn check(&self, graph: &Graph) -> Result<(), (String, String)> {
        let words = self.words();
        let node = node(graph, words.first().copied().unwrap_or_default())
            .map_err(|detail| (detail, "correct the name of the step".to_owned()))?;
        match words[1..] {
            [] | ["completed" | "failed" | "outcome_unknown"] | ["failed", "with", _] => Ok(()),
            ["completed", "on", ref ports @ ..] if reads_as_ports(ports) => {
                let mut named = ports.iter().step_by(2);
                let Some(port) = named.find(|port| !node.ports.iter().any(|known| known == **port)) else {
                    return Ok(());
                };
                let hint = format!("it has {}", node.ports.join(", "));
                Err((format!("node \"{}\" has no output port {port:?}", node.id), hint))
            }
            _ => {
                let hint = "write \"mail completed on out\", \"mail failed with http_4xx\" or \"mail outcome_unknown\"";
                Err((format!("{:?} does not say how a step settles", self.0), hint.to_owned()))
            }
        }
    }

    /// Whether a step that settled so is meant.
    pub(super) fn fits(&self, step: &StepKey, settlement: &Settlement) -> bool {
        let words = self.words();
        let is_step = words.first().is_some_and(|name| *name == step.to_string());
        let class = settlement.error.as_ref().map(|error| error.class.as_str());
        is_step
            && match words[1..] {
                [] | ["completed"] => settlement.status == SettledStatus::Completed,
                ["completed", "on", ref ports @ ..] => {
                    settlement.status == SettledStatus::Completed
                        && settlement.ports().eq(ports.iter().step_by(2).copied())
                }
                ["failed"] => settlement.status == SettledStatus::Failed,
                ["failed", "with", expected] => settlement.status == SettledStatus::Failed && class == Some(expected),
                _ => settlement.status == SettledStatus::OutcomeUnknown,
            }
    }
}

impl std::fmt::Display for Waypoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = self.words();
        f.write_str(&words.join(" "))?;
        if words.len() == 1 { f.write_str(" completed") } else { Ok(()) }
    }
}

/// Whether it is a port, or several with `and` between them.
fn reads_as_ports(words: &[&str]) -> bool {
    words.len() % 2 == 1 && words.iter().skip(1).step_by(2).all(|word| *word == "and")
}

/// The step that is written so.
pub(super) fn key(written: &str) -> StepKey {
    let (scope, id) = written.rsplit_once('/').unwrap_or(("", written));
    StepKey { node_id: NodeId::from(id), scope: Scope(scope.into()) }
}

fn node<'a>(graph: &'a Graph, step: &str) -> Result<&'a Node, String> {
    let id = key(step).node_id;
    graph.find(&id).map(|ix| &graph.nodes[ix]).ok_or_else(|| format!("the graph has no node \"{id}\""))
}
