//! Which arms an entry went through, seen from what changed.

use capstan_engine::core::decide::{Decision, IllegalEvent};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::journal::{Event, Resolution, SettledStatus, Settlement};
use capstan_engine::core::state::{EdgeState, StepStatus};

use crate::arms::Arms;
use crate::checks::index;
use crate::driver::Driver;
use crate::oracle::{Ended, Oracle, Picture};
use crate::spec::{Join, Kind, Spec};

pub(crate) fn refused(refusal: &IllegalEvent, arms: &mut Arms) {
    arms.hit(match refusal {
        IllegalEvent::UnknownStep(_) => "refused: unknown step",
        IllegalEvent::NotATrigger(_) => "begin: refused, not a trigger",
        IllegalEvent::Ended => "refused: ended",
        IllegalEvent::Incident => "refused: incident",
        IllegalEvent::Ending => "refused: ending",
        IllegalEvent::AlreadyPaused => "refused: already paused",
        IllegalEvent::NotPaused => "refused: not paused",
        IllegalEvent::NoBackoff => "refused: no back-off",
        IllegalEvent::NoIncident => "refused: no incident",
        IllegalEvent::StepNeeded => "refused: step needed",
        IllegalEvent::NotConcerned(_) => "refused: not concerned",
        IllegalEvent::NotActive(_) => "refused: not active",
        IllegalEvent::NoChunk(_) => unreachable!("there are no chunks"),
        IllegalEvent::WrongPhase(_) => "refused: wrong phase",
    });
}

pub(crate) fn beginning(spec: &Spec, graph: &Graph, oracle: &Oracle<'_>, decision: &Decision, arms: &mut Arms) {
    let other = |node: usize| spec.nodes[node].trigger && decision.skipped.contains(&index(spec, graph, node));
    (0..spec.nodes.len()).filter(|&node| other(node)).for_each(|_| arms.hit("begin: other trigger skipped"));
    if decision.end.is_some() {
        arms.hit("end: completed at once");
    }
    let blank = Picture {
        steps: vec![StepStatus::Pending; spec.nodes.len()],
        edges: vec![EdgeState::Open; spec.edges.len()],
        ended: None,
    };
    changes(spec, oracle, &blank, arms);
}

pub(crate) fn accepted(driver: &mut Driver<'_>, before: &Picture) {
    let event = driver.journal.last().map(|entry| entry.event.clone()).expect("one was accepted");
    driver.arms.hit(entry_arm(&event));
    changes(driver.spec, &driver.oracle, before, driver.arms);
    let after = &driver.oracle.picture;
    if after.steps.contains(&StepStatus::Cancelled) {
        driver.arms.hit(if after.ended.is_some() { "end: others cancelled" } else { "join: others cancelled" });
    }
    match &after.ended {
        None => {}
        Some(Ended::Completed) if matches!(&event, Event::Settled { settlement, .. } if settlement.port.is_none()) => {
            driver.arms.hit("end: completed by a failure that was taken");
        }
        Some(Ended::Completed) => driver.arms.hit("end: completed"),
        Some(Ended::Failed(..)) => driver.arms.hit("end: failed"),
        Some(Ended::TimedOut) => driver.arms.hit("end: timed out"),
        Some(Ended::Cancelled) if driver.oracle.incident => driver.arms.hit("end: cancelled as an incident"),
        Some(Ended::Cancelled) => driver.arms.hit("end: cancelled"),
    }
}

fn entry_arm(event: &Event) -> &'static str {
    match event {
        Event::Waiting { .. } => "entry: waiting",
        Event::AttemptFailed { .. } => "entry: attempt failed",
        Event::Opened { .. } | Event::Expired { .. } => "entry: of a container",
        Event::Started { .. } => "entry: started",
        Event::Signalled { .. } => "entry: signalled",
        Event::Cancelled { .. } => "entry: cancelled",
        Event::TimedOut => "entry: timed out",
        Event::Poisoned { .. } => "entry: poisoned",
        Event::Paused { .. } => "entry: paused",
        Event::Resumed { .. } => "entry: resumed",
        Event::Hastened { step: None, .. } => "entry: hastened, all",
        Event::Hastened { .. } => "entry: hastened, one",
        Event::Resolved { step: None, .. } => "entry: resolved, all is tried again",
        Event::Resolved { resolution, .. } => match resolution {
            Resolution::Retry { .. } => "entry: resolved, a step is tried again",
            Resolution::Skip => "entry: resolved, skipped",
            Resolution::Fail => "entry: resolved, failed",
        },
        Event::Settled { settlement: Settlement { status, error, .. }, .. } => match status {
            SettledStatus::Completed if error.is_some() => "entry: settled completed after an error",
            SettledStatus::Completed => "entry: settled completed",
            SettledStatus::Failed => "entry: settled failed",
            SettledStatus::OutcomeUnknown => "entry: settled outcome unknown",
        },
    }
}

fn changes(spec: &Spec, oracle: &Oracle<'_>, before: &Picture, arms: &mut Arms) {
    let after = &oracle.picture;
    let mut targets = Vec::new();
    for (edge, drawn) in spec.edges.iter().enumerate() {
        if before.edges[edge] == after.edges[edge] {
            continue;
        }
        targets.push(drawn.target);
        arms.hit(edge_arm(&drawn.kind, after.steps[drawn.source], after.edges[edge]));
        let late = !matches!(before.steps[drawn.target], StepStatus::Pending | StepStatus::Skipped);
        match after.edges[edge] {
            EdgeState::Taken if late => arms.hit("edge: late, into a step that fired, taken"),
            EdgeState::Skipped if late => arms.hit("edge: late, into a step that fired, skipped"),
            _ => {}
        }
    }
    targets.sort_unstable();
    targets.dedup();
    for node in targets.into_iter().filter(|&node| before.steps[node] == StepStatus::Pending) {
        arms.hit(node_arm(spec, after, node));
    }
}

fn edge_arm(kind: &Kind, source: StepStatus, state: EdgeState) -> &'static str {
    match (source, kind, state) {
        (StepStatus::Skipped, ..) => "edge: source skipped",
        (StepStatus::Cancelled, ..) => "edge: source cancelled",
        (_, Kind::Flow(..), EdgeState::Taken) => "edge: flow, taken",
        (StepStatus::Completed, Kind::Flow(_, Some(false)), _) => "edge: closed by its when",
        (StepStatus::Completed, Kind::Flow(..), _) => "edge: flow, other port",
        (_, Kind::Flow(..), _) => "edge: flow, source failed",
        (StepStatus::Completed, Kind::Error(_), _) => "edge: error, source completed",
        (_, Kind::Error(classes), EdgeState::Taken) if classes.is_empty() => "edge: error, takes any class",
        (_, Kind::Error(_), EdgeState::Taken) => "edge: error, class matches",
        (_, Kind::Error(_), _) => "edge: error, class differs",
    }
}

fn node_arm(spec: &Spec, after: &Picture, node: usize) -> &'static str {
    let join = spec.nodes[node].join;
    let has = |state| spec.nodes[node].ins.iter().any(|&edge| after.edges[edge] == state);
    match (after.steps[node], spec.nodes[node].ins.len()) {
        (StepStatus::Pending, _) => match join {
            Join::All => "undecided: all",
            Join::Any => "undecided: any",
            Join::Of(_) => "undecided: n of m",
        },
        (StepStatus::Skipped, 1) => "skip: only edge",
        (StepStatus::Skipped, _) => match join {
            Join::All => "skip: all",
            Join::Any => "skip: any",
            Join::Of(_) if has(EdgeState::Open) => "skip: n of m, others open",
            Join::Of(_) => "skip: n of m",
        },
        (_, 1) => "fire: only edge",
        (_, _) => match join {
            Join::Any if has(EdgeState::Open) => "fire: any, others open",
            Join::Any => "fire: any, others skipped",
            Join::Of(_) if has(EdgeState::Open) => "fire: n of m, others open",
            Join::Of(_) => "fire: n of m",
            Join::All if has(EdgeState::Skipped) => "fire: all, some edges skipped",
            Join::All => "fire: all, every edge taken",
        },
    }
}
