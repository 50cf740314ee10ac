//! Upkeep of the database as it is sent.

use schemars::JsonSchema;

use super::{Date, Id, Time};

/// Duties of the cells that one can see, and what is known of the database of the first one.
#[derive(JsonSchema)]
pub(crate) struct Upkeep {
    /// The schema of the first cell.
    cell: String,
    /// By cell and name: of pooled cells on the first page only, of dedicated ones while a worker serves them.
    items: Vec<Duty>,
    /// Cells of this page that could not be looked into.
    unreachable: Vec<UnreachableCell>,
    /// Where further dedicated cells are; null on the last page.
    next_cursor: Option<String>,
    /// Of the first cell, as is what follows.
    retention: Retention,
    /// Newest first, at most 24.
    months: Vec<HistoryMonth>,
    /// Those that took most time in all, at most ten, worst first; null where the database does not count them.
    slow_statements: Option<Vec<SlowStatement>>,
    /// The largest, at most ten.
    unused_indexes: Vec<UnusedIndex>,
}

/// What one worker of the fleet does at a time.
#[derive(JsonSchema)]
pub(crate) struct Duty {
    /// A schema, or the database of a dedicated cell.
    cell: String,
    /// The workspace whose cell it is; null if it holds many.
    workspace_id: Option<Id>,
    /// The slug of that.
    workspace: Option<String>,
    name: String,
    /// The worker that took it last.
    holder: String,
    /// Until when it is that worker's; null while nobody is at it.
    leased_until: Option<Time>,
    last_begun_at: Time,
    last_ended_at: Option<Time>,
    /// Whether it then did what it should.
    is_done: Option<bool>,
    /// What came of it then.
    outcome: Option<String>,
    next_due_at: Time,
    /// Whether the holder is at it now.
    is_held: bool,
    /// Seconds by which it is late and nobody is at it.
    late_s: f64,
    /// Whether that is so much that somebody should look.
    is_late: bool,
}

/// A cell that did not answer, or not in time.
#[derive(JsonSchema)]
pub(crate) struct UnreachableCell {
    /// A schema, or the database of a dedicated cell.
    cell: String,
    /// The workspace whose cell it is; null if it holds many.
    workspace_id: Option<Id>,
    /// The slug of that.
    workspace: Option<String>,
    /// Why, for people.
    reason: String,
}

/// For how long history is kept.
#[derive(JsonSchema)]
pub(crate) struct Retention {
    /// From the end of a month; null is for good.
    keep_days: Option<i32>,
    /// Whether a month is dropped only once it was archived.
    is_archived: bool,
}

/// A month on its way out, or gone.
#[derive(JsonSchema)]
pub(crate) struct HistoryMonth {
    /// Its first day.
    month: Date,
    /// Since when all of it has ended.
    closed_at: Time,
    archived_at: Option<Time>,
    dropped_at: Option<Time>,
}

/// A statement of the product, without values.
#[derive(JsonSchema)]
pub(crate) struct SlowStatement {
    statement: String,
    calls: i64,
    total_ms: i64,
    mean_ms: f64,
    max_ms: i64,
}

/// An index that was not read since statistics began.
#[derive(JsonSchema)]
pub(crate) struct UnusedIndex {
    index: String,
    table: String,
    bytes: i64,
}

/// The process answers, and its database does.
#[derive(JsonSchema)]
pub(crate) struct Health {
    status: HealthStatus,
    /// How a read replica follows, if there is one.
    #[schemars(skip_serializing_if = "absent", with = "ReplicaStanding")]
    replica: Option<ReplicaStanding>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum HealthStatus {
    Ok,
}

/// How a read replica follows.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum ReplicaStanding {
    /// Lists are read from it.
    Used,
    /// It is too far behind.
    Behind,
    /// It does not answer.
    Lost,
}

/// The process takes requests.
#[derive(JsonSchema)]
pub(crate) struct Readiness {
    status: ReadinessStatus,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum ReadinessStatus {
    Ready,
}
