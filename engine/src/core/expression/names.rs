//! What expressions may name: `input`, `steps`, `errors`, `execution` and `now`; in a container `item` and
//! `index`, too, and of one that goes on `last`. A condition on an event names `event`, and nothing else.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::core::graph::{Graph, Node, TYPED_SINCE};
use crate::core::ids::{ExecutionId, NodeId};
use crate::core::outcome::StepError;
use crate::core::result::result;
use crate::core::state::{Frame, Phase, State, Step, StepIx, StepStatus};

/// The names that exist at the top level.
pub(super) const ROOTS: &[&str] = &["input", "steps", "errors", "execution", "now", "item", "index", "last"];
/// The only one of what is evaluated before an execution is there.
pub(super) const START_ROOTS: &[&str] = &["input"];
/// The only one of a condition on an event.
pub(super) const EVENT_ROOTS: &[&str] = &["event"];

/// What an expression sees of one step.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// It completed with this output.
    Output(&'a Value),
    /// It is null, for this reason, e.g. `was skipped`.
    Null(&'static str),
    /// It is no ancestor of the node whose expression this is, or does not exist.
    Unknown,
}

/// The steps that expressions may name; looked up only when they are.
pub trait Steps {
    /// What is seen of the step of that node.
    fn step(&self, id: &str) -> Seen<'_>;
    /// Its error, if it has one.
    fn error(&self, id: &str) -> Option<&StepError>;
    /// All ids that may be named, for messages.
    fn ids(&self) -> Vec<&str>;
}

/// For an expression that names none.
pub(in crate::core) struct NoSteps;

impl Steps for NoSteps {
    fn step(&self, _id: &str) -> Seen<'_> {
        Seen::Unknown
    }

    fn error(&self, _id: &str) -> Option<&StepError> {
        None
    }

    fn ids(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Everything that the expressions of one step, or of one edge, may name. Cheap to build: it borrows.
pub struct Names<'a> {
    pub(super) roots: &'static [&'static str],
    pub(super) input: &'a Value,
    pub(super) steps: &'a dyn Steps,
    pub(super) execution: Value,
    pub(super) now: Value,
    pub(super) item: &'a Value,
    pub(super) index: Value,
    pub(super) last: Value,
    pub(super) event: &'a Value,
    /// Values of different types are compared: text is more than any number.
    pub(super) mixes: bool,
}

impl<'a> Names<'a> {
    /// `input` is what the trigger got; `now` the time of the journal entry that fired the step.
    #[must_use]
    pub fn new(input: &'a Value, steps: &'a dyn Steps, execution: ExecutionId, now: DateTime<Utc>) -> Self {
        Self {
            roots: ROOTS,
            input,
            steps,
            execution: json!({ "id": execution }),
            now: Value::String(now.to_rfc3339_opts(SecondsFormat::Millis, true)),
            item: &Value::Null,
            index: Value::Null,
            last: Value::Null,
            event: &Value::Null,
            mixes: false,
        }
    }

    /// The same under the rules that hold for that graph.
    #[must_use]
    pub fn under(self, graph: &Graph) -> Self {
        Self { mixes: graph.semantics < TYPED_SINCE, ..self }
    }

    /// The same in a container, about that item.
    #[must_use]
    pub fn with_item(self, item: &'a Value, index: &Value) -> Self {
        Self { item, index: index.clone(), ..self }
    }

    /// What a condition on an event may name: the event alone.
    pub(super) fn of_event(event: &'a Value) -> Self {
        let nothing = Self::new(&Value::Null, &NoSteps, ExecutionId(Uuid::nil()), DateTime::UNIX_EPOCH);
        // Waits do not tell under which rules they were begun.
        Self { roots: EVENT_ROOTS, event, mixes: true, ..nothing }
    }

    /// What may be named before an execution is there: its input alone.
    pub(super) fn of_start(input: &'a Value) -> Self {
        let nothing = Self::new(input, &NoSteps, ExecutionId(Uuid::nil()), DateTime::UNIX_EPOCH);
        Self { roots: START_ROOTS, ..nothing }
    }

    /// The same for a container whose frames have ended: what the last of them came to is `last`.
    #[must_use]
    pub fn after_frames(self, graph: &Graph, state: &State, step: &Step) -> Self {
        let frame = step.round.as_ref().filter(|_| step.phase == Phase::Closed).and_then(|round| round.frames.last());
        Self { last: frame.map_or(Value::Null, |&frame| result(graph, state, frame)), ..self }
    }

    /// The same within a frame of a container.
    #[must_use]
    pub fn in_frame(self, frame: &'a Frame) -> Self {
        match frame.owner {
            Some(_) => Self { item: &frame.item, index: frame.index.into(), ..self },
            None => self,
        }
    }
}

/// The ancestors of a node as an execution's state has them.
#[derive(Clone, Copy, Debug)]
pub struct Ancestors<'a> {
    graph: &'a Graph,
    state: &'a State,
    from: StepIx,
    own_output: Option<&'a Value>,
}

impl<'a> Ancestors<'a> {
    /// What the config of a step may name.
    #[must_use]
    pub fn of(graph: &'a Graph, state: &'a State, from: StepIx) -> Self {
        Self { graph, state, from, own_output: None }
    }

    /// What the conditions of edges that leave `source` may name: its ancestors and its own, new output.
    #[must_use]
    pub fn and_itself(graph: &'a Graph, state: &'a State, source: StepIx, output: &'a Value) -> Self {
        Self { graph, state, from: source, own_output: Some(output) }
    }

    fn find(&self, id: &str) -> Option<&Step> {
        let found = self.graph.find(&NodeId::from(id))?;
        self.node().ancestors.binary_search(&found).ok()?;
        Some(self.state.step(self.state.around(self.graph, self.from, found)?))
    }

    fn node(&self) -> &'a Node {
        &self.graph.nodes[self.state.step(self.from).node]
    }

    fn itself(&self) -> Option<(&'a str, &'a Value)> {
        Some((self.node().id.as_str(), self.own_output?))
    }
}

impl Steps for Ancestors<'_> {
    fn step(&self, id: &str) -> Seen<'_> {
        if let Some((_, output)) = self.itself().filter(|(own, _)| *own == id) {
            return Seen::Output(output);
        }
        match self.find(id) {
            None => Seen::Unknown,
            Some(step) => match step.status {
                StepStatus::Completed => Seen::Output(&step.output),
                StepStatus::Skipped => Seen::Null("was skipped"),
                StepStatus::Failed | StepStatus::OutcomeUnknown => Seen::Null("failed"),
                StepStatus::Cancelled => Seen::Null("was cancelled"),
                StepStatus::Pending | StepStatus::Running | StepStatus::Waiting => Seen::Null("did not run"),
            },
        }
    }

    fn error(&self, id: &str) -> Option<&StepError> {
        self.find(id)?.error.as_ref()
    }

    fn ids(&self) -> Vec<&str> {
        let ancestors = self.node().ancestors.iter().map(|&ix| self.graph.nodes[ix].id.as_str());
        ancestors.chain(self.itself().map(|(id, _)| id)).collect()
    }
}
