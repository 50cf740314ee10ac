//! Containers: what opens, what ends with what, in graphs of a few nodes.

use capstan_engine::core::decide::IllegalEvent;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::outcome::{Closed, StepError, Wake};
use capstan_engine::core::result::closed;
use capstan_engine::core::state::{Phase, State, StepIx};
use serde_json::Value;

use crate::driver::key;
use crate::script::*;

const EACH: &str = "start -> each\n each -> after\n each[a b] 2\n a -> b\n";
const TOLERANT: &str = "start -> each\n each -> after\n each[a b] 2 1\n a -> b\n";
const NESTED: &str = "start -> each\n start -> c\n each[inner a] 1\n inner[x] 2\n inner -> a\n";

/// What the frames of a container came to.
fn came(graph: &Graph, state: &State, step: StepIx) -> Vec<Closed> {
    match closed(graph, state, step) {
        Some(Wake::Closed { frames, .. }) => frames,
        other => panic!("{other:?}"),
    }
}

#[test]
fn as_many_frames_open_as_may_and_the_next_when_one_has_ended() {
    let graph = graph(EACH);
    check(&graph, &[], "each running\n after pending\n goes on");
    let two =
        "each running\n after pending\n each[0]/a running\n each[0]/b pending\n each[1]/a running\n each[1]/b pending";
    check(&graph, &[opened("each", 3)], &format!("{two}\n goes on"));
    check(
        &graph,
        &[opened("each", 3), done("each[1]/a"), done("each[1]/b")],
        "each running\n after pending\n each[0]/a running\n each[0]/b pending\n each[1]/a completed on out
         each[1]/b completed on out\n each[2]/a running\n each[2]/b pending\n goes on",
    );
}

#[test]
fn a_container_runs_again_once_its_frames_have_ended() {
    let graph = graph(EACH);
    let mut events = vec![opened("each", 2), done("each[0]/a"), done("each[0]/b"), done_on("each[1]/a", "alt")];
    let each = after(&graph, &[]).find(&graph, &key("each")).unwrap();
    let state = after(&graph, &events);
    assert_eq!(
        (state.step(each).phase.clone(), state.runnable(at(0)).collect::<Vec<_>>()),
        (Phase::Closed, vec![each])
    );
    // In the second frame `a` led to nothing that ran, so it is the last one.
    let expected = [Closed::Completed(Value::Null), Closed::Completed(Value::Null)];
    assert_eq!(came(&graph, &state, each), expected);
    events.push(done("each"));
    check(
        &graph,
        &events,
        "each completed on out\n after running\n each[0]/a completed on out\n each[0]/b completed on out
         each[1]/a completed on alt\n each[1]/b skipped\n goes on",
    );
}

#[test]
fn a_failure_in_a_frame_ends_all_frames_and_its_container_may_fail() {
    let graph = graph(EACH);
    let events = [opened("each", 3), failed("each[0]/a", "boom")];
    let frames = "each[0]/a failed with boom\n each[0]/b pending\n each[1]/a cancelled\n each[1]/b pending";
    check(&graph, &events, &format!("each running\n after pending\n {frames}\n goes on"));
    let state = after(&graph, &events);
    let boom = StepError { class: "boom".into(), reason: "it broke".into() };
    let each = state.find(&graph, &key("each")).unwrap();
    assert_eq!(came(&graph, &state, each), [Closed::Failed(boom), Closed::Cancelled, Closed::Cancelled]);
    assert_eq!(refusal(&graph, &events, done("each[1]/a")), IllegalEvent::NotActive(key("each[1]/a")));
    let [opened, failure] = events;
    check(
        &graph,
        &[opened, failure, failed("each", "boom")],
        &format!("each failed with boom\n after pending\n {frames}\n failed: boom by each"),
    );
}

#[test]
fn some_frames_may_fail() {
    let graph = graph(TOLERANT);
    let one = [opened("each", 3), failed("each[0]/a", "boom")];
    let state = after(&graph, &one);
    assert_eq!(state.frames().len(), 4, "the third opens");
    check(
        &graph,
        &[one[0].clone(), one[1].clone(), failed("each[2]/a", "boom")],
        "each running\n after pending\n each[0]/a failed with boom\n each[0]/b pending\n each[1]/a cancelled
         each[1]/b pending\n each[2]/a failed with boom\n each[2]/b pending\n goes on",
    );
}

#[test]
fn containers_lie_in_containers_and_end_with_them() {
    let graph = graph(NESTED);
    let inner = [opened("each", 2), opened("each[0]/inner", 2), done("each[0]/inner[1]/x")];
    check(
        &graph,
        &inner,
        "each running\n c running\n each[0]/inner running\n each[0]/a pending\n each[0]/inner[0]/x running
         each[0]/inner[1]/x completed on out\n goes on",
    );
    let [one, two, three] = inner;
    check(
        &graph,
        &[one.clone(), two.clone(), three, done("each[0]/inner[0]/x"), done("each[0]/inner"), done("each[0]/a")],
        "each running\n c running\n each[0]/inner completed on out\n each[0]/a completed on out
         each[0]/inner[0]/x completed on out\n each[0]/inner[1]/x completed on out
         each[1]/inner running\n each[1]/a pending\n goes on",
    );
    check(
        &graph,
        &[one, two, failed("c", "boom")],
        "each cancelled\n c failed with boom\n each[0]/inner cancelled\n each[0]/a pending
         each[0]/inner[0]/x cancelled\n each[0]/inner[1]/x cancelled\n failed: boom by c",
    );
}

#[test]
fn frames_of_a_second_attempt_have_numbers_of_their_own() {
    let graph = graph("start -> each\n each[a] 5\n");
    let state = after(&graph, &[opened("each", 2), failed("each[1]/a", "boom"), retry("each", 1), opened("each", 2)]);
    let scopes: Vec<&str> = state.frames().iter().map(|frame| frame.scope.as_str()).collect();
    assert_eq!(scopes, ["", "each[0]", "each[1]", "each[2]", "each[3]"]);
    assert_eq!(state.frames().iter().map(|frame| frame.index).collect::<Vec<_>>(), [0, 0, 1, 0, 1]);
}

#[test]
fn only_a_container_opens_frames_and_only_of_its_own() {
    let graph = graph(EACH);
    assert_eq!(refusal(&graph, &[], opened("after", 1)), IllegalEvent::NotActive(key("after")));
    assert_eq!(refusal(&graph, &[], opened("each", 0)), IllegalEvent::WrongPhase(key("each")));
    assert_eq!(refusal(&graph, &[opened("each", 1)], opened("each", 1)), IllegalEvent::WrongPhase(key("each")));
    assert_eq!(refusal(&graph, &[opened("each", 1)], done("each")), IllegalEvent::WrongPhase(key("each")));
    for unknown in ["a", "each[1]/a", "each[0]/after"] {
        assert_eq!(refusal(&graph, &[opened("each", 1)], done(unknown)), IllegalEvent::UnknownStep(key(unknown)));
    }
}
