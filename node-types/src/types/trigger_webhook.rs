//! `trigger.webhook`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::parts::{check_path, trigger_run};
use crate::node_type::{Context, NodeType, Spec};

/// Starts when another system calls.
pub(crate) struct TriggerWebhook;

/// Where the call comes in.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Path of the hook, after `/hooks/{workspace}/`; lower-case letters, digits, `-`, `_` and `/`.
    pub path: String,
    /// Method that the caller must use.
    #[serde(default)]
    pub method: Method,
}

/// Methods of a hook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Without a body.
    Get,
    /// The usual one.
    #[default]
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl NodeType for TriggerWebhook {
    const NAME: &'static str = "trigger.webhook";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        Spec::trigger("Webhook", "Starts when another system calls an address of its own.")
    }

    fn check(config: &Value) -> Vec<Problem> {
        check_path(config).into_iter().collect()
    }

    async fn run(&self, _config: Config, _context: &Context) -> Outcome {
        trigger_run()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_plain_words() {
        for (path, good) in [
            ("orders", true),
            ("shop-1/orders_new", true),
            ("", false),
            ("/orders", false),
            ("a//b", false),
            ("Orders", false),
            ("a/../b", false),
            ("a b", false),
            (&"x".repeat(201), false),
        ] {
            assert_eq!(TriggerWebhook::check(&json!({"path": path})).is_empty(), good, "{path}");
        }
    }

    #[test]
    fn post_is_the_default() {
        let config: Config = serde_json::from_value(json!({"path": "a"})).unwrap();
        assert_eq!(config.method, Method::Post);
    }
}
