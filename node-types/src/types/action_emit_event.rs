//! `action.emit_event`

use capstan_domain::events::{DEPTH_MAX, EVENTS_PENDING_MAX, Emitted, NewEvent, check_key, check_type, step_event_id};
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::{Scalar, check_event_type};
use crate::node_type::{Context, NodeType, Spec};

/// Sends a custom event.
pub(crate) struct ActionEmitEvent;

/// The event.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Type of the event, such as `order.paid`.
    event: String,
    /// Key of the event, such as `{{ input.order_id }}`, by which steps wait for it.
    key: Option<Scalar>,
    /// What there is to know, at most 64 KiB.
    #[serde(default)]
    data: Value,
}

impl NodeType for ActionEmitEvent {
    const NAME: &'static str = "action.emit_event";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Emit an event",
            "Sends a custom event, which wakes the steps that wait for it; the output is the event.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(vec!["events".into(), "event_loop".into()])
    }

    fn check(config: &Value) -> Vec<Problem> {
        check_event_type(config, "event").into_iter().collect()
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let event = NewEvent {
            id: step_event_id(&context.idempotency_key()),
            type_name: config.event,
            key: config.key.map(|key| key.to_string()).unwrap_or_default(),
            data: config.data,
        };
        if let Err(flaw) = check_type(&event.type_name).and_then(|()| check_key(&event.key)) {
            return Outcome::fail("config", flaw.to_string());
        }
        let emitting = context.services.events.emit(context.workspace_id, context.execution_id, &event);
        match context.database.ask(emitting).await {
            Ok(Emitted::Accepted(row)) => Outcome::done("out", row.shown()),
            Ok(Emitted::Flawed(flaw)) => Outcome::fail("config", flaw.to_string()),
            Ok(Emitted::TooDeep) => Outcome::fail("event_loop", too_deep(&event)),
            Ok(Emitted::Full) => Outcome::retry("events", full(), None),
            Err(away) => away.into(),
        }
    }
}

fn too_deep(event: &NewEvent) -> String {
    format!(
        "{DEPTH_MAX} events led from one to the next up to this one of type \"{}\"; \
         do workflows answer each other's events in a circle?",
        event.type_name
    )
}

fn full() -> String {
    format!("{EVENTS_PENDING_MAX} events of this workspace wait to be looked at already")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use capstan_domain::events::EventRow;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::testing::{Events, NOW, context, context_among, failed, put_off, retried};

    async fn run(config: Value, context: &Context) -> Outcome {
        ActionEmitEvent.run(serde_json::from_value(config).unwrap(), context).await
    }

    fn desk(emitted: Emitted) -> Arc<Events> {
        Arc::new(Events { emitted: Some(emitted), ..Events::default() })
    }

    fn row() -> EventRow {
        EventRow {
            event_id: Uuid::nil(),
            client_id: "$step:1".into(),
            type_name: "order.paid".into(),
            key: "7".into(),
            data: json!({"amount": 3}),
            depth: 0,
            received_at: NOW.parse().unwrap(),
        }
    }

    #[tokio::test]
    async fn every_attempt_sends_the_same_event_under_the_same_id() {
        let desk = desk(Emitted::Accepted(row()));
        let context = context_among(desk.clone());
        let config = json!({"event": "order.paid", "key": 7, "data": {"amount": 3}});
        let shown = json!({"id": "$step:1", "type": "order.paid", "key": "7", "data": {"amount": 3},
            "at": "2026-01-01T00:00:00.000000Z"});
        for attempt in 1..=2 {
            let context = Context { attempt, services: Arc::clone(&context.services), ..again(&context) };
            assert_eq!(run(config.clone(), &context).await, Outcome::done("out", shown.clone()));
        }
        let sent = desk.sent.lock().unwrap();
        assert!(sent.len() == 2 && sent[0] == sent[1]);
        assert_eq!((sent[0].key.as_str(), &sent[0].data), ("7", &json!({"amount": 3})));
        assert!(sent[0].id.starts_with("$step:"), "{}", sent[0].id);
    }

    /// The same step of the same execution.
    fn again(of: &Context) -> Context {
        Context { execution_id: of.execution_id, step: of.step.clone(), ..context() }
    }

    #[tokio::test]
    async fn a_circle_of_events_stops_with_an_explanation_and_a_full_desk_is_tried_again() {
        let config = || json!({"event": "a"});
        let (class, reason) = failed(run(config(), &context_among(desk(Emitted::TooDeep))).await);
        assert!(class == "event_loop" && reason.contains("64 events"), "{class}: {reason}");
        assert_eq!(retried(run(config(), &context_among(desk(Emitted::Full))).await).0, "events");
        assert!(put_off(run(config(), &context_among(Arc::new(Events::default()))).await).contains("events"));
    }

    #[tokio::test]
    async fn types_that_are_our_own_are_not_sent() {
        assert_eq!(failed(run(json!({"event": "execution.completed"}), &context()).await).0, "config");
        let found = ActionEmitEvent::check(&json!({"event": "lead.scored"}));
        assert_eq!(found[0].code, "bad_event_type");
    }
}
