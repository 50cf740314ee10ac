//! Restart from a step: what is kept, what runs again, and that the kept journal is one that could have come about.

use capstan_engine::core::chunk::Spill;
use capstan_engine::core::fold::fold;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::NodeId;
use capstan_engine::core::journal::{Entry, Event, Resolution};
use capstan_engine::core::restart::{Past, Plan, Unfit, plan};
use serde_json::json;

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

fn names(ids: &[NodeId]) -> String {
    ids.iter().map(NodeId::as_str).collect::<Vec<_>>().join(" ")
}

/// What runs again, which effects happen again, and what runs for the first time.
fn again(old: &str, events: &[Event], new: &str, from: &str) -> [String; 3] {
    let plan = restart(&graph(old).with_chunks(), events, &graph(new).with_chunks(), from).unwrap();
    [&plan.redone, &plan.repeated_effects, &plan.new].map(|ids| names(ids))
}

#[test]
fn effects_within_a_container_that_runs_again_are_told_and_so_is_what_runs_for_the_first_time() {
    let old = "start -> each\n each -> after\n each[a b c] 2\n a -> b\n b -> c\n";
    let events = [opened("each", 2), done("each[1]/a"), failed("each[0]/a", "boom"), failed("each", "boom")];
    assert_eq!(again(old, &events, old, "each"), ["each", "a b", "c after"]);
    let more = "start -> each\n each -> after\n each[a pay b c] 2\n a -> pay\n pay -> b\n b -> c\n";
    assert_eq!(again(old, &events, more, "each"), ["each", "a b", "pay c after"]);
    let new = "start -> a\n a -> pay\n pay -> b\n b -> after\n";
    assert_eq!(again("start -> a\n a -> b\n", &[done("a"), failed("b", "boom")], new, "b"), ["b", "b", "pay after"]);
}

#[test]
fn what_was_under_way_when_it_became_an_incident_may_happen_again() {
    assert_eq!(again(FIVE, &[done("a"), poisoned()], FIVE, "b"), ["b", "b", "c d e"]);
    let each = "start -> each\n each -> after\n each[a b c] 2\n a -> b\n b -> c\n";
    let events = [opened("each", 2), done("each[1]/a"), poisoned()];
    assert_eq!(again(each, &events, each, "each"), ["each", "a b", "c after"]);
}

#[test]
fn what_was_handed_over_is_taken_to_have_happened() {
    let lines = "start -> each\n each[in] 2\n in[x] 1\n each config {\"spill\": 4, \"chunk\": 3}\n";
    let Event::Opened { step, until, note, .. } = opened("each", 3) else { unreachable!() };
    let items = [json!([0, 1, 2]), json!([3, 4, 5]), json!([6])].into();
    let spill = Some(Spill { items: 7, chunk: 3, parallel: 2, share: 1, tolerated: 0 });
    let events = [Event::Opened { step, items, until, note, spill }, poisoned()];
    assert_eq!(again(lines, &events, lines, "each"), ["each", "x", ""]);
    let home = "start -> each\n each[in pay] 2\n in[x] 1\n";
    assert_eq!(again(lines, &events, home, "each"), ["each", "x", "pay"], "that one keeps its items");
    let short = [opened("each", 2), poisoned()];
    assert_eq!(again(lines, &short, lines, "each"), ["each", "", "x"], "these were not handed over");
    let apart = "start -> each\n each -> x\n each[y] 2\n";
    assert_eq!(again(lines, &events, apart, "each"), ["each x", "x", "y"], "it ran in chunks, though it will not");
    let gone = restart(&graph(lines).with_chunks(), &events, &graph("start -> each\n each[in] 2\n"), "each").unwrap();
    assert_eq!(names(&gone.dropped), "x");
    let late = lines.replace("in[x] 1", "in[x after] 1");
    let before = format!("{lines} each -> after\n");
    assert_eq!(again(&before, &events, &late, "each"), ["each", "x", "after"], "that one never ran");
}

#[test]
fn what_has_moved_into_a_container_or_out_of_one_may_happen_again() {
    let (out, within) = ("start -> a\n a -> b\n b -> c\n", "start -> b\n b -> each\n each[a c] 1\n");
    assert_eq!(again(out, &[done("a"), failed("b", "boom")], within, "b"), ["b", "b a", "each"]);
    let events = [done("b"), opened("each", 1), done("each[0]/a"), failed("each[0]/c", "boom"), failed("each", "boom")];
    assert_eq!(again(within, &events, out, "b"), ["a b c", "a b c", ""]);
}

#[test]
fn a_kept_step_that_is_another_now_be_it_within_is_told() {
    let lines = "start -> a\n a -> each\n each -> b\n each[c] 1\n";
    let events = [done("a"), opened("each", 1), done("each[0]/c"), done("each"), failed("b", "boom")];
    let changed = |new: &Graph| names(&restart(&graph(lines), &events, new, "b").unwrap().changed);
    assert_eq!(changed(&graph(lines)), "");
    for (node, expected) in [("a", "a"), ("c", "each")] {
        let mut new = graph(lines);
        let node = new.find(&node.into()).unwrap();
        new.nodes[node].config = json!({ "other": true });
        assert_eq!(changed(&new), expected);
    }
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
