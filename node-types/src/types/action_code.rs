//! `action.code`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::parts::problem;
use crate::code_runner::protocol::{Job, Limits};
use crate::node_type::{Context, NodeType, Spec};
use crate::services::code::CodeError;

/// Longest time of the code. An attempt has a minute unless its policy says otherwise, and its process has to start.
const TIMEOUT_MS_MAX: u64 = 50_000;
const TIMEOUT_MS_DEFAULT: u64 = 10_000;
/// Heap of the code: a run without any needs a third of a MiB.
const MEMORY_BYTES_MIN: u64 = 4 << 20;
const MEMORY_BYTES_MAX: u64 = 256 << 20;
const MEMORY_BYTES_DEFAULT: u64 = 64 << 20;

/// Runs code. It may take long, so it is not pure; repeated, it gives the same.
pub(crate) struct ActionCode;

/// The code and what it may use.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// JavaScript: the body of an async function with the argument `input`; what it returns is the output. It is taken
    /// as it is: `{{` means nothing in it.
    code: String,
    /// What the code sees as `input`, such as `{"items": "{{ steps.fetch.body.items }}"}`; null if absent.
    #[serde(default)]
    input: Value,
    /// Longest time of the code in milliseconds, at most 50,000.
    #[serde(default = "timeout_ms")]
    #[schemars(range(min = 1, max = 50_000))]
    timeout_ms: u64,
    /// Largest heap of the code in bytes, from 4 MiB to 256 MiB.
    #[serde(default = "memory_bytes")]
    #[schemars(range(min = 4_194_304, max = 268_435_456))]
    memory_bytes: u64,
}

fn timeout_ms() -> u64 {
    TIMEOUT_MS_DEFAULT
}

fn memory_bytes() -> u64 {
    MEMORY_BYTES_DEFAULT
}

impl NodeType for ActionCode {
    const NAME: &'static str = "action.code";
    const EFFECT: Effect = Effect::Idempotent;
    const RAW: &'static [&'static str] = &["code"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Run code", "Runs JavaScript in a process of its own, without network, files, clock or chance.")
    }

    fn check(config: &Value) -> Vec<Problem> {
        let code = config.get("code").and_then(Value::as_str);
        let blank = code.is_some_and(|code| code.trim().is_empty());
        let problem = || problem("no_code", "/code", "there is no code", "write for example: return input.a + input.b");
        blank.then(problem).into_iter().collect()
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let limits = match limits(&config) {
            Ok(limits) => limits,
            Err(reason) => return Outcome::fail("config", reason),
        };
        let job = Job {
            code: config.code,
            input: config.input,
            now_ms: context.now.timestamp_millis(),
            seed: seed(&context.idempotency_key()),
        };
        match context.services.code.run(&job, limits, &*context.log).await {
            Ok(output) => Outcome::done("out", output),
            Err(CodeError::Code(failure)) => Outcome::fail(failure.class.as_str(), failure.reason),
            Err(error @ CodeError::Killed) => Outcome::retry("code_killed", error.to_string(), None),
            Err(error @ CodeError::Start(_)) => Outcome::retry("code_runner", error.to_string(), None),
        }
    }
}

/// Expressions may have filled in anything.
fn limits(config: &Config) -> Result<Limits, String> {
    let Config { timeout_ms, memory_bytes, .. } = *config;
    for (field, value, least, most) in [
        ("timeout_ms", timeout_ms, 1, TIMEOUT_MS_MAX),
        ("memory_bytes", memory_bytes, MEMORY_BYTES_MIN, MEMORY_BYTES_MAX),
    ] {
        if !(least..=most).contains(&value) {
            return Err(format!("{field} came to {value}; it must be {least} to {most}"));
        }
    }
    Ok(Limits { timeout_ms, memory_bytes })
}

/// The same for every attempt of a step, and another for every other step.
fn seed(idempotency_key: &str) -> u64 {
    let digest = Sha256::digest(idempotency_key.as_bytes());
    digest.iter().take(size_of::<u64>()).fold(0, |seed, &byte| seed << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use capstan_engine::core::expression::has_expressions;
    use capstan_engine::core::graph::Graph;
    use serde_json::json;

    use super::*;
    use crate::registry::Registry;
    use crate::testing::{context, failed};

    #[test]
    fn code_is_taken_as_it_is_and_its_input_is_filled_in() {
        let config = json!({"code": "const a = `{{ steps.nobody }}`; {{ return a }}", "input": "{{ input }}"});
        let document = json!({
            "nodes": [
                {"id": "start", "type": "trigger.manual"},
                {"id": "code", "type": "action.code", "data": {"config": config}},
            ],
            "edges": [{"id": "a", "source": "start", "target": "code"}],
        });
        let graph = Graph::compile(&document, &Registry::standard()).unwrap();
        let node = &graph.nodes[1];
        assert!(!has_expressions(&node.config["code"]) && has_expressions(&node.config["input"]));
        assert_eq!(*node.config_as_written(), config);
    }

    #[test]
    fn flaws_are_found_before_the_run() {
        let pointers = |config| ActionCode::check(&config).into_iter().map(|it| it.pointer).collect::<Vec<_>>();
        assert_eq!(pointers(json!({"code": " \n"})), ["/code"]);
        assert!(pointers(json!({"code": "return 1"})).is_empty());
        assert!(pointers(json!({})).is_empty(), "the schema says that it is required");
    }

    #[tokio::test]
    async fn limits_that_came_of_expressions_are_checked() {
        for bad in [json!({"timeout_ms": 0}), json!({"timeout_ms": 50_001}), json!({"memory_bytes": 1})] {
            let mut config = json!({"code": "return 1"});
            config.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
            let config = serde_json::from_value(config).unwrap();
            assert_eq!(failed(ActionCode.run(config, &context()).await).0, "config", "{bad}");
        }
    }

    #[test]
    fn each_step_has_its_own_chance() {
        assert_eq!(seed("a:b:"), seed("a:b:"));
        assert_ne!(seed("a:b:"), seed("a:b:each[1]"));
    }
}
