//! How many executions of a workflow may be at work at a time for each value of a key: `settings.concurrency` of a document.

use serde_json::Value;

use super::key;

/// A limit on the executions of a workflow that have a key in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concurrency {
    /// Text with expressions over the input, such as `{{ input.customer }}`.
    pub key: String,
    /// How many of each value may be at work, unless another limit was set since.
    pub limit: u32,
}

impl Concurrency {
    /// What the key of an execution comes to, as a part of a gate's name.
    #[must_use]
    pub fn value(&self, input: &Value) -> String {
        key::value(&self.key, input)
    }
}
