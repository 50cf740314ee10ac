//! `logic.wait_for_event`

use std::time::Duration;

use capstan_domain::events::{EARLIER_MAX, Wait, WaitingStep, check_heard, check_key};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::expression::check_event_condition;
use capstan_engine::core::outcome::{Outcome, Until, Wake};
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::{Scalar, check_heard_type, check_span, problem, span_of};
use crate::node_type::{Context, NodeType, Spec};
use crate::span;

const EARLIER_TOO_LONG: &str = "accept_earlier is longer than the seven days for which events can be looked back at";

/// Waits without a worker for a custom event.
pub(crate) struct LogicWaitForEvent;

/// For which event, and how long.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Type of the event, such as `order.paid`.
    event: String,
    /// Key of the event, such as `{{ input.order_id }}`; exactly this one counts. Without it, events without a key.
    key: Option<Scalar>,
    /// A condition over `event` that has to hold, such as `{{ event.data.amount >= 100 }}`; it names nothing else. An
    /// event for which it cannot be evaluated is passed by.
    when: Option<String>,
    /// Longest wait in milliseconds, at most five years; without a limit it waits until the execution ends.
    timeout_ms: Option<u64>,
    /// Longest wait as text, such as `3d 2h`; not together with `timeout_ms`.
    timeout: Option<String>,
    /// How long before this step, in milliseconds, an event may have come that still counts: at most seven days.
    accept_earlier_ms: Option<u64>,
    /// The same as text, such as `1h`; not together with `accept_earlier_ms`.
    accept_earlier: Option<String>,
}

impl NodeType for LogicWaitForEvent {
    const NAME: &'static str = "logic.wait_for_event";
    const EFFECT: Effect = Effect::Idempotent;
    const WAITS: bool = true;
    const LOCAL: bool = true;
    const RAW: &'static [&'static str] = &["when"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Wait for an event",
            "Waits for a custom event of a type and key; the output is the event: `{id, type, key, data, at}`.",
        )
        .outputs(&["received", "expired"])
    }

    fn emits(config: &Value) -> Vec<String> {
        let is_limited = ["timeout_ms", "timeout"].iter().any(|field| !config[*field].is_null());
        Self::spec().outputs.into_iter().filter(|port| is_limited || port != "expired").collect()
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(vec!["events".into()])
    }

    fn check(config: &Value) -> Vec<Problem> {
        let spans = ["timeout", "accept_earlier"].into_iter().filter_map(|field| check_span(config, field));
        let others = [check_heard_type(config, "event"), check_when(config), check_earlier(config)];
        spans.chain(others.into_iter().flatten()).collect()
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        if let Some(Wake::Signal { payload }) = &context.wake {
            return Outcome::done("received", payload.clone());
        }
        let wait = match config.wait(context) {
            Ok(wait) => wait,
            Err(failed) => return failed,
        };
        let (events, waiting) = (&context.services.events, waiting(context));
        let is_over = matches!(context.wake, Some(Wake::Due));
        let finding = if is_over { events.expire(&waiting, &wait) } else { events.wait(&waiting, &wait) };
        match context.database.ask(finding).await {
            Ok(Some(event)) => Outcome::done("received", event),
            Ok(None) if is_over => Outcome::done("expired", Value::Null),
            Ok(None) => Outcome::Wait(Until { time: wait.until_at, signal: Some(waiting.signal()), child: None }),
            Err(away) => away.into(),
        }
    }
}

/// A finding if events from so long ago are no longer there.
fn check_earlier(config: &Value) -> Option<Problem> {
    let ms = config.get("accept_earlier_ms").and_then(Value::as_u64).map(Duration::from_millis);
    let text = config.get("accept_earlier").and_then(Value::as_str);
    let span = ms.or_else(|| span::parse(text?).ok())?;
    (span > EARLIER_MAX).then(|| problem("bad_span", "/accept_earlier", EARLIER_TOO_LONG, "give at most 7d"))
}

/// A finding if the condition is none, or names something else than the event.
fn check_when(config: &Value) -> Option<Problem> {
    let error = check_event_condition(config.get("when")?.as_str()?).err()?;
    let hint = "write an expression over event, such as {{ event.data.amount > 100 }}";
    Some(problem("bad_condition", "/when", error.to_string(), hint))
}

fn waiting(context: &Context) -> WaitingStep {
    WaitingStep { workspace_id: context.workspace_id, execution_id: context.execution_id, step: context.step.clone() }
}

impl Config {
    fn wait(self, context: &Context) -> Result<Wait, Outcome> {
        let flawed = |reason: String| Outcome::fail("config", reason);
        check_heard(&self.event).map_err(|flaw| flawed(flaw.to_string()))?;
        let key = self.key.map(|key| key.to_string()).unwrap_or_default();
        check_key(&key).map_err(|flaw| flawed(flaw.to_string()))?;
        let earlier = span_of(self.accept_earlier_ms, self.accept_earlier.as_deref())?.unwrap_or(Duration::ZERO);
        if earlier > EARLIER_MAX {
            return Err(flawed(EARLIER_TOO_LONG.into()));
        }
        let span = span_of(self.timeout_ms, self.timeout.as_deref())?;
        Ok(Wait {
            type_name: self.event,
            key,
            condition: self.when,
            since_at: context.now - earlier,
            until_at: span.map(|span| context.now + span),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::node_type::{AnyNodeType, Erased};
    use crate::testing::{Events, context, context_among, failed};

    /// As the worker runs it, on a config whose raw fields are as written.
    async fn run(config: Value, context: &Context) -> Outcome {
        Erased::new(LogicWaitForEvent).run(&config, context).await
    }

    #[tokio::test]
    async fn every_first_attempt_waits_for_the_same() {
        let desk = Arc::new(Events::default());
        let context = context_among(desk.clone());
        let config = json!({"event": "order.paid", "key": 7, "when": "{{ event.data.ok }}", "timeout": "1h",
            "accept_earlier": "1 min"});
        let expected = Outcome::Wait(Until {
            time: Some("2026-01-01T01:00:00Z".parse().unwrap()),
            signal: Some("$event:node".into()),
            child: None,
        });
        for _ in 0..2 {
            assert_eq!(run(config.clone(), &context).await, expected);
        }
        let waits = desk.waits.lock().unwrap();
        assert!(waits.len() == 2 && waits[0] == waits[1]);
        let (_, wait) = &waits[0];
        assert_eq!((wait.type_name.as_str(), wait.key.as_str()), ("order.paid", "7"));
        assert_eq!(wait.condition.as_deref(), Some("{{ event.data.ok }}"));
        assert_eq!(wait.since_at, "2025-12-31T23:59:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    }

    #[tokio::test]
    async fn an_event_that_is_there_is_the_output_at_once_and_at_the_end_of_the_time() {
        let event = json!({"id": "1", "type": "a"});
        let desk = || Arc::new(Events { event: Some(event.clone()), ..Events::default() });
        let config = json!({"event": "a", "timeout_ms": 5});
        assert_eq!(run(config.clone(), &context_among(desk())).await, Outcome::done("received", event.clone()));
        let due = Context { wake: Some(Wake::Due), ..context_among(desk()) };
        assert_eq!(run(config.clone(), &due).await, Outcome::done("received", event.clone()));
        let due = Context { wake: Some(Wake::Due), ..context() };
        assert_eq!(run(config.clone(), &due).await, Outcome::done("expired", Value::Null));
        let signalled = Context { wake: Some(Wake::Signal { payload: event.clone() }), ..context() };
        assert_eq!(run(config, &signalled).await, Outcome::done("received", event));
    }

    #[tokio::test]
    async fn what_cannot_be_waited_for_fails() {
        for config in [
            json!({"event": "Order"}),
            json!({"event": "execution.completed"}),
            json!({"event": "a", "key": "x".repeat(201)}),
            json!({"event": "a", "accept_earlier": "8d"}),
            json!({"event": "a", "timeout": "1s", "timeout_ms": 1}),
        ] {
            assert_eq!(failed(run(config, &context()).await).0, "config");
        }
    }

    #[test]
    fn flaws_are_found_before_anything_runs() {
        for (config, pointers) in [
            (json!({"event": "a.b", "key": "{{ input.x }}", "when": "event.data.x > 1"}), &[][..]),
            (json!({"event": "{{ input.type }}"}), &[]),
            (json!({"event": "tenant.a", "timeout": "soon"}), &["/timeout", "/event"]),
            (json!({"event": "a", "when": "{{ input.x > 1 }}"}), &["/when"]),
            (json!({"event": "a", "when": "{{ steps.a }}"}), &["/when"]),
            (json!({"event": "a", "when": "event.data.x >"}), &["/when"]),
            (json!({"event": "a", "timeout": "1h", "timeout_ms": 5}), &["/timeout"]),
            (json!({"event": "a", "accept_earlier": "7d"}), &[]),
            (json!({"event": "a", "accept_earlier": "8d"}), &["/accept_earlier"]),
            (json!({"event": "a", "accept_earlier_ms": 700_000_000}), &["/accept_earlier"]),
        ] {
            let found: Vec<_> = LogicWaitForEvent::check(&config).into_iter().map(|problem| problem.pointer).collect();
            assert_eq!(found, pointers, "{config}");
        }
    }

    #[test]
    fn without_a_limit_its_time_is_never_over() {
        assert_eq!(LogicWaitForEvent::emits(&json!({ "event": "a" })), ["received"]);
        assert_eq!(LogicWaitForEvent::emits(&json!({ "event": "a", "timeout": "1h" })), ["received", "expired"]);
    }
}
