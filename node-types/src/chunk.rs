//! One attempt of a step that stands for a chunk: it starts the execution that runs the items, and takes what they came to.

use capstan_domain::calls::{Calling, Started};
use capstan_engine::core::child::{Child, NewChild, OnCancel};
use capstan_engine::core::chunk::CHUNK_SUFFIX;
use capstan_engine::core::ids::{ExecutionId, NodeId};
use capstan_engine::core::outcome::{Outcome, Until, Wake};
use serde_json::Value;

use crate::node_type::Context;

/// Runs it; `given` is what the chunk is started with.
pub async fn run(given: &Value, context: &Context) -> Outcome {
    let outcome = match &context.wake {
        Some(Wake::Signal { payload }) if payload["left_out"] != Value::Bool(true) => Ok(ended(payload)),
        None if context.attempt == 1 => call(given, context).await,
        _ => look(given, context).await,
    };
    outcome.unwrap_or_else(|failed| failed)
}

async fn call(given: &Value, context: &Context) -> Result<Outcome, Outcome> {
    let calling = Calling::from(context);
    let own = context.database.ask(context.services.calls.divide(&calling)).await?;
    let child = Child {
        execution_id: ExecutionId::new().of_child(),
        workflow_id: own.workflow_id,
        version_id: own.version_id,
        on_cancel: OnCancel::Cancel,
    };
    let container = calling.step.node_id.as_str().trim_end_matches(CHUNK_SUFFIX);
    let new = NewChild {
        child,
        trigger: NodeId::from(container),
        input: given.clone(),
        timeout_ms: None,
        root_id: own.admission.root_id,
        depth: own.admission.depth,
        vt: own.admission.vt,
    };
    Ok(Outcome::Call { child: Box::new(new), until: until(&calling) })
}

/// What has come of it so far: its signal brought no output, or an attempt is repeated.
async fn look(given: &Value, context: &Context) -> Result<Outcome, Outcome> {
    let calling = Calling::from(context);
    match context.database.ask(context.services.calls.started(&calling, OnCancel::Cancel)).await? {
        None => call(given, context).await,
        Some(Started { end: Some(end), .. }) => Ok(ended(&end)),
        Some(Started { child, end: None }) => {
            Ok(Outcome::Wait(Until { child: Some(Box::new(child)), ..until(&calling) }))
        }
    }
}

fn until(calling: &Calling) -> Until {
    Until { time: None, signal: Some(calling.signal()), child: None }
}

/// What the end of a chunk means. It fails only if somebody ends it: what fails of its items is part of its output.
fn ended(end: &Value) -> Outcome {
    let id = end["execution_id"].as_str().unwrap_or_default();
    let error = |field: &str| end["error"][field].as_str().unwrap_or_default();
    match end["status"].as_str() {
        Some("completed") => Outcome::done("out", end["output"].clone()),
        Some("cancelled") => {
            let reason = format!("execution {id}, which ran a chunk of the items, was cancelled: {}", error("reason"));
            Outcome::fail("child_cancelled", reason)
        }
        _ => {
            let (class, reason) = (error("class"), error("reason"));
            let reason = format!("execution {id}, which ran a chunk of the items, failed with {class}: {reason}");
            Outcome::fail("child_failed", reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use capstan_engine::core::child::Child;
    use capstan_engine::core::ids::{StepKey, VersionId, WorkflowId};
    use serde_json::json;

    use super::*;
    use crate::testing::{Calls, context_calling, failed, put_off};

    fn standing_for(calls: Calls) -> Context {
        Context { step: StepKey::root(NodeId::from("each.chunk")), ..context_calling(calls) }
    }

    #[tokio::test]
    async fn a_chunk_begins_at_its_container_however_deep_it_lies() {
        let given = json!({ "items": [1] });
        let Outcome::Call { child, until } = run(&given, &standing_for(Calls::default())).await else {
            panic!("it is not called")
        };
        assert_eq!((child.trigger.as_str(), &child.input, child.depth, child.timeout_ms), ("each", &given, 17, None));
        assert!(child.child.execution_id.is_child());
        assert_eq!((until.signal.as_deref(), until.time), (Some("$child:each.chunk"), None));
    }

    #[tokio::test]
    async fn a_repeated_attempt_waits_for_the_chunk_that_there_is_and_takes_what_it_came_to() {
        let (workflow_id, version_id) = (WorkflowId::new(), VersionId::new());
        let execution_id = ExecutionId::new().of_child();
        let child = Child { execution_id, workflow_id, version_id, on_cancel: OnCancel::Cancel };
        let end = json!({ "execution_id": execution_id, "status": "completed", "output": { "failed": [] } });
        for end in [None, Some(end)] {
            let started = Some(Started { child: child.clone(), end: end.clone() });
            let context = Context { attempt: 2, ..standing_for(Calls { started, ..Calls::default() }) };
            match (run(&json!({}), &context).await, end) {
                (Outcome::Wait(until), None) => assert_eq!(until.child.as_deref(), Some(&child)),
                (Outcome::Done { output, .. }, Some(end)) => assert_eq!(output, end["output"]),
                other => panic!("{other:?}"),
            }
        }
        let away = standing_for(Calls { away: true, ..Calls::default() });
        assert!(put_off(run(&json!({}), &away).await).contains("looked up"));
    }

    #[tokio::test]
    async fn a_chunk_that_somebody_ended_fails() {
        let payload = json!({ "execution_id": "x", "status": "cancelled", "error": { "reason": "enough" } });
        let context = Context { wake: Some(Wake::Signal { payload }), ..standing_for(Calls::default()) };
        assert_eq!(failed(run(&json!({}), &context).await).0, "child_cancelled");
    }
}
