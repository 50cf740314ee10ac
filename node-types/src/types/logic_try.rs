//! `logic.try`

use capstan_engine::core::catalogue::{Effect, Extent, Frames};
use capstan_engine::core::outcome::{Outcome, Wake};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::only;
use crate::node_type::{Context, NodeType, Spec};

/// Runs its nodes, and goes on at another port if one of them fails.
pub(crate) struct LogicTry;

/// What is caught.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Classes of errors that lead to the port `failed`, such as `http_5xx` or `timeout`; all of them if there is none.
    /// Any other fails the node.
    #[serde(default)]
    catch: Vec<String>,
}

impl NodeType for LogicTry {
    const NAME: &'static str = "logic.try";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        let description = "Runs its nodes, and goes on at `failed`, with the error, if one of them fails.";
        Spec::container("Try", description).outputs(&["out", "failed"])
    }

    fn extent(_config: &Value) -> Extent {
        Extent { frames_max: 1, is_known: true, repeats: false }
    }

    fn frames(_config: &Value) -> Frames {
        Frames { passes_item: true, ..Frames::default() }
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let Some(Wake::Closed { frames, expired, .. }) = &context.wake else {
            return Outcome::Open { items: vec![Value::Null], note: Value::Null };
        };
        let is_caught = |class: &str| config.catch.is_empty() || config.catch.iter().any(|caught| caught == class);
        match only(frames, *expired) {
            Ok(output) => Outcome::done("out", output.clone()),
            Err((class, reason)) if is_caught(class) => {
                Outcome::done("failed", json!({ "error": { "class": class, "reason": reason } }))
            }
            Err((class, reason)) => Outcome::fail(class, reason),
        }
    }
}
