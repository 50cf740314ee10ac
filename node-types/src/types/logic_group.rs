//! `logic.group`

use capstan_engine::core::catalogue::{Effect, Extent, Frames};
use capstan_engine::core::outcome::{Outcome, Wake};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::only;
use crate::node_type::{Context, NodeType, Spec};

/// Runs its nodes as one: with one time limit, one retry policy, and undone together if one of them fails.
pub(crate) struct LogicGroup;

/// Whether a failure repeats the group.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Whether a failure repeats all of it, once what was done is undone: as often as the node's retry policy says.
    #[serde(default)]
    repeat: bool,
}

impl NodeType for LogicGroup {
    const NAME: &'static str = "logic.group";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        Spec::container("Group", "Runs its nodes as one: one time limit, one retry, and all or nothing.")
    }

    fn extent(config: &Value) -> Extent {
        Extent { frames_max: 1, is_known: true, repeats: config["repeat"] != false && !config["repeat"].is_null() }
    }

    fn frames(_config: &Value) -> Frames {
        Frames { undoes: true, passes_item: true, ..Frames::default() }
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let Some(Wake::Closed { frames, expired, .. }) = &context.wake else {
            return Outcome::Open { items: vec![Value::Null], note: Value::Null };
        };
        match only(frames, *expired) {
            Ok(output) => Outcome::done("out", output.clone()),
            Err((class, reason)) if config.repeat => Outcome::retry(class, reason, None),
            Err((class, reason)) => Outcome::fail(class, reason),
        }
    }
}
