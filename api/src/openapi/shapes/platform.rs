//! Workspaces as tenants, the operations that make them, and the states of pipelines as they are sent.

use capstan_domain::machine::{StateKind, Transition};
use schemars::JsonSchema;

use super::{Id, Time};

/// Where a workspace is in its life.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum TenantState {
    /// It is written down, and nothing of it is made.
    Draft,
    /// It is being made.
    Provisioning,
    Active,
    /// Nobody gets in, and nothing of it runs, until it is resumed.
    Suspended,
    /// It can be read, and is never changed again.
    Archived,
}

/// A workspace as the platform sees it.
#[derive(JsonSchema)]
pub(crate) struct Tenant {
    id: Id,
    slug: String,
    name: String,
    state: TenantState,
    /// Why it is where it is.
    state_reason: Option<String>,
    state_changed_at: Time,
    placement: String,
    plan: Option<String>,
    created_at: Time,
}

/// A workspace with where it has been.
#[derive(JsonSchema)]
pub(crate) struct TenantDetails {
    #[schemars(flatten)]
    tenant: Tenant,
    /// Newest first, at most 200.
    history: Vec<TenantTransition>,
}

/// A move that was made.
#[derive(JsonSchema)]
pub(crate) struct TenantTransition {
    from: TenantState,
    to: TenantState,
    /// An address, or what else moved it.
    by: String,
    reason: Option<String>,
    at: Time,
}

/// A move that there is.
#[derive(JsonSchema)]
pub(crate) struct TenantMove {
    from: TenantState,
    to: TenantState,
}

/// A server beside the home server. Its passwords are never shown.
#[derive(JsonSchema)]
pub(crate) struct DatabaseServer {
    id: Id,
    name: String,
    /// Name, address, or folder of a Unix socket.
    host: String,
    port: i32,
    tls: String,
    /// Who works there.
    login: String,
    /// Who makes databases there.
    creator_login: String,
    status: DatabaseServerStatus,
    /// When that was found; null as long as nobody has looked since it was changed.
    checked_at: Option<Time>,
    diagnosis: Option<DatabaseServerDiagnosis>,
    /// Rises with each change.
    revision: i64,
    /// How many cells are on it.
    cells: i64,
    created_by: String,
    created_at: Time,
    updated_at: Time,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum DatabaseServerStatus {
    Unchecked,
    /// Dedicated workspaces can be made there.
    Valid,
    Invalid,
}

/// What a check has found; the facts are there if the server let us in.
#[derive(JsonSchema)]
pub(crate) struct DatabaseServerDiagnosis {
    /// Of one question and its answer.
    latency_ms: Option<u64>,
    server_version: Option<String>,
    /// Databases that there are.
    databases: Option<i64>,
    /// Connections that it takes.
    connections_max: Option<i64>,
    /// What stands in the way; none if it is valid.
    problems: Vec<DatabaseServerProblem>,
}

#[derive(JsonSchema)]
pub(crate) struct DatabaseServerProblem {
    code: String,
    detail: String,
    hint: String,
}

/// Work that goes on after the answer: ask again until it has ended.
#[derive(JsonSchema)]
#[schemars(rename = "Operation")]
pub(crate) struct OperationView {
    id: Id,
    kind: String,
    status: OperationStatus,
    /// Null as long as it is not written down.
    workspace: Option<MadeWorkspace>,
    steps: Vec<OperationStep>,
    /// Why it has failed.
    error: Option<OperationError>,
    created_at: Time,
    ended_at: Option<Time>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum OperationStatus {
    Pending,
    Running,
    Completed,
    Failed,
}

#[derive(JsonSchema)]
pub(crate) struct MadeWorkspace {
    id: Id,
    slug: String,
    name: String,
    state: TenantState,
}

#[derive(JsonSchema)]
pub(crate) struct OperationStep {
    name: String,
    status: OperationStepStatus,
    at: Option<Time>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum OperationStepStatus {
    Pending,
    Completed,
}

#[derive(JsonSchema)]
pub(crate) struct OperationError {
    code: String,
    detail: Option<String>,
}

/// States and the ways between them, to be put in place of those there are.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct PipelineWish {
    /// Where everything begins.
    initial: String,
    /// In the order of a board.
    states: Vec<PipelineStateWish>,
    /// Each allowed way. What is not listed is refused; a state without one ends.
    transitions: Vec<Transition>,
}

/// A type of records, to be defined.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct RecordTypeWish {
    /// For people.
    label: String,
    /// Where everything begins.
    initial: String,
    /// In the order of a board.
    states: Vec<PipelineStateWish>,
    /// Each allowed way. What is not listed is refused; a state without one ends.
    transitions: Vec<Transition>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct PipelineStateWish {
    /// Lower-case letters, digits and `_`.
    name: String,
    /// For people.
    label: String,
    /// What it means for the whole.
    #[schemars(default)]
    kind: StateKind,
    /// Whether it is meant to be the end: no way may lead out of it.
    #[schemars(default, rename = "final")]
    is_final: bool,
}
