//! What an execution recorded, simulated over again, on its graph and on others.

use capstan_engine::core::fold::fold;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::core::journal::{Entry, Event};
use capstan_engine::core::restart::Past;
use capstan_engine::core::simulate::{
    Case, Change, Recording, Side, Simulated, Standing, Stopped, Stub, Stubs, Unstubbed, are_alike, differences,
    recorded, simulate,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::driver::{input, key, start_of_time};
use crate::script::{cancelled, done, done_despite, done_on, failed, graph, retry, started, unknown};
use crate::simulated::Nothing;

fn second(after: i64) -> DateTime<Utc> {
    start_of_time() + TimeDelta::seconds(after)
}

/// One event a second.
fn journal(events: &[Event]) -> Vec<Entry> {
    (1..).zip(events).map(|(after, event)| Entry { at: second(after), event: event.clone() }).collect()
}

/// What `events` on `was` got from outside, as far as it fits `now`.
fn record(was: &Graph, events: &[Event], now: &Graph) -> Recording {
    let (entries, trigger, input) = (journal(events), key("start"), input());
    let state = fold(was, &trigger, input.clone(), start_of_time(), &entries).unwrap();
    let past = Past { graph: was, state: &state, entries: &entries, trigger: &trigger, input: &input };
    recorded(past, start_of_time(), now, &Nothing)
}

/// Calls `check` with the case that a record makes, and what it comes to.
fn over<T>(graph: &Graph, Recording { stubs, cancel }: Recording, check: impl FnOnce(&Case<'_>, &Simulated) -> T) -> T {
    let trigger = key("start");
    let case = Case {
        graph,
        trigger: &trigger,
        input: input(),
        now: start_of_time(),
        execution_id: ExecutionId(Uuid::nil()),
        stubs: &stubs,
        unstubbed: Unstubbed::Fail,
        timeout_ms: None,
        cancel,
    };
    check(&case, &simulate(&case, &Nothing).unwrap())
}

#[test]
fn what_was_recorded_comes_again_on_the_same_graph() {
    let race = "start -> a\nstart -> b\na -> c\nb -> c\nc {\"join\": \"any\"}\nc.alt -> d\na ! -> e";
    for (drawn, events) in [
        ("start -> a\na -> b", vec![done("a"), done("b")]),
        (race, vec![done("b"), done_on("c", "alt"), failed("a", "boom"), done("d"), done("e")]),
        ("start -> a\na -> b", vec![retry("a", 1), done("a"), failed("b", "boom")]),
        ("start -> a\na -> b\nstart -> c", vec![done("a"), cancelled()]),
        ("start -> a\na -> b\na {\"at_most_once\": true}", vec![started("a"), unknown("a")]),
        ("start -> a\na -> b\na {\"on_error\": \"continue\"}", vec![done_despite("a", "boom"), done("b")]),
    ] {
        let graph = graph(drawn);
        let (entries, trigger) = (journal(&events), key("start"));
        let state = fold(&graph, &trigger, input(), start_of_time(), &entries).unwrap();
        over(&graph, record(&graph, &events, &graph), |_, simulated| {
            assert!(are_alike(&graph, &state, &simulated.state), "{drawn}: {:#?}", simulated.journal);
            assert_eq!(
                (&simulated.stopped, state.end().is_some()),
                (&None, simulated.state.end().is_some()),
                "{drawn}"
            );
        });
    }
}

#[test]
fn an_outage_makes_no_time_out_of_what_had_come() {
    let graph = graph("start -> a\na {\"timeout_ms\": 1000}");
    let late = Entry { at: second(86_400), event: done("a") };
    let (trigger, input) = (key("start"), input());
    let state = fold(&graph, &trigger, input.clone(), start_of_time(), [&late]).unwrap();
    let entries = [late];
    let past = Past { graph: &graph, state: &state, entries: &entries, trigger: &trigger, input: &input };
    let recording = recorded(past, start_of_time(), &graph, &Nothing);
    over(&graph, recording, |_, simulated| assert_eq!(simulated.status(), "completed"));
}

#[test]
fn what_was_cut_off_ends_in_no_way_that_is_made_up() {
    let graph = graph("start -> a\nstart -> b");
    let Recording { stubs, cancel } = record(&graph, &[done("a"), cancelled()], &graph);
    assert_eq!(cancel.as_ref().unwrap().after_ms, 2_000);
    over(&graph, Recording { stubs, cancel: None }, |_, simulated| {
        assert_eq!(simulated.stopped, Some(Stopped::Waits(vec![key("b")])));
    });
}

/// The differences between what `events` come to on `was` and on `now`, as `step change`.
fn changes(was: &str, events: &[Event], now: &str) -> Vec<String> {
    let (was, now) = (graph(was), graph(now));
    over(&was, record(&was, events, &was), |was_case, before| {
        over(&now, record(&was, events, &now), |now_case, after| {
            let sides = [(was_case, before), (now_case, after)].map(|(case, simulated)| Side { case, simulated });
            let found = differences(sides[0], sides[1], &Nothing);
            found.iter().map(|it| format!("{} {:?}", it.step, it.change)).collect()
        })
    })
}

#[test]
fn a_difference_says_which_step_and_how() {
    let both = [done("a"), done("b")];
    for (was, events, now, expected) in [
        ("start -> a\na -> b", &both[..], "start -> a\na -> b", vec![]),
        ("start -> a\na -> b", &both, "start -> a", vec!["b NoLongerRuns"]),
        ("start -> a", &both[..1], "start -> a\na -> b", vec!["b NewlyRuns"]),
        ("start -> a\na -> b", &both, "start -> a\na.alt -> b", vec!["b NoLongerRuns"]),
        // Before it is known what the new step gives, nothing is said of what lies behind it.
        ("start -> a\na -> b", &both, "start -> a\na -> x\nx -> b", vec!["x NewlyRuns"]),
        ("start -> a\na -> b", &both, "start -> a\na -> b\nb config {\"say\": \"hello\"}", vec!["b OtherConfig"]),
    ] {
        assert_eq!(changes(was, events, now), expected, "{was} / {now}");
    }
    let repeated = [retry("a", 1), done("a"), done("b")];
    let once = "start -> a\na -> b\na {\"retry\": {\"attempts_max\": 1}}";
    assert_eq!(changes("start -> a\na -> b", &repeated, once), ["a EndsOtherwise", "b NoLongerRuns"]);
    // The port is gone, so that there is no record, and what is stopped says nothing.
    let gone = [done_on("a", "alt"), done("b")];
    let fewer = "start -> a\na -> b\na config {\"ports\": 1}";
    assert_eq!(changes("start -> a\na.alt -> b", &gone, fewer), [""; 0]);
}

#[test]
fn outputs_and_ports_are_compared_with_their_place() {
    let graph = graph("start -> a\na.alt -> b");
    let given = |port: &str, output: Value| {
        let mut stubs = Stubs::default();
        stubs.set(&key("a"), vec![Stub::output(Some(port), output)]);
        stubs.set(&key("b"), vec![Stub::output(None, Value::Null)]);
        Recording { stubs, cancel: None }
    };
    let told = |one: Recording, other: Recording| {
        over(&graph, one, |one_case, one| {
            over(&graph, other, |other_case, other| {
                let sides = [(one_case, one), (other_case, other)].map(|(case, simulated)| Side { case, simulated });
                differences(sides[0], sides[1], &Nothing)
            })
        })
    };
    let found = told(given("out", json!({"x": [1, 2]})), given("out", json!({"x": [1, 3]})));
    assert_eq!((found.len(), found[0].change), (1, Change::OtherOutput));
    assert_eq!(found[0].at.as_ref().unwrap().pointer, "/x/1");
    let found = told(given("out", json!(1)), given("alt", json!(2)));
    let changes: Vec<Change> = found.iter().map(|it| it.change).collect();
    assert_eq!(changes, [Change::OtherPort, Change::NewlyRuns]);
    let port = |standing: &Option<Standing>| standing.as_ref().unwrap().port.clone();
    assert_eq!((port(&found[0].before).as_deref(), port(&found[0].now).as_deref()), (Some("out"), Some("alt")));
}
