//! What the core needs to know of node types; the registry of node types provides it.

use serde::Serialize;
use serde_json::Value;

use super::attempt::ITEMS_MAX;
use super::chunk::Spilling;
use super::expression::{ExpressionError, Filler};
use super::outcome::Wake;
use super::problem::Problem;

/// What a node type promises about repeating it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// No effect outside the execution: may run on results that are not yet durable.
    Pure,
    /// Repeating it changes nothing more.
    Idempotent,
    /// May repeat after a crash, with the same idempotency key.
    AtLeastOnce,
    /// Commits with its own step row: exactly once.
    Transactional,
}

/// Where a node stands in a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Starts executions; has no input port.
    Trigger,
    /// Holds a graph of its own, whose nodes name it as their parent.
    Container,
    /// Everything else.
    Step,
}

/// How a container runs its graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// Frames that are open at the same time; one if it is 0.
    pub parallel: usize,
    /// Failed frames that are forgiven; the next one ends the others.
    pub tolerated: usize,
    /// Per cent of the frames that are forgiven beside, if they are more.
    pub tolerated_percent: usize,
    /// Whether a frame that fails or is cancelled undoes what was done in it; else that waits for what is around.
    pub undoes: bool,
    /// Whether its frames are about what the frame around them is about.
    pub passes_item: bool,
    /// From when on, and how, it hands its items over to executions of their own.
    pub spilling: Option<Spilling>,
}

impl Frames {
    /// Whether so many of all frames may have failed.
    #[must_use]
    pub fn forgive(&self, failed: usize, all: usize) -> bool {
        failed <= self.tolerated.max(all * self.tolerated_percent / 100)
    }
}

/// How often a container may run its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Frames of one attempt, those of all turns together.
    pub frames_max: u64,
    /// Whether the config says so; else it is as many as may be.
    pub is_known: bool,
    /// Whether another attempt runs its graph again.
    pub repeats: bool,
}

impl Default for Extent {
    fn default() -> Self {
        Self { frames_max: ITEMS_MAX as u64, is_known: false, repeats: false }
    }
}

/// How a node goes on that may emit on several ports at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    /// The ports on each of which it emits or not, whatever it does on the others; and which of both, if that is known.
    pub each: Vec<(String, Option<bool>)>,
    /// The port on which it emits if it does on none of them.
    pub otherwise: String,
}

impl Together {
    /// The ports that may be emitted on, in order.
    #[must_use]
    pub fn emits(&self) -> Vec<String> {
        let mut ports: Vec<String> =
            self.each.iter().filter(|(_, known)| *known != Some(false)).map(|(port, _)| port.clone()).collect();
        if self.each.iter().all(|(_, known)| *known != Some(true)) {
            ports.push(self.otherwise.clone());
        }
        ports
    }

    /// The same where nothing is known.
    #[must_use]
    pub fn unknown(self) -> Self {
        Self { each: self.each.into_iter().map(|(port, _)| (port, None)).collect(), ..self }
    }
}

/// What the graph compiler asks about node types.
pub trait Catalogue {
    /// The type of that name, if it exists.
    fn node_type(&self, name: &str) -> Option<&dyn NodeTypeInfo>;
    /// All names, sorted; for the hint of `unknown_node_type`.
    fn names(&self) -> Vec<&str>;
}

/// The static facts about one node type.
pub trait NodeTypeInfo: Send + Sync {
    /// E.g. `action.http_request`.
    fn name(&self) -> &str;
    /// Trigger or step.
    fn role(&self) -> Role;
    /// What repeating it means.
    fn effect(&self) -> Effect;
    /// JSON Schema of the config, draft 2020-12.
    fn schema(&self) -> &Value;
    /// Output ports of a node with this config, in order; the first is the default port.
    fn ports(&self, config: &Value) -> Vec<String>;
    /// Those of them that a node with this config may ever emit on.
    fn emits(&self, config: &Value) -> Vec<String> {
        self.ports(config)
    }
    /// Set if a node with this config may emit on several of its ports at once.
    fn together(&self, config: &Value) -> Option<Together> {
        let _ = config;
        None
    }
    /// Error classes that it may fail with, beside those of any node; none if that is not known.
    fn classes(&self, config: &Value) -> Option<Vec<String>> {
        let _ = config;
        None
    }
    /// Of a container: how often it may run its graph.
    fn extent(&self, config: &Value) -> Extent {
        let _ = config;
        Extent::default()
    }
    /// Of a container: how it runs its graph.
    fn frames(&self, config: &Value) -> Frames {
        let _ = config;
        Frames::default()
    }
    /// Whether an attempt of it may wait, for a time, a signal or a child.
    fn waits(&self) -> bool {
        false
    }
    /// Whether it has to run in the execution that was started, and not in a chunk: it answers whoever started it, or is sent
    /// signals by name.
    fn stays(&self) -> bool {
        false
    }
    /// Fields of the config that are filled in only once a container's last frame has completed; absent otherwise. They may
    /// name `last`.
    fn late(&self) -> &[&str] {
        &[]
    }
    /// Fills in a config that has expressions: all of it, unless the type needs only some of it. `wake` tells why the step
    /// runs again.
    ///
    /// # Errors
    /// The first expression that cannot be evaluated.
    fn fill(
        &self,
        config: &Value,
        filler: &mut Filler<'_>,
        wake: &dyn Fn() -> Option<Wake>,
    ) -> Result<Value, ExpressionError> {
        let _ = wake;
        filler.fill(config, "")
    }
    /// Text fields at the top of the config that are taken as they are: `{{` in them begins no expression.
    fn raw(&self) -> &[&str] {
        &[]
    }
    /// The field of the config that names another node of the same container, and the type that this one has.
    fn partner(&self) -> Option<(&str, &str)> {
        None
    }
    /// Findings beyond the schema; `node_id` is filled in by the caller. Most types have none.
    fn check(&self, config: &Value) -> Vec<Problem>;
}
