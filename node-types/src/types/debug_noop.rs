//! `debug.noop`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::node_type::{Context, NodeType, Spec};

/// Does nothing, but counts as an effect: its result is durable before what follows starts.
pub(crate) struct DebugNoop;

/// What it gives back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Any JSON that is the output; null if absent.
    #[serde(default)]
    output: Value,
}

impl NodeType for DebugNoop {
    const NAME: &'static str = "debug.noop";
    const EFFECT: Effect = Effect::Idempotent;
    const LOCAL: bool = true;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Do nothing", "Does nothing and succeeds; recorded like a step that has an effect.")
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
    async fn the_output_is_as_configured() {
        for (config, output) in [(json!({}), json!(null)), (json!({"output": 7}), json!(7))] {
            let config = serde_json::from_value(config).unwrap();
            assert_eq!(DebugNoop.run(config, &context()).await, Outcome::done("out", output));
        }
    }
}
