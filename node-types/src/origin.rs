//! Where an execution of a graph begins, and with what.

use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::NodeId;
use serde_json::Value;
use thiserror::Error;

use crate::types::{FieldError, validate_submission};

/// Most characters of a name that are repeated in a message.
const NAME_CHARS_SHOWN: usize = 100;

/// Why nothing can begin there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TriggerError {
    /// None is named, and there is not exactly one.
    #[error("the workflow has {} triggers: {}", .known.len(), quoted(.known))]
    Required {
        /// Those that there are.
        known: Vec<NodeId>,
    },
    /// There is none of that name.
    #[error("\"{wanted}\" is no trigger of this workflow; it has {}", quoted(.known))]
    Unknown {
        /// What was named, cut.
        wanted: String,
        /// Those that there are.
        known: Vec<NodeId>,
    },
}

/// Why nothing can begin with that.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InputError {
    /// A form takes an object.
    #[error("the input of form \"{0}\" is not an object")]
    NoObject(NodeId),
    /// A form takes other fields.
    #[error("the input does not fit form \"{trigger}\"")]
    Fields {
        /// The form.
        trigger: NodeId,
        /// What is wrong with each.
        errors: Vec<FieldError>,
    },
}

fn quoted(ids: &[NodeId]) -> String {
    ids.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(", ")
}

/// The trigger asked for, else the only one.
///
/// # Errors
/// See [`TriggerError`].
pub fn trigger(graph: &Graph, wanted: Option<&str>) -> Result<NodeId, TriggerError> {
    let mut known: Vec<NodeId> = graph.triggers().map(|ix| graph.nodes[ix].id.clone()).collect();
    match wanted {
        None if known.len() == 1 => Ok(known.remove(0)),
        None => Err(TriggerError::Required { known }),
        Some(wanted) => match known.iter().position(|id| id.as_str() == wanted) {
            Some(found) => Ok(known.remove(found)),
            None => Err(TriggerError::Unknown { wanted: wanted.chars().take(NAME_CHARS_SHOWN).collect(), known }),
        },
    }
}

/// What the trigger makes of the input: that of a form is what the form would give.
///
/// # Errors
/// See [`InputError`].
pub fn input(graph: &Graph, trigger: &NodeId, input: Value) -> Result<Value, InputError> {
    let node = graph.find(trigger).map(|ix| &graph.nodes[ix]);
    let Some(node) = node.filter(|node| node.type_name == "trigger.form") else {
        return Ok(input);
    };
    let Value::Object(fields) = &input else {
        return Err(InputError::NoObject(trigger.clone()));
    };
    validate_submission(&node.config, fields).map_err(|errors| InputError::Fields { trigger: trigger.clone(), errors })
}
