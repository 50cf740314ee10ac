//! What of a config is filled in when: an expression that nobody needs the value of does no harm.
#![allow(clippy::unwrap_used, reason = "tests")]

use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey};
use capstan_engine::core::simulate::{Case, Simulated, Stubs, Unstubbed, simulate};
use capstan_engine::core::state::End;
use capstan_node_types::registry::Registry;
use capstan_node_types::simulate::{LocalRunner, WALL_TIME_MAX};
use chrono::DateTime;
use serde_json::{Value, json};
use uuid::Uuid;

fn node(id: &str, kind: &str, config: Value) -> Value {
    json!({ "id": id, "type": kind, "data": { "config": config } })
}

fn inner(parent: &str, id: &str, kind: &str, config: Value) -> Value {
    let mut node = node(id, kind, config);
    node["parentId"] = json!(parent);
    node
}

/// What becomes of an execution of a graph that starts at `start` with an edge to the first of these nodes.
fn run(mut nodes: Vec<Value>, mut edges: Vec<Value>) -> Simulated {
    edges.push(json!({ "id": "first", "source": "start", "target": nodes[0]["id"] }));
    nodes.push(node("start", "trigger.manual", json!({})));
    let registry = Registry::standard();
    let graph = registry.compile(&json!({ "nodes": nodes, "edges": edges })).unwrap();
    let case = Case {
        graph: &graph,
        trigger: &StepKey::root(NodeId::from("start")),
        input: json!({}),
        now: DateTime::UNIX_EPOCH,
        execution_id: ExecutionId(Uuid::nil()),
        stubs: &Stubs::default(),
        unstubbed: Unstubbed::Fail,
        timeout_ms: None,
        cancel: None,
    };
    simulate(&case, &LocalRunner::new(&registry, WALL_TIME_MAX).unwrap()).unwrap()
}

/// Class of the error that the execution ended with; none if it completed.
fn class(simulated: &Simulated) -> Option<String> {
    match simulated.state.end().unwrap() {
        End::Failed { error, .. } => Some(error.class.clone()),
        End::Completed => None,
        End::Cancelled { .. } => Some("cancelled".into()),
    }
}

/// Outputs of the nodes outside of containers that completed.
fn outputs(simulated: &Simulated, id: &str) -> Option<Value> {
    let mut settled = simulated.settled();
    let settlement = settled.find(|(step, _)| **step == StepKey::root(NodeId::from(id)));
    settlement.filter(|(_, settlement)| settlement.error.is_none()).map(|(_, settlement)| settlement.output.clone())
}

/// A loop whose turns fail with the class `odd`.
fn failing(mut config: Value) -> Vec<Value> {
    config["max_iterations"] = json!(3);
    vec![node("loop", "logic.loop", config), inner("loop", "bad", "debug.fail", json!({ "class": "odd" }))]
}

#[test]
fn a_loop_fails_with_the_error_of_its_turn_whatever_it_would_look_at() {
    for config in [
        json!({ "until": "{{ last.done }}" }),
        json!({ "next": "{{ last.draft }}" }),
        json!({ "plateau": { "score": "{{ last.score }}", "turns": 1 } }),
        json!({ "until": "{{ last.done }}", "next": "{{ last.draft }}" }),
    ] {
        assert_eq!(class(&run(failing(config.clone()), Vec::new())).as_deref(), Some("odd"), "{config}");
    }
}

#[test]
fn an_error_edge_of_a_loop_is_taken_for_the_class_of_its_turn() {
    let mut nodes = failing(json!({ "until": "{{ last.done }}" }));
    nodes.push(node("mend", "debug.noop", json!({ "output": "mended" })));
    let data = json!({ "kind": "error", "error_classes": ["odd"] });
    let simulated = run(nodes, vec![json!({ "id": "e", "source": "loop", "target": "mend", "data": data })]);
    assert_eq!((class(&simulated), outputs(&simulated, "mend")), (None, Some(json!("mended"))));
}

#[test]
fn a_try_around_a_loop_catches_the_class_of_its_turn() {
    let mut nodes = failing(json!({ "until": "{{ last.done }}", "next": "{{ last.draft }}" }));
    nodes[0]["parentId"] = json!("try");
    nodes.insert(0, node("try", "logic.try", json!({ "catch": ["odd"] })));
    let simulated = run(nodes, Vec::new());
    assert_eq!(class(&simulated), None);
    assert_eq!(outputs(&simulated, "try").unwrap()["error"]["class"], "odd");
}

#[test]
fn a_loop_hands_nothing_on_once_no_turn_follows() {
    // What comes to nothing in the last turn alone: it has no `more`.
    let turn = json!({ "output": "{{ {'done': true} if index == 1 else {'done': false, 'more': 7} }}" });
    let plateau = json!({ "score": "{{ 1 if last.done else 2 }}", "turns": 1 });
    for (config, ended_by) in [
        (json!({ "until": "{{ last.done }}" }), "until"),
        (json!({ "until": "{{ last.done }}", "plateau": { "score": "{{ last.more }}", "turns": 1 } }), "until"),
        (json!({ "plateau": plateau }), "plateau"),
        (json!({ "max_iterations": 2, "at_max": "done" }), "max_iterations"),
    ] {
        let mut config = config;
        config["next"] = json!("{{ last.more }}");
        if config["max_iterations"].is_null() {
            config["max_iterations"] = json!(5);
        }
        let simulated = run(
            vec![node("loop", "logic.loop", config), inner("loop", "turn", "debug.noop", turn.clone())],
            Vec::new(),
        );
        let output = outputs(&simulated, "loop").unwrap_or_else(|| panic!("{ended_by}: {:?}", class(&simulated)));
        assert_eq!((&output["ended_by"], &output["turns"]), (&json!(ended_by), &json!(2)));
    }
}

#[test]
fn a_next_that_cannot_be_evaluated_still_fails_a_loop_that_would_go_on() {
    let config = json!({ "max_iterations": 3, "until": false, "next": "{{ last.nothing }}" });
    let nodes = vec![node("loop", "logic.loop", config), inner("loop", "turn", "debug.noop", json!({ "output": {} }))];
    assert_eq!(class(&run(nodes, Vec::new())).as_deref(), Some("expression"));
}

#[test]
fn a_switch_looks_at_no_case_behind_the_first_that_holds() {
    let switch = |cases: Value| run(vec![node("switch", "logic.switch", json!({ "cases": cases }))], Vec::new());
    let case = |port: &str, when: &str| json!({ "port": port, "when": when });
    let (no, yes, bad) = ("{{ 1 > 2 }}", "{{ 2 > 1 }}", "{{ input.nothing > 1 }}");
    let simulated = switch(json!([case("a", no), case("b", yes), case("c", bad)]));
    assert_eq!(outputs(&simulated, "switch"), Some(json!({ "port": "b" })));
    let simulated = switch(json!([case("a", no), case("c", bad), case("b", yes)]));
    assert_eq!(class(&simulated).as_deref(), Some("expression"), "it comes before the one that holds");
}
