//! What an execution waits for, as its explain tells it.

use schemars::JsonSchema;

use super::{Ending, Id, StepError, StepKey, StepStatus, Time};

/// Who holds the lease of an execution.
#[derive(JsonSchema)]
pub(crate) struct LeaseHolder {
    worker_no: i32,
    claimed_at: Time,
}

/// What is paused.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum PauseLevel {
    Workflow,
    Workspace,
}

/// A step before a join, and how it stands.
#[derive(JsonSchema)]
pub(crate) struct JoinSource {
    step: StepKey,
    status: StepStatus,
}

/// One thing that an execution waits for.
#[derive(JsonSchema)]
#[schemars(tag = "waits_for", rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Any worker at all.
    Fleet {
        #[schemars(skip_serializing_if = "absent", with = "u64")]
        unseen_s: Option<u64>,
    },
    /// Its turn.
    Turn {
        #[schemars(skip_serializing_if = "absent", with = "u32")]
        before: Option<u32>,
        #[schemars(skip_serializing_if = "absent", with = "u32")]
        before_of_workspace: Option<u32>,
        #[schemars(skip_serializing_if = "absent", with = "u32")]
        before_more_than: Option<u32>,
    },
    /// A slot under a limit.
    Slot {
        limit: String,
        #[schemars(skip_serializing_if = "absent", with = "String")]
        key: Option<String>,
        #[schemars(skip_serializing_if = "absent", with = "u32")]
        slots_max: Option<u32>,
        held: u32,
        held_by: Vec<Id>,
        before: u32,
        since: Time,
    },
    /// Its slot under the throttle of its workflow.
    Throttle { limit: u32, per_ms: u64, until: Time },
    /// More starts, or the end of another execution.
    Starts {
        rule: String,
        key: String,
        starts: u32,
        #[schemars(skip_serializing_if = "absent", with = "Time")]
        until: Option<Time>,
    },
    /// A person: it is an incident.
    Person {
        reason: String,
        #[schemars(skip_serializing_if = "absent")]
        steps: Vec<StepKey>,
    },
    /// A worker that takes in its cancel.
    Cancel { reason: String, force: bool, since: Time },
    /// Its clean-up: it is settled that it fails or is cancelled, and what undoes and what runs at last still runs.
    CleanUp(Ending),
    /// That it is resumed.
    Resume {
        paused_by: String,
        #[schemars(skip_serializing_if = "absent", with = "String")]
        reason: Option<String>,
        since: Time,
    },
    /// That its workflow or workspace is resumed.
    Pause {
        level: PauseLevel,
        paused_by: String,
        #[schemars(skip_serializing_if = "absent", with = "String")]
        reason: Option<String>,
        since: Time,
    },
    /// That its workspace becomes active.
    Workspace {
        state: String,
        #[schemars(skip_serializing_if = "absent", with = "String")]
        reason: Option<String>,
        since: Time,
    },
    /// A worker that runs it alone.
    Alone { losses: u32 },
    /// A worker that runs the step.
    Worker { step: StepKey },
    /// A point in time.
    Time { step: StepKey, until: Time },
    /// A signal.
    Signal {
        step: StepKey,
        name: String,
        #[schemars(skip_serializing_if = "absent", with = "Time")]
        until: Option<Time>,
    },
    /// What a person answers.
    Approval {
        step: StepKey,
        #[schemars(skip_serializing_if = "absent", with = "Time")]
        until: Option<Time>,
    },
    /// A custom event.
    Event {
        step: StepKey,
        #[schemars(skip_serializing_if = "absent", with = "String")]
        event: Option<String>,
        #[schemars(skip_serializing_if = "absent", with = "String")]
        key: Option<String>,
        #[schemars(skip_serializing_if = "absent", with = "Time")]
        until: Option<Time>,
    },
    /// An execution that it has started.
    Child {
        step: StepKey,
        execution_id: Id,
        workflow_id: Id,
        version_id: Id,
        #[schemars(skip_serializing_if = "absent", with = "String")]
        status: Option<String>,
        #[schemars(skip_serializing_if = "absent", with = "Time")]
        until: Option<Time>,
    },
    /// The next attempt after a failure.
    NextAttempt { step: StepKey, until: Time, attempts: u32, error: Option<StepError> },
    /// The frames of a container.
    Frames {
        step: StepKey,
        items: usize,
        ended: usize,
        open: usize,
        #[schemars(skip_serializing_if = "absent", with = "Time")]
        until: Option<Time>,
    },
    /// Executions that a container has handed its items to.
    Chunks {
        step: StepKey,
        items: usize,
        chunks: usize,
        ended: usize,
        open: usize,
        #[schemars(skip_serializing_if = "absent", with = "Time")]
        until: Option<Time>,
    },
    /// Nothing: it has ended, and its history is not there.
    History { ended_at: Time },
    /// Branches that have not come to a join.
    Branches {
        step: StepKey,
        taken: usize,
        #[schemars(skip_serializing_if = "absent", with = "usize")]
        wanted: Option<usize>,
        lacks: Vec<JoinSource>,
    },
}
