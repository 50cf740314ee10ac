//! Workflows, drafts, versions, and what is found out about them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::{Id, Time};

use crate::view::StepView;

/// A workflow without its draft.
#[derive(JsonSchema)]
pub(crate) struct WorkflowSummary {
    id: Id,
    name: String,
    /// Rises by one with each save of the draft.
    revision: i32,
    /// The number of the newest version, if one was published.
    published: Option<i32>,
    created_at: Time,
    /// When name or draft last changed.
    updated_at: Time,
}

/// A workflow with its draft.
#[derive(JsonSchema)]
pub(crate) struct Workflow {
    #[schemars(flatten)]
    summary: WorkflowSummary,
    /// Nodes and edges, as the author drew them.
    graph: Map<String, Value>,
    /// The output ports of each node, by its id.
    ports: BTreeMap<String, Vec<String>>,
    /// The rule that it was made by, if one did.
    rule: Option<WorkflowRule>,
    /// Of a workflow that was just made.
    #[schemars(skip_serializing_if = "absent", with = "Vec<GraphProblem>")]
    problems: Option<Vec<GraphProblem>>,
}

/// The rule that a workflow was made by.
#[derive(JsonSchema)]
pub(crate) struct WorkflowRule {
    id: Id,
    name: String,
    /// While it is not, no version of the workflow starts by itself.
    enabled: bool,
    /// Whether draft or version are not what the rule was compiled to: it is compiled no more then.
    edited_by_hand: bool,
}

/// A draft that was stored.
#[derive(JsonSchema)]
pub(crate) struct SavedDraft {
    /// Also the `ETag`.
    revision: i32,
    problems: Vec<GraphProblem>,
    ports: BTreeMap<String, Vec<String>>,
}

/// A workflow as a file: its graph, without secrets, and which workflow it is.
#[derive(JsonSchema)]
pub(crate) struct WorkflowFile {
    workflow: WorkflowFileAbout,
    /// The graph, as drafts have it.
    #[schemars(flatten)]
    graph: Map<String, Value>,
}

/// Which workflow a file is.
#[derive(JsonSchema)]
pub(crate) struct WorkflowFileAbout {
    /// The same wherever it is imported.
    id: Id,
    name: String,
    /// The sum of what it was when it went out.
    base: String,
}

/// One finding of validation. A graph with problems is never published or run.
#[derive(JsonSchema)]
pub(crate) struct GraphProblem {
    /// Stable machine name, as `cycle` or `unknown_node_type`.
    code: String,
    #[schemars(skip_serializing_if = "absent", with = "String")]
    node_id: Option<String>,
    #[schemars(skip_serializing_if = "absent", with = "String")]
    edge_id: Option<String>,
    /// JSON pointer into the graph.
    #[schemars(skip_serializing_if = "absent", with = "String")]
    pointer: Option<String>,
    detail: String,
    hint: String,
}

/// Whether a graph can run, and what can be proven of it.
#[derive(JsonSchema)]
pub(crate) struct Verdict {
    valid: bool,
    problems: Vec<GraphProblem>,
    /// Absent of a graph with problems.
    proof: Option<Proof>,
}

/// What was found, and whether all was looked at.
#[derive(JsonSchema)]
pub(crate) struct Proof {
    /// Whether every question has its answer.
    complete: bool,
    /// Work done.
    explored: u64,
    left_out: Vec<LeftOut>,
    /// The worst first.
    findings: Vec<Finding>,
    /// Most steps that an execution may have, if they can be counted.
    steps_max: Option<u64>,
    /// Most attempts of all of them, if they can be counted.
    attempts_max: Option<u64>,
}

/// A question that took more work than it may.
#[derive(JsonSchema)]
pub(crate) struct LeftOut {
    node_id: String,
    question: String,
}

/// Something that an author should know, with a path along which it comes about.
#[derive(JsonSchema)]
pub(crate) struct Finding {
    severity: Severity,
    code: String,
    #[schemars(skip_serializing_if = "absent", with = "String")]
    node_id: Option<String>,
    #[schemars(skip_serializing_if = "absent", with = "String")]
    edge_id: Option<String>,
    detail: String,
    hint: String,
    path: Vec<Move>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum Severity {
    Error,
    Warning,
    Note,
}

/// What one step comes to on such a path.
#[derive(JsonSchema)]
pub(crate) struct Move {
    step: super::StepKey,
    #[schemars(flatten)]
    came: Came,
}

#[derive(JsonSchema)]
#[schemars(tag = "status", rename_all = "snake_case")]
pub(crate) enum Came {
    Completed {
        port: String,
        /// Further ports that it emits on at the same time.
        #[schemars(skip_serializing_if = "absent")]
        more_ports: Vec<String>,
        #[schemars(skip_serializing_if = "absent")]
        closed_edges: Vec<String>,
    },
    Failed {
        class: String,
    },
    Opened {
        items: usize,
    },
}

/// A version of a workflow.
#[derive(JsonSchema)]
pub(crate) struct VersionSummary {
    id: Id,
    workflow_id: Id,
    /// From 1.
    number: i32,
    /// The number of the rules under which it was published.
    semantics: i32,
    /// What people call it.
    name: Option<String>,
    /// What they say of it.
    note: Option<String>,
    created_at: Time,
}

/// A version with its graph.
#[derive(JsonSchema)]
pub(crate) struct Version {
    #[schemars(flatten)]
    summary: VersionSummary,
    graph: Map<String, Value>,
    ports: BTreeMap<String, Vec<String>>,
}

/// A version that was just published.
#[derive(JsonSchema)]
pub(crate) struct Published {
    #[schemars(flatten)]
    summary: VersionSummary,
    proof: Proof,
    /// Its forms and hooks, and where mails to it go.
    triggers: Vec<TriggerAddress>,
}

/// Where a form or hook answers, or a mail goes.
#[derive(JsonSchema)]
pub(crate) struct TriggerAddress {
    kind: String,
    node_id: String,
    /// A path of this server; `mailto:` with an address for mails, null where this server takes none.
    url: Option<String>,
}

/// A simulation that is asked for.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Simulate {
    /// Where it begins; the only trigger if absent.
    trigger: Option<String>,
    /// What the trigger gives.
    input: Option<Value>,
    /// What stands for effects, by node or step.
    #[schemars(default)]
    stubs: Map<String, Value>,
    #[schemars(default)]
    unstubbed: Option<Unstubbed>,
    /// The virtual time of its start.
    now: Option<Time>,
    cancel: Option<SimulatedCancel>,
    /// An execution whose record stands for what is absent here.
    of_execution: Option<Id>,
}

/// A cancel in a simulation.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct SimulatedCancel {
    reason: String,
    #[schemars(default)]
    force: bool,
    /// How long after the start, in virtual time.
    #[schemars(default)]
    after_ms: u64,
}

/// What becomes of a step with effects that has no stub.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum Unstubbed {
    /// The simulation stops and names it.
    Fail,
    /// It completes on its default port with null.
    Null,
}

/// What a simulation came to.
#[derive(JsonSchema)]
pub(crate) struct Simulated {
    /// `completed`, `failed`, `cancelled` or `incident`, or else `stopped`.
    status: String,
    output: Value,
    error: Option<Failure>,
    stopped: Option<Stopped>,
    ended_at: Option<Time>,
    position: u32,
    steps: Vec<StepView>,
    steps_left_out: usize,
}

/// Why an execution did not complete.
#[derive(JsonSchema)]
pub(crate) struct Failure {
    class: String,
    reason: String,
    node_id: Option<String>,
}

/// Why a simulation did not reach an end.
#[derive(JsonSchema)]
pub(crate) struct Stopped {
    code: String,
    detail: String,
    hint: String,
    steps: Vec<String>,
}

/// A step that is not as it was.
#[derive(JsonSchema)]
pub(crate) struct Difference {
    step: String,
    change: Change,
    before: Option<Standing>,
    now: Option<Standing>,
    /// The first place where its output, or its config, is not the same.
    #[schemars(skip_serializing_if = "absent")]
    at: Value,
}

/// How a step ended.
#[derive(JsonSchema)]
pub(crate) struct Standing {
    status: super::StepStatus,
    port: Option<String>,
    #[schemars(skip_serializing_if = "absent")]
    more_ports: Vec<String>,
    error_class: Option<String>,
}

/// In what a step differs.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum Change {
    NewlyRuns,
    NoLongerRuns,
    EndsOtherwise,
    OtherPort,
    OtherOutput,
    OtherConfig,
}

/// A backtest: one entry for each execution, newest first, and totals.
#[derive(JsonSchema)]
pub(crate) struct Backtested {
    totals: crate::routes::backtest::totals::Totals,
    executions: Vec<crate::routes::backtest::judge::Judged>,
}

/// A past execution as a case for `capstan test`.
#[derive(JsonSchema)]
pub(crate) struct TestCase {
    case: Map<String, Value>,
    /// Whether it comes to what is recorded.
    exact: bool,
    /// Whether something was left out as a secret.
    redacted: bool,
}
