//! `data.set`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::node_type::{Context, NodeType, Spec};

/// Makes an object for later steps.
pub(crate) struct DataSet;

/// The object.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Names and values, such as `{"total": "{{ input.price * input.count }}"}`; this is the output.
    values: Map<String, Value>,
}

impl NodeType for DataSet {
    const NAME: &'static str = "data.set";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Set fields", "Computes named values for later steps.")
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    async fn run(&self, config: Config, _context: &Context) -> Outcome {
        Outcome::done("out", Value::Object(config.values))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::context;

    #[tokio::test]
    async fn the_values_are_the_output() {
        for values in [json!({}), json!({"a": 1, "b": {"c": [null]}})] {
            let config = serde_json::from_value(json!({"values": values})).unwrap();
            assert_eq!(DataSet.run(config, &context()).await, Outcome::done("out", values));
        }
        assert!(serde_json::from_value::<Config>(json!({"values": [1]})).is_err());
    }
}
