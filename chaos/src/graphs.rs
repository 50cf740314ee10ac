//! Random valid graphs: branches, joins, retries, delays, signals, handled failures.
//!
//! Nothing in them depends on who comes first: conditions look at the input only, and every failure is retried or taken
//! by an error edge. So each execution must settle the same steps on the same ports as a calm one with the same input.

use serde_json::{Value, json};

use crate::dice::Dice;

/// Inputs carry a `variant` below this; conditions look at it.
pub const VARIANTS: u64 = 3;
/// The stream of draws that graphs are made of; each graph adds its number.
const STREAM: u64 = 1_000;
const NODES_MIN: u64 = 3;
const NODES_MAX: u64 = 9;
/// Attempts of steps that fail for a while: more than any of them needs.
const ATTEMPTS_MAX: u64 = 10;
/// Of a hundred calls, so many take long: whoever is struck has one of them in its hands.
const LONG_PERCENT: u64 = 20;

/// Longest time of a call, in milliseconds: far above what any takes, and below a hang of the server.
pub(crate) const CALL_MS_MAX: u64 = 3_000;

/// A graph, and what a checker has to know about it.
#[derive(Clone, Debug)]
pub struct GraphSpec {
    /// As the editor would store it.
    pub document: Value,
    /// The trigger first, then in an order in which edges point forward.
    pub nodes: Vec<NodeSpec>,
}

/// One node.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    /// `n0` is the trigger.
    pub id: String,
    /// What it does.
    pub kind: Kind,
    /// Nodes that it has an edge from.
    pub sources: Vec<String>,
    /// Whether it fires at the first taken edge.
    pub any: bool,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `trigger.manual`
    Trigger,
    /// Calls the effect server, which refuses the first `refusals` calls.
    Call {
        /// Calls answered with 503 first.
        refusals: u64,
    },
    /// `debug.noop`
    Noop,
    /// `data.set`
    Set,
    /// `logic.delay`
    Delay,
    /// `logic.wait_for_signal` without a limit; the signal has the node's name.
    Signal,
    /// `logic.condition` on the variant.
    Condition,
    /// `debug.fail`, which succeeds at a later attempt.
    Flaky,
    /// `debug.fail` for good, with an error edge.
    Doomed,
    /// `debug.crash`; no random graph has one.
    Crash,
}

impl GraphSpec {
    /// The nodes that wait for a signal.
    pub fn signals(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().filter(|node| node.kind == Kind::Signal).map(|node| node.id.as_str())
    }

    /// The node of that id.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<&NodeSpec> {
        self.nodes.iter().find(|node| node.id == id)
    }
}

/// Graph number `number` of a seed; its calls go to `site_url`.
#[must_use]
pub fn graph(seed: u64, number: u64, site_url: &str) -> GraphSpec {
    let mut dice = Dice::new(seed, STREAM + number);
    let mut spec = GraphSpec { document: Value::Null, nodes: vec![trigger()] };
    let (mut nodes, mut edges) = (vec![shown("n0", "trigger.manual", json!({}), json!({}))], Vec::new());
    for nth in 1..=dice.between(NODES_MIN, NODES_MAX) as usize {
        let id = format!("n{nth}");
        let signalled = spec.signals().next().is_some();
        let kind = if nth == 1 { Kind::Call { refusals: 0 } } else { draw_kind(&mut dice, signalled) };
        let mut sources = Vec::new();
        // Failing for good makes sense only where somebody takes it: the next node does.
        let after_doomed = spec.nodes[nth - 1].kind == Kind::Doomed;
        if after_doomed {
            sources.push(nth - 1);
        } else {
            for _ in 0..if nth > 2 && dice.chance(35) { dice.between(2, 3) } else { 1 } {
                let back = dice.between(1, 3).min(nth as u64) as usize;
                if !sources.contains(&(nth - back)) {
                    sources.push(nth - back);
                }
            }
        }
        let any = sources.len() > 1 && dice.chance(25);
        for &source in &sources {
            edges.push(edge(&mut dice, &spec.nodes[source], &id));
        }
        let (type_name, config, retry) = configured(kind, &id, site_url, &mut dice);
        let policy = json!({ "join": if any { "any" } else { "all" }, "retry": retry });
        nodes.push(shown(&id, type_name, config, policy));
        let sources = sources.iter().map(|&source| spec.nodes[source].id.clone()).collect();
        spec.nodes.push(NodeSpec { id, kind, sources, any });
    }
    finish(&mut spec, &mut nodes, &mut edges);
    spec.document = json!({ "nodes": nodes, "edges": edges });
    spec
}

/// A last node that fails gets somebody to take it.
fn finish(spec: &mut GraphSpec, nodes: &mut Vec<Value>, edges: &mut Vec<Value>) {
    let Some(last) = spec.nodes.last().filter(|last| last.kind == Kind::Doomed) else { return };
    let (id, sources) = (format!("n{}", spec.nodes.len()), vec![last.id.clone()]);
    edges.push(drawn(last, &id, "error", None, None));
    nodes.push(shown(&id, "debug.noop", json!({}), json!({})));
    spec.nodes.push(NodeSpec { id, kind: Kind::Noop, sources, any: false });
}

fn trigger() -> NodeSpec {
    NodeSpec { id: "n0".into(), kind: Kind::Trigger, sources: Vec::new(), any: false }
}

fn draw_kind(dice: &mut Dice, signalled: bool) -> Kind {
    match dice.below(100) {
        0..35 => Kind::Call { refusals: 0 },
        35..45 => Kind::Call { refusals: dice.between(1, 2) },
        45..55 => Kind::Noop,
        55..60 => Kind::Set,
        60..74 => Kind::Delay,
        74..82 if !signalled => Kind::Signal,
        74..90 => Kind::Condition,
        90..96 => Kind::Flaky,
        _ => Kind::Doomed,
    }
}

fn configured(kind: Kind, id: &str, site_url: &str, dice: &mut Dice) -> (&'static str, Value, Value) {
    let retry = json!({ "attempts_max": ATTEMPTS_MAX, "delay_ms": dice.between(50, 400), "factor": 1.5,
                        "delay_ms_max": 1_000, "jitter": 0.0 });
    match kind {
        Kind::Crash => ("debug.crash", json!({}), retry),
        Kind::Trigger | Kind::Noop => ("debug.noop", json!({}), retry),
        Kind::Call { refusals } => {
            let takes_ms = if dice.chance(LONG_PERCENT) { dice.between(400, 1_200) } else { dice.between(10, 250) };
            let query = format!("takes_ms={takes_ms}&refusals={refusals}");
            let body = json!({ "tag": "{{ input.tag }}", "node": id });
            let url = format!("{site_url}/effect?{query}");
            let config = json!({ "method": "POST", "url": url, "body": body, "timeout_ms": CALL_MS_MAX });
            ("action.http_request", config, retry)
        }
        Kind::Set => ("data.set", json!({ "values": { "doubled": "{{ input.variant * 2 }}" } }), retry),
        Kind::Delay => ("logic.delay", json!({ "for_ms": dice.between(100, 3_000) }), retry),
        Kind::Signal => ("logic.wait_for_signal", json!({ "signal": id }), retry),
        Kind::Condition => {
            let condition = format!("{{{{ input.variant > {} }}}}", dice.below(VARIANTS));
            ("logic.condition", json!({ "condition": condition }), retry)
        }
        Kind::Flaky => ("debug.fail", json!({ "retryable": true, "succeed_at_attempt": dice.between(2, 4) }), retry),
        Kind::Doomed => ("debug.fail", json!({ "retryable": false, "class": "doomed" }), retry),
    }
}

fn edge(dice: &mut Dice, source: &NodeSpec, target: &str) -> Value {
    let port = match source.kind {
        Kind::Doomed => return drawn(source, target, "error", None, None),
        Kind::Condition if dice.chance(50) => "true",
        Kind::Condition => "false",
        Kind::Signal => "received",
        _ => "out",
    };
    // A trigger's edges have no conditions.
    let conditional = source.kind != Kind::Trigger && dice.chance(12);
    let when = conditional.then(|| format!("{{{{ input.variant != {} }}}}", dice.below(VARIANTS)));
    drawn(source, target, "flow", Some(port), when)
}

fn drawn(source: &NodeSpec, target: &str, kind: &str, port: Option<&str>, when: Option<String>) -> Value {
    let mut data = json!({ "kind": kind });
    if let Some(when) = when {
        data["when"] = json!(when);
    }
    let mut edge = json!({ "id": format!("{}-{target}", source.id), "source": source.id, "target": target,
                           "targetHandle": "in", "data": data });
    if let Some(port) = port {
        edge["sourceHandle"] = json!(port);
    }
    edge
}

fn shown(id: &str, type_name: &str, config: Value, policy: Value) -> Value {
    let data = json!({ "label": id, "config": config, "policy": policy });
    json!({ "id": id, "type": type_name, "position": { "x": 0, "y": 0 }, "data": data })
}

/// A document: a trigger, then these nodes in a row, each with its id, type and config.
#[must_use]
pub fn row(nodes: &[(&str, &str, Value)]) -> Value {
    let node = |id: &str, kind: &str, config: &Value| json!({ "id": id, "type": kind, "position": { "x": 0, "y": 0 }, "data": { "label": id, "config": config } });
    let mut all = vec![node("start", "trigger.manual", &json!({}))];
    let (mut edges, mut source) = (Vec::new(), "start");
    for (id, kind, config) in nodes {
        all.push(node(id, kind, config));
        edges.push(json!({ "id": format!("{source}-{id}"), "source": source, "sourceHandle": "out", "target": id,
                           "targetHandle": "in", "data": { "kind": "flow" } }));
        source = id;
    }
    json!({ "nodes": all, "edges": edges })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use capstan_engine::core::graph::Graph;
    use capstan_node_types::registry::Registry;

    use super::*;

    #[test]
    fn every_graph_is_valid() {
        let registry = Registry::standard();
        for number in 0..500 {
            let spec = graph(11, number, "http://127.0.0.1:9");
            let compiled = Graph::compile(&spec.document, &registry);
            assert!(compiled.is_ok(), "graph {number}: {:#?}\n{:#}", compiled.err(), spec.document);
        }
    }

    #[test]
    fn a_few_graphs_hold_every_kind_of_node_and_both_joins() {
        let graphs: Vec<GraphSpec> = (0..40).map(|number| graph(11, number, "http://127.0.0.1:9")).collect();
        let nodes = || graphs.iter().flat_map(|graph| &graph.nodes);
        let kinds: HashSet<_> = nodes().map(|node| std::mem::discriminant(&node.kind)).collect();
        assert_eq!(kinds.len(), 9);
        assert!(nodes().any(|node| node.any) && nodes().any(|node| !node.any && node.sources.len() > 1));
    }
}
