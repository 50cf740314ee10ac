//! `trigger.event`

use std::time::Duration;

use capstan_domain::event_triggers::NewEventTrigger;
use capstan_domain::events::check_key;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::graph::{Graph, Node};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::parts::{
    check_event_condition_at, check_start_type, check_start_within, has_expression, problem, trigger_run,
};
use crate::node_type::{Context, NodeType, Spec};
use crate::span;

/// How long a refused start is tried again if nothing is said.
const START_WITHIN_DEFAULT: Duration = Duration::from_secs(86_400);

/// Starts for each event of a type.
pub(crate) struct TriggerEvent;

/// Which events.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Type of the events, such as `order.paid`, or `step.failed` of our own.
    event: String,
    /// Their key, exactly; events of any key if absent.
    key: Option<String>,
    /// A condition over `event` that has to hold, such as `{{ event.data.amount >= 100 }}`; it names nothing else. An
    /// event for which it cannot be evaluated starts nothing.
    when: Option<String>,
    /// How long a start that is refused, such as for a quota, is tried again: `1min` to `7d`, and a day if absent.
    start_within: Option<String>,
}

/// The event triggers of a graph.
pub(crate) fn event_triggers(graph: &Graph) -> Vec<NewEventTrigger> {
    let of = |node: &Node| {
        let config = Config::deserialize(&*node.config_as_written()).ok()?;
        let within = config.start_within.as_deref().and_then(|text| span::parse(text).ok());
        Some(NewEventTrigger {
            node_id: node.id.to_string(),
            type_name: config.event,
            key: config.key,
            condition: config.when,
            start_within_ms: u64::try_from(within.unwrap_or(START_WITHIN_DEFAULT).as_millis()).unwrap_or(u64::MAX),
        })
    };
    let nodes = graph.triggers().map(|ix| &graph.nodes[ix]);
    nodes.filter(|node| node.type_name == TriggerEvent::NAME).filter_map(of).collect()
}

/// Everything is known before an event comes: nothing but the condition is an expression.
fn check_literals(config: &Value) -> impl Iterator<Item = Problem> {
    let is_expression = |field: &&str| config.get(*field).and_then(Value::as_str).is_some_and(has_expression);
    ["event", "key"].into_iter().filter(is_expression).map(|field| {
        let detail = format!("{field} of a trigger is an expression, but it has to be known before anything runs");
        problem("not_a_literal", &format!("/{field}"), detail, "write it out, and put what varies into when")
    })
}

impl NodeType for TriggerEvent {
    const NAME: &'static str = "trigger.event";
    const EFFECT: Effect = Effect::Pure;
    const RAW: &'static [&'static str] = &["when"];
    type Config = Config;

    fn spec() -> Spec {
        Spec::trigger("Event", "Starts for each event of a type; the event is the input: `{id, type, key, data, at}`.")
    }

    fn check(config: &Value) -> Vec<Problem> {
        let key = config.get("key").and_then(Value::as_str).and_then(|key| check_key(key).err());
        let key = key.map(|flaw| problem("bad_key", "/key", flaw.to_string(), "use a shorter key"));
        let others = [
            check_start_type(config, "event"),
            key,
            check_event_condition_at(config, "when"),
            check_start_within(config),
        ];
        check_literals(config).chain(others.into_iter().flatten()).collect()
    }

    async fn run(&self, _config: Config, _context: &Context) -> Outcome {
        trigger_run()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registry::Registry;

    #[test]
    fn what_is_wrong_is_found_with_its_place() {
        let found = |config: Value| {
            let problems = TriggerEvent::check(&config).into_iter();
            problems.map(|found| (found.code, found.pointer)).collect::<Vec<_>>()
        };
        let one = |code: &str, pointer: &str| vec![(code.to_owned(), pointer.to_owned())];
        assert_eq!(found(json!({"event": "order.paid", "when": "{{ event.data.amount > 1 }}"})), []);
        assert_eq!(found(json!({"event": "step.failed", "key": "a workflow"})), []);
        assert_eq!(found(json!({"event": "step.lost"})), one("bad_event_type", "/event"));
        assert_eq!(found(json!({"event": "Order"})), one("bad_event_type", "/event"));
        assert_eq!(found(json!({"event": "{{ input.x }}"})), one("not_a_literal", "/event"));
        assert_eq!(found(json!({"event": "a", "when": "{{ input.x }}"})), one("bad_condition", "/when"));
        assert_eq!(found(json!({"event": "a", "start_within": "1y"})), one("bad_span", "/start_within"));
        assert_eq!(found(json!({"event": "a", "key": "k".repeat(201)})), one("bad_key", "/key"));
    }

    #[test]
    fn the_condition_is_taken_as_it_is_written() {
        let config = json!({"event": "order.paid", "when": "{{ event.key == 'a' }}"});
        let graph = Registry::standard().compile(&json!({
            "nodes": [{ "id": "paid", "type": "trigger.event", "data": { "config": config } },
                      { "id": "a", "type": "debug.noop", "data": { "config": {} } }],
            "edges": [{ "id": "e", "source": "paid", "target": "a" }],
        }));
        let found = event_triggers(&graph.unwrap()).pop().unwrap();
        assert_eq!(found.condition.as_deref(), Some("{{ event.key == 'a' }}"));
        assert_eq!((found.key, found.start_within_ms), (None, 86_400_000));
    }
}
