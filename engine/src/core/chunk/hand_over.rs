//! When items are handed over, and what a chunk is given.

use serde_json::{Map, Value, json};

use super::{AROUND_BYTES_MAX, Chunks, Given, Spill, Standing};
use crate::core::attempt::storable;
use crate::core::graph::Graph;
use crate::core::journal::Event;
use crate::core::scene::Scene;
use crate::core::state::{State, StepIx};

/// The same entry, but if it opens frames for more items than the container keeps to itself: then they are handed over in
/// chunks. They stay where they are if what is around them is too large to be told to each chunk.
#[must_use]
pub fn hand_over(scene: &Scene<'_>, step: StepIx, event: Event) -> Event {
    let Event::Opened { step: key, items, until, note, spill: None } = event else { return event };
    let (chunks, spill) = match spill(scene, step, items.len()) {
        Some((chunks, spill)) if around_bytes(scene, step, chunks).is_some_and(|bytes| bytes <= AROUND_BYTES_MAX) => {
            (cut(&items, spill.chunk), spill)
        }
        _ => return Event::Opened { step: key, items, until, note, spill: None },
    };
    if chunks.iter().any(|chunk| storable(chunk).is_err()) {
        return Event::Opened { step: key, items, until, note, spill: None };
    }
    Event::Opened { step: key, items: chunks.into(), until, note, spill: Some(spill) }
}

/// How a container would hand over so many items; none if it keeps them.
fn spill<'a>(scene: &Scene<'a>, step: StepIx, items: usize) -> Option<(&'a Chunks, Spill)> {
    let node = &scene.graph.nodes[scene.state.step(step).node];
    let (chunks, (_, rules)) = (node.chunks.as_deref().filter(|chunks| chunks.body.is_some())?, node.container?);
    // What runs in a chunk hands nothing over.
    let spills = items > chunks.spilling.above && scene.graph.chunk_of.is_none();
    spills.then(|| (chunks, Spill::of(items, chunks.spilling.chunk, rules)))
}

fn cut(items: &[Value], chunk: usize) -> Vec<Value> {
    items.chunks(chunk).map(|items| Value::Array(items.to_vec())).collect()
}

/// How much each chunk would be told, roughly; none if it cannot be stored.
fn around_bytes(scene: &Scene<'_>, step: StepIx, chunks: &Chunks) -> Option<usize> {
    let (input, steps) = around(scene, step, chunks);
    Some(storable(&input).ok()? + storable(&Value::Object(steps)).ok()?)
}

/// The input of the execution, and the steps around a container, as far as its body names them.
fn around(scene: &Scene<'_>, step: StepIx, chunks: &Chunks) -> (Value, Map<String, Value>) {
    let input = if chunks.reads_input { scene.input().clone() } else { Value::Null };
    let standing = |&node| {
        let step = scene.state.step(scene.state.around(scene.graph, step, node)?);
        let (status, output, error) = (step.status, step.output.clone(), step.error.clone());
        Some((scene.graph.nodes[node].id.to_string(), json!(Standing { status, output, error })))
    };
    (input, chunks.reads.iter().filter_map(standing).collect())
}

/// What the chunk that a step stands for is given; none if it stands for none.
#[must_use]
pub fn given(scene: &Scene<'_>, step: StepIx) -> Option<Given> {
    let Scene { graph, state, execution_id, .. } = *scene;
    let frame = &state.frames()[state.step(step).frame];
    let owner = frame.owner?;
    let spill = state.step(owner).round.as_ref()?.spill?;
    let chunks = graph.nodes[state.step(owner).node].chunks.as_deref()?;
    let (input, steps) = around(scene, owner, chunks);
    let (items, first) = (frame.item.as_array()?.clone(), frame.index * spill.chunk);
    Some(Given { execution_id, items, first, parallel: spill.share, tolerated: spill.tolerated, input, steps })
}

impl Graph {
    /// Whether a step stands for a chunk.
    #[must_use]
    pub fn is_chunk(&self, state: &State, step: StepIx) -> bool {
        self.nodes[state.step(step).node].is_chunk
    }
}
