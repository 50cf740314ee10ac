//! Entries that should not be there: duplicates, strangers, and what comes too early or too late.

use std::sync::Arc;

use capstan_engine::core::ids::{NodeId, Scope, SignalId, StepKey};
use capstan_engine::core::journal::{Event, Resolution, SettledStatus, Settlement};
use capstan_engine::core::outcome::{StepError, Until};
use capstan_engine::core::state::Phase;
use chrono::TimeDelta;
use serde_json::Value;

use crate::driver::{Driver, key};
use crate::script::{hastened, paused, resolved, resumed};

/// One entry that is mostly refused. Where it may follow after all, it changes no plan.
pub(crate) fn event(driver: &mut Driver<'_>) -> Event {
    match driver.rng.below(9) {
        0 | 1 if !driver.journal.is_empty() => driver.rng.pick(&driver.journal).event.clone(),
        2 => stranger(driver),
        3 => wrong_attempt(driver),
        4 => settled_out_of_turn(driver),
        5 => resolved_out_of_turn(driver),
        6 => hastened_by_the_way(driver),
        7 => [paused(), resumed()][driver.rng.below(2)].clone(),
        _ => woken_out_of_turn(driver),
    }
}

fn any_step(driver: &mut Driver<'_>) -> (usize, StepKey) {
    let node = driver.rng.below(driver.spec.nodes.len());
    (node, key(&driver.spec.nodes[node].id))
}

fn stranger(driver: &mut Driver<'_>) -> Event {
    let (_, known) = any_step(driver);
    if driver.rng.chance(50) {
        return Event::Started { step: key("ghost") };
    }
    Event::Started { step: StepKey { node_id: known.node_id, scope: Scope(Arc::from("each[0]")) } }
}

fn wrong_attempt(driver: &mut Driver<'_>) -> Event {
    let (node, step) = any_step(driver);
    let attempt = if driver.rng.chance(50) { driver.oracle.attempts(node) } else { driver.oracle.attempts(node) + 2 };
    Event::AttemptFailed { step, attempt, error: error(), retry_at: driver.now }
}

/// A settlement of a step that is not active, or that waits for nothing but a signal.
fn settled_out_of_turn(driver: &mut Driver<'_>) -> Event {
    let (node, step) = any_step(driver);
    let only_signal = matches!(driver.oracle.phase(node), Phase::Waiting(Until { time: None, .. }));
    if driver.oracle.is_active(node) && !only_signal {
        return Event::Started { step: StepKey::root(NodeId::from("ghost")) };
    }
    let status = *driver.rng.pick(&[SettledStatus::Completed, SettledStatus::Failed, SettledStatus::OutcomeUnknown]);
    let completed = status == SettledStatus::Completed;
    let settlement = Settlement {
        status,
        port: completed.then(|| "out".into()),
        output: Value::Null,
        error: (!completed).then(error),
        attempts: 1,
        closed_edges: Vec::new(),
        failed_items: 0,
        more_ports: Vec::new(),
    };
    Event::Settled { step, settlement }
}

/// What a person says of an execution that is no incident, or of a step that it is not about.
fn resolved_out_of_turn(driver: &mut Driver<'_>) -> Event {
    let (node, step) = any_step(driver);
    match driver.rng.chance(50) || driver.oracle.incident && driver.oracle.is_active(node) {
        true => resolved("", Resolution::Skip),
        false => resolved(step.node_id.as_str(), Resolution::Skip),
    }
}

/// A person is impatient: what comes of an attempt is the same.
fn hastened_by_the_way(driver: &mut Driver<'_>) -> Event {
    let (_, step) = any_step(driver);
    hastened(if driver.rng.chance(50) { "" } else { step.node_id.as_str() })
}

fn woken_out_of_turn(driver: &mut Driver<'_>) -> Event {
    let (_, step) = any_step(driver);
    if driver.rng.chance(50) {
        return Event::Signalled { step, signal_id: SignalId::new(), payload: Value::Null };
    }
    let time = Some(driver.now + TimeDelta::seconds(5));
    Event::Waiting { step, until: Until { time, signal: Some("reply".into()), child: None } }
}

fn error() -> StepError {
    StepError { class: "noise".into(), reason: "this should not be here".into() }
}
