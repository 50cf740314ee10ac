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

/// The same in words.
fn words(lines: &str, events: &[Event]) -> Vec<String> {
    let graph = graph(lines);
    explain(&graph, &after(&graph, events)).iter().map(ToString::to_string).collect()
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
    let event = json!([{ "waits_for": "event", "step": step("a"), "until": until(50) }]);
    assert_eq!(reasons(line, &[waiting("a", Some(50), Some("$event:a"))]), event);
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

#[test]
fn each_reason_is_a_sentence() {
    let line = "start -> a\n";
    assert_eq!(words(line, &[]), ["a waits for a worker that runs it"]);
    let until = at(50).format("%Y-%m-%d %H:%M:%S UTC").to_string();
    assert_eq!(words(line, &[waiting("a", Some(50), None)]), [format!("a waits until {until}")]);
    assert_eq!(words(line, &[waiting("a", None, Some("go"))]), ["a waits for the signal \"go\""]);
    assert_eq!(
        words(line, &[waiting("a", Some(50), Some("$approval:a"))]),
        [format!("a waits for the answer of a person, until {until} at the latest")]
    );
    let again = words(line, &[retry("a", 1)]).remove(0);
    assert!(again.starts_with("a failed 1 time, the last one with http_5xx, it broke: it runs again at "), "{again}");
    assert_eq!(words(line, &[poisoned()]), ["a person has to look at it: three workers were lost"]);
    let join = words("start -> a\n start -> b\n a -> j\n b -> j\n", &[done("a")]);
    assert_eq!(join[1], "j waits for more branches: 1 came; still to come from b (running)");
    let frames = words("start -> each\n each[a] 1\n", &[opened_until("each", 3, 60), done("each[0]/a")]);
    assert!(frames[0].starts_with("each runs its graph 3 times: 1 ended, 1 under way, until "), "{frames:?}");
}
