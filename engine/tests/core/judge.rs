//! What must hold of an execution that has ended, however it did.

use capstan_engine::core::graph::{Graph, Part};
use capstan_engine::core::journal::Resolution;
use capstan_engine::core::state::{End, Stage, State, StepStatus};

pub(crate) fn ensure(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// What was met.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) undone: usize,
    pub(crate) at_last: usize,
}

/// No step is live, every frame has ended, what was done is undone unless all was well, and what runs at last has run.
/// Somebody who ends an incident leaves it as it stands.
pub(crate) fn ended_well(graph: &Graph, state: &State) -> Result<Ended, String> {
    let end = state.end().ok_or("it has not ended")?;
    ensure(!state.steps().iter().any(|step| step.is_active()), "a step is live after the end")?;
    let mut met = Ended::default();
    if state.incident().is_some() {
        return Ok(met);
    }
    ensure(state.frames()[0].ending.as_ref() == Some(end), "the top level ended otherwise")?;
    for (ix, frame) in state.frames().iter().enumerate() {
        ensure(frame.stage == Stage::Ended, &format!("frame {ix} has not ended"))?;
    }
    let is_well = *end == End::Completed || failed_at_last(graph, state);
    for (ix, step) in state.steps().iter().enumerate() {
        let (node, key) = (&graph.nodes[step.node], state.key(graph, ix));
        let begins_last = node.part == Part::Finally && node.in_edges.is_empty();
        ensure(!begins_last || step.status != StepStatus::Pending, &format!("{key} did not run"))?;
        met.at_last += usize::from(begins_last);
        let Some(undo) = node.undo else { continue };
        let undo = state.around(graph, ix, undo).ok_or("an undo lies elsewhere")?;
        let undone = state.step(undo).status;
        let is_done = match step.status {
            StepStatus::Completed => step.error.is_none(),
            status => status == StepStatus::OutcomeUnknown,
        };
        // A person may have given up what could not be undone.
        let given_up = state.resolved().iter().any(|it| it.step == Some(undo) && it.resolution == Resolution::Fail);
        ensure(is_well || !is_done || undone == StepStatus::Completed || given_up, &format!("{key} is not undone"))?;
        ensure(is_done || undone == StepStatus::Pending, &format!("{key} was undone, and not done"))?;
        met.undone += usize::from(undone == StepStatus::Completed);
    }
    Ok(met)
}

/// Whether all was well until what runs at last failed: then nothing is undone.
fn failed_at_last(graph: &Graph, state: &State) -> bool {
    let Some(End::Failed { step: Some(step), .. }) = state.end() else { return false };
    let node = graph.find(&step.node_id).map(|node| &graph.nodes[node]);
    node.is_some_and(|node| node.part == Part::Finally)
}
