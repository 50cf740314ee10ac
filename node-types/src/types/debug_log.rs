//! `debug.log`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::node_type::{Context, LogLevel, NodeType, Spec};

/// Most lines of one step; the log has caps of its own.
const REPEAT_MAX: u32 = 10_000_000;
/// Lines between two chances for other work.
const LINES_PER_TURN: u32 = 1_000;

/// Writes to the log of its step.
pub(crate) struct DebugLog;

/// What to write.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The line; anything but text is written as JSON.
    message: Value,
    /// How much it matters.
    #[serde(default)]
    level: Level,
    /// How many times the line is written, at most 10,000,000; for trying the limits of the log.
    #[serde(default = "once")]
    #[schemars(range(max = 10_000_000))]
    repeat: u32,
}

/// Levels of the log.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// For the author of the workflow.
    Debug,
    /// Normal.
    #[default]
    Info,
    /// Odd.
    Warn,
    /// Bad.
    Error,
}

fn once() -> u32 {
    1
}

impl NodeType for DebugLog {
    const NAME: &'static str = "debug.log";
    const EFFECT: Effect = Effect::Idempotent;
    const LOCAL: bool = true;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Log", "Writes a line to the log of the execution.")
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        if config.repeat > REPEAT_MAX {
            return Outcome::fail("config", format!("repeat is {}; at most {REPEAT_MAX} is possible", config.repeat));
        }
        let level = match config.level {
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        let message = match config.message {
            Value::String(text) => text,
            other => other.to_string(),
        };
        for line in 0..config.repeat {
            context.log.log(level, &message);
            if line % LINES_PER_TURN == LINES_PER_TURN - 1 {
                tokio::task::yield_now().await;
            }
        }
        Outcome::done("out", json!({}))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::{Lines, context, failed};

    #[tokio::test]
    async fn lines_reach_the_log_with_their_level() {
        for (config, expected) in [
            (json!({"message": "hello"}), vec!["info hello"]),
            (json!({"message": "odd", "level": "warn"}), vec!["warn odd"]),
            (json!({"message": {"a": 1}, "level": "debug", "repeat": 2}), vec!["debug {\"a\":1}"; 2]),
            (json!({"message": "no", "repeat": 0}), vec![]),
        ] {
            let lines = Arc::new(Lines::default());
            let context = Context { log: lines.clone(), ..context() };
            let outcome = DebugLog.run(serde_json::from_value(config).unwrap(), &context).await;
            assert_eq!(outcome, Outcome::done("out", json!({})));
            assert_eq!(lines.take(), expected);
        }
        let config = serde_json::from_value(json!({"message": "", "repeat": 10_000_001})).unwrap();
        assert_eq!(failed(DebugLog.run(config, &context()).await).0, "config");
    }
}
