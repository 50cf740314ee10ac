//! Chunks: items of a long list that are handed to executions of their own. Each runs the same body of the same version over
//! its items, as the container itself would, and its parent waits for it as for any child.

mod graphs;
mod hand_over;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::attempt::storable;
use super::catalogue::Frames;
use super::graph::{BodyIx, NodeIx};
use super::ids::{ExecutionId, NodeId};
use super::outcome::{Closed, StepError};
use super::step::StepStatus;

pub use hand_over::{given, hand_over};

/// Most chunks of one list: those of a longer one have more items than its author asked for.
pub const CHUNKS_MAX: usize = 1_000;
/// Most items of a list that is handed over. Before that comes the size of a config, [`super::expression::OUTPUT_BYTES_MAX`]:
/// see docs/decisions/0051.
pub const SPILLED_ITEMS_MAX: usize = CHUNKS_MAX * CHUNK_ITEMS_MAX;
/// Fewest items of a chunk that an author may ask for.
pub const CHUNK_ITEMS_MIN: usize = 10;
/// Most items of a chunk.
pub const CHUNK_ITEMS_MAX: usize = 1_000;
/// Most chunks of one list that run at the same time.
pub const CHUNKS_PARALLEL_MAX: usize = 16;
/// Most bytes that a chunk is told of what is around it, roughly as JSON: each of them has its own copy.
pub const AROUND_BYTES_MAX: usize = 256 * 1024;

/// From when on a container hands its items over, and how many at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spilling {
    /// A longer list is handed over.
    pub above: usize,
    /// Items of each chunk.
    pub chunk: usize,
}

/// A container that hands its items over, as compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunks {
    /// When and how.
    pub spilling: Spilling,
    /// The body of one step that stands for a chunk; none in a graph as drawn.
    pub body: Option<BodyIx>,
    /// Nodes around the container that its body names.
    pub reads: Vec<NodeIx>,
    /// Whether its body names the input of the execution.
    pub reads_input: bool,
}

/// How the items of one round are handed over, as the journal keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spill {
    /// All items.
    pub items: usize,
    /// Items of each chunk; the last may have fewer.
    pub chunk: usize,
    /// Chunks that run at the same time.
    pub parallel: usize,
    /// Items of each that run at the same time.
    pub share: usize,
    /// Items that may fail.
    pub tolerated: usize,
}

impl Spill {
    /// How `items` are handed over by a container with these rules.
    #[must_use]
    pub fn of(items: usize, chunk: usize, rules: Frames) -> Self {
        let concurrency = rules.parallel.max(1);
        // As many chunks as may be, unless fewer use more of the concurrency.
        let used = |parallel: &usize| (parallel * (concurrency / parallel), *parallel);
        let parallel = (1..=concurrency.min(CHUNKS_PARALLEL_MAX)).max_by_key(used).unwrap_or(1);
        let tolerated = rules.tolerated.max(items * rules.tolerated_percent / 100);
        let chunk = chunk.max(items.div_ceil(CHUNKS_MAX)).max(1);
        Self { items, chunk, parallel, share: concurrency / parallel, tolerated }
    }

    /// The rules of the round: its frames are chunks.
    #[must_use]
    pub fn rules(&self, rules: Frames) -> Frames {
        Frames { parallel: self.parallel, tolerated: self.tolerated, tolerated_percent: 0, ..rules }
    }

    /// How many items a chunk has.
    #[must_use]
    pub fn items_of(&self, chunk: usize) -> usize {
        self.items.saturating_sub(chunk * self.chunk).min(self.chunk)
    }
}

/// What a chunk is started with: the input of its execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// The execution that hands it over.
    pub execution_id: ExecutionId,
    /// Its items.
    pub items: Vec<Value>,
    /// Where the first of them stands in the whole list.
    pub first: usize,
    /// Items that run at the same time.
    pub parallel: usize,
    /// Items that may fail in the whole list.
    pub tolerated: usize,
    /// What that execution was started with; null if the body does not name it.
    #[serde(default)]
    pub input: Value,
    /// The steps around the container that its body names.
    #[serde(default)]
    pub steps: Map<String, Value>,
}

/// How a step around a container stood when its items were handed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Standing {
    pub(super) status: StepStatus,
    #[serde(default)]
    pub(super) output: Value,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) error: Option<StepError>,
}

/// What the items of a chunk came to: the output of its execution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Came {
    /// In the order of the items, null for those that failed or never ran; none if they are too large together.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub results: Option<Vec<Value>>,
    /// Places in the chunk of those that failed.
    #[serde(default)]
    pub failed: Vec<usize>,
    /// The error of the first of them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<StepError>,
    /// Why there are no results.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub left_out: Option<String>,
}

impl Came {
    /// What these frames came to.
    #[must_use]
    pub fn of(frames: Vec<Closed>) -> Self {
        let mut came = Self::default();
        let mut results = Vec::with_capacity(frames.len());
        for (place, frame) in frames.into_iter().enumerate() {
            results.push(match frame {
                Closed::Completed(output) => output,
                Closed::Failed(error) => {
                    came.failed.push(place);
                    came.error.get_or_insert(error);
                    Value::Null
                }
                Closed::LeftOut(_) | Closed::Cancelled => Value::Null,
            });
        }
        // Room for the rest is small, and bounded by the items.
        match results.iter().try_fold(0, |sum, result| storable(result).map(|bytes| sum + bytes)).and_then(fits) {
            Ok(()) => came.results = Some(results),
            Err(reason) => came.left_out = Some(reason),
        }
        came
    }

    /// The same for each of `items`.
    #[must_use]
    pub fn frames(self, items: usize) -> Vec<Closed> {
        let Self { results, failed, error, left_out } = self;
        let mut frames: Vec<Closed> = match (results, left_out) {
            (Some(results), _) => results.into_iter().map(Closed::Completed).collect(),
            (None, reason) => vec![Closed::LeftOut(reason.unwrap_or_default()); items],
        };
        frames.resize(items, Closed::Cancelled);
        for (place, error) in failed.into_iter().zip(std::iter::repeat(error.unwrap_or_else(unknown))) {
            if let Some(frame) = frames.get_mut(place) {
                *frame = Closed::Failed(error);
            }
        }
        frames
    }
}

/// Most bytes of the results of one chunk.
const RESULTS_BYTES_MAX: usize = super::attempt::OUTPUT_BYTES_MAX - 64 * 1024;

fn fits(bytes: usize) -> Result<(), String> {
    if bytes > RESULTS_BYTES_MAX {
        return Err(format!("the results of a chunk have about {bytes} bytes; at most {RESULTS_BYTES_MAX} are kept"));
    }
    Ok(())
}

fn unknown() -> StepError {
    StepError { class: "unknown".into(), reason: "the item failed without a reason".into() }
}

/// The node that stands for the chunks of a container.
#[must_use]
pub fn chunk_node(container: &NodeId) -> NodeId {
    NodeId(format!("{container}{CHUNK_SUFFIX}").into())
}

/// How the ids of nodes end that stand for chunks; those of authors hold no dot.
pub const CHUNK_SUFFIX: &str = ".chunk";
