//! The firing rule, failures, waits and ends, each in a graph of a few nodes.

use capstan_engine::core::decide::IllegalEvent;
use capstan_engine::core::journal::Event;
use capstan_engine::core::state::Phase;
use serde_json::json;

use crate::driver::key;
use crate::script::*;

const LINE: &str = "start -> a\n a -> b\n";
const BRANCH: &str = "start -> a\n a.out -> yes\n a.alt -> no\n no -> after\n";
const JOIN: &str = "start -> a\n start -> b\n a -> j\n b.alt -> j\n";

#[test]
fn a_line_runs_from_its_trigger_to_its_end() {
    let graph = graph(LINE);
    check(&graph, &[], "a running\n b pending\n goes on");
    check(&graph, &[done("a")], "a completed on out\n b running\n goes on");
    check(&graph, &[done("a"), done("b")], "a completed on out\n b completed on out\n completed");
}

#[test]
fn a_branch_not_taken_is_skipped_to_its_end() {
    let graph = graph(BRANCH);
    check(
        &graph,
        &[done_on("a", "out"), done("yes")],
        "a completed on out\n yes completed on out\n no skipped\n after skipped\n completed",
    );
    check(&graph, &[done_on("a", "alt")], "a completed on alt\n yes skipped\n no running\n after pending\n goes on");
    check(
        &graph,
        &[done_on("a", "other")],
        "a completed on other\n yes skipped\n no skipped\n after skipped\n completed",
    );
}

const ALL_MATCH: &str = "start -> a\n a.out -> x\n a.alt -> y\n a.other -> z\n x -> j\n y -> j\n z -> j\n";

#[test]
fn a_step_that_emits_on_several_ports_takes_the_edges_of_each() {
    let graph = graph(ALL_MATCH);
    check(
        &graph,
        &[done_on("a", "out and alt")],
        "a completed on out and alt\n x running\n y running\n z skipped\n j pending\n goes on",
    );
    // The join waits for those that were taken, and for no others.
    check(
        &graph,
        &[done_on("a", "out and alt"), done("y")],
        "a completed on out and alt\n x running\n y completed on out\n z skipped\n j pending\n goes on",
    );
    let end = "x completed on out\n y completed on out\n z skipped\n j completed on out\n completed";
    let all = format!("a completed on out and alt\n {end}");
    check(&graph, &[done_on("a", "out and alt"), done("x"), done("y"), done("j")], &all);
    check(&graph, &[done_on("a", "out and alt"), done("y"), done("x"), done("j")], &all);
    let one = "a completed on alt\n x skipped\n y completed on out\n z skipped\n j running\n goes on";
    check(&graph, &[done_on("a", "alt"), done("y")], one);
    let none = "a completed on other\n x skipped\n y skipped\n z completed on out\n j running\n goes on";
    check(&graph, &[done_on("a", "other"), done("z")], none);
}

#[test]
fn joins_count_each_of_several_ports() {
    let two = graph("start -> a\n a.out -> j\n a.alt -> j\n a.other -> j\n j {\"join\": \"n_of_m\", \"n\": 2}\n");
    check(&two, &[done_on("a", "out and other")], "a completed on out and other\n j running\n goes on");
    check(&two, &[done_on("a", "alt")], "a completed on alt\n j skipped\n completed");
    let any = graph(&format!("{ALL_MATCH} j {{\"join\": \"any\", \"cancel_others\": true}}"));
    check(
        &any,
        &[done_on("a", "out and alt"), done("x")],
        "a completed on out and alt\n x completed on out\n y cancelled\n z skipped\n j running\n goes on",
    );
    let when = graph("start -> a\n a.out if input.x -> x\n a.alt -> y\n");
    let closed = "a.outifinput.x->x";
    let mut event = done_on("a", "out and alt");
    if let Event::Settled { settlement, .. } = &mut event {
        settlement.closed_edges = vec![closed.into()];
    }
    check(&when, &[event], "a completed on out and alt\n x skipped\n y running\n goes on");
}

#[test]
fn an_edge_whose_condition_does_not_hold_is_not_taken() {
    let graph = graph("start -> a\n a if input.budget > 5 -> b\n a -> c\n");
    let closed = "aifinput.budget>5->b";
    check(&graph, &[done_without("a", &[closed])], "a completed on out\n b skipped\n c running\n goes on");
    check(&graph, &[done("a")], "a completed on out\n b running\n c running\n goes on");
}

#[test]
fn other_triggers_and_what_only_they_lead_to_are_skipped() {
    let graph = graph("start -> a\n start2 -> b\n start2 -> j\n a -> j\n");
    check(&graph, &[done("a")], "a completed on out\n b skipped\n j running\n goes on");
}

#[test]
fn a_trigger_alone_completes_at_once() {
    check(&graph(r#"start {}"#), &[], "completed");
}

#[test]
fn a_join_over_all_edges_waits_for_each_and_fires_if_one_was_taken() {
    let graph = graph(JOIN);
    check(&graph, &[done("a")], "a completed on out\n b running\n j pending\n goes on");
    for b in [done("b"), done_on("b", "alt")] {
        assert_eq!(after(&graph, &[done("a"), b]).step(graph.find(&"j".into()).unwrap()).phase, Phase::Ready);
    }
    check(&graph, &[done("b"), done_on("a", "alt")], "a completed on alt\n b completed on out\n j skipped\n completed");
}

#[test]
fn a_join_over_any_edge_fires_once_and_does_not_mind_the_rest() {
    let graph = graph(&format!("{JOIN} j {{\"join\": \"any\"}}"));
    check(&graph, &[done("a")], "a completed on out\n b running\n j running\n goes on");
    let all = "a completed on out\n b completed on alt\n j completed on out\n completed";
    check(&graph, &[done("a"), done("j"), done_on("b", "alt")], all);
    check(&graph, &[done("a"), done_on("b", "alt"), done("j")], all);
    check(&graph, &[done("b")], "a running\n b completed on out\n j pending\n goes on");
    check(&graph, &[done("b"), done_on("a", "alt")], "a completed on alt\n b completed on out\n j skipped\n completed");
}

const THREE: &str = "start -> a\n start -> b\n start -> c\n a -> j\n b -> j\n c -> j\n j -> k\n";

#[test]
fn a_join_of_n_fires_at_the_nth_edge_and_is_skipped_once_n_cannot_come() {
    let graph = graph(&format!("{THREE} j {{\"join\": \"n_of_m\", \"n\": 2}}"));
    check(&graph, &[done("a")], "a completed on out\n b running\n c running\n j pending\n k pending\n goes on");
    check(
        &graph,
        &[done("a"), done("c")],
        "a completed on out\n b running\n c completed on out\n j running\n k pending\n goes on",
    );
    check(
        &graph,
        &[done_on("a", "alt"), done_on("b", "alt")],
        "a completed on alt\n b completed on alt\n c running\n j skipped\n k skipped\n goes on",
    );
    check(
        &graph,
        &[done("c"), done("a"), done("j"), done("b"), done("k")],
        "a completed on out\n b completed on out\n c completed on out\n j completed on out\n k completed on out\n completed",
    );
}

#[test]
fn a_join_that_cancels_others_ends_who_leads_nowhere_else() {
    let race = "start -> a\n start -> b\n a -> j\n b -> c\n c -> j\n b -> log\n j {\"join\": \"any\", \"cancel_others\": true}";
    let graph = graph(race);
    // `b` also leads to `log`, so it goes on; `c` has not begun and never will.
    check(&graph, &[done("a")], "a completed on out\n b running\n j running\n c skipped\n log pending\n goes on");
    check(
        &graph,
        &[done("a"), done("b"), done("j"), done("log")],
        "a completed on out\n b completed on out\n j completed on out\n c skipped\n log completed on out\n completed",
    );
    check(
        &graph,
        &[done("b"), done("a")],
        "a completed on out\n b completed on out\n j running\n c cancelled\n log running\n goes on",
    );
    assert_eq!(refusal(&graph, &[done("b"), done("a")], done("c")), IllegalEvent::NotActive(key("c")));
    // Whoever fires the join is not cancelled by it.
    check(
        &graph,
        &[done("b"), done("c")],
        "a cancelled\n b completed on out\n j running\n c completed on out\n log running\n goes on",
    );
}

#[test]
fn a_failure_takes_the_error_edges_of_its_class() {
    let graph = graph("start -> a\n a -> b\n a !boom,timeout -> c\n a !http_5xx -> d\n");
    check(
        &graph,
        &[failed("a", "boom"), done("c")],
        "a failed with boom\n b skipped\n c completed on out\n d skipped\n completed",
    );
    check(
        &graph,
        &[failed("a", "http_4xx")],
        "a failed with http_4xx\n b pending\n c pending\n d pending\n failed: http_4xx by a",
    );
    check(&graph, &[done("a")], "a completed on out\n b running\n c skipped\n d skipped\n goes on");
}

#[test]
fn an_error_edge_without_classes_takes_any_failure() {
    let graph = graph("start -> a\n a ! -> c\n");
    check(&graph, &[failed("a", "panic")], "a failed with panic\n c running\n goes on");
}

#[test]
fn a_failure_that_nothing_takes_cancels_what_still_runs() {
    let graph = graph(JOIN);
    check(&graph, &[failed("a", "boom")], "a failed with boom\n b cancelled\n j pending\n failed: boom by a");
    assert_eq!(refusal(&graph, &[failed("a", "boom")], done("b")), IllegalEvent::Ended);
}

#[test]
fn a_step_that_continues_despite_its_error_emits_as_usual() {
    check(&graph(LINE), &[done_despite("a", "boom")], "a completed on out with boom\n b running\n goes on");
}

#[test]
fn attempts_are_counted_until_they_run_out() {
    let graph = graph(LINE);
    check(&graph, &[retry("a", 1), retry("a", 2)], "a waiting after 2 with http_5xx\n b pending\n goes on");
    check(
        &graph,
        &[retry("a", 1), retry("a", 2), failed_after("a", "http_5xx", 3)],
        "a failed after 3 with http_5xx\n b pending\n failed: http_5xx by a",
    );
    assert_eq!(refusal(&graph, &[retry("a", 1)], retry("a", 1)), IllegalEvent::WrongPhase(key("a")));
    assert_eq!(refusal(&graph, &[], retry("a", 2)), IllegalEvent::WrongPhase(key("a")));
    let state = after(&graph, &[retry("a", 1)]);
    assert_eq!((state.next_due(), state.runnable(at(9)).count(), state.runnable(at(10)).count()), (Some(at(10)), 0, 1));
}

#[test]
fn a_step_that_waits_for_a_signal_takes_nothing_else() {
    let graph = graph(LINE);
    let parked = [waiting("a", None, Some("reply"))];
    check(&graph, &parked, "a waiting\n b pending\n goes on");
    for event in [done("a"), retry("a", 1), started("a"), waiting("a", Some(5), None)] {
        assert_eq!(refusal(&graph, &parked, event), IllegalEvent::WrongPhase(key("a")));
    }
    let state = after(&graph, &parked);
    assert_eq!((state.waiting_for("reply"), state.waiting_for("other")), (graph.find(&"a".into()), None));
    assert_eq!((state.next_due(), state.runnable(at(99_999)).count()), (None, 0));
    let woken = after(&graph, &[parked[0].clone(), signalled("a")]);
    assert_eq!(woken.step(graph.find(&"a".into()).unwrap()).phase, Phase::Signalled(json!("yes")));
    assert_eq!(
        refusal(&graph, &[parked[0].clone(), signalled("a")], signalled("a")),
        IllegalEvent::WrongPhase(key("a"))
    );
    check(&graph, &[parked[0].clone(), signalled("a"), done("a")], "a completed on out\n b running\n goes on");
}

#[test]
fn a_wait_with_a_deadline_ends_by_its_signal_or_its_time() {
    let graph = graph(LINE);
    let parked = waiting("a", Some(60), Some("reply"));
    let state = after(&graph, std::slice::from_ref(&parked));
    assert_eq!(
        (state.next_due(), state.runnable(at(59)).count(), state.runnable(at(60)).count()),
        (Some(at(60)), 0, 1)
    );
    check(&graph, &[parked.clone(), done_on("a", "alt")], "a completed on alt\n b skipped\n completed");
    check(&graph, &[parked, signalled("a"), done("a")], "a completed on out\n b running\n goes on");
}

#[test]
fn a_wait_does_not_count_as_an_attempt() {
    let events = [waiting("a", Some(5), None), waiting("a", Some(9), None), retry("a", 1)];
    check(&graph(LINE), &events, "a waiting with http_5xx\n b pending\n goes on");
}

#[test]
fn a_cancel_or_a_time_out_ends_whatever_runs_or_waits() {
    let graph = graph(JOIN);
    let parked = waiting("a", None, Some("reply"));
    check(&graph, &[parked.clone(), cancelled()], "a cancelled\n b cancelled\n j pending\n cancelled: enough");
    check(
        &graph,
        &[parked, done("b"), Event::TimedOut],
        "a cancelled\n b completed on out\n j pending\n failed: execution_timeout",
    );
    assert_eq!(refusal(&graph, &[cancelled()], cancelled()), IllegalEvent::Ended);
}

#[test]
fn an_unknown_outcome_is_a_failure_of_its_own_class() {
    let lost = [started("a"), unknown("a")];
    check(&graph(LINE), &lost, "a outcome_unknown with outcome_unknown\n b pending\n failed: outcome_unknown by a");
    check(
        &graph("start -> a\n a !outcome_unknown -> c\n"),
        &lost,
        "a outcome_unknown with outcome_unknown\n c running\n goes on",
    );
    assert_eq!(refusal(&graph(LINE), &[started("a")], started("a")), IllegalEvent::WrongPhase(key("a")));
}

#[test]
fn an_incident_takes_only_a_cancel() {
    let graph = graph(LINE);
    check(&graph, &[poisoned()], "a running\n b pending\n incident\n goes on");
    for event in [done("a"), poisoned(), Event::TimedOut] {
        assert_eq!(refusal(&graph, &[poisoned()], event), IllegalEvent::Incident);
    }
    check(&graph, &[poisoned(), cancelled()], "a cancelled\n b pending\n incident\n cancelled: enough");
}

#[test]
fn a_duplicate_changes_nothing() {
    let graph = graph(LINE);
    assert_eq!(refusal(&graph, &[done("a")], done("a")), IllegalEvent::NotActive(key("a")));
    assert_eq!(refusal(&graph, &[], done("b")), IllegalEvent::NotActive(key("b")));
    assert_eq!(refusal(&graph, &[], done("ghost")), IllegalEvent::UnknownStep(key("ghost")));
    assert_eq!(refusal(&graph, &[done("a"), done("b")], done("b")), IllegalEvent::Ended);
}
