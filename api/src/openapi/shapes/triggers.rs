//! Schedules, hooks, and what triggers start by themselves.

use capstan_domain::schedules::{CatchUp, Overlap};
use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::{Id, Time};

/// A schedule: a trigger of a published version that fires by the clock.
#[derive(JsonSchema)]
pub(crate) struct Schedule {
    id: Id,
    workflow_id: Id,
    workflow_name: String,
    node_id: String,
    version_id: Id,
    cron: String,
    zone: String,
    overlap: Overlap,
    catch_up: CatchUp,
    status: ScheduleStatus,
    /// Null when it is over or paused for good.
    next_at: Option<Time>,
    /// As clocks of its zone show it.
    next_local: Option<String>,
    /// Its newest start.
    last: Option<TriggerStart>,
    /// Starts that wait.
    waiting: i64,
    /// Fire times that nothing was started for.
    missed: i64,
    paused: Option<SchedulePause>,
    created_at: Time,
    updated_at: Time,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum ScheduleStatus {
    Active,
    Paused,
    Over,
}

#[derive(JsonSchema)]
pub(crate) struct SchedulePause {
    at: Time,
    by: Option<String>,
    reason: Option<String>,
}

/// A schedule with when it fires and what it has started.
#[derive(JsonSchema)]
pub(crate) struct ScheduleDetails {
    #[schemars(flatten)]
    schedule: Schedule,
    /// The next 10 fire times.
    next: Vec<FireTime>,
    /// The newest 50 starts.
    fires: Vec<TriggerStart>,
}

#[derive(JsonSchema)]
pub(crate) struct FireTime {
    at: Time,
    /// As clocks of the zone show it.
    local: String,
}

#[derive(JsonSchema)]
pub(crate) struct SchedulePreview {
    items: Vec<FireTime>,
    zone: String,
}

/// A start that was asked for now.
#[derive(JsonSchema)]
pub(crate) struct Fired {
    /// Of the schedule.
    id: Id,
    at: Time,
    /// What its start is found by among those of the trigger.
    subject: String,
}

#[derive(JsonSchema)]
pub(crate) struct Backfilled {
    /// Fire times of the range.
    count: u32,
    /// How many of them had not started before; null for a dry run.
    new: Option<u64>,
    /// The first 100 of them.
    times: Vec<Time>,
}

/// A start of a trigger.
#[derive(JsonSchema)]
pub(crate) struct TriggerStart {
    node_id: String,
    /// What for: a fire time, a row, a mail.
    subject: String,
    at: Time,
    cause: String,
    status: TriggerStartStatus,
    /// What it has started, or what was at work instead.
    execution_id: Option<Id>,
    reason: Option<String>,
    tries: i32,
    due_at: Option<Time>,
    settled_at: Option<Time>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum TriggerStartStatus {
    Due,
    Held,
    Started,
    Skipped,
    Missed,
}

/// A secret that hooks verify with, without the secret itself.
#[derive(JsonSchema)]
pub(crate) struct HookSecret {
    id: Id,
    name: String,
    /// Until when it is good beside a newer one of its name; null: as long as it is there.
    until: Option<Time>,
    created_by: String,
    created_at: Time,
}

/// An address at which a call is waited for, to become a sample.
#[derive(JsonSchema)]
pub(crate) struct Listen {
    id: Id,
    node_id: String,
    status: ListenStatus,
    until: Time,
    /// The path on this server.
    url: String,
    methods: Vec<String>,
    /// Null as long as nothing came.
    sample: Option<HookSample>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum ListenStatus {
    Listening,
    Captured,
    Over,
}

/// What came.
#[derive(JsonSchema)]
pub(crate) struct HookSample {
    at: Time,
    method: String,
    /// Null where the trigger verifies nothing.
    verified: Option<bool>,
    /// `{body, headers, query}`, or what the trigger makes of that.
    input: Value,
    /// Whether it was too large to be kept whole.
    truncated: bool,
}

/// An event that endpoints may get.
#[derive(JsonSchema)]
pub(crate) struct EventType {
    r#type: String,
    title: String,
    /// Whether the workspace itself sends it.
    custom: bool,
    /// JSON Schema of the whole body.
    schema: Map<String, Value>,
    example: Map<String, Value>,
}

/// What was sent again.
#[derive(JsonSchema)]
pub(crate) struct ResentRange {
    resent: u64,
    /// Whether there are more: ask again.
    has_more: bool,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum EndpointStatus {
    Enabled,
    /// Its last attempts failed; it still gets events.
    Failing,
    Disabled,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum DeliveryStatus {
    Pending,
    Delivered,
    Failed,
    Cancelled,
}
