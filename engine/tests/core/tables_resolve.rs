//! How incidents go on when a person says so.

use capstan_engine::core::catalogue::Catalogue;
use capstan_engine::core::decide::IllegalEvent;
use capstan_engine::core::explain::explain;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::core::journal::{Event, Resolution};
use capstan_engine::core::scene::Scene;
use capstan_engine::core::state::Phase;
use chrono::TimeDelta;
use serde_json::json;

use crate::catalogue::TestTypes;
use crate::driver::{key, start_of_time};
use crate::script::*;

const SAGA: &str = "start -> a\n a -> b\n b -> c\n a ~> undo_a\n b ~> undo_b\n";
/// What is done of it before its last undo fails.
const DONE: &str = "a completed on out\n b completed on out\n c failed with boom";

fn stuck() -> Vec<Event> {
    vec![done("a"), done("b"), failed("c", "boom"), failed_after("undo_b", "refused", 3)]
}

fn with(events: &[Event], more: &[Event]) -> Vec<Event> {
    [events, more].concat()
}

#[test]
fn an_undo_that_failed_for_good_is_tried_again_with_fresh_attempts() {
    let graph = graph(SAGA);
    let again = with(&stuck(), &[resolved("undo_b", RETRY)]);
    check(&graph, &again, &format!("{DONE}\n undo_a pending\n undo_b running with refused\n goes on"));
    let again = with(&again, &[retry("undo_b", 1), done("undo_b")]);
    check(&graph, &again, &format!("{DONE}\n undo_a running\n undo_b completed on out\n goes on"));
    let again = with(&again, &[done("undo_a")]);
    let undone = "undo_a completed on out\n undo_b completed on out";
    check(&graph, &again, &format!("{DONE}\n {undone}\n failed: boom by c"));
}

#[test]
fn an_undo_that_fails_again_is_an_incident_again() {
    let graph = graph(SAGA);
    let again = with(&stuck(), &[resolved("undo_b", RETRY), failed("undo_b", "refused")]);
    check(&graph, &again, &format!("{DONE}\n undo_a pending\n undo_b failed with refused\n incident\n goes on"));
    let skipped = with(&again, &[resolved("undo_b", Resolution::Skip), done("undo_b")]);
    check(&graph, &skipped, &format!("{DONE}\n undo_a running\n undo_b completed on out\n goes on"));
}

#[test]
fn an_undo_that_is_given_up_stays_failed_and_the_next_one_follows() {
    let graph = graph(SAGA);
    let given_up = with(&stuck(), &[resolved("undo_b", Resolution::Fail)]);
    check(&graph, &given_up, &format!("{DONE}\n undo_a running\n undo_b failed after 3 with refused\n goes on"));
    let ended = with(&given_up, &[done("undo_a")]);
    let undone = "undo_a completed on out\n undo_b failed after 3 with refused";
    check(&graph, &ended, &format!("{DONE}\n {undone}\n failed: boom by c"));
}

#[test]
fn an_undo_of_unknown_outcome_can_be_resolved_too() {
    let graph = graph("start -> a\n a -> b\n a ~> u\n");
    let events = [done("a"), failed("b", "boom"), unknown("u")];
    let done_by_hand = with(&events, &[resolved("u", Resolution::Skip), done("u")]);
    check(&graph, &done_by_hand, "a completed on out\n b failed with boom\n u completed on out\n failed: boom by b");
}

#[test]
fn lost_workers_count_for_nothing_after_a_retry() {
    let graph = graph("start -> a\n start -> b\n");
    let events = [started("a"), retry("b", 1), poisoned()];
    let again = with(&events, &[resolved("", RETRY)]);
    check(&graph, &again, "a running\n b waiting with http_5xx\n goes on");
    assert_eq!(after(&graph, &again).step(1).phase, Phase::Started, "what must not be repeated is not");
    let again = with(&events, &[resolved("a", RETRY)]);
    assert_eq!(after(&graph, &again).step(1).phase, Phase::Ready, "a person may say that it is repeated");
    let again = with(&events, &[resolved("b", RETRY)]);
    let state = after(&graph, &again);
    assert_eq!((&state.step(2).phase, state.step(2).attempts), (&Phase::Ready, 0));
    assert_eq!(state.resolved().len(), 1);
}

#[test]
fn a_step_that_is_skipped_or_failed_leads_on_as_if_it_had_run() {
    let graph = graph("start -> a\n a -> b\n a ! -> c\n");
    let skipped = [poisoned(), resolved("a", Resolution::Skip), done("a")];
    check(&graph, &skipped, "a completed on out\n b running\n c skipped\n goes on");
    let failed_it = [poisoned(), resolved("a", Resolution::Fail), failed("a", "resolved")];
    check(&graph, &failed_it, "a failed with resolved\n b skipped\n c running\n goes on");
    let waits = [waiting("a", None, Some("go")), poisoned(), resolved("a", Resolution::Skip), done("a")];
    check(&graph, &waits, "a completed on out\n b running\n c skipped\n goes on");
}

#[test]
fn what_a_person_says_has_to_fit_the_incident() {
    let graph = graph("start -> a\n start -> b\n a -> c\n");
    let events = [waiting("b", Some(60), None), poisoned()];
    let skip = || Resolution::Skip;
    assert_eq!(refusal(&graph, &[], resolved("a", RETRY)), IllegalEvent::NoIncident);
    for (event, expected) in [
        (resolved("ghost", RETRY), IllegalEvent::UnknownStep(key("ghost"))),
        (resolved("c", RETRY), IllegalEvent::NotConcerned(key("c"))),
        (resolved("", skip()), IllegalEvent::StepNeeded),
        (resolved("", Resolution::Retry { config: Some(json!({})) }), IllegalEvent::StepNeeded),
        (resolved("b", RETRY), IllegalEvent::WrongPhase(key("b"))),
        (done("a"), IllegalEvent::Incident),
    ] {
        assert_eq!(refusal(&graph, &events, event), expected);
    }
    let twice = with(&events, &[resolved("a", skip())]);
    assert_eq!(refusal(&graph, &twice, resolved("a", skip())), IllegalEvent::NoIncident);
    let graph = crate::script::graph(SAGA);
    assert_eq!(refusal(&graph, &stuck(), resolved("", RETRY)), IllegalEvent::StepNeeded);
    assert_eq!(refusal(&graph, &stuck(), resolved("a", skip())), IllegalEvent::NotConcerned(key("a")));
}

#[test]
fn what_waits_for_its_next_attempt_goes_on_at_once_and_attempts_count_on() {
    let graph = graph("start -> a\n start -> b\n start -> c\n a -> d\n");
    let events = [retry("a", 1), retry("b", 1), waiting("c", Some(60), None)];
    let all = with(&events, &[hastened("")]);
    check(&graph, &all, "a running with http_5xx\n b running with http_5xx\n c waiting\n d pending\n goes on");
    let again = with(&all, &[retry("a", 2)]);
    assert_eq!(after(&graph, &again).step(1).attempts, 2);
    let one = with(&events, &[hastened("b")]);
    check(&graph, &one, "a waiting with http_5xx\n b running with http_5xx\n c waiting\n d pending\n goes on");
    assert_eq!(refusal(&graph, &all, hastened("")), IllegalEvent::NoBackoff);
    assert_eq!(refusal(&graph, &all, hastened("a")), IllegalEvent::WrongPhase(key("a")));
    assert_eq!(refusal(&graph, &all, hastened("c")), IllegalEvent::WrongPhase(key("c")), "no time is skipped");
    assert_eq!(refusal(&graph, &all, hastened("d")), IllegalEvent::NotActive(key("d")));
    assert_eq!(refusal(&graph, &with(&events, &[poisoned()]), hastened("")), IllegalEvent::Incident);
}

#[test]
fn nothing_of_a_paused_execution_may_run_until_it_is_resumed_or_cancelled() {
    let graph = graph("start -> a\n start -> b\n start -> c\n a -> d\n a ~> u\n");
    let events = [waiting("b", Some(5), None), waiting("c", None, Some("go")), paused(), done("a")];
    let stands = "a completed on out\n b waiting\n c waiting\n d running\n u pending\n goes on";
    check(&graph, &events, stands);
    let state = after(&graph, &events);
    assert_eq!((state.runnable(at(99)).count(), state.next_due(), state.waiting_for("go")), (0, None, None));
    let told = json!(explain(&graph, &state));
    let pause = json!({ "waits_for": "resume", "paused_by": "ops", "reason": "maintenance", "since": at(3) });
    assert_eq!((&told[0], told.as_array().unwrap().len()), (&pause, 4));
    let again = with(&events, &[resumed()]);
    let state = after(&graph, &again);
    assert_eq!((state.runnable(at(99)).count(), state.waiting_for("go").is_some()), (2, true), "all of it goes on");
    let cancelled_then = after(&graph, &with(&events, &[cancelled()]));
    assert!(!cancelled_then.is_paused() && cancelled_then.runnable(at(99)).count() == 1, "what undoes runs");
    assert_eq!(refusal(&graph, &events, paused()), IllegalEvent::AlreadyPaused);
    assert_eq!(refusal(&graph, &again, resumed()), IllegalEvent::NotPaused);
}

#[test]
fn a_container_whose_frames_run_is_not_what_an_incident_is_about() {
    let graph = graph("start -> each\n each[a] 2\n");
    let events = [opened("each", 2), poisoned()];
    let state = after(&graph, &events);
    let steps: Vec<String> = state.concerned().into_iter().map(|ix| state.key(&graph, ix).to_string()).collect();
    assert_eq!(steps, ["each[0]/a", "each[1]/a"]);
    let told = json!(explain(&graph, &state));
    assert_eq!(
        told[0]["steps"],
        json!([{ "node_id": "a", "scope": "each[0]" }, { "node_id": "a", "scope": "each[1]" }])
    );
    let skipped = with(&events, &[resolved("each[1]/a", Resolution::Skip), done("each[1]/a")]);
    check(&graph, &skipped, "each running\n each[0]/a running\n each[1]/a completed on out\n goes on");
}

#[test]
fn a_retry_may_change_the_config_of_its_step_for_good() {
    let graph = graph(
        "start -> a\n a reads {{ input.budget.too.deep }}\n a config {\"deep\": {\"x\": 1, \"y\": 2}, \"gone\": 3}\n",
    );
    let change = json!({ "text": "{{ input.budget }}", "deep": { "x": 5 }, "gone": null });
    let events = [poisoned(), resolved("a", Resolution::Retry { config: Some(change) }), retry("a", 1)];
    let state = after(&graph, &[&events[..], &[poisoned(), resolved("a", RETRY)]].concat());
    let trigger = state.find(&graph, &key("start"));
    let (execution_id, created_at) = (ExecutionId::new(), start_of_time());
    let scene = Scene { graph: &graph, state: &state, trigger, execution_id, created_at };
    let types = TestTypes::new();
    let config = scene.config(1, types.node_type("test.container")).unwrap().unwrap();
    assert_eq!(config, json!({ "text": 7, "deep": { "x": 5, "y": 2 } }));
}

#[test]
fn what_is_fired_by_what_was_done_before_a_restart_has_the_time_of_the_restart() {
    let graph = graph("start -> a\n a -> b\n");
    let state = after(&graph, &[done("a")]);
    let (trigger, b) = (state.find(&graph, &key("start")), state.find(&graph, &key("b")).unwrap());
    let at = |created_at| {
        let execution_id = ExecutionId::new();
        Scene { graph: &graph, state: &state, trigger, execution_id, created_at }.now(b)
    };
    let restarted = start_of_time() + TimeDelta::hours(1);
    assert_eq!(at(restarted), restarted);
    assert_eq!(Some(at(start_of_time())), state.step(b).fired_at);
}
