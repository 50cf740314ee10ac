//! `logic.condition`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{boolean, check_boolean, known_boolean};
use crate::node_type::{Context, NodeType, Spec};

/// Goes one of two ways.
pub(crate) struct LogicCondition;

/// What decides.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// An expression that comes to true or false, such as `{{ input.budget > 1000 }}`.
    condition: Value,
}

impl NodeType for LogicCondition {
    const NAME: &'static str = "logic.condition";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Condition", "Goes on at the port true or the port false.").outputs(&["true", "false"])
    }

    fn emits(config: &Value) -> Vec<String> {
        let known = known_boolean(config.get("condition")).map(|holds| holds.to_string());
        Self::spec().outputs.into_iter().filter(|port| known.as_ref().is_none_or(|known| known == port)).collect()
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    fn check(config: &Value) -> Vec<Problem> {
        check_boolean(config.get("condition"), "/condition").into_iter().collect()
    }

    async fn run(&self, config: Config, _context: &Context) -> Outcome {
        match boolean(&config.condition, "condition") {
            Ok(result) => Outcome::done(if result { "true" } else { "false" }, json!({"result": result})),
            Err(failed) => failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{context, failed};

    #[tokio::test]
    async fn only_a_boolean_decides() {
        let context = context();
        let run = async |condition| LogicCondition.run(Config { condition }, &context).await;
        assert_eq!(run(json!(true)).await, Outcome::done("true", json!({"result": true})));
        assert_eq!(run(json!(false)).await, Outcome::done("false", json!({"result": false})));
        for (value, said) in [
            (json!("true"), "the text \"true\""),
            (json!(1), "the number 1"),
            (json!(null), "null"),
            (json!([]), "a list of 0"),
            (json!({}), "an object"),
        ] {
            let (class, reason) = failed(run(value).await);
            assert!(class == "config" && reason.contains(said), "{class}: {reason}");
        }
    }

    #[test]
    fn a_constant_condition_emits_on_one_port() {
        for (condition, ports) in [
            (json!(false), &["false"][..]),
            (json!("{{ 1 < 2 }}"), &["true"]),
            (json!("{{ input.a }}"), &["true", "false"]),
        ] {
            assert_eq!(LogicCondition::emits(&json!({ "condition": condition })), ports);
        }
    }

    #[test]
    fn a_condition_that_can_never_be_boolean_is_found_early() {
        for (value, good) in
            [(json!("{{ input.a > 1 }}"), true), (json!(false), true), (json!("input.a > 1"), false), (json!(1), false)]
        {
            assert_eq!(LogicCondition::check(&json!({"condition": value})).is_empty(), good, "{value}");
        }
    }
}
