#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::super::graph::{Graph, Part};
use super::tests::{chain_and, check, compile, edge, edge_with, node, with};

fn undo(source: &str, target: &str) -> Value {
    edge_with(source, target, json!(null), json!({ "kind": "compensate" }))
}

fn last(id: &str) -> Value {
    with(id, "data.set", json!({ "policy": { "finally": true } }))
}

fn inside(parent: &str, mut node: Value) -> Value {
    node["parentId"] = json!(parent);
    node
}

fn seen(graph: &Graph, id: &str) -> Vec<String> {
    let node = &graph.nodes[graph.find(&id.into()).unwrap()];
    node.ancestors.iter().map(|&ix| graph.nodes[ix].id.to_string()).collect()
}

#[test]
fn what_undoes_sees_what_it_undoes_and_what_comes_before() {
    let graph = compile(&chain_and(vec![node("u", "data.set")], vec![undo("b", "u")])).unwrap();
    let (b, u) = (graph.find(&"b".into()).unwrap(), graph.find(&"u".into()).unwrap());
    assert_eq!((graph.nodes[b].undo, graph.nodes[u].undoes, graph.nodes[u].part), (Some(u), Some(b), Part::Undo));
    assert_eq!(seen(&graph, "u"), ["t", "a", "b"]);
    assert!(graph.nodes[b].out_edges.len() == 1 && graph.nodes[u].in_edges.is_empty());
}

#[test]
fn what_runs_at_last_sees_everything_else() {
    let nodes = vec![last("z"), node("zz", "data.set")];
    let graph = compile(&chain_and(nodes, vec![edge("z", "zz")])).unwrap();
    assert_eq!(seen(&graph, "zz"), ["t", "a", "b", "c", "z"]);
    assert_eq!(graph.bodies[0].finally, [graph.find(&"z".into()).unwrap()]);
    assert_eq!(graph.nodes[graph.find(&"zz".into()).unwrap()].part, Part::Finally);
}

#[test]
fn only_one_node_of_its_own_undoes_a_node() {
    let u = || node("u", "data.set");
    let of_u = |edges| chain_and(vec![u()], edges);
    check(
        &of_u(vec![undo("t", "u")]),
        &[("undo_of_trigger", "t-u", "/edges/3"), ("unreachable_node", "u", "/nodes/4")][..1],
    );
    check(&of_u(vec![undo("a", "u"), edge("u", "c")]), &[("undo_with_edges", "a-u", "/edges/3")]);
    check(&of_u(vec![undo("a", "u"), undo("b", "u")]), &[("undo_of_two", "b-u", "/edges/4")]);
    let two = chain_and(vec![u(), node("v", "data.set")], vec![undo("a", "u"), undo("a", "v")]);
    check(&two, &[("second_undo", "a-v", "/edges/4")]);
    let twice = chain_and(vec![u(), node("v", "data.set")], vec![undo("a", "u"), undo("u", "v")]);
    check(&twice, &[("undo_with_edges", "a-u", "/edges/3")]);
    check(&chain_and(vec![last("z"), u()], vec![undo("z", "u")]), &[("undo_in_vain", "z-u", "/edges/3")]);
    let when = edge_with("a", "u", json!(null), json!({ "kind": "compensate", "when": "{{ true }}" }));
    check(&of_u(vec![when]), &[("when_on_compensate_edge", "a-u", "/edges/3/data/when")]);
}

#[test]
fn nothing_leads_to_what_runs_at_last() {
    let at = "/nodes/4/data/policy/finally";
    check(&chain_and(vec![last("z")], vec![edge("c", "z")]), &[("finally_misplaced", "z", at)]);
    let nodes = vec![last("z"), node("zz", "data.set")];
    check(&chain_and(nodes, vec![edge("z", "zz"), edge("c", "zz")]), &[("edge_into_finally", "c-zz", "/edges/4")]);
}

#[test]
fn containers_hold_nodes_and_no_edge_crosses_their_wall() {
    let group = || node("g", "logic.group");
    let good = chain_and(vec![group(), inside("g", node("x", "data.set"))], vec![edge("c", "g")]);
    assert_eq!(seen(&compile(&good).unwrap(), "x"), ["t", "a", "b", "c"]);
    check(&chain_and(vec![group()], vec![edge("c", "g")]), &[("empty_container", "g", "/nodes/4")]);
    let only_last = chain_and(vec![group(), inside("g", last("x"))], vec![edge("c", "g")]);
    check(&only_last, &[("empty_container", "g", "/nodes/4")]);
    let across = vec![edge("c", "g"), edge("c", "x")];
    check(
        &chain_and(vec![group(), inside("g", node("x", "data.set"))], across),
        &[("edge_across_wall", "c-x", "/edges/4")],
    );
    let of = |parent: &str| chain_and(vec![inside(parent, node("x", "data.set"))], vec![edge("c", "x")]);
    check(&of("nobody"), &[("unknown_parent", "x", "/nodes/4/parentId")]);
    let wrong = check(
        &of("a"),
        &[("parent_is_no_container", "x", "/nodes/4/parentId"), ("edge_across_wall", "c-x", "/edges/3")][..1],
    );
    assert_eq!(wrong[0].hint, "draw it into a container, or remove parentId");
    let trigger = chain_and(vec![group(), inside("g", node("x", "trigger.manual"))], vec![edge("c", "g")]);
    check(&trigger, &[("trigger_in_container", "x", "/nodes/5/parentId"), ("empty_container", "g", "/nodes/4")]);
}
