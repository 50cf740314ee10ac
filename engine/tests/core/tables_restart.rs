//! Restart from a step: what is kept, what runs again, and that the kept journal is one that could have come about.

use capstan_engine::core::fold::fold;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::NodeId;
use capstan_engine::core::journal::{Entry, Event, Resolution};
use capstan_engine::core::restart::{Past, Plan, Unfit, plan};

use crate::driver::{input, key, start_of_time};
use crate::script::*;

const FIVE: &str = "start -> a\n a -> b\n b -> c\n c -> d\n d -> e\n";

fn restart(old: &Graph, events: &[Event], new: &Graph, from: &str) -> Result<Plan, Unfit> {
    let state = after(old, events);
    let entry = |(n, event): (usize, &Event)| Entry { at: at(n as u32 + 1), event: event.clone() };
    let entries: Vec<Entry> = events.iter().enumerate().map(entry).collect();
    let (trigger, input) = (key("start"), input());
    plan(Past { graph: old, state: &state, entries: &entries, trigger: &trigger, input: &input }, new, &from.into())
}

/// The plan in words, and how the new execution then stands.
fn check_plan(old: &str, events: &[Event], new: &str, from: &str, expected: &str, stands: &str) {
    let (old, new) = (graph(old), graph(new));
    let plan = restart(&old, events, &new, from).unwrap();
    let names = |ids: &[NodeId]| ids.iter().map(NodeId::as_str).collect::<Vec<_>>().join(" ");
    let told = format!("kept {}; redone {}; dropped {}", names(&plan.kept), names(&plan.redone), names(&plan.dropped));
    assert_eq!(told, expected);
    let containers = |id: &&NodeId| old.find(id).is_none_or(|node| old.nodes[node].container.is_none());
    let effects: Vec<_> = plan.redone.iter().filter(containers).collect();
    let told: Vec<_> = plan.repeated_effects.iter().filter(|id| plan.redone.contains(id)).collect();
    assert_eq!(told, effects, "all steps of these graphs have effects");
    let state = fold(&new, &key("start"), input(), start_of_time(), &plan.entries).unwrap();
    let now: Vec<String> = lines(&new, &state).into_iter().filter(|line| !line.ends_with(" pending")).collect();
    assert_eq!(now.join(", "), stands);
}

#[test]
fn steps_before_the_one_that_failed_are_kept() {
    let events = [done("a"), done("b"), done("c"), retry("d", 1), done("d"), failed("e", "boom")];
    let kept = "a completed on out, b completed on out, c completed on out, d completed on out, e running, goes on";
    check_plan(FIVE, &events, FIVE, "e", "kept a b c d; redone e; dropped ", kept);
    let from_c = "a completed on out, b completed on out, c running, goes on";
    check_plan(FIVE, &events, FIVE, "c", "kept a b; redone c d e; dropped ", from_c);
}

#[test]
fn a_corrected_version_may_have_other_steps() {
    let events = [done("a"), done("b"), done("c"), done("d"), failed("e", "boom")];
    let corrected = "start -> a\n a -> b\n b -> d\n d -> check\n check -> e\n";
    let stands = "a completed on out, b completed on out, d completed on out, check running, goes on";
    check_plan(FIVE, &events, corrected, "e", "kept a b d; redone e; dropped c", stands);
}

#[test]
fn what_was_undone_runs_again() {
    let saga = "start -> a\n a -> b\n b -> c\n a ~> undo_a\n";
    let events = [done("a"), done("b"), failed("c", "boom"), done("undo_a")];
    check_plan(saga, &events, saga, "c", "kept ; redone a b c; dropped ", "a running, goes on");
}

#[test]
fn a_failure_that_was_taken_is_kept() {
    let graph = "start -> a\n a ! -> other\n other -> b\n";
    let events = [failed("a", "boom"), done("other"), failed("b", "boom")];
    let stands = "a failed with boom, other completed on out, b running, goes on";
    check_plan(graph, &events, graph, "b", "kept a other; redone b; dropped ", stands);
}

#[test]
fn what_waited_until_a_person_said_what_became_of_it_runs_again() {
    let waits = [waiting("b", None, Some("go")), poisoned(), resolved("b", Resolution::Skip)];
    let events = [&[done("a")][..], &waits, &[done("b"), done("c"), failed("d", "boom")]].concat();
    let four = "start -> a\n a -> b\n b -> c\n c -> d\n";
    check_plan(four, &events, four, "d", "kept a; redone b c d; dropped ", "a completed on out, b running, goes on");
}

#[test]
fn containers_are_kept_as_a_whole() {
    let graph = "start -> each\n each -> after\n each[a] 2\n";
    let events = [opened("each", 2), done("each[1]/a"), done("each[0]/a"), done("each"), failed("after", "boom")];
    let stands =
        "each completed on out, after running, each[0]/a completed on out, each[1]/a completed on out, goes on";
    check_plan(graph, &events, graph, "after", "kept each; redone after; dropped ", stands);
    let half = [opened("each", 2), done("each[1]/a"), failed("each[0]/a", "boom"), failed("each", "boom")];
    check_plan(graph, &half, graph, "each", "kept ; redone each; dropped ", "each running, goes on");
}

#[test]
fn effects_within_a_container_that_runs_again_are_told_and_so_is_what_runs_for_the_first_time() {
    let names = |ids: &[NodeId]| ids.iter().map(NodeId::as_str).collect::<Vec<_>>().join(" ");
    let old = graph("start -> each\n each -> after\n each[a b c] 2\n a -> b\n b -> c\n");
    let events = [opened("each", 2), done("each[1]/a"), failed("each[0]/a", "boom"), failed("each", "boom")];
    let again = restart(&old, &events, &old, "each").unwrap();
    assert_eq!((names(&again.redone), names(&again.repeated_effects)), ("each".into(), "a b".into()));
    assert_eq!(names(&again.new), "after");

    let (old, new) = (graph("start -> a\n a -> b\n"), graph("start -> a\n a -> pay\n pay -> b\n b -> after\n"));
    let events = [done("a"), failed("b", "boom")];
    let corrected = restart(&old, &events, &new, "b").unwrap();
    assert_eq!((names(&corrected.kept), names(&corrected.redone)), ("a".into(), "b".into()));
    assert_eq!((names(&corrected.new), names(&corrected.changed)), ("pay after".into(), String::new()));
}

#[test]
fn a_kept_step_whose_node_is_another_now_is_told() {
    let (old, mut new) = (graph("start -> a\n a -> b\n"), graph("start -> a\n a -> b\n"));
    let node = new.find(&"a".into()).unwrap();
    new.nodes[node].config = serde_json::json!({ "other": true });
    let plan = restart(&old, &[done("a"), failed("b", "boom")], &new, "b").unwrap();
    assert_eq!((plan.kept, plan.changed), (vec!["a".into()], vec!["a".into()]));
}

#[test]
fn where_nothing_can_begin_is_said() {
    let five = graph(FIVE);
    let events = [done("a"), failed("b", "boom")];
    let refused = |from: &str| restart(&five, &events, &five, from).unwrap_err();
    assert_eq!(refused("nothing"), Unfit::UnknownStep("nothing".into()));
    assert_eq!(refused("start"), Unfit::NoBeginning("start".into()));
    assert_eq!(refused("c"), Unfit::NeverRan("c".into()));
    let other = graph("start2 -> a\n a -> b\n");
    assert!(matches!(restart(&five, &events, &other, "b"), Err(Unfit::OtherTrigger(_))));
}
