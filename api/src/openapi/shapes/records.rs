//! Credentials, usage, the audit log.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::{Id, Time};

/// A kind of credentials.
#[derive(JsonSchema)]
pub(crate) struct CredentialType {
    r#type: String,
    title: String,
    description: String,
    /// JSON Schema of its fields.
    fields: Map<String, Value>,
    /// Fields that are never shown.
    secret_fields: Vec<String>,
    /// Node types that can use it.
    fits: Vec<String>,
    /// Where a person goes to connect an account in place of writing fields, with `workspace`, `name` and perhaps `from` as query; null if that
    /// cannot be done here.
    connect: Option<String>,
}

/// A credential without its secrets.
#[derive(JsonSchema)]
pub(crate) struct Credential {
    id: Id,
    name: String,
    r#type: String,
    /// Hosts that may see it.
    allowed_hosts: Vec<String>,
    /// Fields that it has.
    fields_set: Vec<String>,
    /// Rises by one with each replacement.
    revision: i32,
    /// The key of this installation that it is sealed under.
    key_id: String,
    /// Its access token, if it has one.
    token: Option<CredentialToken>,
    /// What its newest test came to, if it was not replaced since.
    last_test: Option<CredentialTest>,
    created_at: Time,
    created_by: String,
    updated_at: Time,
    updated_by: String,
}

#[derive(JsonSchema)]
pub(crate) struct CredentialToken {
    expires_at: Time,
    refreshed_at: Option<Time>,
}

/// What a provider said of a credential; without its secrets.
#[derive(JsonSchema)]
pub(crate) struct CredentialTest {
    outcome: TestOutcome,
    /// For people.
    detail: String,
    /// Of an answer over HTTP.
    status_code: Option<i32>,
    /// How an answer over HTTP begins that is no good one.
    response: Option<String>,
    /// Until when the token holds that was fetched for it.
    token_until: Option<Time>,
    took_ms: i64,
    tested_at: Time,
}

/// `passed`: the provider took the credential; `refused`: it did not; `unclear`: it answered something else; `unreachable`: it did not
/// answer; `not_allowed`: nothing was sent, as the address is not allowed; `timed_out`: it took too long; `unusable`: the credential
/// cannot be opened, or not be sent as it is.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum TestOutcome {
    Passed,
    Refused,
    Unclear,
    Unreachable,
    NotAllowed,
    TimedOut,
    Unusable,
}

/// A credential with the newest versions that name it.
#[derive(JsonSchema)]
pub(crate) struct CredentialDetails {
    #[schemars(flatten)]
    credential: Credential,
    used_by: Vec<CredentialUse>,
}

#[derive(JsonSchema)]
pub(crate) struct CredentialUse {
    workflow_id: Id,
    /// Of the workflow.
    name: String,
    /// Of the version.
    number: i32,
}

/// Whether a rule is still broken.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum AlertStatus {
    Open,
    Cleared,
}

/// What a rule looks at.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum AlertKind {
    FailureRate,
    Silence,
    QueueAge,
    Sla,
    Metric,
}

/// Figures of a day that a rule can look at.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum AlertMetric {
    ExecutionsStarted,
    ExecutionsFailed,
    ExecutionsCancelled,
    DurationMsP50,
    DurationMsP95,
    DurationMsMax,
    EmailsSent,
    LeadsCreated,
}

/// What the workspace uses of its plan.
#[derive(JsonSchema)]
pub(crate) struct Usage {
    plan: Option<String>,
    period: UsagePeriod,
    quotas: Vec<Quota>,
    /// Past months, newest first.
    history: Vec<UsedMonth>,
}

#[derive(JsonSchema)]
pub(crate) struct UsagePeriod {
    /// As `2026-01`.
    name: String,
    from: Time,
    to: Time,
}

#[derive(JsonSchema)]
pub(crate) struct Quota {
    quota: String,
    kind: QuotaKind,
    used: i64,
    limit: Option<i64>,
    /// Beyond this, nothing is granted.
    hard: Option<i64>,
    percent: Option<f64>,
    state: QuotaState,
    /// Null for what does not end with the month.
    resets_at: Option<Time>,
}

/// Whether there may be so many at a time, or so many a month.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum QuotaKind {
    Stored,
    Monthly,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum QuotaState {
    Ok,
    Soft,
    Hard,
}

#[derive(JsonSchema)]
pub(crate) struct UsedMonth {
    period: String,
    /// By quota.
    used: BTreeMap<String, i64>,
}

/// A fact that was counted.
#[derive(JsonSchema)]
pub(crate) struct Receipt {
    quota: String,
    units: i64,
    at: Time,
    execution_id: Id,
    /// Null for the execution itself.
    step: Option<ReceiptStep>,
    href: String,
}

#[derive(JsonSchema)]
pub(crate) struct ReceiptStep {
    node_id: String,
    scope: Option<String>,
}

/// A change that was made.
#[derive(JsonSchema)]
pub(crate) struct AuditEntry {
    id: Id,
    at: Time,
    by: AuditActor,
    /// Method and route; a command of an operator; a move of the workspace by the platform.
    action: String,
    /// The path with its ids.
    subject: String,
    /// Of the answer; 0 if the process died before it was known.
    status: u16,
    address: Option<String>,
    request_id: String,
    /// What is other than before, at most about 16 KiB of it; null where the record tells of no values.
    changes: Option<Vec<AuditChange>>,
}

/// A member that differs. What cannot be shown is `[redacted]`, or `[changed]` if it is another now; what is long is cut.
#[derive(JsonSchema)]
pub(crate) struct AuditChange {
    /// A JSON pointer. Empty in the last entry if more differs than has room; `after` tells how much.
    path: String,
    /// What it was; null if it was not there.
    before: Value,
    /// What it is; null if it is there no more.
    after: Value,
}

#[derive(JsonSchema)]
pub(crate) struct AuditActor {
    kind: AuditActorKind,
    id: Id,
    /// Name of the key, address of the user, or `billing`.
    name: String,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum AuditActorKind {
    User,
    Key,
    /// Whoever gave a command on the installation's machine; `id` is nil.
    Operator,
    /// The provider of payments, through billing.
    Billing,
}
