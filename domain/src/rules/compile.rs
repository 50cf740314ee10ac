//! From a rule to the graph that does what it says. Pure: the same rule is always the same graph.

use serde_json::{Value, json};

use super::expression::expression;
use super::rule::Definition;

/// Ids of nodes. They can be named in expressions, such as `steps.action_1`.
const EVENT: &str = "event";
const CONDITIONS: &str = "conditions";
const ACTION: &str = "action_";
/// From the left edge of a node to that of the next one: a node and a gap, on the editor's grid.
const STEP_PX: usize = 280;

/// Which part of a rule a node is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The event; and the conditions, where its trigger looks at them.
    Event,
    /// The conditions, as a node of their own.
    Conditions,
    /// The action of that place, from 0.
    Action(usize),
}

/// The part of a rule that a node of its graph is made of.
#[must_use]
pub fn place(node_id: &str) -> Option<Place> {
    match node_id {
        EVENT => Some(Place::Event),
        CONDITIONS => Some(Place::Conditions),
        other => Some(Place::Action(other.strip_prefix(ACTION)?.parse::<usize>().ok()?.checked_sub(1)?)),
    }
}

/// The graph of a rule that was checked: the event, what has to hold, and one action after the other, in a row.
///
/// The conditions are the trigger's own filter, so that an event for which they do not hold starts nothing; with `log_misses`
/// they are a node, and such an event is an execution that ends there.
#[must_use]
pub fn compile(rule: &Definition) -> Value {
    let filter = rule.conditions.as_ref().filter(|_| !rule.log_misses);
    let mut trigger = json!({ "event": rule.event });
    if let Some(conditions) = filter {
        trigger["when"] = braced(&expression(conditions, "event")).into();
    }
    let mut row = Row::default();
    row.add(EVENT, "trigger.event", &rule.event, &trigger, "out");
    if let Some(conditions) = rule.conditions.as_ref().filter(|_| rule.log_misses) {
        let config = json!({ "condition": braced(&expression(conditions, "input")) });
        row.add(CONDITIONS, "logic.condition", "Conditions", &config, "true");
    }
    for (ix, action) in rule.actions.iter().enumerate() {
        let config = Value::Object(action.config.clone());
        row.add(&format!("{ACTION}{}", ix + 1), action.kind.node_type(), action.kind.label(), &config, "out");
    }
    json!({ "nodes": row.nodes, "edges": row.edges })
}

fn braced(expression: &str) -> String {
    format!("{{{{ {expression} }}}}")
}

/// Nodes of which each follows the one before.
#[derive(Default)]
struct Row {
    nodes: Vec<Value>,
    edges: Vec<Value>,
    /// The last node, and the port by which it goes on.
    last: Option<(String, &'static str)>,
}

impl Row {
    fn add(&mut self, id: &str, node_type: &str, label: &str, config: &Value, port: &'static str) {
        if let Some((source, port)) = self.last.replace((id.to_owned(), port)) {
            self.edges.push(json!({
                "id": format!("{source}-{id}"), "source": source, "sourceHandle": port, "target": id,
                "targetHandle": "in", "data": { "kind": "flow" },
            }));
        }
        let position = json!({ "x": self.nodes.len() * STEP_PX, "y": 0 });
        let data = json!({ "label": label, "config": config });
        self.nodes.push(json!({ "id": id, "type": node_type, "position": position, "data": data }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(value: Value) -> Definition {
        let rule: Definition = serde_json::from_value(value).unwrap();
        assert_eq!(rule.check(), []);
        rule
    }

    /// Nodes as `id type config`, and edges as `source.port -> target`.
    fn shown(graph: &Value) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let node = |it: &Value| format!("{} {} {}", text(&it["id"]), text(&it["type"]), it["data"]["config"]);
        let edge =
            |it: &Value| format!("{}.{} -> {}", text(&it["source"]), text(&it["sourceHandle"]), text(&it["target"]));
        let nodes = graph["nodes"].as_array().unwrap().iter().map(node);
        nodes.chain(graph["edges"].as_array().unwrap().iter().map(edge)).collect()
    }

    #[test]
    fn rules_and_their_graphs() {
        let mail = json!({ "type": "action.send_email", "config": { "to": "{{ input.data.lead.email }}" } });
        let state = json!({ "type": "lead.set_status", "config": { "status": "qualified" } });
        let fair = json!({ "field": "data.lead.source", "op": "eq", "value": "fair" });
        for (written, graph) in [
            (
                json!({ "event": "order.paid", "actions": [state] }),
                vec![
                    r#"event trigger.event {"event":"order.paid"}"#,
                    r#"action_1 lead.set_status {"status":"qualified"}"#,
                    "event.out -> action_1",
                ],
            ),
            (
                json!({ "event": "lead.created", "conditions": fair, "actions": [mail, state] }),
                vec![
                    r#"event trigger.event {"event":"lead.created","when":"{{ (event.data.lead.source | default(none)) == \"fair\" }}"}"#,
                    r#"action_1 action.send_email {"to":"{{ input.data.lead.email }}"}"#,
                    r#"action_2 lead.set_status {"status":"qualified"}"#,
                    "event.out -> action_1",
                    "action_1.out -> action_2",
                ],
            ),
            (
                json!({ "event": "lead.created", "conditions": fair, "log_misses": true, "actions": [state] }),
                vec![
                    r#"event trigger.event {"event":"lead.created"}"#,
                    r#"conditions logic.condition {"condition":"{{ (input.data.lead.source | default(none)) == \"fair\" }}"}"#,
                    r#"action_1 lead.set_status {"status":"qualified"}"#,
                    "event.out -> conditions",
                    "conditions.true -> action_1",
                ],
            ),
        ] {
            let rule = rule(written);
            let compiled = compile(&rule);
            assert_eq!(shown(&compiled), graph);
            assert_eq!(compile(&rule).to_string(), compiled.to_string(), "the same rule is the same graph");
            let at = |it: &Value| (it["position"]["x"].as_u64().unwrap(), it["position"]["y"].as_u64().unwrap());
            let places: Vec<_> = compiled["nodes"].as_array().unwrap().iter().map(at).collect();
            let in_a_row: Vec<_> = (0..places.len() as u64).map(|ix| (ix * 280, 0)).collect();
            assert_eq!(places, in_a_row);
        }
    }

    #[test]
    fn each_node_knows_its_part_of_the_rule() {
        assert_eq!(place("event"), Some(Place::Event));
        assert_eq!(place("conditions"), Some(Place::Conditions));
        assert_eq!(place("action_1"), Some(Place::Action(0)));
        assert_eq!(place("action_20"), Some(Place::Action(19)));
        for other in ["action_0", "action_", "action_x", "other"] {
            assert_eq!(place(other), None, "{other}");
        }
    }
}
