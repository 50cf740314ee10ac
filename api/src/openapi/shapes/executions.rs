//! Executions and their steps.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::{Id, Proof, Time};
use crate::view::ExecutionView;

/// The status of an execution.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum ExecutionStatus {
    /// Flow control holds it back; it has not begun.
    Pending,
    Queued,
    Running,
    Waiting,
    Paused,
    Incident,
    Completed,
    Failed,
    Cancelled,
}

/// The same, as the answer to a start has it.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum StartStatus {
    Queued,
    Running,
    Waiting,
    Paused,
    Incident,
    /// It is to begin later.
    Pending,
    /// Flow control let nothing begin.
    Skipped,
}

/// The status of a step.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum StepStatus {
    Pending,
    Running,
    Waiting,
    Completed,
    Failed,
    Skipped,
    Cancelled,
    OutcomeUnknown,
}

/// The address of a step: one node in one scope.
#[derive(JsonSchema)]
pub(crate) struct StepKey {
    node_id: String,
    /// Empty at the top level.
    scope: String,
}

/// The class of an error, and its reason.
#[derive(JsonSchema)]
pub(crate) struct StepError {
    class: String,
    reason: String,
}

/// How an execution ends that fails or is cancelled.
#[derive(JsonSchema)]
pub(crate) struct Ending {
    outcome: Fate,
    /// How far its clean-up is; lists do not tell it.
    #[schemars(skip_serializing_if = "absent", with = "Progress")]
    stage: Option<Progress>,
    /// When that was settled; of a cancel that no worker has taken in, when it was accepted.
    since: Time,
    /// For people.
    reason: String,
    /// The class of the failure.
    #[schemars(skip_serializing_if = "absent", with = "String")]
    class: Option<String>,
    /// The step that failed; none if it was cancelled, or ran out of time.
    #[schemars(skip_serializing_if = "absent", with = "StepKey")]
    step: Option<StepKey>,
    /// It is cancelled at once, without clean-up.
    forced: bool,
}

/// What an execution that is ending comes to.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum Fate {
    Failed,
    Cancelled,
}

/// How far the clean-up of an execution is.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum Progress {
    /// No worker has taken the cancel in.
    Requested,
    /// What runs and may have to be undone is awaited.
    Stopping,
    /// What was done is undone.
    Undo,
    /// What runs at last runs.
    Finally,
    Ended,
}

/// What a waiting step waits for. Whatever comes first wakes it.
#[derive(JsonSchema)]
pub(crate) struct Until {
    #[schemars(skip_serializing_if = "absent", with = "Time")]
    time: Option<Time>,
    #[schemars(skip_serializing_if = "absent", with = "String")]
    signal: Option<String>,
    /// The child that it started.
    #[schemars(skip_serializing_if = "absent", with = "Map<String, Value>")]
    child: Option<Map<String, Value>>,
}

/// The step that started an execution.
#[derive(JsonSchema)]
pub(crate) struct Parent {
    execution_id: Id,
    node_id: String,
    scope: String,
    /// The execution that all of this began with.
    root_id: Id,
    /// How many executions lie above.
    depth: i16,
}

/// That an execution went on with another version.
#[derive(JsonSchema)]
pub(crate) struct Migration {
    from_version_id: Id,
    to_version_id: Id,
    position: i32,
    /// The name of the key.
    by: String,
    reason: Option<String>,
    at: Time,
}

/// An execution, or one that is to be.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(crate) enum ExecutionOrPending {
    Begun(ExecutionView),
    Pending(PendingExecution),
}

/// An execution that flow control holds back.
#[derive(JsonSchema)]
pub(crate) struct PendingExecution {
    id: Id,
    workflow_id: Id,
    version_id: Id,
    trigger: String,
    status: PendingStatus,
    created_at: Time,
    held: HeldBack,
    #[schemars(with = "[Value; 0]")]
    steps: [Value; 0],
    #[schemars(with = "[Value; 0]")]
    edges: [Value; 0],
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum PendingStatus {
    Pending,
}

/// Which rule holds it back.
#[derive(JsonSchema)]
pub(crate) struct HeldBack {
    rule: String,
    key: String,
    until: Option<Time>,
    starts: i32,
}

/// What an execution came to while the request waited.
#[derive(JsonSchema)]
pub(crate) struct Outcome {
    id: Id,
    status: ExecutionStatus,
    version_id: Id,
    workflow_id: Id,
    /// If it completed.
    #[schemars(skip_serializing_if = "absent")]
    output: Value,
    /// If it failed.
    #[schemars(skip_serializing_if = "absent")]
    error: Value,
    /// If one of its steps replied.
    #[schemars(skip_serializing_if = "absent", with = "Reply")]
    response: Option<Reply>,
    /// What it asks for and does not get.
    #[schemars(skip_serializing_if = "absent")]
    warnings: Vec<Warning>,
}

/// What a start asked for and did not get, though it was let in.
#[derive(JsonSchema)]
pub(crate) struct Warning {
    /// `priority_not_a_number`.
    code: String,
    /// For people.
    text: String,
}

/// What a step replied to who waits.
#[derive(JsonSchema)]
pub(crate) struct Reply {
    status: u16,
    headers: BTreeMap<String, String>,
    #[schemars(skip_serializing_if = "absent", with = "String")]
    content_type: Option<String>,
    body: Value,
}

/// A trial that was started.
#[derive(JsonSchema)]
pub(crate) struct StartedTrial {
    #[schemars(flatten)]
    started: Outcome,
    trial: bool,
    proof: Proof,
}

/// What one attempt of a step came to.
#[derive(JsonSchema)]
pub(crate) struct TestedStep {
    status: TestedStatus,
    execution_id: Id,
    trial: bool,
    logs: Vec<TestLogLine>,
    #[schemars(skip_serializing_if = "absent")]
    port: Option<String>,
    /// Further ports that it emitted on at the same time.
    #[schemars(skip_serializing_if = "absent")]
    more_ports: Vec<String>,
    #[schemars(skip_serializing_if = "absent")]
    output: Value,
    #[schemars(skip_serializing_if = "absent", with = "bool")]
    output_truncated: Option<bool>,
    #[schemars(skip_serializing_if = "absent")]
    error: Option<StepError>,
    #[schemars(skip_serializing_if = "absent")]
    waiting: Option<Until>,
    #[schemars(skip_serializing_if = "absent", with = "u32")]
    attempts: Option<u32>,
    #[schemars(skip_serializing_if = "absent")]
    duration_ms: Option<i64>,
    /// As the attempt got it, without secrets.
    #[schemars(skip_serializing_if = "absent")]
    config: Value,
}

/// That of the step, or `queued` if it has not begun.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(crate) enum TestedStatus {
    Step(StepStatus),
    Start(StartStatus),
}

#[derive(JsonSchema)]
pub(crate) struct TestLogLine {
    level: String,
    message: String,
    created_at: Time,
}

/// Log lines, and where to go on.
#[derive(JsonSchema)]
pub(crate) struct Logs {
    items: Vec<LogLine>,
    /// Null at the end.
    next: Option<Id>,
}

/// One log line.
#[derive(JsonSchema)]
pub(crate) struct LogLine {
    log_id: Id,
    node_id: String,
    scope: String,
    attempt: i32,
    /// `debug`, `info`, `warn` or `error`.
    level: String,
    message: String,
    created_at: Time,
}

/// A signal that was taken in.
#[derive(JsonSchema)]
pub(crate) struct SignalTaken {
    signal_id: Id,
}

/// A cancel that was taken in; of an execution that had not begun, that it is cancelled.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(crate) enum CancelTaken {
    Signal(SignalTaken),
    Pending { id: Id, status: String },
}

/// An incident that goes on.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Resolve {
    /// The node of the step; the only step that the incident is about if absent.
    step: Option<String>,
    /// Its scope.
    #[schemars(default)]
    scope: String,
    action: ResolveAction,
    reason: Option<String>,
    /// Of a retry: what replaces fields of the step's config.
    config: Option<Value>,
    /// Of a skip.
    port: Option<String>,
    /// Of a skip.
    output: Option<Value>,
    /// Of a failure.
    class: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum ResolveAction {
    Retry,
    Skip,
    Fail,
}

/// What was done with the step of an incident.
#[derive(JsonSchema)]
pub(crate) struct Resolving {
    step: Option<StepKey>,
    /// With its arguments.
    action: Map<String, Value>,
}

/// What a restart keeps, and what runs again.
#[derive(JsonSchema)]
pub(crate) struct Plan {
    /// Steps that count as done.
    kept: Vec<String>,
    /// Those of them that are others in the version to restart on.
    changed: Vec<String>,
    /// Steps that had begun and run again.
    redone: Vec<String>,
    /// Effects that may have happened and then happen again.
    repeated_effects: Vec<String>,
    /// Steps that had not begun, and now run if the graph comes to them.
    new: Vec<String>,
    /// Steps that had begun, and are not in the graph any more.
    dropped: Vec<String>,
}

/// Why an execution cannot go on with another version.
#[derive(JsonSchema)]
pub(crate) struct Misfit {
    node_id: Option<String>,
    scope: String,
    text: String,
}
