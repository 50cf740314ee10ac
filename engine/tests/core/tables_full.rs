//! Journals that have no room for more: what ends an execution then, and that what it did is undone.

use capstan_engine::core::decide::IllegalEvent;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::journal::{ENTRIES_MAX, Event, Resolution, WORK_ENTRIES_MAX};
use capstan_engine::core::state::State;
use serde_json::json;

use crate::driver::key;
use crate::script::*;

const SAGA: &str = "start -> a\n a -> b\n a ~> undo_a\n at_last {\"finally\": true}\n";

/// What fills a journal, up to that many entries: `a` is done, and `b` is tried again and again.
fn entries(count: u32) -> Vec<Event> {
    let tries = (1..count).map(|attempt| retry("b", attempt));
    [done("a")].into_iter().chain(tries).collect()
}

/// At the limit, as a worker leaves it.
fn full() -> Vec<Event> {
    [entries(WORK_ENTRIES_MAX), vec![poisoned()]].concat()
}

fn followed(graph: &Graph, state: &State, events: &[Event]) -> State {
    let mut state = state.clone();
    for event in events {
        go(graph, &mut state, event).unwrap_or_else(|refusal| panic!("{event:?}: {refusal}"));
    }
    state
}

#[test]
fn a_full_journal_has_room_for_the_end_alone() {
    let graph = graph(SAGA);
    let before = after(&graph, &entries(WORK_ENTRIES_MAX - 1));
    assert!(!before.has_outgrown() && !before.is_full());
    let state = after(&graph, &full());
    assert!(state.has_outgrown() && state.is_full());
    for (step, resolution, fits) in [
        (None, Resolution::Fail, true),
        (Some(key("b")), Resolution::Fail, false),
        (Some(key("b")), Resolution::Skip, false),
        (Some(key("b")), RETRY, false),
        (None, RETRY, false),
    ] {
        assert_eq!(!state.has_no_room_for(step.as_ref(), &resolution), fits, "{step:?} {resolution:?}");
    }
    let done_of_it = "a completed on out\n b cancelled after 99999 with http_5xx";
    let told = |state: &State| lines(&graph, state).join("\n");
    for (ending, end) in [(cancelled(), "cancelled: enough"), (resolved("", Resolution::Fail), "failed: journal_full")]
    {
        let ending = followed(&graph, &state, &[ending]);
        assert!(!ending.is_full() && ending.incident().is_none(), "the end has room of its own");
        assert_eq!(
            told(&ending),
            format!("{done_of_it}\n undo_a running\n at_last pending\n goes on").replace("\n ", "\n")
        );
        let ended = followed(&graph, &ending, &[done("undo_a"), done("at_last")]);
        let undone = "undo_a completed on out\n at_last completed on out";
        assert_eq!(told(&ended), format!("{done_of_it}\n {undone}\n {end}").replace("\n ", "\n"));
    }
    let forced = followed(&graph, &state, &[forced()]);
    assert!(told(&forced).ends_with("cancelled: now") && told(&forced).contains("undo_a pending"), "{}", told(&forced));
}

#[test]
fn nobody_fails_an_execution_as_a_whole_that_has_room_and_a_cancel_of_its_incident_waits_for_nothing() {
    let graph = graph(SAGA);
    let events = [entries(5), vec![poisoned()]].concat();
    assert_eq!(refusal(&graph, &events, resolved("", Resolution::Fail)), IllegalEvent::StepNeeded);
    let state = followed(&graph, &after(&graph, &events), &[cancelled()]);
    assert!(lines(&graph, &state).contains(&"undo_a pending".to_owned()));
}

#[test]
fn what_is_under_way_when_the_journal_is_full_is_still_taken_in_as_journals_of_before_have_it() {
    let graph = graph(SAGA);
    let again =
        followed(&graph, &after(&graph, &full()), &[resolved("", RETRY), poisoned(), resolved("b", Resolution::Skip)]);
    assert!(again.incident().is_none());
    assert!(lines(&graph, &followed(&graph, &again, &[done("b")])).contains(&"b completed on out".to_owned()));
}

#[test]
fn the_end_has_a_bound_too() {
    let graph = graph(SAGA);
    let mut state = followed(&graph, &after(&graph, &full()), &[cancelled()]);
    let left = ENTRIES_MAX - state.position();
    for attempt in 1..=left {
        assert!(!state.is_full());
        go(&graph, &mut state, &retry("undo_a", attempt)).unwrap();
    }
    assert!(state.is_full() && !state.has_outgrown());
    assert!(state.has_no_room_for(None, &Resolution::Fail), "it is failing, or cancelled, already");
    let ended = followed(&graph, &state, &[poisoned(), forced()]);
    assert!(lines(&graph, &ended).contains(&"cancelled: now".to_owned()));
}

#[test]
fn that_an_execution_holds_too_much_is_an_entry_by_which_all_know_it() {
    let graph = graph(SAGA);
    let full = Event::Poisoned { reason: "it holds too much".into(), is_full: true };
    let work = after(&graph, &[done("a"), full.clone()]);
    assert!(work.has_outgrown() && work.is_full());
    assert!(!work.has_no_room_for(None, &Resolution::Fail) && work.has_no_room_for(None, &RETRY));
    let ending = followed(&graph, &work, &[cancelled()]);
    assert!(!ending.is_full() && ending.incident().is_none(), "the end has room of its own");
    let end = followed(&graph, &ending, &[full]);
    assert!(end.is_full() && !end.has_outgrown());
    assert!(end.has_no_room_for(None, &Resolution::Fail), "it is cancelled already");
}

#[test]
fn outputs_weigh_what_they_have_as_json() {
    let graph = graph(SAGA);
    let weight = |output| {
        let mut event = done("a");
        if let Event::Settled { settlement, .. } = &mut event {
            settlement.output = output;
        }
        after(&graph, &[event]).bytes()
    };
    assert_eq!(weight(json!("x".repeat(1_000))) - weight(json!("")), 1_000);
}
