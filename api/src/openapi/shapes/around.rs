//! What is around workspaces: their pages and settings, settings and health of the platform, and what people are told.

use schemars::JsonSchema;
use serde_json::Value;

use super::{AuditChange, Id, Time};

/// A part of the product that a workspace can have.
#[derive(JsonSchema)]
#[schemars(rename = "ProductPage")]
pub(crate) struct PageView {
    name: String,
    title: String,
    about: String,
}

/// The pages of a workspace.
#[derive(JsonSchema)]
pub(crate) struct AssignedPages {
    /// In the order in which `GET /platform/pages` lists them.
    pages: Vec<String>,
    /// Whether nobody has assigned any: it has all that there are and will be.
    is_all: bool,
    set_by: Option<String>,
    set_at: Option<Time>,
}

/// A setting of the platform.
#[derive(JsonSchema)]
pub(crate) struct PlatformSetting {
    name: String,
    about: String,
    shape: SettingShape,
    /// What holds; null for nothing.
    value: Value,
    /// Whether somebody has set it.
    is_set: bool,
    /// What holds where nobody has, by the environment of the process that answers; null for nothing.
    usual: Value,
    changed_by: Option<String>,
    changed_at: Option<Time>,
}

/// What a setting may be.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
pub(crate) enum SettingShape {
    Choice {
        words: Vec<String>,
    },
    Text {
        chars_max: u32,
    },
    /// The name of a plan.
    Plan,
    Number {
        min: i64,
        max: i64,
    },
}

/// A change of the platform.
#[derive(JsonSchema)]
pub(crate) struct PlatformChange {
    id: Id,
    at: Time,
    by: String,
    /// Method and route.
    action: String,
    /// The name of the setting, or the id of the workspace.
    subject: String,
    address: Option<String>,
    request_id: String,
    changes: Vec<AuditChange>,
}

/// How the first cell, its fleet and its database are and were.
#[derive(JsonSchema)]
pub(crate) struct PlatformHealth {
    /// The schema of the cell.
    cell: String,
    /// The worst of the checks.
    standing: HealthStanding,
    checks: Vec<HealthCheck>,
    hours: i32,
    /// Seconds that a point is the mean of.
    stretch_s: i32,
    /// Oldest first.
    points: Vec<HealthPoint>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum HealthStanding {
    Good,
    Warn,
    Bad,
}

/// One thing that was judged.
#[derive(JsonSchema)]
pub(crate) struct HealthCheck {
    check: String,
    standing: HealthStanding,
    detail: String,
}

/// Figures of a stretch of time: means, and the worst of ages.
#[derive(JsonSchema)]
pub(crate) struct HealthPoint {
    at: Time,
    workers: f64,
    queued: f64,
    active: f64,
    queue_age_s: Option<f64>,
    timer_late_s: Option<f64>,
    outbox_age_s: Option<f64>,
    /// Tokens that left the queue in a second.
    claims_per_s: Option<f64>,
    oldest_transaction_s: Option<f64>,
    live_rows: f64,
    dead_rows: f64,
    months_ahead: f64,
    connections: f64,
    connections_max: f64,
    database_bytes: Option<f64>,
}

/// Something that a person was told.
#[derive(JsonSchema)]
pub(crate) struct Notification {
    id: Id,
    kind: String,
    /// Part of addresses of the workspace that it is about; null for matters of the platform.
    workspace: Option<String>,
    /// A sentence.
    summary: String,
    /// Where to look, below the editor; empty for nowhere.
    page: String,
    created_at: Time,
    read_at: Option<Time>,
}

/// A page of what a person was told.
#[derive(JsonSchema)]
pub(crate) struct Notifications {
    items: Vec<Notification>,
    /// Null on the last page.
    next_cursor: Option<String>,
    /// How many of all are not read.
    unread: u32,
}

/// What is left to read.
#[derive(JsonSchema)]
pub(crate) struct Unread {
    unread: u32,
}

/// Whether a person is mailed of a kind of news.
#[derive(JsonSchema)]
pub(crate) struct NotificationPreference {
    kind: String,
    about: String,
    mail: bool,
}

/// Settings of a workspace.
#[derive(JsonSchema)]
pub(crate) struct WorkspaceSettings {
    /// An IANA name: the editor writes it into new schedules.
    time_zone: String,
    /// By kind, whether owner and administrators are told.
    notifications: std::collections::BTreeMap<String, bool>,
    /// Null if nobody has changed them.
    updated_by: Option<String>,
    updated_at: Option<Time>,
}
