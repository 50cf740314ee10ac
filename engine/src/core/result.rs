//! What a frame came to.

use serde_json::{Value, json};

use super::chunk::Came;
use super::frame::Closing;
use super::graph::{EdgeIx, Graph, NodeIx, Part};
use super::outcome::{Closed, Wake};
use super::state::{EdgeState, End, FrameIx, State, Step, StepIx, StepStatus};

/// The output of a frame's one last step, or all of theirs by node id. The last ones are those that lead to no other.
#[must_use]
pub fn result(graph: &Graph, state: &State, frame: FrameIx) -> Value {
    if let Some(container) = graph.chunk_of.filter(|_| frame == 0) {
        return chunk(graph, state, container);
    }
    let edges = state.edges(graph, frame);
    let leads_on = |&edge: &EdgeIx| edges[graph.edges[edge].place] == EdgeState::Taken;
    let is_last = |step: &&Step| {
        let node = &graph.nodes[step.node];
        let has_settled = step.settled_at.is_some() && step.status != StepStatus::Cancelled;
        node.part == Part::Main && has_settled && !node.out_edges.iter().any(leads_on)
    };
    let last: Vec<&Step> = state.steps[state.steps_of(graph, frame)].iter().filter(is_last).collect();
    if let [step] = last[..] {
        return step.output.clone();
    }
    last.iter().map(|step| (graph.nodes[step.node].id.to_string(), step.output.clone())).collect()
}

/// What the items of a chunk came to.
fn chunk(graph: &Graph, state: &State, container: NodeIx) -> Value {
    let step = state.frames[0].first_step + graph.nodes[container].place;
    match closed(graph, state, step) {
        Some(Wake::Closed { frames, .. }) => json!(Came::of(frames)),
        _ => Value::Null,
    }
}

/// Why a container whose frames have ended runs again; those that never opened are cancelled. Of chunks, their items.
#[must_use]
pub fn closed(graph: &Graph, state: &State, step: StepIx) -> Option<Wake> {
    let round = state.step(step).round.as_deref()?;
    let came = |frame: &FrameIx| match &state.frames[*frame].ending {
        Some(End::Completed) => Closed::Completed(result(graph, state, *frame)),
        Some(End::Failed { error, .. }) => Closed::Failed(error.clone()),
        Some(End::Cancelled { .. }) | None => Closed::Cancelled,
    };
    let mut frames: Vec<Closed> = round.frames.iter().map(came).collect();
    frames.resize(round.items.len(), Closed::Cancelled);
    if let Some(spill) = round.spill {
        frames = frames.into_iter().enumerate().flat_map(|(chunk, came)| items(came, spill.items_of(chunk))).collect();
    }
    let expired = round.closing == Some(Closing::Expired);
    Some(Wake::Closed { frames, expired, turn: round.turn, note: round.note.clone() })
}

/// What each of the items of a chunk came to.
fn items(chunk: Closed, items: usize) -> Vec<Closed> {
    match chunk {
        Closed::Completed(came) => serde_json::from_value::<Came>(came).unwrap_or_default().frames(items),
        other => vec![other; items],
    }
}
