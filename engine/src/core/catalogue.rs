//! What the core needs to know of node types; the registry of node types provides it.

use serde::Serialize;
use serde_json::Value;

use super::problem::Problem;

/// What a node type promises about repeating it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// No effect outside the execution: may run on results that are not yet durable.
    Pure,
    /// Repeating it changes nothing more.
    Idempotent,
    /// May repeat after a crash, with the same idempotency key.
    AtLeastOnce,
    /// Commits with its own step row: exactly once.
    Transactional,
}

/// Where a node stands in a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Starts executions; has no input port.
    Trigger,
    /// Everything else.
    Step,
}

/// What the graph compiler asks about node types.
pub trait Catalogue {
    /// The type of that name, if it exists.
    fn node_type(&self, name: &str) -> Option<&dyn NodeTypeInfo>;
    /// All names, sorted; for the hint of `unknown_node_type`.
    fn names(&self) -> Vec<&str>;
}

/// The static facts about one node type.
pub trait NodeTypeInfo: Send + Sync {
    /// E.g. `action.http_request`.
    fn name(&self) -> &str;
    /// Trigger or step.
    fn role(&self) -> Role;
    /// What repeating it means.
    fn effect(&self) -> Effect;
    /// JSON Schema of the config, draft 2020-12.
    fn schema(&self) -> &Value;
    /// Output ports of a node with this config, in order; the first is the default port.
    fn ports(&self, config: &Value) -> Vec<String>;
    /// Findings beyond the schema; `node_id` is filled in by the caller. Most types have none.
    fn check(&self, config: &Value) -> Vec<Problem>;
}
