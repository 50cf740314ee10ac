//! When items are handed over, and what a chunk is given.

use serde_json::{Map, Value, json};

use super::{AROUND_BYTES_MAX, Chunks, Given, Spill, Standing};
use crate::core::attempt::{STEPS_MAX, stays, storable};
use crate::core::catalogue::Frames;
use crate::core::graph::{Graph, NodeIx};
use crate::core::journal::Event;
use crate::core::scene::Scene;
use crate::core::state::{State, StepIx};

/// The same entry, but if it opens frames for more items than the container keeps to itself: then they are handed over in
/// chunks. They stay where they are if that cannot be.
///
/// # Errors
/// Why they cannot be handed over, and not stay either; for people.
pub fn hand_over(scene: &Scene<'_>, step: StepIx, event: Event) -> Result<Event, String> {
    let Event::Opened { step: key, items, until, note, spill: None } = event else { return Ok(event) };
    let node = scene.state.step(step).node;
    let Some((chunks, rules)) = scene.graph.hands_over(node, items.len()) else {
        return Ok(Event::Opened { step: key, items, until, note, spill: None });
    };
    let spill = Spill::of(items.len(), chunks.spilling.chunk, rules);
    match cut(scene, step, chunks, &items, spill.chunk) {
        Ok(chunks) => Ok(Event::Opened { step: key, items: chunks.into(), until, note, spill: Some(spill) }),
        Err(why) => {
            let stays = stays(scene.graph, scene.state, step, items.len());
            stays.map_err(|reason| format!("the list cannot be handed over, as {why}, and cannot stay: {reason}"))?;
            Ok(Event::Opened { step: key, items, until, note, spill: None })
        }
    }
}

/// The chunks, or why there can be none.
fn cut(scene: &Scene<'_>, step: StepIx, chunks: &Chunks, items: &[Value], chunk: usize) -> Result<Vec<Value>, String> {
    if around_bytes(scene, step, chunks).is_none_or(|bytes| bytes > AROUND_BYTES_MAX) {
        return Err(format!("what its nodes read around it has more than {AROUND_BYTES_MAX} bytes"));
    }
    let cut: Vec<Value> = items.chunks(chunk).map(|items| Value::Array(items.to_vec())).collect();
    let steps = scene.state.steps_in_all(scene.graph) + cut.len();
    if steps > STEPS_MAX {
        return Err(format!("with its chunks the execution would have {steps} steps of {STEPS_MAX}"));
    }
    match cut.iter().find_map(|chunk| storable(chunk).err()) {
        Some(reason) => Err(format!("a chunk of it cannot be kept ({reason})")),
        None => Ok(cut),
    }
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
    /// How a container hands so many items over, and how it runs its graph; none if it keeps them.
    pub(in crate::core) fn hands_over(&self, container: NodeIx, items: usize) -> Option<(&Chunks, Frames)> {
        let node = &self.nodes[container];
        let (chunks, (_, rules)) = (node.chunks.as_deref().filter(|chunks| chunks.body.is_some())?, node.container?);
        // What runs in a chunk hands nothing over.
        (items > chunks.spilling.above && self.chunk_of.is_none()).then_some((chunks, rules))
    }

    /// Whether a step stands for a chunk.
    #[must_use]
    pub fn is_chunk(&self, state: &State, step: StepIx) -> bool {
        self.nodes[state.step(step).node].is_chunk
    }
}
