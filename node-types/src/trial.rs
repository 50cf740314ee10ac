//! Trials: a draft, or one step of it, as a document that is executed once for real. What is given instead of a step is a
//! `debug.given` of the same id, so that whoever executes the document needs to know nothing of trials.

mod needs;
mod pinned;
mod step;

use capstan_engine::core::simulate::{Ending, Stub};
use serde_json::{Map, Value, json};

pub use needs::{Need, needs};
pub use pinned::with_pinned;
pub use step::{OneStep, UNDER_TEST_MS_MAX, Untestable};

/// Largest output that is given, as JSON: it has to fit into a config.
pub const GIVEN_BYTES_MAX: usize = 60_000;

const STAND_IN: &str = "debug.given";

/// What stands for a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// It completes.
    Output {
        /// The default port if absent.
        port: Option<String>,
        /// Further ones.
        more_ports: Vec<String>,
        /// What it gives back.
        output: Value,
    },
    /// It fails.
    Error {
        /// The error class.
        class: String,
        /// For people.
        reason: String,
    },
}

impl Given {
    /// As a stub says; none if it says anything else than how one attempt ends.
    #[must_use]
    pub fn of(stub: &Stub) -> Option<Self> {
        match &stub.ending {
            Ending::Output { port, more_ports, output } => {
                let (port, more_ports) = (port.clone(), more_ports.clone());
                Some(Self::Output { port, more_ports, output: output.clone() })
            }
            Ending::Error { class, reason, .. } => Some(Self::Error { class: class.clone(), reason: reason.clone() }),
            _ => None,
        }
    }

    /// Its bytes, as JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Output { output, .. } => output.to_string().len(),
            Self::Error { class, reason } => class.len() + reason.len(),
        }
    }

    /// The config of the node that stands for a step with these ports.
    fn config(&self, ports: &[String]) -> Value {
        match self {
            Self::Output { port, more_ports, output } if more_ports.is_empty() => {
                json!({ "output": output.to_string(), "port": port, "ports": ports })
            }
            Self::Output { port, more_ports, output } => {
                json!({ "output": output.to_string(), "port": port, "more_ports": more_ports, "ports": ports })
            }
            Self::Error { class, reason } => json!({ "class": class, "reason": reason, "ports": ports }),
        }
    }
}

fn list<'d>(document: &'d Value, field: &str) -> &'d [Value] {
    document[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn id(node: &Value) -> &str {
    node["id"].as_str().unwrap_or_default()
}

/// The fields of a policy that are named, as far as it has them.
fn policy_of(node: &Value, fields: &[&str]) -> Map<String, Value> {
    let policy = node["data"]["policy"].as_object().into_iter().flatten();
    policy
        .filter(|(field, _)| fields.contains(&field.as_str()))
        .map(|(field, it)| (field.clone(), it.clone()))
        .collect()
}
