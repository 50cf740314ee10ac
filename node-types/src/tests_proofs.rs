//! What is found out about the examples, and about configs that only their node types know.

use std::fs;
use std::path::{Path, PathBuf};

use capstan_engine::core::graph::Graph;
use capstan_engine::core::prove::{LeftOut, Proof, Severity, prove, replay};
use serde_json::{Value, json};

use crate::registry::Registry;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");

fn proved(document: &Value) -> Proof {
    let registry = Registry::standard();
    let graph = Graph::compile(document, &registry).unwrap();
    let proof = prove(&graph, &registry);
    for finding in &proof.findings {
        replay(&graph, &finding.path).unwrap_or_else(|refusal| panic!("{refusal}: {finding:#?}"));
    }
    proof
}

/// All graphs below `folder`.
fn graphs(folder: &Path) -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(graphs(&path));
        } else if path.extension().is_some_and(|end| end == "json") {
            let text = fs::read_to_string(&path).unwrap();
            // Where the services of a pack will be.
            let text = text.replace("${", "http://").replace(".url}/", ".example/");
            let mut document: Value = serde_json::from_str(&text).unwrap();
            let graph = if document["graph"].is_object() { document["graph"].take() } else { document };
            found.extend(graph["nodes"].is_array().then_some((path, graph)));
        }
    }
    found
}

#[test]
fn all_of_each_example_is_looked_at_and_nothing_is_wrong_with_it() {
    let graphs = graphs(Path::new(EXAMPLES));
    assert!(graphs.len() >= 60, "{} examples", graphs.len());
    for (path, graph) in graphs {
        let proof = proved(&graph);
        // How long lists become, no graph tells.
        let is_of_room = |left: &LeftOut| left.question.starts_with("whether the journal has room");
        assert!(proof.left_out.iter().all(is_of_room), "{}: {:?}", path.display(), proof.left_out);
        let wrong: Vec<_> = proof.findings.iter().filter(|finding| finding.severity != Severity::Note).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
        for finding in &proof.findings {
            println!("{}: {}: {}", path.file_name().unwrap().display(), finding.code, finding.detail);
        }
    }
}

/// One node of that type and config between a trigger and what follows on a port, or an error.
fn around(type_name: &str, config: Value, edge: Value) -> Value {
    let mut edge = edge;
    (edge["id"], edge["source"], edge["target"]) = (json!("on"), json!("a"), json!("b"));
    json!({
        "nodes": [
            {"id": "start", "type": "trigger.manual", "data": {}},
            {"id": "a", "type": type_name, "data": {"config": config}},
            {"id": "b", "type": "debug.noop", "data": {}},
        ],
        "edges": [{"id": "to", "source": "start", "target": "a"}, edge],
    })
}

#[test]
fn what_a_config_rules_out_is_found() {
    let error = |class: &str| json!({"data": {"kind": "error", "error_classes": [class]}});
    let port = |port: &str| json!({"sourceHandle": port});
    let cases = json!([{"port": "x", "when": true}, {"port": "y", "when": "{{ input.y }}"}]);
    for (type_name, config, edge, code) in [
        ("logic.condition", json!({"condition": false}), port("true"), "edge_never_taken"),
        ("logic.switch", json!({"cases": cases}), port("y"), "edge_never_taken"),
        ("logic.wait_for_signal", json!({"signal": "s"}), port("timeout"), "edge_never_taken"),
        ("debug.fail", json!({}), port("out"), "edge_never_taken"),
        ("debug.fail", json!({"class": "boom"}), error("bang"), "error_edge_never_taken"),
        ("action.http_request", json!({"url": "https://example.com"}), error("http_404"), "error_edge_never_taken"),
    ] {
        let proof = proved(&around(type_name, config, edge));
        let codes: Vec<&str> = proof.findings.iter().map(|finding| finding.code).collect();
        assert!(
            proof.complete && codes.contains(&code) && codes.contains(&"node_never_runs"),
            "{type_name}: {proof:#?}"
        );
        assert!(proof.errors(&[]).is_empty(), "another config would do: {proof:#?}");
    }
}

#[test]
fn what_a_config_allows_is_not() {
    let error = |class: &str| json!({"data": {"kind": "error", "error_classes": [class]}});
    for (type_name, config, edge) in [
        ("action.http_request", json!({"url": "https://example.com"}), error("http_4xx")),
        ("action.send_email", json!({"to": "a@example.com", "subject": "s", "text": "t"}), error("smtp_rejected")),
        ("debug.fail", json!({"class": "{{ input.class }}"}), error("bang")),
        ("debug.noop", json!({}), error("timeout")),
        ("logic.wait_for_signal", json!({"signal": "s", "timeout": "1h"}), json!({"sourceHandle": "timeout"})),
    ] {
        let proof = proved(&around(type_name, config, edge));
        assert!(proof.complete && proof.findings.is_empty(), "{type_name}: {proof:#?}");
    }
}

#[test]
fn a_time_limit_that_nothing_follows_is_found() {
    let config = json!({"signal": "s", "timeout": "1h"});
    let proof = proved(&around("logic.wait_for_signal", config, json!({"sourceHandle": "received"})));
    assert_eq!(proof.findings[0].code, "port_leads_nowhere");
}
