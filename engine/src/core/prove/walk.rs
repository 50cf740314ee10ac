//! Paths: what steps come to, in the order of the journal, and the state that follows from them by `decide`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::decide::{IllegalEvent, begin, decide};
use crate::core::graph::{Graph, NodeIx};
use crate::core::ids::StepKey;
use crate::core::journal::{Entry, Event, SettledStatus, Settlement};
use crate::core::outcome::StepError;
use crate::core::state::{FrameIx, State, Step, StepIx, StepStatus};

/// What one step comes to. The first of a path is the trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Which.
    pub step: StepKey,
    /// To what.
    #[serde(flatten)]
    pub came: Came,
}

/// What a step may come to in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Came {
    /// It emits.
    Completed {
        /// Where.
        port: String,
        /// And where else, at the same time.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        more_ports: Vec<String>,
        /// Edges of these ports whose condition does not hold.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closed_edges: Vec<String>,
    },
    /// It fails for good.
    Failed {
        /// With what.
        class: String,
    },
    /// A container runs its graph.
    Opened {
        /// How often.
        items: usize,
    },
}

impl Came {
    /// It emits on these ports, the first one of which there has to be.
    pub(super) fn completed(ports: &[String], closed_edges: Vec<String>) -> Self {
        let (port, more_ports) =
            ports.split_first().map(|(port, more)| (port.clone(), more.to_vec())).unwrap_or_default();
        Self::Completed { port, more_ports, closed_edges }
    }
}

/// The state at the end of `path`.
///
/// # Errors
/// [`IllegalEvent`] if a move cannot follow those before it.
pub fn replay(graph: &Graph, path: &[Move]) -> Result<State, IllegalEvent> {
    let Some((first, rest)) = path.split_first() else { return Ok(State::empty(graph)) };
    let mut walk = Walk::begin(graph, first.clone())?;
    rest.iter().try_for_each(|next| walk.go(next.clone()))?;
    Ok(walk.state)
}

/// A path while it is being made.
#[derive(Clone)]
pub(super) struct Walk<'g> {
    graph: &'g Graph,
    pub(super) state: State,
    pub(super) path: Vec<Move>,
}

impl<'g> Walk<'g> {
    pub(super) fn begin(graph: &'g Graph, first: Move) -> Result<Self, IllegalEvent> {
        let (state, _) = begin(graph, &first.step, Value::Null, DateTime::UNIX_EPOCH)?;
        Ok(Self { graph, state, path: vec![first] })
    }

    pub(super) fn from_trigger(graph: &'g Graph, trigger: NodeIx) -> Result<Self, IllegalEvent> {
        let node = &graph.nodes[trigger];
        let port = node.ports.first().cloned().unwrap_or_default();
        let came = Came::completed(&[port], Vec::new());
        Self::begin(graph, Move { step: StepKey::root(node.id.clone()), came })
    }

    pub(super) fn go(&mut self, next: Move) -> Result<(), IllegalEvent> {
        let at: DateTime<Utc> = DateTime::UNIX_EPOCH;
        let entry = Entry { at, event: event(next.clone()) };
        let decision = decide(self.graph, &self.state, &entry)?;
        self.state.apply(self.graph, entry, &decision);
        self.path.push(next);
        Ok(())
    }

    /// What the step of a node in a frame comes to.
    pub(super) fn settle(&mut self, frame: FrameIx, node: NodeIx, came: Came) -> Result<(), IllegalEvent> {
        let step = self.state.key(self.graph, self.index(frame, node));
        self.go(Move { step, came })
    }

    /// Lets a container run its graph once: the frame.
    pub(super) fn open(&mut self, frame: FrameIx, node: NodeIx) -> Result<FrameIx, IllegalEvent> {
        self.settle(frame, node, Came::Opened { items: 1 })?;
        Ok(self.state.frames().len() - 1)
    }

    pub(super) fn step(&self, frame: FrameIx, node: NodeIx) -> &Step {
        self.state.step(self.index(frame, node))
    }

    pub(super) fn has_fired(&self, frame: FrameIx, node: NodeIx) -> bool {
        !matches!(self.step(frame, node).status, StepStatus::Pending | StepStatus::Skipped)
    }

    pub(super) fn index(&self, frame: FrameIx, node: NodeIx) -> StepIx {
        self.state.frames()[frame].first_step + self.graph.nodes[node].place
    }
}

fn event(Move { step, came }: Move) -> Event {
    let settled = |status, port, more_ports, error, closed_edges| {
        let (output, attempts, failed_items) = (Value::Null, 1, 0);
        let settlement = Settlement { status, port, more_ports, output, error, attempts, closed_edges, failed_items };
        Event::Settled { step: step.clone(), settlement }
    };
    match came {
        Came::Completed { port, more_ports, closed_edges } => {
            settled(SettledStatus::Completed, Some(port), more_ports, None, closed_edges)
        }
        Came::Failed { class } => {
            let error = StepError { class, reason: "in this path".into() };
            settled(SettledStatus::Failed, None, Vec::new(), Some(error), Vec::new())
        }
        Came::Opened { items } => {
            let items = vec![Value::Null; items].into();
            Event::Opened { step, items, until: None, note: Value::Null, spill: None }
        }
    }
}
