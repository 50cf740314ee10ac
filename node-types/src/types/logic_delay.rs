//! `logic.delay`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::{Outcome, Until};
use capstan_engine::core::problem::Problem;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{check_span_text, has_expression, problem, span_of};
use crate::node_type::{Context, NodeType, Spec};
use crate::span::SPAN_MAX;

/// Waits without a worker.
pub(crate) struct LogicDelay;

/// How long: exactly one of the three.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Span in milliseconds, at most five years.
    for_ms: Option<u64>,
    /// Span as text, such as `3d 2h`, `90s` or `10 min`, at most five years.
    #[serde(rename = "for")]
    span: Option<String>,
    /// Point in time as RFC 3339, such as `2027-01-31T08:00:00Z`, at most five years ahead.
    until: Option<String>,
}

impl NodeType for LogicDelay {
    const NAME: &'static str = "logic.delay";
    const EFFECT: Effect = Effect::Idempotent;
    const WAITS: bool = true;
    const LOCAL: bool = true;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Delay", "Waits for a span or until a point in time; a time in the past is no wait.")
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    fn check(config: &Value) -> Vec<Problem> {
        let mut problems: Vec<Problem> = check_span_text(config, "for").into_iter().collect();
        let set = ["for_ms", "for", "until"].iter().filter(|field| config.get(**field).is_some_and(|v| !v.is_null()));
        let count = set.count();
        if count != 1 {
            let detail = format!("a delay has exactly one of for_ms, for and until, this one has {count}");
            problems.push(problem("bad_delay", "", detail, "keep one of them"));
        }
        if let Some(text) = config.get("until").and_then(Value::as_str)
            && !has_expression(text)
            && DateTime::parse_from_rfc3339(text).is_err()
        {
            let detail = format!("{:?} is not a point in time", text.chars().take(60).collect::<String>());
            problems.push(problem("bad_time", "/until", detail, "write it like 2027-01-31T08:00:00Z"));
        }
        problems
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let time = match due(&config, context.now) {
            Ok(time) => time,
            Err(failed) => return failed,
        };
        if context.wake.is_some() || time <= context.now {
            return Outcome::done("out", json!({"until": time}));
        }
        Outcome::Wait(Until { time: Some(time), signal: None, child: None })
    }
}

/// When the delay ends, counted from `now`, which is the same in every attempt.
fn due(config: &Config, now: DateTime<Utc>) -> Result<DateTime<Utc>, Outcome> {
    let fail = |reason: String| Outcome::fail("config", reason);
    let time = match (span_of(config.for_ms, config.span.as_deref())?, &config.until) {
        (Some(span), None) => now + span,
        (None, Some(text)) => DateTime::parse_from_rfc3339(text.trim())
            .map_err(|error| {
                let shown: String = text.chars().take(60).collect();
                fail(format!("until came to {shown:?}, which is not a time such as 2027-01-31T08:00:00Z: {error}"))
            })?
            .with_timezone(&Utc),
        _ => return Err(fail("a delay needs exactly one of for_ms, for and until".into())),
    };
    if time > now + SPAN_MAX {
        return Err(fail(format!("the delay would last until {time}, which is more than five years")));
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use capstan_engine::core::outcome::Wake;

    use super::*;
    use crate::testing::{NOW, context, failed};

    async fn run(config: Value, wake: Option<Wake>) -> Outcome {
        let context = Context { wake, ..context() };
        LogicDelay.run(serde_json::from_value(config).unwrap(), &context).await
    }

    fn wait(time: &str) -> Outcome {
        Outcome::Wait(Until { time: Some(time.parse().unwrap()), signal: None, child: None })
    }

    #[tokio::test]
    async fn it_waits_for_a_span_or_until_a_time() {
        assert_eq!(NOW, "2026-01-01T00:00:00Z");
        for (config, expected) in [
            (json!({"for_ms": 1500}), "2026-01-01T00:00:01.5Z"),
            (json!({"for": "3d 2h"}), "2026-01-04T02:00:00Z"),
            (json!({"until": "2026-02-01T01:00:00+01:00"}), "2026-02-01T00:00:00Z"),
        ] {
            assert_eq!(run(config.clone(), None).await, wait(expected), "{config}");
            let Outcome::Done { port, .. } = run(config, Some(Wake::Due)).await else { panic!("not done") };
            assert_eq!(port, "out");
        }
    }

    #[tokio::test]
    async fn nothing_to_wait_for_is_done_at_once() {
        for config in [json!({"for_ms": 0}), json!({"for": "0s"}), json!({"until": "1999-12-31T00:00:00Z"})] {
            assert!(matches!(run(config.clone(), None).await, Outcome::Done { .. }), "{config}");
        }
    }

    #[tokio::test]
    async fn a_delay_without_sense_fails() {
        for config in [
            json!({}),
            json!({"for_ms": 1, "for": "1s"}),
            json!({"for_ms": 1, "until": "2026-02-01T00:00:00Z"}),
            json!({"for": "soon"}),
            json!({"for": "6000d"}),
            json!({"for_ms": u64::MAX}),
            json!({"until": "tomorrow"}),
            json!({"until": "2099-01-01T00:00:00Z"}),
        ] {
            assert_eq!(failed(run(config.clone(), None).await).0, "config", "{config}");
        }
    }

    #[test]
    fn flaws_are_found_before_the_run() {
        for (config, pointers) in [
            (json!({"for": "{{ input.wait }}"}), &[][..]),
            (json!({"for": "soon"}), &["/for"]),
            (json!({"until": "soon"}), &["/until"]),
            (json!({}), &[""]),
            (json!({"for": "1s", "for_ms": 1}), &[""]),
        ] {
            let found: Vec<_> = LogicDelay::check(&config).into_iter().map(|problem| problem.pointer).collect();
            assert_eq!(found, pointers, "{config}");
        }
    }
}
