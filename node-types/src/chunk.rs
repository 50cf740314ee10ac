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
    let own = context.services.calls.divide(&calling).await?;
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
    match context.services.calls.started(&calling, OnCancel::Cancel).await? {
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
