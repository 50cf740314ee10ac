//! Executions and steps as clients see them: the fold of the journal, in graph order.

use capstan_engine::core::clean_up::Ending;
use capstan_engine::core::flow::Warning;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{NodeId, Scope, StepKey};
use capstan_engine::core::outcome::{StepError, Until};
use capstan_engine::core::state::{EdgeState, Phase, Resolved, State, StepIx, StepStatus};
use capstan_engine::store::children::Parent;
use capstan_engine::store::executions::ExecutionRow;
use capstan_engine::store::migration::MigrationRow;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// Most steps of an execution that are shown at once.
pub const STEPS_SHOWN_MAX: usize = 2_000;
/// Most characters of a reason that a list tells.
const LISTED_REASON_CHARS_MAX: usize = 300;

/// One step.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Step")]
pub struct StepView {
    /// Its node.
    pub node_id: String,
    /// Empty at the top level.
    pub scope: String,
    /// What people see.
    pub label: String,
    /// Node type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// See [`StepStatus`].
    #[schemars(with = "crate::openapi::shapes::StepStatus")]
    pub status: StepStatus,
    /// The port it emitted on.
    pub port: Option<String>,
    /// Further ports that it emitted on at the same time; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more_ports: Vec<String>,
    /// Attempts so far that failed, and after the end all attempts.
    pub attempts: u32,
    /// When it was fired.
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    pub fired_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    pub settled_at: Option<DateTime<Utc>>,
    /// What it waits for.
    #[schemars(with = "Option<crate::openapi::shapes::Until>")]
    pub waiting: Option<Until>,
    /// When its next attempt starts at the earliest.
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    pub retry_at: Option<DateTime<Utc>>,
    /// What it gave back; null while it has not, in a snapshot, and if it is too large to be shown.
    pub output: Value,
    /// Whether it gave back more than is shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub output_truncated: bool,
    /// Its last error.
    #[schemars(with = "Option<crate::openapi::shapes::StepError>")]
    pub error: Option<StepError>,
    /// What a person said of it last, when it was an incident.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved: Option<ResolvedView>,
}

/// What a person said of a step that was an incident.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Resolved")]
pub struct ResolvedView {
    /// `retry`, `skip` or `fail`.
    pub action: &'static str,
    /// The name of the key.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// When it was taken in.
    #[schemars(with = "crate::openapi::shapes::Time")]
    pub at: DateTime<Utc>,
}

/// How far one edge is resolved.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Edge")]
pub struct EdgeView {
    /// The author's id.
    pub id: String,
    /// `open`, `taken` or `skipped`.
    pub state: &'static str,
}

/// An execution without what can be large.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExecutionSummary {
    /// Its id.
    #[schemars(with = "crate::openapi::shapes::Id")]
    pub id: Uuid,
    /// Its workflow.
    #[schemars(with = "crate::openapi::shapes::Id")]
    pub workflow_id: Uuid,
    /// Its version; it keeps it unless a person migrates it.
    #[schemars(with = "crate::openapi::shapes::Id")]
    pub version_id: Uuid,
    /// The node it began at.
    pub trigger: String,
    /// `queued, running, waiting, paused, incident, completed, failed, cancelled`.
    #[schemars(with = "crate::openapi::shapes::ExecutionStatus")]
    pub status: String,
    /// When it was started.
    #[schemars(with = "crate::openapi::shapes::Time")]
    pub created_at: DateTime<Utc>,
    /// When it runs out of time, if ever.
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    pub deadline_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    pub ended_at: Option<DateTime<Utc>>,
    /// It tries a draft out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub trial: bool,
    /// The step that started it, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::openapi::shapes::Parent>")]
    pub parent: Option<Parent>,
    /// How it ends, if it fails or is cancelled: from when that is settled or accepted, though clean-up still runs. Lists
    /// tell it of those that are being cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::openapi::shapes::Ending>")]
    pub ending: Option<Ending>,
    /// Why it failed, or is an incident: only lists tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView>,
}

/// Why an execution failed, or is an incident, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ListedFailure")]
pub struct FailureView {
    /// The class of the error; `incident` where it waits for a person.
    pub class: String,
    /// Why, for people; cut where it is long.
    pub reason: String,
    /// The node that failed; none of an incident, and of one that ran out of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
}

/// An execution with its steps.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Execution")]
pub struct ExecutionView {
    /// The execution itself.
    #[serde(flatten)]
    pub summary: ExecutionSummary,
    /// The trace that it belongs to, as 32 hexadecimal digits.
    pub trace_id: String,
    /// The request that began it, as its answer named it; absent where none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What it was started with.
    pub input: Value,
    /// Its result, once completed.
    pub output: Option<Value>,
    /// Why it failed.
    pub error: Option<Value>,
    /// Journal entries so far.
    pub position: u32,
    /// Steps that are decided, frame by frame in graph order, at most [`STEPS_SHOWN_MAX`].
    pub steps: Vec<StepView>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub steps_left_out: usize,
    /// The edges of the top level, in graph order.
    pub edges: Vec<EdgeView>,
    /// Executions that its steps started, the newest of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ExecutionSummary>,
    /// That it went on with other versions, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<crate::openapi::shapes::Migration>")]
    pub migrations: Vec<MigrationRow>,
    /// What its start asked for and did not get.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<crate::openapi::shapes::Warning>")]
    pub warnings: Vec<Warning>,
}

impl From<&ExecutionRow> for ExecutionSummary {
    fn from(row: &ExecutionRow) -> Self {
        Self {
            id: row.execution_id,
            workflow_id: row.workflow_id,
            version_id: row.version_id,
            trigger: row.trigger_node_id.clone(),
            status: row.status.clone(),
            created_at: row.created_at,
            deadline_at: row.deadline_at,
            ended_at: row.ended_at,
            trial: row.trial,
            parent: None,
            ending: None,
            failure: None,
        }
    }
}

impl FailureView {
    /// None of an execution that has neither failed nor become an incident.
    #[must_use]
    pub fn of(row: &ExecutionRow) -> Option<Self> {
        let error = row.error.as_ref().filter(|_| matches!(row.status.as_str(), "failed" | "incident"))?;
        let text = |field: &str| error[field].as_str();
        Some(Self {
            class: text("class").unwrap_or_default().to_owned(),
            reason: text("reason").unwrap_or_default().chars().take(LISTED_REASON_CHARS_MAX).collect(),
            node_id: text("node_id").map(str::to_owned),
        })
    }
}

impl From<&Resolved> for ResolvedView {
    fn from(Resolved { resolution, asked, at, .. }: &Resolved) -> Self {
        Self { action: resolution.as_str(), by: asked.by.clone(), reason: asked.reason.clone(), at: *at }
    }
}

impl StepView {
    /// Its address.
    #[must_use]
    pub fn key(&self) -> StepKey {
        StepKey { node_id: NodeId::from(self.node_id.as_str()), scope: Scope(self.scope.as_str().into()) }
    }
}

impl ExecutionView {
    /// What clients see of `row` in `state`.
    #[must_use]
    pub fn new(row: ExecutionRow, graph: &Graph, state: &State) -> Self {
        let trace = row.trace();
        Self {
            summary: ExecutionSummary::from(&row),
            trace_id: trace.trace_id(),
            request_id: trace.request_id().map(str::to_owned),
            input: row.input,
            output: row.output,
            error: row.error,
            position: state.position(),
            steps: steps(graph, state).take(STEPS_SHOWN_MAX).collect(),
            steps_left_out: decided(state).count().saturating_sub(STEPS_SHOWN_MAX),
            edges: edges(graph, state),
            children: Vec::new(),
            migrations: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// The steps that are decided, frame by frame in graph order.
pub fn steps<'a>(graph: &'a Graph, state: &'a State) -> impl Iterator<Item = StepView> + 'a {
    decided(state).map(|ix| step(graph, state, ix))
}

fn decided(state: &State) -> impl Iterator<Item = StepIx> {
    (0..state.steps().len()).filter(|&ix| state.step(ix).status != StepStatus::Pending)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// One step.
#[must_use]
pub fn step(graph: &Graph, state: &State, ix: StepIx) -> StepView {
    let step = state.step(ix);
    let node = &graph.nodes[step.node];
    let (waiting, retry_at) = match &step.phase {
        Phase::Waiting(until) => (Some(until.clone()), None),
        Phase::Backoff(at) => (None, Some(*at)),
        _ => (None, None),
    };
    StepView {
        node_id: node.id.to_string(),
        scope: state.frames()[step.frame].scope.as_str().to_owned(),
        label: node.label.clone(),
        type_name: node.type_name.clone(),
        status: step.status,
        port: step.port.clone(),
        more_ports: step.more_ports.clone(),
        attempts: step.attempts,
        fired_at: step.fired_at,
        settled_at: step.settled_at,
        waiting,
        retry_at,
        output: step.output.clone(),
        output_truncated: false,
        error: step.error.clone(),
        resolved: state.resolved().iter().rev().find(|resolved| resolved.step == Some(ix)).map(ResolvedView::from),
    }
}

/// The edges of the top level, in graph order.
#[must_use]
pub fn edges(graph: &Graph, state: &State) -> Vec<EdgeView> {
    let name = |state: &EdgeState| match state {
        EdgeState::Open => "open",
        EdgeState::Taken => "taken",
        EdgeState::Skipped => "skipped",
    };
    let pairs = graph.bodies[0].edges.iter().map(|&edge| &graph.edges[edge]).zip(state.edges(graph, 0));
    pairs.map(|(edge, state)| EdgeView { id: edge.id.clone(), state: name(state) }).collect()
}
