//! `logic.merge`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::node_type::{Context, NodeType, Spec};

/// Brings branches together; when it fires is the policy's `join`.
pub(crate) struct LogicMerge;

/// What the merge passes on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Any JSON that later steps see as this step's output; null if absent.
    #[serde(default)]
    output: Value,
}

impl NodeType for LogicMerge {
    const NAME: &'static str = "logic.merge";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Merge", "Brings branches together; its join policy says whether it waits for all of them.")
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    async fn run(&self, config: Config, _context: &Context) -> Outcome {
        Outcome::done("out", config.output)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::context;

    #[tokio::test]
    async fn it_passes_its_output_on() {
        for (config, output) in [(json!({}), json!(null)), (json!({"output": {"a": [1]}}), json!({"a": [1]}))] {
            let config = serde_json::from_value(config).unwrap();
            assert_eq!(LogicMerge.run(config, &context()).await, Outcome::done("out", output));
        }
    }
}
