//! Draws random graphs of containers in containers, with undos and what runs at last.

use serde_json::{Value, json};

use crate::rng::Rng;

const DEPTH_MAX: usize = 3;

/// A trigger and a few nodes, some of which are containers of more.
pub(crate) fn document(rng: &mut Rng) -> Value {
    joined_by(rng, &["all", "any"])
}

/// The same, whose nodes have one of these joins.
pub(crate) fn joined_by(rng: &mut Rng, joins: &[&str]) -> Value {
    let trigger = json!({"id": "start", "type": "test.trigger", "data": {"config": {"ports": 1}}});
    let (mut nodes, mut edges) = (vec![trigger], Vec::new());
    let begins = body(rng, joins, None, 0, &mut nodes, &mut edges);
    for id in begins {
        edges.push(edge("start", &id, json!({}), "out"));
    }
    json!({"nodes": nodes, "edges": edges})
}

/// Draws the nodes of one body, and says which of them nothing leads to.
fn body(
    rng: &mut Rng,
    joins: &[&str],
    parent: Option<&str>,
    depth: usize,
    nodes: &mut Vec<Value>,
    edges: &mut Vec<Value>,
) -> Vec<String> {
    let mut own: Vec<String> = Vec::new();
    let mut begins = Vec::new();
    let draw = |nodes: &mut Vec<Value>, type_name: &str, config: Value, policy: Value| {
        let id = format!("n{}", nodes.len());
        let mut node = json!({"id": id, "type": type_name, "data": {"config": config, "policy": policy}});
        if let Some(parent) = parent {
            node["parentId"] = json!(parent);
        }
        nodes.push(node);
        id
    };
    for _ in 0..1 + rng.below(4) {
        let is_container = depth < DEPTH_MAX && rng.chance(35);
        let config = match is_container {
            true => {
                json!({"parallel": 1 + rng.below(2), "tolerated": rng.below(2), "undoes": rng.chance(40), "ports": 2})
            }
            false => json!({"ports": 2}),
        };
        let join = *rng.pick(joins);
        let policy = json!({"join": join, "cancel_others": join == "any" && rng.chance(50)});
        let type_name = if is_container { "test.container" } else { "test.step" };
        let id = draw(nodes, type_name, config, policy);
        if is_container {
            body(rng, joins, Some(&id), depth + 1, nodes, edges);
        }
        let before: Vec<String> = own.iter().filter(|_| rng.chance(50)).cloned().collect();
        if before.is_empty() {
            begins.push(id.clone());
        }
        for source in before {
            let error = rng.chance(15);
            let kind = if error { json!({"kind": "error"}) } else { json!({"kind": "flow"}) };
            edges.push(edge(&source, &id, kind, if error { "error" } else { "out" }));
        }
        if rng.chance(40) {
            let undo = draw(nodes, "test.step", json!({"ports": 2}), json!({}));
            edges.push(edge(&id, &undo, json!({"kind": "compensate"}), "out"));
        }
        own.push(id);
    }
    if rng.chance(40) {
        let last = draw(nodes, "test.step", json!({"ports": 2}), json!({"finally": true}));
        if rng.chance(50) {
            let more = draw(nodes, "test.step", json!({"ports": 2}), json!({}));
            edges.push(edge(&last, &more, json!({}), "out"));
        }
    }
    begins
}

fn edge(source: &str, target: &str, data: Value, port: &str) -> Value {
    json!({"id": format!("{source}-{target}-{port}"), "source": source, "sourceHandle": port, "target": target, "data": data})
}
