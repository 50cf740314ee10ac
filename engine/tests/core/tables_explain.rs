//! Why an execution does not move.

use capstan_engine::core::explain::explain;
use capstan_engine::core::journal::Event;
use serde_json::{Value, json};

use crate::script::*;

/// The reasons after `events`, as they are answered.
fn reasons(lines: &str, events: &[Event]) -> Value {
    let graph = graph(lines);
    json!(explain(&graph, &after(&graph, events)))
}

fn step(id: &str) -> Value {
    json!({ "node_id": id, "scope": "" })
}

#[test]
fn what_may_run_waits_for_a_worker() {
    assert_eq!(reasons("start -> a\n", &[]), json!([{ "waits_for": "worker", "step": step("a") }]));
    assert_eq!(reasons("start -> a\n", &[done("a")]), json!([]), "nothing waits after the end");
}

#[test]
fn times_signals_and_next_attempts_are_told() {
    let line = "start -> a\n";
    let until = |seconds| json!(at(seconds));
    let time = json!([{ "waits_for": "time", "step": step("a"), "until": until(50) }]);
    assert_eq!(reasons(line, &[waiting("a", Some(50), None)]), time);
    let signal = json!([{ "waits_for": "signal", "step": step("a"), "name": "go" }]);
    assert_eq!(reasons(line, &[waiting("a", None, Some("go"))]), signal);
    let either = json!([{ "waits_for": "signal", "step": step("a"), "name": "go", "until": until(50) }]);
    assert_eq!(reasons(line, &[waiting("a", Some(50), Some("go"))]), either);
    let person = json!([{ "waits_for": "approval", "step": step("a"), "until": until(50) }]);
    assert_eq!(reasons(line, &[waiting("a", Some(50), Some("$approval:a"))]), person);
    let error = json!({ "class": "http_5xx", "reason": "it broke" });
    let again = json!([{
        "waits_for": "next_attempt", "step": step("a"), "until": until(10), "attempts": 1, "error": error,
    }]);
    assert_eq!(reasons(line, &[retry("a", 1)]), again);
}

#[test]
fn a_join_tells_which_branches_it_lacks() {
    let told = reasons("start -> a\n start -> b\n a -> j\n b -> j\n", &[done("a")]);
    let lacks = json!([{ "step": step("b"), "status": "running" }]);
    let join = json!({ "waits_for": "branches", "step": step("j"), "taken": 1, "lacks": lacks });
    assert_eq!(told, json!([{ "waits_for": "worker", "step": step("b") }, join]));
}

#[test]
fn a_container_tells_how_far_its_frames_are() {
    let events = [opened_until("each", 3, 60), done("each[0]/a")];
    let told = reasons("start -> each\n each[a] 1\n", &events);
    let frames = json!({
        "waits_for": "frames", "step": step("each"), "items": 3, "ended": 1, "open": 1, "until": at(60),
    });
    let inner = json!({ "waits_for": "worker", "step": { "node_id": "a", "scope": "each[1]" } });
    assert_eq!(told, json!([frames, inner]));
}

#[test]
fn an_incident_waits_for_a_person() {
    let told = json!([{ "waits_for": "person", "reason": "three workers were lost", "steps": [step("a")] }]);
    assert_eq!(reasons("start -> a\n", &[poisoned()]), told);
}
