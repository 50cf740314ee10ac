#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;
use crate::core::catalogue::{Effect, NodeTypeInfo, Role};
use crate::core::graph::EdgeKind;

struct Type {
    name: &'static str,
    role: Role,
    effect: Effect,
    ports: &'static [&'static str],
    schema: Value,
}

impl NodeTypeInfo for Type {
    fn name(&self) -> &str {
        self.name
    }
    fn role(&self) -> Role {
        self.role
    }
    fn effect(&self) -> Effect {
        self.effect
    }
    fn schema(&self) -> &Value {
        &self.schema
    }
    fn ports(&self, _: &Value) -> Vec<String> {
        self.ports.iter().map(|&port| port.into()).collect()
    }
    fn check(&self, config: &Value) -> Vec<Problem> {
        let code = config.get("fault").and_then(Value::as_str);
        let problem = |code: &str| Problem {
            code: code.into(),
            node_id: None,
            edge_id: None,
            pointer: "/fault".into(),
            detail: String::new(),
            hint: String::new(),
        };
        code.map(problem).into_iter().collect()
    }
}

static TYPES: LazyLock<Vec<Type>> = LazyLock::new(|| {
    let of = |name, role, effect, ports, schema| Type { name, role, effect, ports, schema };
    let http = json!({
        "type": "object",
        "required": ["url"],
        "properties": {
            "url": { "type": "string", "pattern": "^https?://" },
            "retries": { "type": "integer" },
            "method": { "enum": ["GET", "POST"] },
            "body": { "oneOf": [{ "type": "number" }, { "type": "object", "properties": { "a": { "type": "number" } } }] },
            "fault": {}
        },
        "additionalProperties": false
    });
    vec![
        of("action.http", Role::Step, Effect::AtLeastOnce, &["ok", "empty"], http),
        of("data.set", Role::Step, Effect::Pure, &["out"], json!(true)),
        of("logic.group", Role::Container, Effect::Pure, &["out"], json!(true)),
        of("trigger.manual", Role::Trigger, Effect::Pure, &["out"], json!(true)),
    ]
});

struct Types;

impl Catalogue for Types {
    fn node_type(&self, name: &str) -> Option<&dyn NodeTypeInfo> {
        TYPES.iter().find(|known| known.name == name).map(|known| known as _)
    }
    fn names(&self) -> Vec<&str> {
        TYPES.iter().map(|known| known.name).collect()
    }
}

pub(super) fn node(id: &str, type_name: &str) -> Value {
    json!({ "id": id, "type": type_name, "position": { "x": 0, "y": 0 } })
}

pub(super) fn with(id: &str, type_name: &str, data: Value) -> Value {
    json!({ "id": id, "type": type_name, "data": data })
}

pub(super) fn edge(source: &str, target: &str) -> Value {
    json!({ "id": format!("{source}-{target}"), "source": source, "target": target })
}

pub(super) fn edge_with(source: &str, target: &str, handle: Value, data: Value) -> Value {
    json!({ "id": format!("{source}-{target}"), "source": source, "sourceHandle": handle, "target": target, "data": data })
}

/// `t → a → b → c` of pure nodes, with more nodes and edges.
pub(super) fn chain_and(nodes: Vec<Value>, edges: Vec<Value>) -> Value {
    let mut all =
        vec![node("t", "trigger.manual"), node("a", "data.set"), node("b", "data.set"), node("c", "data.set")];
    all.extend(nodes);
    let mut lines = vec![edge("t", "a"), edge("a", "b"), edge("b", "c")];
    lines.extend(edges);
    json!({ "nodes": all, "edges": lines })
}

pub(super) fn compile(document: &Value) -> Result<Graph, Vec<Problem>> {
    Graph::compile(document, &Types)
}

/// `expected`: code, node or edge, pointer.
#[track_caller]
pub(super) fn check(document: &Value, expected: &[(&str, &str, &str)]) -> Vec<Problem> {
    let problems = compile(document).err().unwrap_or_default();
    let found: Vec<_> = problems
        .iter()
        .map(|problem| {
            let place = problem.node_id.as_deref().or(problem.edge_id.as_deref()).unwrap_or_default();
            (problem.code.as_str(), place, problem.pointer.as_str())
        })
        .collect();
    assert_eq!(found, expected, "{problems:#?}");
    assert!(problems.iter().all(|problem| !problem.code.is_empty()
        && (problem.pointer == "/nodes/4/data/config/fault" || !problem.hint.is_empty())));
    problems
}

#[test]
fn a_join_asks_for_what_can_come() {
    let joining = |policy: Value| {
        let join = with("j", "data.set", json!({ "policy": policy }));
        chain_and(vec![join], vec![edge("a", "j"), edge("b", "j"), edge("c", "j")])
    };
    for policy in [json!({ "join": "n_of_m", "n": 3 }), json!({ "join": "any", "cancel_others": true })] {
        check(&joining(policy), &[]);
    }
    let wrong = [
        (json!({ "join": "n_of_m" }), "join_without_n", "join"),
        (json!({ "join": "n_of_m", "n": 0 }), "join_out_of_reach", "n"),
        (json!({ "join": "n_of_m", "n": 4 }), "join_out_of_reach", "n"),
        (json!({ "join": "any", "n": 2 }), "join_n_needless", "n"),
        (json!({ "cancel_others": true }), "cancel_others_needless", "cancel_others"),
    ];
    for (policy, code, field) in wrong {
        check(&joining(policy), &[(code, "j", &format!("/nodes/4/data/policy/{field}"))]);
    }
}

#[test]
fn a_join_that_cancels_others_knows_who_leads_nowhere_else() {
    // `a` leads to `x`, too; `b` and `c` lead to the join alone.
    let join = with("j", "data.set", json!({ "policy": { "join": "any", "cancel_others": true } }));
    let nodes = vec![join, node("x", "data.set")];
    let graph = compile(&chain_and(nodes, vec![edge("a", "x"), edge("b", "j"), edge("c", "j")])).unwrap();
    let ids = |nodes: &[usize]| nodes.iter().map(|&ix| graph.nodes[ix].id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&graph.nodes[4].feeders), ["b", "c"]);
    assert_eq!(ids(&graph.nodes[3].feeders), [""; 0]);
}

#[test]
fn a_valid_graph_has_ports_edges_and_ancestors() {
    let http = with("h", "action.http", json!({ "label": "Fetch", "config": { "url": "http://x/{{ steps.a.id }}" } }));
    let document = chain_and(
        vec![http],
        vec![
            edge("b", "h"),
            edge_with("h", "c", json!("empty"), json!({ "when": "steps.h.n > 1 and steps.a" })),
            json!({ "id": "e", "source": "h", "target": "c", "data": { "kind": "error", "error_classes": ["http_5xx"] } }),
        ],
    );
    let graph = compile(&document).unwrap();
    let h = graph.find(&"h".into()).unwrap();
    assert_eq!(graph.nodes[h].label, "Fetch");
    assert_eq!(
        (&graph.nodes[h].in_edges, &graph.nodes[h].out_edges, &graph.nodes[h].ancestors),
        (&vec![3], &vec![4, 5], &vec![0, 1, 2])
    );
    assert_eq!(graph.nodes[3].ancestors, [0, 1, 2, 4]);
    assert_eq!(graph.edges[0].kind, EdgeKind::Flow { port: "out".into(), when: None });
    assert_eq!(graph.edges[5].kind, EdgeKind::Error { classes: vec!["http_5xx".into()] });
    assert_eq!(graph.triggers().collect::<Vec<_>>(), [0]);
}

#[test]
fn edges_are_checked() {
    check(&chain_and(vec![], vec![edge("c", "x")]), &[("dangling_edge", "c-x", "/edges/3/target")]);
    check(&chain_and(vec![], vec![edge("x", "c")]), &[("dangling_edge", "x-c", "/edges/3/source")]);
    check(&chain_and(vec![], vec![edge("c", "c")]), &[("self_loop", "c-c", "/edges/3")]);
    check(
        &chain_and(vec![node("u", "trigger.manual")], vec![edge("c", "u")]),
        &[("edge_into_trigger", "c-u", "/edges/3/target")],
    );
    let problems = check(
        &chain_and(vec![], vec![edge_with("a", "c", json!("no"), json!({}))]),
        &[("unknown_port", "a-c", "/edges/3/sourceHandle")],
    );
    assert_eq!(problems[0].hint, "its ports are: out");
    let twice = json!({ "id": "again", "source": "a", "sourceHandle": "out", "target": "b" });
    check(&chain_and(vec![], vec![twice]), &[("duplicate_edge", "again", "/edges/3")]);
    check(
        &chain_and(vec![], vec![edge("a", "b")]),
        &[("duplicate_edge_id", "a-b", "/edges/3/id"), ("duplicate_edge", "a-b", "/edges/3")],
    );
    check(
        &chain_and(vec![], vec![edge_with("t", "c", json!(null), json!({"kind": "error"}))]),
        &[("error_edge_from_trigger", "t-c", "/edges/3/data/kind")],
    );
    check(
        &chain_and(vec![], vec![edge_with("a", "c", json!(null), json!({"kind": "compensate"}))]),
        &[("undo_with_edges", "a-c", "/edges/3")],
    );
    check(
        &chain_and(vec![], vec![edge_with("a", "c", json!(null), json!({"kind": "other"}))]),
        &[("bad_edge_kind", "a-c", "/edges/3/data/kind")],
    );
    check(&chain_and(vec![], vec![json!({ "source": "a", "target": "c" })]), &[("missing_field", "", "/edges/3/id")]);
}

#[test]
fn the_whole_is_checked() {
    let problems = check(&chain_and(vec![], vec![edge("c", "a")]), &[("cycle", "a", "/nodes/1")]);
    assert!(problems[0].detail.contains("a → b → c → a"), "{}", problems[0].detail);
    check(&chain_and(vec![node("z", "data.set")], vec![]), &[("unreachable_node", "z", "/nodes/4")]);
    check(
        &json!({ "nodes": [node("a", "data.set")], "edges": [] }),
        &[("no_trigger", "", "/nodes"), ("unreachable_node", "a", "/nodes/0")],
    );
    check(&json!({ "nodes": [], "edges": [] }), &[("no_trigger", "", "/nodes")]);
    check(&json!([]), &[("bad_field", "", "")]);
    check(
        &chain_and(vec![node("a", "data.set")], vec![]),
        &[("duplicate_node_id", "a", "/nodes/4/id"), ("unreachable_node", "a", "/nodes/4")],
    );
}

#[test]
fn notes_are_no_part_of_what_is_compiled() {
    let plain = compile(&chain_and(vec![with("x", "data.set", json!({}))], vec![edge("c", "x")])).unwrap();
    let noted = vec![with("x", "data.set", json!({ "note": "why" }))];
    let fine = json!([{ "id": "n", "text": "{{ steps.", "position": { "x": 0, "y": 0 } }]);
    for notes in [fine, json!([7, {}]), json!("none"), json!(null)] {
        let mut document = chain_and(noted.clone(), vec![edge("c", "x")]);
        document["notes"] = notes;
        let graph = compile(&document).unwrap();
        let said = |graph: &Graph| format!("{:?} {:?} {:?}", graph.nodes, graph.edges, graph.bodies);
        assert_eq!(said(&graph), said(&plain), "{document}");
        assert_eq!(graph.semantics, plain.semantics);
    }
}

#[test]
fn nodes_are_checked() {
    let check_node = |id: &str, type_name: &str, data: Value, expected: &[(&str, &str, &str)]| {
        check(&chain_and(vec![with(id, type_name, data)], vec![edge("c", id)]), expected)
    };
    let problems = check_node("x", "action.htpp", json!({}), &[("unknown_node_type", "x", "/nodes/4/type")]);
    assert_eq!(problems[0].hint, "did you mean action.http?");
    let problems = check_node("x", "nothing", json!({}), &[("unknown_node_type", "x", "/nodes/4/type")]);
    assert_eq!(problems[0].hint, "use one of: action.http, data.set, logic.group, trigger.manual");
    check_node(
        "a:b",
        "data.set",
        json!({}),
        &[("bad_node_id", "", "/nodes/4/id"), ("dangling_edge", "c-a:b", "/edges/3/target")],
    );
    check_node("x", "data.set", json!({ "label": "l".repeat(201) }), &[("label_too_long", "x", "/nodes/4/data/label")]);
    check_node(
        "x",
        "data.set",
        json!({ "config": { "a": "y".repeat(70_000) } }),
        &[("config_too_large", "x", "/nodes/4/data/config")],
    );
    check_node("x", "data.set", json!({ "config": 5 }), &[("bad_field", "x", "/nodes/4/data/config")]);
    check_node(
        "x",
        "data.set",
        json!({ "config": { "a/b": ["n\0"] } }),
        &[("nul_character", "", "/nodes/4/data/config/a~1b/0")],
    );
    check_node(
        "x",
        "data.set",
        json!({ "policy": { "at_most_once": true } }),
        &[("at_most_once_needless", "x", "/nodes/4/data/policy/at_most_once")],
    );
    let policy = json!({ "join": "some", "timeout_ms": 0, "extra": 1, "retry": { "attempts_max": "many", "factor": 11, "jitter": -1 } });
    let at = |rest: &str| format!("/nodes/4/data/policy/{rest}");
    check_node(
        "x",
        "data.set",
        json!({ "policy": policy }),
        &[
            ("bad_field", "x", &at("extra")),
            ("bad_field", "x", &at("join")),
            ("bad_field", "x", &at("retry/attempts_max")),
            ("policy_out_of_range", "x", &at("retry/factor")),
            ("policy_out_of_range", "x", &at("retry/jitter")),
            ("policy_out_of_range", "x", &at("timeout_ms")),
        ],
    );
}

#[test]
fn configs_are_checked_and_expressions_stand_for_any_value() {
    let check_config = |config: Value, expected: &[(&str, &str, &str)]| {
        check(&chain_and(vec![with("x", "action.http", json!({ "config": config }))], vec![edge("c", "x")]), expected)
    };
    let at = |rest: &str| format!("/nodes/4/data/config{rest}");
    check_config(json!({ "url": "https://a", "retries": 1, "method": "GET", "body": 5 }), &[]);
    check_config(
        json!({ "url": "{{ input.a }}", "retries": "{{ input.b }}", "method": "{{ input.c }}", "body": { "a": "{{ input.d }}" } }),
        &[],
    );
    check_config(json!({}), &[("bad_config", "x", &at("/url"))]);
    check_config(json!({ "url": "ftp" }), &[("bad_config", "x", &at("/url"))]);
    check_config(json!({ "url": "http://a", "fault": "mine" }), &[("mine", "x", &at("/fault"))]);
    let problems = check_config(
        json!({ "url": "http://a", "retries": "three", "method": "PUT", "nope": 1, "body": "text" }),
        &[
            ("bad_config", "x", &at("/body")),
            ("bad_config", "x", &at("/method")),
            ("bad_config", "x", &at("/retries")),
            ("bad_config", "x", &at("")),
        ],
    );
    assert!(problems[2].detail.contains("integer"), "{}", problems[2].detail);
}

#[test]
fn expressions_are_checked() {
    let check_text = |text: &str, expected: &[(&str, &str, &str)]| {
        let document =
            chain_and(vec![with("x", "data.set", json!({ "config": { "v": [text] } }))], vec![edge("a", "x")]);
        check(&document, expected)
    };
    let at = "/nodes/4/data/config/v/0";
    check_text("{{ steps.a.x + steps[\"t\"].y }} {{ errors.a }}", &[]);
    check_text("{{ steps.a.", &[("bad_expression", "x", at)]);
    check_text("{{ steps.q.x }}", &[("unknown_reference", "x", at)]);
    check_text(
        "{{ steps.b.x }}{{ steps.x }}",
        &[("reference_not_ancestor", "x", at), ("reference_not_ancestor", "x", at)],
    );
    let check_when = |when: &str, expected: &[(&str, &str, &str)]| {
        check(&chain_and(vec![], vec![edge_with("a", "c", json!(null), json!({ "when": when }))]), expected)
    };
    check_when("steps.a.x > 1", &[]);
    check_when("{{ steps.t.x }}", &[]);
    check_when("steps.b.x", &[("reference_not_ancestor", "a-c", "/edges/3/data/when")]);
    check_when("1 +", &[("bad_expression", "a-c", "/edges/3/data/when")]);
}

/// A chain of `count` nodes, each with an expression, and an edge over each node.
fn long(count: usize) -> Value {
    let id = |ix: usize| format!("n{ix}");
    let config = |ix: usize| json!({ "config": { "v": format!("{{{{ steps.{}.x + 1 }}}}", id(ix - 1)) } });
    let nodes: Vec<_> = (0..count)
        .map(|ix| if ix == 0 { node("n0", "trigger.manual") } else { with(&id(ix), "data.set", config(ix)) })
        .collect();
    let edges: Vec<_> = (1..count)
        .map(|ix| edge(&id(ix - 1), &id(ix)))
        .chain((2..count).map(|ix| edge(&id(ix - 2), &id(ix))))
        .collect();
    json!({ "nodes": nodes, "edges": edges })
}

#[test]
fn limits_are_kept() {
    check(&long(10_000), &[("too_many_nodes", "", "/nodes"), ("too_many_edges", "", "/edges")]);
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    check(&deep, &[("too_deep", "", "")]);
    check(&json!({ "x": "y".repeat(3_000_000) }), &[("document_too_large", "", "")]);
    let nodes: Vec<_> = (0..500).map(|ix| node(&format!("n{ix}"), "nope")).collect();
    let problems = compile(&json!({ "nodes": nodes, "edges": [] })).unwrap_err();
    assert_eq!(problems.len(), PROBLEMS_MAX + 1);
    assert_eq!(problems[PROBLEMS_MAX].code, "too_many_problems");
}

#[test]
fn two_thousand_nodes_compile_quickly() {
    let document = long(NODES_MAX);
    let started = Instant::now();
    let graph = compile(&document).unwrap();
    assert_eq!(graph.nodes[NODES_MAX - 1].ancestors.len(), NODES_MAX - 1);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}
