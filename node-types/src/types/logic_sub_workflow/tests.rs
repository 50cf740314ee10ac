use capstan_engine::core::ids::WorkflowId;

use super::*;
use crate::testing::{Calls, context, context_calling, failed, put_off};

fn trigger(id: &str, type_name: &str, config: Value) -> Trigger {
    Trigger { id: id.into(), type_name: type_name.into(), config }
}

fn callee(triggers: Vec<Trigger>) -> Callee {
    let version_id = Some(VersionId::new());
    Callee { workflow_id: WorkflowId::new(), version_id, timeout_ms: Some(9), triggers }
}

fn manual() -> Callee {
    callee(vec![trigger("start", "trigger.manual", json!({}))])
}

fn child() -> Child {
    let (workflow_id, version_id) = (WorkflowId::new(), VersionId::new());
    Child { execution_id: ExecutionId::new().of_child(), workflow_id, version_id, on_cancel: OnCancel::Cancel }
}

async fn run(config: Value, context: &Context) -> Outcome {
    LogicSubWorkflow.run(serde_json::from_value(config).unwrap(), context).await
}

async fn called(config: Value, found: Callee) -> (NewChild, Until) {
    let context = context_calling(Calls { found: Some(found), ..Calls::default() });
    match run(config, &context).await {
        Outcome::Call { child, until } => (*child, until),
        other => panic!("expected a call, got {other:?}"),
    }
}

async fn refused(config: Value, found: Option<Callee>) -> (String, String) {
    failed(run(config, &context_calling(Calls { found, ..Calls::default() })).await)
}

#[tokio::test]
async fn an_awaited_child_is_asked_for_with_the_signal_of_its_step_and_the_time_of_the_wait() {
    let (new, until) = called(json!({"workflow": "b", "input": {"a": 1}, "timeout": "1h"}), manual()).await;
    assert!(new.child.execution_id.is_child());
    assert_eq!(
        (new.trigger.as_str(), &new.input, new.timeout_ms, new.depth, new.vt),
        ("start", &json!({"a": 1}), Some(9), 1, 7)
    );
    assert_eq!(new.child.on_cancel, OnCancel::Cancel);
    assert_eq!(until.signal.as_deref(), Some("$child:node"));
    assert_eq!(until.time, Some("2026-01-01T01:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn a_detached_child_has_the_time_itself_and_its_step_goes_on_at_once() {
    let config = json!({"workflow": "b", "mode": "detached", "timeout_ms": 5});
    let (new, until) = called(config.clone(), manual()).await;
    assert_eq!((new.timeout_ms, &new.input, new.child.on_cancel), (Some(5), &json!({}), OnCancel::Abandon));
    assert_eq!((until.signal, until.time), (None, Some("2026-01-01T00:00:00Z".parse().unwrap())));
    let child = child();
    let started = Some(Started { child: child.clone(), end: None });
    let context = Context { wake: Some(Wake::Due), ..context_calling(Calls { started, ..Calls::default() }) };
    assert_eq!(run(config, &context).await, Outcome::done("out", told(&child)));
}

#[tokio::test]
async fn the_end_of_the_child_is_that_of_the_step() {
    for (payload, outcome) in [
        (json!({"status": "completed", "output": {"sum": 3}}), Outcome::done("out", json!({"sum": 3}))),
        (
            json!({"execution_id": "x", "status": "failed", "error": {"class": "http_5xx", "reason": "down"}}),
            Outcome::fail("child_failed", "execution x of \"b\" failed with http_5xx: down"),
        ),
        (
            json!({"execution_id": "x", "status": "cancelled", "error": {"reason": "enough"}}),
            Outcome::fail("child_cancelled", "execution x of \"b\" was cancelled: enough"),
        ),
    ] {
        let context = Context { wake: Some(Wake::Signal { payload }), ..context() };
        assert_eq!(run(json!({"workflow": "b"}), &context).await, outcome);
    }
}

#[tokio::test]
async fn an_output_that_was_too_large_for_the_signal_is_read() {
    let end = Some(json!({"status": "completed", "output": "long"}));
    let started = Some(Started { child: child(), end });
    let payload = json!({"status": "completed", "output": null, "left_out": true});
    let wake = Some(Wake::Signal { payload });
    let context = Context { wake, ..context_calling(Calls { started, ..Calls::default() }) };
    assert_eq!(run(json!({"workflow": "b"}), &context).await, Outcome::done("out", json!("long")));
}

#[tokio::test]
async fn an_end_that_came_first_beats_the_end_of_the_time() {
    for (end, class) in [(Some(json!({"status": "completed", "output": 1})), None), (None, Some("timeout"))] {
        let started = Some(Started { child: child(), end });
        let context = Context { wake: Some(Wake::Due), ..context_calling(Calls { started, ..Calls::default() }) };
        let outcome = run(json!({"workflow": "b", "timeout": "1s"}), &context).await;
        match class {
            Some(class) => assert_eq!(failed(outcome).0, class),
            None => assert_eq!(outcome, Outcome::done("out", json!(1))),
        }
    }
}

#[tokio::test]
async fn a_repeated_attempt_starts_no_second_child() {
    let child = child();
    let started = Some(Started { child: child.clone(), end: None });
    let context =
        Context { attempt: 2, ..context_calling(Calls { started, found: Some(manual()), ..Calls::default() }) };
    match run(json!({"workflow": "b"}), &context).await {
        Outcome::Wait(until) => assert_eq!(until.child.as_deref(), Some(&child)),
        other => panic!("expected a wait, got {other:?}"),
    }
}

#[tokio::test]
async fn what_cannot_be_called_fails_with_what_to_do() {
    let unpublished = Callee { version_id: None, ..callee(Vec::new()) };
    let two = || callee(vec![trigger("a", "trigger.webhook", json!({})), trigger("b", "trigger.webhook", json!({}))]);
    let fields =
        json!({"title": "F", "path": "p", "fields": [{"name": "n", "label": "N", "type": "number", "required": true}]});
    let form = || callee(vec![trigger("f", "trigger.form", fields.clone())]);
    for (config, found, class, told) in [
        (json!({"workflow": "b"}), None, "not_found", "its exact name"),
        (json!({"workflow": "b"}), Some(unpublished), "not_found", "publish"),
        (json!({"workflow": "b"}), Some(two()), "not_found", "a, b"),
        (json!({"workflow": "b", "trigger": "c"}), Some(two()), "not_found", "a, b"),
        (json!({"workflow": "b", "input": {"n": "many"}}), Some(form()), "input", "N"),
        (json!({"workflow": "b", "input": 1}), Some(form()), "input", "object"),
        (json!({"workflow": "b", "timeout": "1s", "timeout_ms": 1}), Some(manual()), "config", "twice"),
    ] {
        let (found, reason) = refused(config, found).await;
        assert!(found == class && reason.contains(told), "{found}: {reason}");
    }
    let (new, _) = called(json!({"workflow": "b", "input": {"n": "3"}}), form()).await;
    assert_eq!(new.input, json!({"n": 3}));
    let (new, _) = called(json!({"workflow": "b", "trigger": "b"}), two()).await;
    assert_eq!(new.trigger.as_str(), "b");
}

#[tokio::test]
async fn calls_that_are_too_deep_name_their_chain_and_a_desk_that_is_away_is_tried_again() {
    let above = vec!["orders".to_owned(), "billing".to_owned()];
    let context = context_calling(Calls { found: Some(manual()), above, ..Calls::default() });
    let (class, reason) = failed(run(json!({"workflow": "b"}), &context).await);
    assert!(class == "call_depth" && reason.contains("orders → billing"), "{class}: {reason}");
    let context = context_calling(Calls { away: true, ..Calls::default() });
    assert!(put_off(run(json!({"workflow": "b"}), &context).await).contains("looked up"));
}

#[test]
fn flaws_are_found_before_anything_runs() {
    let config = json!({"workflow": "b", "timeout": "soon", "version": 0});
    let found: Vec<_> = LogicSubWorkflow::check(&config).into_iter().map(|problem| problem.pointer).collect();
    assert_eq!(found, ["/timeout", "/version"]);
    assert!(LogicSubWorkflow::check(&json!({"workflow": "b", "version": "latest"})).is_empty());
}
