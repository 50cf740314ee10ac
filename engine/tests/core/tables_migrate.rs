//! Migration to another version: what fits, and what is said of what does not.

use capstan_engine::core::fold::fold;
use capstan_engine::core::journal::{Entry, Event};
use capstan_engine::core::migrate::misfits;
use capstan_engine::core::restart::Past;
use capstan_engine::core::state::State;

use crate::driver::{input, key, start_of_time};
use crate::script::*;

const ROW: &str = "start -> a\n a -> b\n b -> c\n c -> d\n";

/// What does not fit, in words; none if the new version folds the journal, too.
fn told(old: &str, events: &[Event], new: &str) -> Vec<String> {
    let (old, new) = (graph(old), graph(new));
    let state = after(&old, events);
    let entry = |(n, event): (usize, &Event)| Entry { at: at(n as u32 + 1), event: event.clone() };
    let entries: Vec<Entry> = events.iter().enumerate().map(entry).collect();
    let (trigger, input) = (key("start"), input());
    let past = Past { graph: &old, state: &state, entries: &entries, trigger: &trigger, input: &input };
    let found = misfits(past, &new);
    if found.is_empty() {
        stand_alike(&old, &state, &new, &entries);
    }
    found.iter().map(ToString::to_string).collect()
}

/// All that has run stands in the new version as it does in the old one, and nothing else has run.
fn stand_alike(
    old: &capstan_engine::core::graph::Graph,
    state: &State,
    new: &capstan_engine::core::graph::Graph,
    entries: &[Entry],
) {
    let folded = fold(new, &key("start"), input(), start_of_time(), entries).unwrap();
    let has_run = |line: &String| !line.ends_with(" pending") && !line.ends_with(" skipped");
    let mut lines =
        [lines(old, state), lines(new, &folded)].map(|lines| lines.into_iter().filter(has_run).collect::<Vec<_>>());
    lines.iter_mut().for_each(|lines| lines.sort());
    assert_eq!(lines[0], lines[1]);
}

fn check_fits(old: &str, events: &[Event], new: &str) {
    assert_eq!(told(old, events, new), [""; 0], "{new}");
}

#[test]
fn what_has_not_run_may_differ_freely() {
    let events = [done("a"), retry("b", 1)];
    for new in [
        ROW,
        "start -> a\n a -> b\n b -> x\n x -> y\n",
        "start -> a\n a -> b\n b.alt -> x\n b ! -> y\n c -> d\n b -> c\n",
        "start -> a\n a -> b\n b -> c\n c -> d\n a ~> undo\n",
        "start -> a\n a -> b\n b -> each\n each[x] 1\n",
        "start -> a\n a -> b\n b -> j\n a.alt -> z\n z -> j\n",
        "start -> a\n a -> b\n b -> c\n b config {\"more\": 1}\n b {\"retry\": {\"attempts_max\": 9}}\n",
    ] {
        check_fits(ROW, &events, new);
    }
}

#[test]
fn what_has_run_has_to_be_there_of_the_same_type_and_in_the_same_place() {
    let events = [done("a"), done("b"), retry("c", 1)];
    let gone = told(ROW, &events, "start -> a\n a -> c\n c -> d\n");
    assert_eq!(gone, ["step b: journal entry 2 could not have come about: step b does not exist in this execution"]);
    let other = told(ROW, &events, "start -> a\n a -> b\n b -> c\n c[x] 1\n");
    assert!(other.iter().any(|text| text == "step c: it has run as test.step, and is now test.container"), "{other:?}");
    let contained = told(ROW, &events, "start -> a\n a -> each\n each[b c] 1\n b -> c\n");
    assert!(
        contained.iter().any(|text| text.starts_with("step b: journal entry 2 could not have come about")),
        "{contained:?}"
    );
    let renamed = told(ROW, &events, "start2 -> a\n a -> b\n b -> c\n");
    assert!(renamed[0].starts_with("step start: it cannot begin as it did"), "{renamed:?}");
}

#[test]
fn nothing_begins_or_is_skipped_by_the_exchange_alone() {
    let events = [done("a"), done("b"), retry("c", 1)];
    let begun = told(ROW, &events, "start -> a\n a -> b\n b -> c\n a -> x\n");
    assert_eq!(begun, ["step x: it is new, and would already have begun: what leads to it has ended"]);
    let detoured = told(ROW, &events, "start -> a\n a -> b\n b -> x\n x -> c\n");
    assert_eq!(detoured, ["step c: journal entry 3 could not have come about: step c is not active"]);
    let skipped = told(ROW, &events, "start -> a\n a -> b\n b -> c\n b.alt -> d\n");
    assert_eq!(skipped, ["step d: it is pending, and would be skipped"]);
}

#[test]
fn joins_that_wait_may_wait_for_others_but_not_fire_by_the_exchange() {
    let old = "start -> a\n start -> b\n a -> j\n b -> j\n j -> k\n";
    let events = [done("a"), retry("b", 1)];
    check_fits(old, &events, "start -> a\n start -> b\n a -> j\n b -> m\n m -> j\n j -> k\n");
    let fires = told(old, &events, &format!("{old} j {{\"join\": \"any\"}}\n"));
    assert_eq!(fires, ["step j: it is pending, and would be running"]);
}

#[test]
fn conditions_behind_what_has_ended_stay_as_they_were_judged() {
    let old = "start -> a\n a if steps.a.x -> b\n a -> c\n b -> d\n";
    let events = [done("a"), retry("c", 1)];
    check_fits(old, &events, &format!("{old} c -> e\n"));
    let text = "step a: the condition of edge \"aifsteps.a.y->b\" behind it was not judged when it ended";
    let other = told(old, &events, "start -> a\n a if steps.a.y -> b\n a -> c\n b -> d\n");
    assert!(other.contains(&text.to_owned()), "{other:?}");
}

#[test]
fn frames_that_are_open_stay_open_and_no_other_opens() {
    let old = "start -> each\n each[x y] 2\n x -> y\n each -> z\n";
    let events = [opened("each", 3), done("each[0]/x"), retry("each[0]/y", 1)];
    check_fits(old, &events, "start -> each\n each[x y w] 2\n x -> y\n y -> w\n each -> q\n");
    let wider = told(old, &events, "start -> each\n each[x y] 3\n x -> y\n each -> z\n");
    assert!(wider.iter().any(|text| text == "each[2]: this run of a graph would be open already"), "{wider:?}");
}

#[test]
fn a_pause_and_an_incident_are_kept() {
    let broken = Event::Poisoned { reason: "it broke".into(), is_full: false };
    check_fits(ROW, &[done("a"), broken.clone()], "start -> a\n a -> b\n b -> x\n");
    let undo = "start -> a\n a -> b\n a ~> undo\n";
    let events = [done("a"), failed("b", "boom"), failed("undo", "worse")];
    check_fits(undo, &events, "start -> a\n a -> b\n b -> c\n a ~> undo\n");
    let handled = told(undo, &events, "start -> a\n a -> b\n b ! -> c\n a ~> undo\n");
    assert!(!handled.is_empty());
}
