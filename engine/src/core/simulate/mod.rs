//! Simulation: a graph is driven through [`super::decide`] on virtual time, with stubs in the place of effects.
//!
//! Delays and time-outs pass at once, and nothing outside is reached. What is not stubbed and has effects is never made
//! up: the simulation stops and says what is missing. An attempt takes no time unless its stub says so; of what happens
//! at the same time, what the document has first comes first.

mod attempts;
mod compare;
mod limits;
mod place;
mod recorded;
mod run;
mod stub;
mod stubs;
mod told;
mod written;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::catalogue::NodeTypeInfo;
use super::decide::{IllegalEvent, begin};
use super::graph::{Graph, Node};
use super::ids::{ExecutionId, StepKey};
use super::journal::Entry;
use super::outcome::{Outcome, Wake};
use super::result::result;
use super::state::{End, State};

pub use compare::{Change, Difference, Side, Standing, are_alike, differences};
pub use limits::{ENTRIES_MAX, Limit, OUTPUT_BYTES_MAX, SPAN_MAX, STEPS_MAX, TURNS_MAX};
pub use place::{Place, first_difference};
pub use recorded::{Recording, recorded};
pub use stub::{Ending, Stub};
pub use stubs::{OUTCOMES_MAX, STUBS_MAX, StubError, Stubs};
pub use told::Failure;

/// Runs attempts that reach nothing outside of the execution.
pub trait Runner {
    /// Whether attempts of that node type can be run.
    fn runs(&self, type_name: &str) -> bool;
    /// The node type of that name: it says how its config is filled in.
    fn node_type(&self, type_name: &str) -> Option<&dyn NodeTypeInfo>;
    /// One attempt of a node whose type [`Self::runs`].
    fn run(&self, trial: &Trial<'_>) -> Outcome;
    /// Whether the simulation has taken as long as it may.
    fn is_spent(&self) -> bool {
        false
    }
}

/// One attempt that is to be run.
#[derive(Debug)]
pub struct Trial<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its config, filled in.
    pub config: &'a Value,
    /// The execution that it takes itself to be in.
    pub execution_id: ExecutionId,
    /// The step.
    pub step: StepKey,
    /// Number of this attempt, from 1.
    pub attempt: u32,
    /// Time of the entry that fired the step.
    pub now: DateTime<Utc>,
    /// Why it runs again after a wait.
    pub wake: Option<Wake>,
}

/// What becomes of a step with effects that has no stub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unstubbed {
    /// The simulation stops and names it.
    #[default]
    Fail,
    /// It completes on its default port with null.
    Null,
}

/// A cancel from outside.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// Why.
    pub reason: String,
    /// Nothing more runs at all.
    #[serde(default)]
    pub force: bool,
    /// How long after the start, in milliseconds of virtual time; whatever runs at that very time comes first.
    #[serde(default)]
    pub after_ms: u64,
}

/// What is to be simulated.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// Where it begins.
    pub trigger: &'a StepKey,
    /// What the trigger gives.
    pub input: Value,
    /// The virtual time of its start.
    pub now: DateTime<Utc>,
    /// What expressions see as `execution.id`; draws the jitter of retries, as it does in a worker.
    pub execution_id: ExecutionId,
    /// What stands for effects.
    pub stubs: &'a Stubs,
    /// What becomes of effects for which nothing stands.
    pub unstubbed: Unstubbed,
    /// The longest time of the execution.
    pub timeout_ms: Option<u64>,
    /// Set if it is cancelled.
    pub cancel: Option<Cancel>,
}

/// What a simulation came to.
#[derive(Debug)]
pub struct Simulated {
    /// How it stands in the end.
    pub state: State,
    /// What happened, in virtual time.
    pub journal: Vec<Entry>,
    /// The virtual time of its end.
    pub ended_at: DateTime<Utc>,
    /// Set if it could not be gone on with.
    pub stopped: Option<Stopped>,
}

/// Why a simulation did not reach an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// These steps have effects and no stub.
    Missing(Vec<StepKey>),
    /// These steps wait for a signal that no stub sends, or never end.
    Waits(Vec<StepKey>),
    /// It grew beyond a bound.
    Limit(Limit),
}

/// Simulates one execution.
///
/// # Errors
/// [`IllegalEvent`] if the graph cannot begin there.
pub fn simulate(case: &Case<'_>, runner: &dyn Runner) -> Result<Simulated, IllegalEvent> {
    let (state, _) = begin(case.graph, case.trigger, case.input.clone(), case.now)?;
    Ok(run::Run::new(case, runner, state).go_on())
}

impl Simulated {
    /// `completed`, `failed`, `cancelled` or `incident`, or else `stopped`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self.state.end() {
            Some(End::Completed) => "completed",
            Some(End::Failed { .. }) => "failed",
            Some(End::Cancelled { .. }) => "cancelled",
            None if self.state.incident().is_some() => "incident",
            None => "stopped",
        }
    }

    /// What it gave back, if it completed.
    #[must_use]
    pub fn output(&self, graph: &Graph) -> Option<Value> {
        (self.state.end() == Some(&End::Completed)).then(|| result(graph, &self.state, 0))
    }
}

/// `at` and so many milliseconds; the end of time if that is beyond it.
fn after(at: DateTime<Utc>, ms: u64) -> DateTime<Utc> {
    let span = i64::try_from(ms).ok().and_then(TimeDelta::try_milliseconds);
    span.and_then(|span| at.checked_add_signed(span)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
