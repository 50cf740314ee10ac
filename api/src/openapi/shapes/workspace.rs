//! Who asks, node types, approvals, pauses, bulk jobs.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::{ExecutionStatus, Id, TenantState, Time};

/// Who the request comes from, and what it may do.
#[derive(JsonSchema)]
pub(crate) struct Me {
    kind: CallerKind,
    level: CallerLevel,
    /// `super_admin`, or null.
    platform_role: Option<String>,
    /// Null for keys.
    user: Option<User>,
    /// Null for users.
    key: Option<Key>,
    /// Null where a user has chosen none.
    workspace: Option<Workspace>,
    /// Of a user.
    role: Option<String>,
    /// See `docs/permissions.md`.
    permissions: Vec<String>,
    /// Parts of the product that the workspace has: see `docs/tenants.md`.
    pages: Vec<String>,
    workspaces: Vec<Workspace>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum CallerKind {
    User,
    Key,
    /// `capstan dev` lets its own machine look.
    Machine,
}

/// What a session is of. Keys are of a workspace.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum CallerLevel {
    Platform,
    Workspace,
}

#[derive(JsonSchema)]
pub(crate) struct User {
    id: Id,
    email: String,
    name: String,
}

#[derive(JsonSchema)]
pub(crate) struct Key {
    id: Id,
    name: String,
    /// Null: all that a key can have.
    scopes: Option<Vec<String>>,
    expires_at: Option<Time>,
}

#[derive(JsonSchema)]
pub(crate) struct Workspace {
    id: Id,
    slug: String,
    state: TenantState,
    /// Why it is where it is.
    state_reason: Option<String>,
    #[schemars(skip_serializing_if = "absent", with = "String")]
    name: Option<String>,
    /// Of the user there.
    #[schemars(skip_serializing_if = "absent")]
    role: Option<String>,
}

/// One node type of the palette.
#[derive(JsonSchema)]
pub(crate) struct NodeType {
    name: String,
    title: String,
    description: String,
    role: NodeRole,
    effect: Effect,
    /// Those of an empty config.
    ports: Vec<String>,
    /// JSON Schema of its config.
    schema: Map<String, Value>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum NodeRole {
    Trigger,
    Container,
    Step,
}

/// What a node type promises about repeating it.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum Effect {
    Pure,
    Idempotent,
    AtLeastOnce,
    Transactional,
}

/// Who may answer an approval.
#[derive(JsonSchema)]
pub(crate) struct WhoAnswers {
    api_key: bool,
    link: bool,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum ApprovalStatus {
    Open,
    Answered,
    Expired,
    Cancelled,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum Decision {
    Approve,
    Reject,
}

/// An answer, as its step gives it back.
#[derive(JsonSchema)]
pub(crate) struct ApprovalAnswer {
    answer: Decided,
    fields: Map<String, Value>,
    comment: Option<String>,
    /// A key, or a link.
    by: Map<String, Value>,
    at: Time,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum Decided {
    Approved,
    Rejected,
}

/// By whom something is paused, why, and since when.
#[derive(JsonSchema)]
pub(crate) struct PauseRow {
    paused_by: String,
    reason: Option<String>,
    since: Time,
}

#[derive(JsonSchema)]
pub(crate) struct Resumed {
    /// Whether it was paused.
    resumed: bool,
}

#[derive(JsonSchema)]
pub(crate) struct TakenEvents {
    /// In the order of the request.
    events: Vec<crate::routes::custom_events::EventView>,
}

/// What is done with each execution of a job.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum BulkVerb {
    Cancel,
    Restart,
    Signal,
    RetryNow,
    Pause,
    Resume,
    Resolve,
    Migrate,
}

/// Which executions a job is about: those that fit all that is given.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct BulkFilter {
    #[schemars(skip_serializing_if = "absent")]
    workflow_id: Option<Id>,
    #[schemars(skip_serializing_if = "absent")]
    version_id: Option<Id>,
    /// In one of these statuses.
    #[schemars(skip_serializing_if = "absent")]
    status: Option<Vec<ExecutionStatus>>,
    #[schemars(skip_serializing_if = "absent")]
    started_after: Option<Time>,
    #[schemars(skip_serializing_if = "absent")]
    started_before: Option<Time>,
    /// Among these.
    #[schemars(skip_serializing_if = "absent")]
    ids: Option<Vec<Id>>,
}

/// A verb with what it needs.
#[derive(JsonSchema)]
pub(crate) struct BulkWork {
    verb: BulkVerb,
    arguments: Map<String, Value>,
}
