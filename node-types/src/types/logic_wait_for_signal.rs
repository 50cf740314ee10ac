//! `logic.wait_for_signal`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::{Outcome, Until, Wake};
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::{check_span, problem, span_of};
use crate::node_type::{Context, NodeType, Spec};

/// Longest name of a signal, in bytes.
const SIGNAL_BYTES_MAX: usize = 200;

/// Waits without a worker for a fact from outside.
pub(crate) struct LogicWaitForSignal;

/// For what, and how long.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Name of the signal, such as `reply`.
    #[schemars(length(min = 1, max = 200))]
    signal: String,
    /// Longest wait in milliseconds, at most five years; without a limit it waits until the execution ends.
    timeout_ms: Option<u64>,
    /// Longest wait as text, such as `3d 2h`; not together with `timeout_ms`.
    timeout: Option<String>,
}

impl NodeType for LogicWaitForSignal {
    const NAME: &'static str = "logic.wait_for_signal";
    const EFFECT: Effect = Effect::Idempotent;
    const WAITS: bool = true;
    const STAYS: bool = true;
    const LOCAL: bool = true;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Wait for a signal", "Waits for a signal from outside, such as a reply; its payload is the output.")
            .outputs(&["received", "timeout"])
    }

    fn emits(config: &Value) -> Vec<String> {
        let is_limited = ["timeout_ms", "timeout"].iter().any(|field| !config[*field].is_null());
        Self::spec().outputs.into_iter().filter(|port| is_limited || port != "timeout").collect()
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    fn check(config: &Value) -> Vec<Problem> {
        let mut problems: Vec<Problem> = check_span(config, "timeout").into_iter().collect();
        if config.get("signal").and_then(Value::as_str).is_some_and(is_reserved) {
            let detail = "signals whose names begin with $ are our own";
            problems.push(problem("reserved_name", "/signal", detail, "use a name that does not begin with $"));
        }
        problems
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        match &context.wake {
            Some(Wake::Signal { payload }) => return Outcome::done("received", payload.clone()),
            Some(Wake::Due) => return Outcome::done("timeout", Value::Null),
            Some(Wake::Closed { .. }) | None => {}
        }
        if config.signal.is_empty() || config.signal.len() > SIGNAL_BYTES_MAX {
            let bytes = config.signal.len();
            return Outcome::fail(
                "config",
                format!("the name of a signal has 1 to {SIGNAL_BYTES_MAX} bytes, this one has {bytes}"),
            );
        }
        if is_reserved(&config.signal) {
            return Outcome::fail("config", "signals whose names begin with $ are our own; use another name");
        }
        match span_of(config.timeout_ms, config.timeout.as_deref()) {
            Ok(span) => Outcome::Wait(Until {
                time: span.map(|span| context.now + span),
                signal: Some(config.signal),
                child: None,
            }),
            Err(failed) => failed,
        }
    }
}

/// Whether only we send signals of that name, such as a cancel or the answer of an approval.
fn is_reserved(name: &str) -> bool {
    name.starts_with('$')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{context, failed};

    async fn run(config: Value, wake: Option<Wake>) -> Outcome {
        let context = Context { wake, ..context() };
        LogicWaitForSignal.run(serde_json::from_value(config).unwrap(), &context).await
    }

    fn wait(time: Option<&str>) -> Outcome {
        let time = time.map(|time| time.parse().unwrap());
        Outcome::Wait(Until { time, signal: Some("reply".into()), child: None })
    }

    #[tokio::test]
    async fn it_waits_for_the_signal_and_perhaps_a_time() {
        let config = |extra: Value| {
            let mut config = json!({"signal": "reply"});
            config.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            config
        };
        assert_eq!(run(config(json!({})), None).await, wait(None));
        assert_eq!(run(config(json!({"timeout": "1h"})), None).await, wait(Some("2026-01-01T01:00:00Z")));
        assert_eq!(run(config(json!({"timeout_ms": 0})), None).await, wait(Some("2026-01-01T00:00:00Z")));
        for flawed in [
            json!({"signal": ""}),
            json!({"signal": "$approval:a"}),
            json!({"timeout": "x"}),
            json!({"timeout": "1s", "timeout_ms": 1}),
        ] {
            assert_eq!(failed(run(config(flawed), None).await).0, "config");
        }
    }

    #[test]
    fn without_a_limit_its_time_is_never_over() {
        assert_eq!(LogicWaitForSignal::emits(&json!({ "signal": "reply" })), ["received"]);
        assert_eq!(LogicWaitForSignal::emits(&json!({ "signal": "reply", "timeout": "1h" })), ["received", "timeout"]);
    }

    #[tokio::test]
    async fn what_woke_it_chooses_the_port() {
        let wake = Wake::Signal { payload: json!({"yes": true}) };
        let config = json!({"signal": "reply", "timeout": "1h"});
        assert_eq!(run(config.clone(), Some(wake)).await, Outcome::done("received", json!({"yes": true})));
        assert_eq!(run(config, Some(Wake::Due)).await, Outcome::done("timeout", json!(null)));
    }
}
