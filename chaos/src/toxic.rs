//! Graphs with a node that ends the worker which runs it; whether it is reached hangs on the input.

use serde_json::{Value, json};

use crate::graphs::{CALL_MS_MAX, GraphSpec, Kind, NodeSpec};

/// The variant of inputs that reach the node; all others pass it by.
pub(crate) const TOXIC: u64 = 99;
/// What the workers die of, one graph for each. The first is what every build knows.
pub(crate) const WAYS: [&str; 3] = ["abort", "memory", "stack"];

/// `n0 → n1 (call)`, and then either `n2`, which ends the worker, or `n3 (call)`.
pub(crate) fn toxic_graph(how: &str, site_url: &str) -> GraphSpec {
    let url = format!("{site_url}/effect?takes_ms=50&refusals=0");
    let call = |id: &str| {
        let body = json!({ "tag": "{{ input.tag }}", "node": id });
        node(
            id,
            "action.http_request",
            json!({ "method": "POST", "url": url, "body": body, "timeout_ms": CALL_MS_MAX }),
        )
    };
    let nodes = [
        node("n0", "trigger.manual", json!({})),
        call("n1"),
        node("n2", "debug.crash", if how == WAYS[0] { json!({}) } else { json!({ "how": how }) }),
        call("n3"),
    ];
    let edges = [
        edge("n0", "n1", None),
        edge("n1", "n2", Some(format!("{{{{ input.variant == {TOXIC} }}}}"))),
        edge("n1", "n3", Some(format!("{{{{ input.variant != {TOXIC} }}}}"))),
    ];
    let call = Kind::Call { refusals: 0 };
    let specs = [NodeSpec::new("n0", Kind::Trigger, &[]), NodeSpec::new("n1", call, &["n0"])];
    let ends = [NodeSpec::new("n2", Kind::Crash, &["n1"]), NodeSpec::new("n3", call, &["n1"])];
    let nodes_known = specs.into_iter().chain(ends).collect();
    GraphSpec { document: json!({ "nodes": nodes, "edges": edges }), nodes: nodes_known }
}

fn node(id: &str, type_name: &str, config: Value) -> Value {
    // As often as it takes: what fails is the world, not the node.
    let retry = json!({ "attempts_max": 10, "delay_ms": 200, "factor": 1.5, "delay_ms_max": 1_000, "jitter": 0.0 });
    let data = json!({ "label": id, "config": config, "policy": { "join": "all", "retry": retry } });
    json!({ "id": id, "type": type_name, "position": { "x": 0, "y": 0 }, "data": data })
}

fn edge(source: &str, target: &str, when: Option<String>) -> Value {
    let mut data = json!({ "kind": "flow" });
    if let Some(when) = when {
        data["when"] = json!(when);
    }
    json!({ "id": format!("{source}-{target}"), "source": source, "sourceHandle": "out", "target": target,
            "targetHandle": "in", "data": data })
}

#[cfg(test)]
mod tests {
    use capstan_engine::core::graph::Graph;
    use capstan_node_types::registry::Registry;

    use super::*;

    #[test]
    fn every_toxic_graph_is_valid() {
        let registry = Registry::standard().with_crash();
        for how in WAYS {
            let spec = toxic_graph(how, "http://127.0.0.1:9");
            let compiled = Graph::compile(&spec.document, &registry);
            assert!(compiled.is_ok(), "{how}: {:#?}", compiled.err());
        }
    }
}
