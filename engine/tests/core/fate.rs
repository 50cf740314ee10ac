//! How each step of a case must end, and the whole execution where nothing races.

use capstan_engine::core::ids::{NodeId, StepKey};
use capstan_engine::core::journal::{Entry, Event, SettledStatus, Settlement};
use capstan_engine::core::outcome::StepError;
use chrono::DateTime;
use serde_json::{Value, json};

use crate::catalogue::PORTS;
use crate::oracle::{Ended, Oracle};
use crate::spec::{Act, Ending, Kind, Spec};

/// The settlement that the plan of `node` leads to; reasons of errors are left empty.
pub(crate) fn settlement(spec: &Spec, node: usize) -> Settlement {
    let plan = &spec.nodes[node];
    let mut failed = 0;
    for act in &plan.acts {
        if let Act::Retry(class) = act {
            failed += 1;
            if failed >= plan.attempts_max {
                return failure(spec, node, class, failed);
            }
        }
    }
    match plan.ending {
        Ending::Done(port) => completed(spec, node, port, output(spec, node), failed + 1),
        Ending::NoSuchPort => failure(spec, node, "port", failed + 1),
        Ending::Fail(class) => failure(spec, node, class, failed + 1),
        Ending::Lost => {
            let status = SettledStatus::OutcomeUnknown;
            Settlement { status, ..failed_with("outcome_unknown", failed + 1) }
        }
    }
}

/// What `node` gives back when it is done.
pub(crate) fn output(spec: &Spec, node: usize) -> Value {
    json!({"from": spec.nodes[node].id})
}

fn completed(spec: &Spec, node: usize, port: usize, output: Value, attempts: u32) -> Settlement {
    let closed = spec.nodes[node].outs.iter().map(|&edge| &spec.edges[edge]);
    let closed = closed.filter(|edge| matches!(edge.kind, Kind::Flow(from, Some(false)) if from == port));
    Settlement {
        status: SettledStatus::Completed,
        port: Some(PORTS[port].into()),
        output,
        error: None,
        attempts,
        closed_edges: closed.map(|edge| edge.id.clone()).collect(),
        failed_items: 0,
        more_ports: Vec::new(),
    }
}

fn failure(spec: &Spec, node: usize, class: &str, attempts: u32) -> Settlement {
    let failed = failed_with(class, attempts);
    if spec.nodes[node].carry_on && !spec.handles(node, class) {
        return Settlement { error: failed.error, ..completed(spec, node, 0, Value::Null, attempts) };
    }
    failed
}

fn failed_with(class: &str, attempts: u32) -> Settlement {
    let error = Some(StepError { class: class.into(), reason: String::new() });
    Settlement {
        status: SettledStatus::Failed,
        port: None,
        output: Value::Null,
        error,
        attempts,
        closed_edges: Vec::new(),
        failed_items: 0,
        more_ports: Vec::new(),
    }
}

/// The end of the case in any order at all; nothing if it depends on the order.
pub(crate) fn foretell(spec: &Spec) -> Option<Oracle<'_>> {
    let mut oracle = Oracle::new(spec);
    for node in 0..spec.nodes.len() {
        if oracle.is_active(node) {
            let step = StepKey::root(NodeId::from(spec.nodes[node].id.as_str()));
            let event = Event::Settled { step, settlement: settlement(spec, node) };
            oracle.accept(&Entry { at: DateTime::UNIX_EPOCH, event });
        }
    }
    let races = spec.nodes.iter().any(|node| node.cuts);
    (!races && spec.intervention.is_none() && oracle.picture.ended == Some(Ended::Completed)).then_some(oracle)
}
