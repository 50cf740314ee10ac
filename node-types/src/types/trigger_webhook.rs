//! `trigger.webhook`

use std::time::Duration;

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::graph::{Graph, Node};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::RESPOND;
use super::hook_call::{self, ContentType, VerifyConfig};
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
    /// Methods that the caller may use, instead of one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// What bodies may be; JSON alone if absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_types: Vec<ContentType>,
    /// Who may call; anybody if absent.
    #[serde(default)]
    pub verify: VerifyConfig,
    /// The input of the execution, field by field, by expressions over `input`, which is `{body, headers, query}`; that
    /// itself if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<Map<String, Value>>,
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
    /// Methods that the caller may use, as they are written in a request.
    #[must_use]
    pub fn allowed_methods(&self) -> Vec<String> {
        let methods = if self.methods.is_empty() { std::slice::from_ref(&self.method) } else { &self.methods };
        methods.iter().filter_map(|method| json!(method).as_str().map(str::to_owned)).collect()
    }

    /// How long the caller waits at most.
    #[must_use]
    pub fn answer_within(&self) -> Duration {
        let span = self.respond_timeout.as_deref().and_then(|text| span::parse(text).ok());
        span.unwrap_or(ANSWER_WAIT_DEFAULT).min(ANSWER_WAIT_MAX)
    }
}

/// A finding for each hook that answers with a node to which no path leads from it.
pub(crate) fn check_responses(graph: &Graph) -> Vec<Problem> {
    let responds = |node: &&Node| node.type_name == RESPOND;
    let is_answered = |hook| graph.nodes.iter().filter(responds).any(|node| node.ancestors.contains(&hook));
    let hooks = graph.nodes.iter().enumerate().filter(|(_, node)| {
        node.type_name == TriggerWebhook::NAME && node.config["respond"] == json!(Respond::WithRespondNode)
    });
    let hooks = hooks.filter(|&(hook, _)| !is_answered(hook));
    let without = hooks.map(|(index, node)| Problem {
        node_id: Some(node.id.to_string()),
        ..problem(
            "no_respond_node",
            &format!("/nodes/{index}/data/config/respond"),
            format!("hook \"{}\" answers with a respond node, and no path leads from it to one", node.id),
            format!("connect a {RESPOND} node behind it, or let the hook answer immediately or when_done"),
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
        check_path(config).into_iter().chain(check_timeout(config)).chain(hook_call::check(config)).collect()
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
        let found = |respond: &str, step: Value, source: &str| {
            let graph = json!({
                "nodes": [
                    { "id": "in", "type": "trigger.webhook", "data": { "config": { "path": "a", "respond": respond } } },
                    { "id": "by_hand", "type": "trigger.manual", "data": { "config": {} } },
                    { "id": "a", "type": "debug.noop", "data": { "config": {} } },
                    step,
                ],
                "edges": [
                    { "id": "f", "source": "in", "target": "a" },
                    { "id": "e", "source": source, "target": "b" },
                ],
            });
            let problems = Registry::standard().compile(&graph).err().unwrap_or_default();
            problems.into_iter().map(|found| (found.code, found.pointer)).collect::<Vec<_>>()
        };
        let step = |name: &str| json!({ "id": "b", "type": name, "data": { "config": {} } });
        let none = [("no_respond_node".to_owned(), "/nodes/0/data/config/respond".to_owned())];
        assert_eq!(found("with_respond_node", step(RESPOND), "a"), []);
        assert_eq!(found("with_respond_node", step(RESPOND), "by_hand"), none);
        assert_eq!(found("with_respond_node", step("debug.noop"), "a"), none);
        assert_eq!(found("when_done", step("debug.noop"), "a"), []);
        assert_eq!(found("immediately", step(RESPOND), "by_hand"), []);
    }

    #[test]
    fn a_respond_node_counts_in_a_container_as_an_undo_and_at_last() {
        let graph = |nodes: Value, kind: &str| {
            let hook = json!({ "path": "a", "respond": "with_respond_node" });
            let mut all = vec![
                json!({ "id": "in", "type": "trigger.webhook", "data": { "config": hook } }),
                json!({ "id": "a", "type": "debug.noop", "data": { "config": {} } }),
            ];
            all.extend(nodes.as_array().unwrap().iter().cloned());
            let mut edges = vec![json!({ "id": "f", "source": "in", "target": "a" })];
            if !kind.is_empty() {
                edges.push(json!({ "id": "e", "source": "a", "target": "b", "data": { "kind": kind } }));
            }
            json!({ "nodes": all, "edges": edges })
        };
        let respond = json!({ "id": "b", "type": RESPOND, "data": { "config": {} } });
        let at_last = json!({ "id": "b", "type": RESPOND, "data": { "config": {}, "policy": { "finally": true } } });
        let group = json!({ "id": "b", "type": "logic.group", "data": { "config": {} } });
        let inside = json!({ "id": "c", "type": RESPOND, "parentId": "b", "data": { "config": {} } });
        for (nodes, kind) in
            [(json!([respond]), "compensate"), (json!([at_last]), ""), (json!([group, inside]), "flow")]
        {
            let compiled = Registry::standard().compile(&graph(nodes, kind));
            assert!(compiled.is_ok(), "{kind}: {:?}", compiled.err());
        }
    }
}
