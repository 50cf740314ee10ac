//! One step of a draft as a graph of its own: the triggers, what is given for other steps, and the step.

use std::collections::BTreeMap;

use capstan_engine::core::catalogue::Role;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{Given, STAND_IN, id, list, policy_of};
use crate::node_type::AnyNodeType;
use crate::registry::Registry;

/// Longest time of the execution of one step: one that waits is not kept for ever.
pub const UNDER_TEST_MS_MAX: u64 = 600_000;
/// Stands for the list of a container whose one item is given.
const ITEMS: &str = "items-under-test";
/// Of a policy, what holds for one attempt.
const OF_AN_ATTEMPT: [&str; 2] = ["timeout_ms", "at_most_once"];
/// Most ids that a message lists.
const LISTED_MAX: usize = 20;

/// Why a node cannot be tested alone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Untestable {
    /// There is none of that id.
    #[error("the draft has no node {0:?}; it has {1}")]
    UnknownNode(String, String),
    /// This build does not know its type.
    #[error("node {0:?} is of type {1:?}, which this build does not have")]
    UnknownType(String, String),
    /// It only says how executions begin.
    #[error("node {0:?} is a trigger: it begins executions and does nothing itself")]
    Trigger(String),
    /// It holds other nodes.
    #[error("node {0:?} is a container: it holds other nodes and does nothing alone")]
    Container(String),
}

/// A node that is to be run alone.
pub struct OneStep<'a> {
    document: &'a Value,
    registry: &'a Registry,
    /// The node as drawn.
    pub node: &'a Value,
    /// Its type.
    pub node_type: &'a dyn AnyNodeType,
}

impl<'a> OneStep<'a> {
    /// The node of that id in a document, which need not be a valid graph.
    ///
    /// # Errors
    /// See [`Untestable`].
    pub fn find(document: &'a Value, registry: &'a Registry, node_id: &str) -> Result<Self, Untestable> {
        let nodes = list(document, "nodes");
        let node = nodes.iter().find(|node| id(node) == node_id);
        let node_id: String = node_id.chars().take(100).collect();
        let Some(node) = node else {
            let known: Vec<&str> = nodes.iter().map(id).take(LISTED_MAX).collect();
            return Err(Untestable::UnknownNode(node_id, known.join(", ")));
        };
        let type_name = node["type"].as_str().unwrap_or_default();
        let Some(node_type) = registry.get(type_name) else {
            return Err(Untestable::UnknownType(node_id, type_name.chars().take(100).collect()));
        };
        match node_type.role() {
            Role::Trigger => Err(Untestable::Trigger(node_id)),
            Role::Container => Err(Untestable::Container(node_id)),
            Role::Step => Ok(Self { document, registry, node, node_type }),
        }
    }

    /// The document to be executed: one attempt of the node, after `given` for the steps that it names, and with `item` as
    /// that of the container around it.
    #[must_use]
    pub fn document(&self, given: &BTreeMap<String, Given>, item: Option<&Value>) -> Value {
        let mut drawn = Drawn::default();
        let triggers: Vec<&Value> = list(self.document, "nodes").iter().filter(|node| self.is_trigger(node)).collect();
        triggers.iter().for_each(|trigger| drawn.nodes.push(as_begun(trigger)));
        let begins: Vec<&str> = triggers.iter().map(|trigger| id(trigger)).collect();
        let items = item.map(|item| Given::Output { port: None, more_ports: Vec::new(), output: json!([item]) });
        let container = items.as_ref().map(|_| self.around());
        let own = self.node["id"].clone();
        let last = container.clone().unwrap_or_else(|| id(self.node).to_owned());
        for (step, given) in
            given.iter().map(|(step, given)| (step.as_str(), given)).chain(items.iter().map(|it| (ITEMS, it)))
        {
            drawn.node(step, STAND_IN, given.config(&[]), None, Map::new());
            begins.iter().for_each(|trigger| drawn.edge(trigger, step, "flow"));
            drawn.edge(step, &last, if matches!(given, Given::Output { .. }) { "flow" } else { "error" });
        }
        begins.iter().for_each(|trigger| drawn.edge(trigger, &last, "flow"));
        if let Some(container) = &container {
            let config = json!({ "items": format!("{{{{ steps[\"{ITEMS}\"] }}}}") });
            drawn.node(container, "logic.for_each", config, None, Map::new());
        }
        let mut policy = policy_of(self.node, &OF_AN_ATTEMPT);
        policy.insert("retry".into(), json!({ "attempts_max": 1 }));
        let config = self.node["data"]["config"].clone();
        drawn.node(own.as_str().unwrap_or_default(), self.node_type.name(), config, container.as_deref(), policy);
        json!({ "nodes": drawn.nodes, "edges": drawn.edges })
    }

    fn is_trigger(&self, node: &Value) -> bool {
        let node_type = node["type"].as_str().and_then(|name| self.registry.get(name));
        node_type.is_some_and(|node_type| node_type.role() == Role::Trigger)
    }

    /// The id of the container around it.
    fn around(&self) -> String {
        self.node["parentId"].as_str().unwrap_or("container-under-test").to_owned()
    }
}

#[derive(Default)]
struct Drawn {
    nodes: Vec<Value>,
    edges: Vec<Value>,
}

impl Drawn {
    fn node(&mut self, id: &str, kind: &str, config: Value, parent: Option<&str>, policy: Map<String, Value>) {
        let data = json!({ "label": id, "config": config, "policy": policy });
        self.nodes.push(json!({ "id": id, "type": kind, "parentId": parent, "data": data }));
    }

    fn edge(&mut self, source: &str, target: &str, kind: &str) {
        let id = format!("e{}", self.edges.len());
        self.edges.push(json!({ "id": id, "source": source, "target": target, "data": { "kind": kind } }));
    }
}

/// A trigger as far as it says with what an execution begins: the fields of a form do, a hook's ways to answer do not.
fn as_begun(trigger: &Value) -> Value {
    let (id, kind) = (&trigger["id"], &trigger["type"]);
    if *kind == "trigger.form" {
        return json!({ "id": id, "type": kind, "data": { "config": trigger["data"]["config"] } });
    }
    json!({ "id": id, "type": "trigger.manual", "data": {} })
}
