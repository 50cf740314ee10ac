//! That an execution is ending before it has ended: how, why, since when, and which signals it still takes.

use capstan_engine::core::clean_up::{Ending, Fate, Progress, may_take};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::journal::{Entry, Event};

use crate::driver::key;
use crate::script::*;

const SAGA: &str = "start -> a\n a -> b\n a ~> undo_a\n z {\"finally\": true}\n";

fn ending(graph: &Graph, events: &[Event]) -> Option<Ending> {
    let entries: Vec<Entry> =
        (1..).zip(events).map(|(position, event)| Entry { at: at(position), event: event.clone() }).collect();
    Ending::of(graph, &after(graph, events), entries.iter(), false)
}

/// Outcome, stage, the position since when, and why.
fn told(graph: &Graph, events: &[Event]) -> Option<(Fate, Progress, u32, String)> {
    let ending = ending(graph, events)?;
    let since = (0..100).find(|&position| at(position) == ending.since).unwrap();
    Some((ending.outcome, ending.stage.unwrap(), since, ending.reason))
}

#[test]
fn a_cancel_is_told_from_when_it_is_taken_in_through_its_clean_up_and_after_the_end() {
    let graph = graph(SAGA);
    let events = [done("a"), cancelled(), cancelled(), done("undo_a"), done("z")];
    let cancelled = |stage| Some((Fate::Cancelled, stage, 2, "enough".to_owned()));
    assert_eq!(told(&graph, &events[..1]), None);
    assert_eq!(told(&graph, &events[..2]), cancelled(Progress::Undo));
    assert_eq!(told(&graph, &events[..3]), cancelled(Progress::Undo), "the first one counts");
    assert_eq!(told(&graph, &events[..4]), cancelled(Progress::Finally));
    assert_eq!(told(&graph, &events), cancelled(Progress::Ended));
    let forced = ending(&graph, &[done("a"), events[1].clone(), forced()]).unwrap();
    assert_eq!((forced.forced, forced.reason.as_str(), forced.since), (true, "now", at(2)));
}

#[test]
fn a_failure_is_told_with_its_step_and_a_completed_execution_is_not_ending() {
    let graph = graph(SAGA);
    let failing = [done("a"), failed("b", "boom")];
    let of_b = ending(&graph, &failing).unwrap();
    assert_eq!((of_b.outcome, of_b.stage, of_b.since), (Fate::Failed, Some(Progress::Undo), at(2)));
    assert_eq!((of_b.class.as_deref(), of_b.step), (Some("boom"), Some(key("b"))));
    let late = [&failing[..], &[cancelled()]].concat();
    assert_eq!(ending(&graph, &late).unwrap().outcome, Fate::Failed, "a cancel changes nothing of that");
    let forced = [&failing[..], &[forced()]].concat();
    assert_eq!(told(&graph, &forced), Some((Fate::Cancelled, Progress::Ended, 3, "now".into())));
    let timed_out = ending(&graph, &[done("a"), Event::TimedOut]).unwrap();
    assert_eq!((timed_out.since, timed_out.class.as_deref()), (at(2), Some("execution_timeout")));
    assert_eq!(ending(&graph, &[done("a"), done("b")]), None, "what runs at last is no ending");
    assert_eq!(ending(&graph, &[done("a"), done("b"), done("z")]), None);
    let requested = Ending::requested(Some(of_b_again(&graph)), "stop".into(), false, at(9));
    assert_eq!(requested.outcome, Fate::Failed, "a cancel that is not forced changes nothing here either");
    let requested = Ending::requested(Some(of_b_again(&graph)), "stop".into(), true, at(9));
    assert_eq!((requested.outcome, requested.stage), (Fate::Cancelled, Some(Progress::Requested)));
}

fn of_b_again(graph: &Graph) -> Ending {
    ending(graph, &[done("a"), failed("b", "boom")]).unwrap()
}

#[test]
fn a_signal_is_taken_by_what_waits_and_by_clean_up_that_may_come_to_wait() {
    let graph = graph(SAGA);
    let takes = |events: &[Event], soon: bool, name: &str, nodes: &[&str]| {
        may_take(&graph, &after(&graph, events), soon, name, |node| nodes.contains(&node.id.as_str()))
    };
    let waits = [done("a"), waiting("b", None, Some("go"))];
    assert!(takes(&waits, false, "go", &[]));
    assert!(!takes(&waits, true, "go", &[]), "a cancel is before it");
    assert!(!takes(&waits, true, "go", &["b"]), "b is no clean-up");
    assert!(takes(&waits, true, "go", &["undo_a"]), "what undoes may come to wait for it");
    let undoing = [&waits[..], &[cancelled(), waiting("undo_a", None, Some("undone"))]].concat();
    assert!(!takes(&undoing, false, "go", &["b"]));
    assert!(takes(&undoing, false, "undone", &[]) && takes(&undoing, true, "undone", &[]));
    assert!(takes(&undoing, false, "last", &["z"]));
    let undone = [&undoing[..3], &[done("undo_a")]].concat();
    assert!(!takes(&undone, false, "undone", &["undo_a"]), "it has run");
}
