//! What an attempt asked for, and the entry that records it.

use std::time::Duration;

use capstan_engine::core::attempt::{
    Attempt, BROKEN, ITEMS_MAX, OUTPUT_BYTES_MAX, OUTPUT_DEPTH_MAX, REASON_BYTES_MAX, STEPS_MAX, storable,
};
use capstan_engine::core::journal::{Event, SettledStatus, Settlement};
use capstan_engine::core::outcome::{Outcome, Until};
use serde_json::{Value, json};

use crate::driver::key;
use crate::script::{after, at, graph, retry};

/// The entry for an attempt of `a`, which had one failed attempt before.
fn conclude(lines: &str, outcome: Outcome, holds: impl Fn(&str, &Value) -> Result<bool, String>) -> Event {
    let graph = graph(lines);
    let state = after(&graph, &[retry("a", 1)]);
    let node = graph.find(&"a".into()).unwrap();
    Attempt { graph: &graph, state: &state, step: node, now: at(50), seed: 7 }.conclude(outcome, holds)
}

fn settlement(lines: &str, outcome: Outcome) -> Settlement {
    match conclude(lines, outcome, |_, _| Ok(true)) {
        Event::Settled { step, settlement } if step == key("a") => settlement,
        other => panic!("not settled: {other:?}"),
    }
}

fn class_of(settlement: &Settlement) -> &str {
    settlement.error.as_ref().map_or("", |error| &error.class)
}

const LINE: &str = "start -> a\n a -> b\n";
const CONTINUE: &str = "start -> a\n a -> b\n a !boom -> c\n a {\"on_error\": \"continue\"}\n";

#[test]
fn done_completes_on_its_port_and_counts_the_attempt() {
    let settled = settlement(LINE, Outcome::done("alt", json!({"id": 7})));
    assert_eq!((settled.status, settled.port.as_deref(), settled.attempts), (SettledStatus::Completed, Some("alt"), 2));
    assert_eq!((settled.output, settled.error), (json!({"id": 7}), None));
}

#[test]
fn frames_are_opened_by_containers_within_bounds() {
    let open = |items: usize| Outcome::Open { items: vec![Value::Null; items], note: Value::Null };
    let one = "start -> a\n a[x] 5\n";
    assert!(
        matches!(conclude(one, open(ITEMS_MAX), |_, _| Ok(true)), Event::Opened { items, .. } if items.len() == ITEMS_MAX)
    );
    let inner: Vec<String> = (0..=STEPS_MAX / ITEMS_MAX).map(|node| format!("x{node}")).collect();
    let many = format!("start -> a\n a[{}] 5\n", inner.join(" "));
    for (lines, items, told) in [
        (LINE, 1, "is no container"),
        (one, 0, "no frames"),
        (one, ITEMS_MAX + 1, "at most 10000 are allowed"),
        (many.as_str(), ITEMS_MAX, "at most 250000 are allowed"),
    ] {
        let settled = settlement(lines, open(items));
        assert_eq!((settled.status, class_of(&settled)), (SettledStatus::Failed, "items"));
        assert!(settled.error.as_ref().is_some_and(|error| error.reason.contains(told)), "{:?}", settled.error);
    }
}

#[test]
fn an_attempt_that_must_not_be_repeated_and_is_too_slow_or_breaks_off_is_of_unknown_outcome() {
    let lines = |policy: &str| format!("{LINE} a {policy}");
    let slow = || Outcome::retry("timeout", "the attempt took longer than 5 ms", None);
    let once = lines(r#"{"at_most_once": true, "retry": {"attempts_max": 9}}"#);
    let settled = settlement(&once, slow());
    assert_eq!((settled.status, class_of(&settled)), (SettledStatus::OutcomeUnknown, "outcome_unknown"));
    assert!(settled.error.unwrap().reason.starts_with("the attempt took longer than 5 ms, and "));
    let broke = || Outcome::retry(BROKEN, "the connection broke before the answer was whole", None);
    let settled = settlement(&once, broke());
    assert_eq!((settled.status, class_of(&settled)), (SettledStatus::OutcomeUnknown, "outcome_unknown"));
    let again = |lines: &str, outcome: Outcome| {
        matches!(conclude(lines, outcome, |_, _| Ok(true)), Event::AttemptFailed { attempt: 2, .. })
    };
    for class in ["http_5xx", "connect"] {
        assert!(again(&once, Outcome::retry(class, "it says so itself", None)), "what has failed may be tried again");
    }
    for outcome in [slow(), broke()] {
        assert!(again(&lines(r#"{"retry": {"attempts_max": 9}}"#), outcome), "and what may happen twice");
    }
}

#[test]
fn only_conditions_on_the_emitted_port_are_evaluated() {
    let lines = "start -> a\n a if input.x -> b\n a if input.y -> c\n a.alt if input.z -> d\n";
    let event = conclude(lines, Outcome::done("out", json!(1)), |when, output| {
        assert_eq!(*output, json!(1));
        assert!(!when.contains("input.z"), "{when}");
        Ok(when.contains("input.x"))
    });
    let Event::Settled { settlement, .. } = event else { panic!("not settled: {event:?}") };
    assert_eq!(settlement.closed_edges, ["aifinput.y->c"]);
}

#[test]
fn what_cannot_be_recorded_fails_the_step() {
    let deep = (0..=OUTPUT_DEPTH_MAX).fold(Value::Null, |inner, _| json!([inner]));
    for (outcome, class) in [
        (Outcome::done("nowhere", Value::Null), "port"),
        (Outcome::done("out", json!("a\0b")), "output"),
        (Outcome::done("out", json!("x".repeat(OUTPUT_BYTES_MAX))), "output"),
        (Outcome::done("out", deep), "output"),
        (Outcome::Wait(Until { time: None, signal: None, child: None }), "wait"),
    ] {
        let settled = settlement(LINE, outcome);
        assert_eq!((settled.status, class_of(&settled), settled.port.as_deref()), (SettledStatus::Failed, class, None));
    }
}

#[test]
fn a_condition_that_cannot_be_evaluated_fails_the_step() {
    let lines = "start -> a\n a if input.x -> b\n";
    let event = conclude(lines, Outcome::done("out", json!(1)), |_, _| Err("no such filter".into()));
    let Event::Settled { settlement, .. } = event else { panic!("not settled: {event:?}") };
    assert_eq!((settlement.status, class_of(&settlement)), (SettledStatus::Failed, "expression"));
}

#[test]
fn a_retry_is_recorded_with_its_time_until_no_attempt_is_left() {
    let again = || Outcome::retry("http_429", "slow down", Some(Duration::from_secs(30)));
    let event = conclude(LINE, again(), |_, _| Ok(true));
    let Event::AttemptFailed { attempt, error, retry_at, .. } = event else { panic!("no retry: {event:?}") };
    assert_eq!((attempt, error.class.as_str(), retry_at), (2, "http_429", at(80)));
    let settled = settlement(&format!("{LINE} a {{\"retry\": {{\"attempts_max\": 2}}}}"), again());
    assert_eq!((settled.status, class_of(&settled), settled.attempts), (SettledStatus::Failed, "http_429", 2));
    let settled = settlement(&format!("{LINE} a {{\"retry\": {{\"classes\": [\"timeout\"]}}}}"), again());
    assert_eq!((settled.status, class_of(&settled), settled.attempts), (SettledStatus::Failed, "http_429", 2));
}

#[test]
fn a_step_that_continues_completes_with_null_unless_an_error_edge_takes_the_failure() {
    let settled = settlement(CONTINUE, Outcome::fail("timeout", "too slow"));
    assert_eq!((settled.status, settled.port.as_deref()), (SettledStatus::Completed, Some("out")));
    assert_eq!((class_of(&settled), &settled.output), ("timeout", &Value::Null));
    let settled = settlement(CONTINUE, Outcome::fail("boom", "it broke"));
    assert_eq!((settled.status, settled.port, settled.output), (SettledStatus::Failed, None, Value::Null));
}

#[test]
fn a_wait_is_recorded_as_it_was_asked_for() {
    let until = Until { time: Some(at(90)), signal: Some("reply".into()), child: None };
    let event = conclude(LINE, Outcome::Wait(until.clone()), |_, _| Ok(true));
    assert_eq!(event, Event::Waiting { step: key("a"), until });
}

#[test]
fn a_lost_attempt_settles_as_outcome_unknown() {
    let graph = graph(LINE);
    let state = after(&graph, &[]);
    let node = graph.find(&"a".into()).unwrap();
    let event = Attempt { graph: &graph, state: &state, step: node, now: at(5), seed: 7 }.lost();
    let Event::Settled { settlement, .. } = event else { panic!("not settled: {event:?}") };
    assert_eq!((settlement.status, class_of(&settlement)), (SettledStatus::OutcomeUnknown, "outcome_unknown"));
    assert_eq!((settlement.attempts, settlement.port), (1, None));
}

#[test]
fn reasons_are_cut_and_freed_of_what_the_database_cannot_hold() {
    let settled = settlement(LINE, Outcome::fail("bo\0om", format!("\0{}", "ü".repeat(REASON_BYTES_MAX))));
    let error = settled.error.unwrap();
    assert_eq!(error.class, "bo\u{fffd}om");
    assert!(error.reason.len() <= REASON_BYTES_MAX + '…'.len_utf8() && error.reason.ends_with("ü…"));
    assert!(!error.reason.contains('\0'));
}

#[test]
fn outputs_up_to_the_limits_are_kept() {
    let deep = (0..OUTPUT_DEPTH_MAX).fold(Value::Null, |inner, _| json!([inner]));
    for value in [deep, json!("x".repeat(OUTPUT_BYTES_MAX - 2)), json!({"a": [1, true, null]})] {
        assert!(storable(&value).is_ok());
    }
    assert!(storable(&json!({"k\0": 1})).is_err());
}
