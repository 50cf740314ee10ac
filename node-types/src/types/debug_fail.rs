//! `debug.fail`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::has_expression;
use crate::node_type::{Context, NodeType, Spec};

/// Fails on purpose.
pub(crate) struct DebugFail;

/// How to fail.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Error class, which retry policies and error edges select by.
    #[serde(default = "class")]
    class: String,
    /// The reason for people.
    #[serde(default = "reason")]
    reason: String,
    /// True if another attempt is worth it.
    #[serde(default)]
    retryable: bool,
    /// Number of the attempt, from 1, from which on the step succeeds; never if absent.
    succeed_at_attempt: Option<u32>,
}

fn class() -> String {
    "debug".into()
}

fn reason() -> String {
    "this step is made to fail".into()
}

impl NodeType for DebugFail {
    const NAME: &'static str = "debug.fail";
    const EFFECT: Effect = Effect::Idempotent;
    const LOCAL: bool = true;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Fail", "Fails on purpose, for good or for some attempts; for trying out error paths.")
    }

    fn emits(config: &Value) -> Vec<String> {
        if config["succeed_at_attempt"].is_null() { Vec::new() } else { Self::spec().outputs }
    }

    fn classes(config: &Value) -> Option<Vec<String>> {
        match &config["class"] {
            Value::Null => Some(vec![class()]),
            Value::String(class) if !has_expression(class) => Some(vec![class.clone()]),
            _ => None,
        }
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        if config.succeed_at_attempt.is_some_and(|first| context.attempt >= first) {
            return Outcome::done("out", json!({"attempt": context.attempt}));
        }
        if config.retryable {
            return Outcome::retry(&config.class, config.reason, None);
        }
        Outcome::fail(&config.class, config.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::context;

    async fn run(config: Value, attempt: u32) -> Outcome {
        let context = Context { attempt, ..context() };
        DebugFail.run(serde_json::from_value(config).unwrap(), &context).await
    }

    #[tokio::test]
    async fn it_fails_as_told() {
        let reason = "this step is made to fail";
        assert_eq!(run(json!({}), 1).await, Outcome::fail("debug", reason));
        assert_eq!(run(json!({"class": "x", "reason": "y"}), 1).await, Outcome::fail("x", "y"));
        assert_eq!(run(json!({"retryable": true}), 9).await, Outcome::retry("debug", reason, None));
    }

    #[tokio::test]
    async fn it_succeeds_from_the_given_attempt_on() {
        let config = json!({"retryable": true, "succeed_at_attempt": 3});
        assert!(matches!(run(config.clone(), 2).await, Outcome::Retry { .. }));
        for attempt in [3, 4] {
            assert_eq!(run(config.clone(), attempt).await, Outcome::done("out", json!({"attempt": attempt})));
        }
    }
}
