//! What an attempt of a step is made with: its config filled in, its time, and why it runs again.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::catalogue::NodeTypeInfo;
use super::chunk::given;
use super::expression::{Ancestors, Filler, Names, has_expressions, holds, render};
use super::graph::{Graph, Node};
use super::ids::ExecutionId;
use super::outcome::Wake;
use super::resolve::merge;
use super::result::closed;
use super::state::{End, Phase, State, StepIx};

/// An execution as its steps see it.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Its graph.
    pub graph: &'a Graph,
    /// How it stands.
    pub state: &'a State,
    /// Where it began.
    pub trigger: Option<StepIx>,
    /// Its id.
    pub execution_id: ExecutionId,
    /// When it was started, or let begin if it was held back.
    pub created_at: DateTime<Utc>,
}

impl Scene<'_> {
    /// The config of a step with its expressions filled in, as far as its type needs it; none if it is as written.
    ///
    /// # Errors
    /// What is wrong with an expression, for people.
    pub fn config(&self, step: StepIx, node_type: Option<&dyn NodeTypeInfo>) -> Result<Option<Value>, String> {
        if self.node(step).is_chunk {
            return Ok(given(self, step).map(|given| json!(given)));
        }
        let changed = self.changed(step, node_type.map_or(&[], |node_type| node_type.late()));
        let config = changed.as_ref().unwrap_or(&self.node(step).config);
        if !has_expressions(config) {
            return Ok(changed);
        }
        let steps = Ancestors::of(self.graph, self.state, step);
        let names = self.names(step, &steps);
        let filled = match node_type {
            Some(node_type) => node_type.fill(config, &mut Filler::new(&names), &|| self.wake(step)),
            None => render(config, &names),
        };
        filled.map(Some).map_err(|error| error.to_string())
    }

    /// Whether an edge's condition holds, once the step has given `output`.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn holds(&self, step: StepIx, when: &str, output: &Value) -> Result<bool, String> {
        let steps = Ancestors::and_itself(self.graph, self.state, step, output);
        holds(when, &self.names(step, &steps)).map_err(|error| error.to_string())
    }

    /// Why a step runs again after a wait; none on a first run.
    #[must_use]
    pub fn wake(&self, step: StepIx) -> Option<Wake> {
        match &self.state.step(step).phase {
            Phase::Waiting(_) => Some(Wake::Due),
            Phase::Signalled(payload) => Some(Wake::Signal { payload: payload.clone() }),
            Phase::Closed => closed(self.graph, self.state, step),
            _ => None,
        }
    }

    /// The time of a step: that of the entry that fired it, or the execution's own where another one, of which this is a restart,
    /// did what fired it.
    #[must_use]
    pub fn now(&self, step: StepIx) -> DateTime<Utc> {
        self.state.step(step).fired_at.map_or(self.created_at, |fired_at| fired_at.max(self.created_at))
    }

    /// The config as written, but with what a person changed, and without what is filled in later; none if it is the same.
    fn changed(&self, step: StepIx, late: &[&str]) -> Option<Value> {
        let patch = self.state.patch(step);
        let hides = !late.is_empty() && !self.has_last(step);
        if patch.is_none() && !hides {
            return None;
        }
        let mut config = self.node(step).config.clone();
        if let Some(patch) = patch {
            merge(&mut config, patch);
        }
        if let (true, Some(fields)) = (hides, config.as_object_mut()) {
            fields.retain(|field, _| !late.contains(&field.as_str()));
        }
        Some(config)
    }

    /// Whether there is what a container's last frame came to. One that failed, or did not end in time, came to nothing.
    fn has_last(&self, step: StepIx) -> bool {
        let step = self.state.step(step);
        let round = step.round.as_ref().filter(|round| step.phase == Phase::Closed && round.closing.is_none());
        let last = round.and_then(|round| round.frames.last());
        last.is_some_and(|&frame| self.state.frames()[frame].ending == Some(End::Completed))
    }

    fn names<'n>(&'n self, step: StepIx, steps: &'n Ancestors<'n>) -> Names<'n> {
        let own = self.state.step(step);
        let execution_id = self.state.part_of.unwrap_or(self.execution_id);
        let names = Names::new(self.input(), steps, execution_id, self.now(step)).under(self.graph);
        names.in_frame(&self.state.frames()[own.frame]).after_frames(self.graph, self.state, own)
    }

    /// What the trigger gave: the execution's input.
    pub(super) fn input(&self) -> &Value {
        self.trigger.map_or(&Value::Null, |step| &self.state.step(step).output)
    }

    fn node(&self, step: StepIx) -> &Node {
        &self.graph.nodes[self.state.step(step).node]
    }
}
