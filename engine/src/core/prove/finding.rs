//! What is told of a graph.

use serde::Serialize;

use super::walk::Move;

/// The codes of all findings that the proof comes to, and that may be accepted.
pub const CODES: [&str; 13] = [
    "join_never_fires",
    "node_never_runs",
    "edge_never_taken",
    "error_edge_never_taken",
    "error_edges_overlap",
    "port_leads_nowhere",
    "always_null",
    "null_has_no_parts",
    "may_be_null",
    "too_many_steps",
    "may_have_too_many_steps",
    "unknown_setting",
    "bad_note",
];

/// Something that an author should know, with a path along which it comes about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Stable machine name, such as `node_never_runs`.
    pub code: &'static str,
    /// The node concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// The edge concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge_id: Option<String>,
    /// What is so, in a sentence that names the thing.
    pub detail: String,
    /// What to do about it.
    pub hint: String,
    /// What steps come to, in the order of the journal, up to where it shows; empty where it needs no example.
    pub path: Vec<Move>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It can never be right, whatever the config says: such a graph is not published unless that is accepted.
    Error,
    /// It is hardly meant.
    Warning,
    /// It may well be meant.
    Note,
}

/// A question that took more work than it may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// About which node.
    pub node_id: String,
    /// What is not known.
    pub question: String,
}
