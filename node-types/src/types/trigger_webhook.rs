//! `trigger.webhook`

use std::time::Duration;

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::RESPOND;
use super::parts::{check_path, problem, trigger_run};
use crate::node_type::{Context, NodeType, Spec};
use crate::span;

/// Longest that a request waits for its execution.
pub const ANSWER_WAIT_MAX: Duration = Duration::from_secs(60);
/// How long a hook waits if its trigger says nothing.
const ANSWER_WAIT_DEFAULT: Duration = Duration::from_secs(30);

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
    /// When the caller gets its answer, and which.
    #[serde(default)]
    pub respond: Respond,
    /// Longest time that the caller waits, such as `10s`, at most one minute; half a minute if absent. Then it gets
    /// `202`, and the execution goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respond_timeout: Option<String>,
}

/// Answers of a hook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Respond {
    /// `202` once the execution is started.
    #[default]
    Immediately,
    /// The output of the execution, once it has ended.
    WhenDone,
    /// What the first `logic.respond` of the execution says.
    WithRespondNode,
}

impl Config {
    /// How long the caller waits at most.
    #[must_use]
    pub fn answer_within(&self) -> Duration {
        let span = self.respond_timeout.as_deref().and_then(|text| span::parse(text).ok());
        span.unwrap_or(ANSWER_WAIT_DEFAULT).min(ANSWER_WAIT_MAX)
    }
}

/// A finding for each hook that answers with a node that its graph does not have.
pub(crate) fn check_responses(graph: &Graph) -> Vec<Problem> {
    if graph.nodes.iter().any(|node| node.type_name == RESPOND) {
        return Vec::new();
    }
    let hooks = graph.nodes.iter().enumerate().filter(|(_, node)| {
        node.type_name == TriggerWebhook::NAME && node.config["respond"] == json!(Respond::WithRespondNode)
    });
    let without = hooks.map(|(index, node)| Problem {
        node_id: Some(node.id.to_string()),
        ..problem(
            "no_respond_node",
            &format!("/nodes/{index}/data/config/respond"),
            format!("hook \"{}\" answers with a respond node, and the graph has none", node.id),
            format!("add a {RESPOND} node, or let the hook answer immediately or when_done"),
        )
    });
    without.collect()
}

fn check_timeout(config: &Value) -> Option<Problem> {
    let text = config.get("respond_timeout")?.as_str()?;
    let why = match span::parse(text) {
        Ok(span) if span <= ANSWER_WAIT_MAX => return None,
        Ok(_) => format!("{text:?} is longer than {} s", ANSWER_WAIT_MAX.as_secs()),
        Err(error) => error.to_string(),
    };
    Some(problem("bad_span", "/respond_timeout", why, "write at most one minute, such as 10s"))
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
        check_path(config).into_iter().chain(check_timeout(config)).collect()
    }

    async fn run(&self, _config: Config, _context: &Context) -> Outcome {
        trigger_run()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;

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

    #[test]
    fn a_caller_waits_half_a_minute_or_what_the_trigger_says_up_to_one() {
        for (timeout, seconds, good) in [("5s", 5, true), ("1 min", 60, true), ("61s", 60, false), ("soon", 30, false)]
        {
            let config = json!({ "path": "a", "respond": "when_done", "respond_timeout": timeout });
            assert_eq!(TriggerWebhook::check(&config).is_empty(), good, "{timeout}");
            let config: Config = serde_json::from_value(config).unwrap();
            assert_eq!(config.answer_within(), Duration::from_secs(seconds), "{timeout}");
        }
        let config: Config = serde_json::from_value(json!({ "path": "a" })).unwrap();
        assert_eq!((config.respond, config.answer_within()), (Respond::Immediately, Duration::from_secs(30)));
    }

    #[test]
    fn a_hook_that_answers_with_a_respond_node_needs_one() {
        let graph = |respond: &str, step: &str| {
            json!({
                "nodes": [
                    { "id": "in", "type": "trigger.webhook", "data": { "config": { "path": "a", "respond": respond } } },
                    { "id": "b", "type": step, "data": { "config": {} } },
                ],
                "edges": [{ "id": "e", "source": "in", "target": "b" }],
            })
        };
        let registry = Registry::standard();
        for (respond, step) in [("with_respond_node", RESPOND), ("when_done", "debug.noop"), ("immediately", RESPOND)] {
            assert!(registry.compile(&graph(respond, step)).is_ok(), "{respond} {step}");
        }
        let problems = registry.compile(&graph("with_respond_node", "debug.noop")).unwrap_err();
        let found: Vec<_> = problems.iter().map(|found| (found.code.as_str(), found.pointer.as_str())).collect();
        assert_eq!(found, [("no_respond_node", "/nodes/0/data/config/respond")]);
    }
}
