//! Children: what the journal says of them, and which go with their steps.

use std::collections::HashSet;

use capstan_engine::core::attempt::Attempt;
use capstan_engine::core::child::{CHILD_SIGNALS, Child, NewChild, OnCancel};
use capstan_engine::core::decide::decide;
use capstan_engine::core::explain::explain;
use capstan_engine::core::ids::{ExecutionId, NodeId, Scope, StepKey, VersionId, WorkflowId};
use capstan_engine::core::journal::{Entry, Event, Resolution};
use capstan_engine::core::outcome::{EVENT_SIGNALS, Outcome, Until, addressee, child_signal, signal_of};
use capstan_engine::core::restart::{Past, plan};
use serde_json::{Value, json};

use crate::driver::{input, key};
use crate::script::*;

fn child(on_cancel: OnCancel) -> Child {
    let (workflow_id, version_id) = (WorkflowId::new(), VersionId::new());
    Child { execution_id: ExecutionId::new().of_child(), workflow_id, version_id, on_cancel }
}

fn waits_for(node: &str, child: &Child) -> Event {
    let until = Until { time: Some(at(90)), signal: Some("$child:".into()), child: Some(Box::new(child.clone())) };
    Event::Waiting { step: key(node), until }
}

/// The children of the steps that `event` cancels.
fn orphans(lines: &str, events: &[Event], event: Event) -> Vec<ExecutionId> {
    let graph = graph(lines);
    let state = after(&graph, events);
    let decision = decide(&graph, &state, &Entry { at: at(50), event }).unwrap();
    decision.cancelled.iter().filter_map(|&step| state.step(step).orphan()).collect()
}

#[test]
fn a_call_is_journaled_as_a_wait_that_names_the_child() {
    let graph = graph("start -> a\n");
    let state = after(&graph, &[]);
    let child = child(OnCancel::Abandon);
    let new = NewChild {
        child: child.clone(),
        trigger: NodeId::from("start"),
        input: Value::Null,
        timeout_ms: None,
        root_id: ExecutionId::new(),
        depth: 1,
        vt: 0,
    };
    let until = Until { time: Some(at(90)), signal: Some("$child:".into()), child: None };
    let attempt = Attempt { graph: &graph, state: &state, step: 1, now: at(5), seed: 7 };
    let event = attempt.conclude(Outcome::Call { child: Box::new(new), until }, |_, _| Ok(true));
    assert_eq!(event, waits_for("a", &child));
}

#[test]
fn what_cancels_a_step_leaves_its_child_an_orphan_unless_it_is_abandoned() {
    let lines = "start -> a\n start -> b\n";
    for (on_cancel, count) in [(OnCancel::Cancel, 1), (OnCancel::Abandon, 0)] {
        let child = child(on_cancel);
        let before = [waits_for("a", &child)];
        for event in [cancelled(), Event::TimedOut, failed("b", "boom"), forced()] {
            let expected = vec![child.execution_id; count];
            assert_eq!(orphans(lines, &before, event.clone()), expected, "{event:?}");
        }
    }
    let child = child(OnCancel::Cancel);
    assert_eq!(orphans(lines, &[waits_for("a", &child)], done("b")), []);
}

#[test]
fn a_join_that_needs_a_caller_no_more_leaves_its_child_an_orphan() {
    let lines = "start -> a\n start -> b\n a -> j\n b -> j\n j {\"join\": \"any\", \"cancel_others\": true}\n";
    let child = child(OnCancel::Cancel);
    assert_eq!(orphans(lines, &[waits_for("a", &child)], done("b")), [child.execution_id]);
}

#[test]
fn a_step_whose_child_has_ended_has_no_orphan() {
    let child = child(OnCancel::Cancel);
    let before = [waits_for("a", &child), signalled("a")];
    assert_eq!(orphans("start -> a\n", &before, cancelled()), []);
}

#[test]
fn a_step_that_looks_again_for_its_child_still_has_an_orphan() {
    let child = child(OnCancel::Cancel);
    let before = [waits_for("a", &child), retry("a", 1)];
    assert_eq!(orphans("start -> a\n", &before, cancelled()), [child.execution_id]);
    let state = after(&graph("start -> a\n"), &[waits_for("a", &child), poisoned(), resolved("a", Resolution::Skip)]);
    assert_eq!(state.step(1).orphan(), Some(child.execution_id));
}

#[test]
fn a_signal_of_our_own_tells_for_which_step_it_is() {
    let inner = StepKey { node_id: NodeId::from("a"), scope: Scope("each[3]/in[0]".into()) };
    for step in [key("a"), inner] {
        assert_eq!(addressee(&signal_of(CHILD_SIGNALS, &step)), Some((step.clone(), Some(0))));
        assert_eq!(addressee(&child_signal(&step, 2)), Some((step.clone(), Some(2))));
        assert_eq!(addressee(&signal_of(EVENT_SIGNALS, &step)), Some((step, None)));
    }
    assert_eq!(addressee("go"), None);
    assert_eq!(addressee("$cancel"), None);
}

#[test]
fn an_execution_that_waits_for_a_child_says_for_which() {
    let child = child(OnCancel::Cancel);
    let graph = graph("start -> a\n");
    let told = json!(explain(&graph, &after(&graph, &[waits_for("a", &child)])));
    let expected = json!([{
        "waits_for": "child", "step": { "node_id": "a", "scope": "" }, "execution_id": child.execution_id,
        "workflow_id": child.workflow_id, "version_id": child.version_id, "until": at(90),
    }]);
    assert_eq!(told, expected);
}

#[test]
fn an_id_tells_a_child_and_sorts_as_before() {
    let ids: Vec<ExecutionId> = (0..100).map(|_| ExecutionId::new()).collect();
    assert!(ids.iter().all(|id| !id.is_child() && id.of_child().is_child()));
    let month = |id: &ExecutionId| id.0.as_u128() >> 80;
    assert!(ids.iter().all(|id| month(id) == month(&id.of_child())));
    let children: HashSet<ExecutionId> = ids.iter().map(|id| id.of_child()).collect();
    assert_eq!(children.len(), ids.len());
}

#[test]
fn every_step_has_a_signal_of_its_own_that_fits() {
    let steps = [("ok", ""), ("ok", "each[1]"), ("ok", "each[2]"), ("ok", &"a[1]/".repeat(80)), ("o", "")];
    let name = |(node, scope): (&str, &str)| {
        signal_of(CHILD_SIGNALS, &StepKey { node_id: NodeId::from(node), scope: Scope(scope.into()) })
    };
    let names: HashSet<String> = steps.map(name).into_iter().collect();
    assert_eq!(names.len(), steps.len());
    assert!(names.iter().all(|name| name.starts_with("$child:") && name.len() <= 200));
}

#[test]
fn a_restart_keeps_what_a_child_gave_and_calls_again_where_the_step_runs_again() {
    let graph = graph("start -> a\n a -> b\n");
    let child = child(OnCancel::Cancel);
    let events = [waits_for("a", &child), signalled("a"), done("a"), failed("b", "boom")];
    let entries: Vec<Entry> =
        (1..).zip(&events).map(|(position, event)| Entry { at: at(position), event: event.clone() }).collect();
    let state = after(&graph, &events);
    let (trigger, input) = (key("start"), input());
    let past = Past { graph: &graph, state: &state, entries: &entries, trigger: &trigger, input: &input };
    assert_eq!(plan(past, &graph, &"b".into()).unwrap().entries, entries[..3]);
    assert_eq!(plan(past, &graph, &"a".into()).unwrap().entries, []);
}

#[test]
fn a_person_who_tries_a_call_again_gives_its_child_up_and_calls_another() {
    let graph = graph("start -> a\n");
    let former = child(OnCancel::Cancel);
    let before = [waits_for("a", &former), retry("a", 1), poisoned(), resolved("a", RETRY)];
    let state = after(&graph, &before);
    assert_eq!((state.step(1).rounds, state.step(1).orphan()), (1, None));
    assert_eq!(state.given_up(), [former.execution_id]);
    let (late, awaited) = (child_signal(&key("a"), 0), child_signal(&key("a"), 1));
    assert_eq!((late.as_str(), awaited.as_str()), ("$child:a", "$child:a:1"));
    assert!(state.is_too_late(&graph, &late) && !state.is_too_late(&graph, &awaited));
    assert!(!state.is_too_late(&graph, &signal_of(EVENT_SIGNALS, &key("a"))), "only children have rounds");
    let ended = after(&graph, &[&before[..], &[done("a")]].concat());
    assert!(ended.is_too_late(&graph, &awaited));
}

#[test]
fn an_attempt_that_was_not_begun_anew_keeps_its_child() {
    let graph = graph("start -> a\n");
    let heard = [waits_for("a", &child(OnCancel::Cancel)), signalled("a"), poisoned(), resolved("a", RETRY)];
    let all = [waits_for("a", &child(OnCancel::Cancel)), retry("a", 1), poisoned(), resolved("", RETRY)];
    for before in [heard, all] {
        assert_eq!(after(&graph, &before).step(1).rounds, 0);
    }
}

#[test]
fn children_that_were_cancelled_with_their_steps_are_remembered_for_a_forced_cancel() {
    let graph = graph("start -> a\n start -> b\n b ~> u\n");
    let child = child(OnCancel::Cancel);
    let state = after(&graph, &[done("b"), waits_for("a", &child), cancelled()]);
    assert_eq!(state.given_up(), [child.execution_id]);
    assert!(state.end().is_none(), "the undo is still to come");
}
