//! What is wrong with a graph: every finding at once, each with its place.

use serde::{Deserialize, Serialize};

/// One finding of validation. A graph with problems is never published or run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable machine name, e.g. `cycle`, `unknown_node_type`, `dangling_edge`.
    pub code: String,
    /// The node concerned, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// The edge concerned, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_id: Option<String>,
    /// JSON pointer into the graph document, or empty.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub pointer: String,
    /// What is wrong, naming the thing.
    pub detail: String,
    /// What to do about it.
    pub hint: String,
}
