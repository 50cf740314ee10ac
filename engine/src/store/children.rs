//! Children: executions that a step of another one started, and whom they tell of their ends.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::commit::{Commit, Then};
use super::error::StoreError;
use super::executions::{ExecutionRow, HEAD, STATUS};
use super::facts::Fact;
use super::trials::IS_TRIAL;
use crate::core::child::NewChild;
use crate::core::flow::RateWish;
use crate::core::ids::{ExecutionId, SignalId, StepKey, WorkflowId, WorkspaceId};
use crate::core::trace::Trace;

/// Largest output that a child's signal carries to its parent, as JSON; a larger one is read by the parent's step.
pub const SENT_OUTPUT_BYTES_MAX: i32 = 64 * 1024;

/// What a commit does to other executions.
#[derive(Clone, Debug, Default)]
pub struct Family {
    /// Children that start.
    pub starts: Vec<Birth>,
    /// Children that are sent a cancel, with its payload.
    pub cancels: Vec<(ExecutionId, Value)>,
    /// That it parks itself because its workflow is paused.
    pub hold: Option<Hold>,
    /// What it tells those who want to hear of it.
    pub facts: Vec<Fact>,
}

/// An execution that is held up with others.
#[derive(Clone, Debug)]
pub struct Hold {
    /// Its workflow.
    pub workflow_id: WorkflowId,
    /// Workers that it has lost in a row.
    pub losses: i16,
    /// The throttle that it goes by: it has not begun.
    pub throttle: Option<RateWish>,
    /// Nobody has attempted a step of it.
    pub unbegun: bool,
}

/// A child that starts.
#[derive(Clone, Debug)]
pub struct Birth {
    /// The step that starts it.
    pub step: StepKey,
    /// How often a person had it begin anew.
    pub round: u32,
    /// The signal that the step waits for, if it does.
    pub signal: Option<String>,
    /// The child.
    pub new: NewChild,
    /// What its parent belongs to, and it as well.
    pub trace: Trace,
}

/// What `commit_3` reads.
#[derive(Serialize)]
struct Written {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    starts: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cancels: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ends: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    leaves: Vec<ExecutionId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    holds: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    facts: Vec<Value>,
}

impl Family {
    /// Whether it does nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty() && self.cancels.is_empty()
    }
}

impl Commit {
    /// Whether it does something to other executions: starts or cancels children, or ends one.
    #[must_use]
    pub fn has_family(&self) -> bool {
        !self.family.is_empty() || self.ends_child()
    }

    /// Whether it gives slots back.
    fn leaves_gates(&self) -> bool {
        self.leaves && !matches!(self.then, Then::Hold)
    }

    fn ends_child(&self) -> bool {
        let ends = matches!(&self.then, Then::End { status, .. } if *status != "incident");
        ends && self.execution_id.is_child()
    }
}

/// What a group does to other executions, which of its own give slots back or are held up, and what it tells, as JSON; none if
/// that is nothing.
pub(super) fn family(commits: &[&Commit]) -> Option<String> {
    let does = |commit: &&Commit| {
        let Family { hold, facts, .. } = &commit.family;
        commit.has_family() || commit.leaves_gates() || hold.is_some() || !facts.is_empty()
    };
    if !commits.iter().any(does) {
        return None;
    }
    let starts = commits.iter().flat_map(|commit| commit.family.starts.iter().map(|birth| start(commit, birth)));
    let cancel = |commit: &Commit, (child_id, payload): &(ExecutionId, Value)| {
        let (signal_id, workspace_id) = (SignalId::new(), commit.workspace_id);
        json!({ "child_id": child_id, "signal_id": signal_id, "workspace_id": workspace_id, "payload": payload })
    };
    let cancels = commits.iter().flat_map(|commit| commit.family.cancels.iter().map(|told| cancel(commit, told)));
    let ends = commits.iter().filter(|commit| commit.ends_child()).map(|commit| {
        let (child_id, signal_id) = (commit.execution_id, SignalId::new());
        json!({ "child_id": child_id, "signal_id": signal_id, "output_bytes_max": SENT_OUTPUT_BYTES_MAX })
    });
    let holds = commits.iter().filter_map(|commit| commit.family.hold.as_ref().map(|hold| held(commit, hold)));
    let leaves = commits.iter().filter(|commit| commit.leaves_gates()).map(|commit| commit.execution_id).collect();
    let facts = commits.iter().flat_map(|commit| commit.family.facts.iter().map(|fact| told(commit, fact)));
    let (starts, cancels, ends, holds) = (starts.collect(), cancels.collect(), ends.collect(), holds.collect());
    let written = Written { starts, cancels, ends, leaves, holds, facts: facts.collect() };
    serde_json::to_string(&written).ok()
}

fn told(commit: &Commit, Fact { event_id, type_name, position }: &Fact) -> Value {
    json!({
        "event_id": event_id, "workspace_id": commit.workspace_id, "type": type_name,
        "execution_id": commit.execution_id, "at_position": position,
    })
}

fn held(commit: &Commit, Hold { workflow_id, losses, throttle, unbegun }: &Hold) -> Value {
    json!({
        "workspace_id": commit.workspace_id, "workflow_id": workflow_id, "execution_id": commit.execution_id,
        "losses": losses, "throttle": throttle, "unbegun": unbegun,
    })
}

fn start(commit: &Commit, Birth { step, round, signal, new, trace }: &Birth) -> Value {
    json!({
        "child_id": new.child.execution_id, "workspace_id": commit.workspace_id,
        "workflow_id": new.child.workflow_id, "version_id": new.child.version_id, "trigger": new.trigger,
        "input": new.input, "timeout_ms": new.timeout_ms, "vt": new.vt,
        "parent_id": commit.execution_id, "node_id": step.node_id, "scope": step.scope, "round": round,
        "root_id": new.root_id, "depth": new.depth, "signal": signal, "trace": trace.to_string(),
    })
}

/// Where an execution comes from.
#[derive(Clone, Debug, FromRow, Serialize)]
pub struct Parent {
    /// The child.
    #[serde(skip)]
    pub child_id: Uuid,
    /// The execution that started it.
    #[sqlx(rename = "parent_id")]
    pub execution_id: Uuid,
    /// The node of that one's step.
    pub node_id: String,
    /// Where in nested loops; empty at the top level.
    pub scope: String,
    /// The execution that all of this began with.
    pub root_id: Uuid,
    /// How many executions lie above.
    pub depth: i16,
}

/// The parents of those of these executions that have one, by child. Nothing is looked up for the others.
///
/// # Errors
/// If the database does.
pub async fn parents(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Parent>, StoreError> {
    let ids: Vec<Uuid> = ids.into_iter().filter(|&id| ExecutionId(id).is_child()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Parent> = sqlx::query_as(
        "SELECT child_id, parent_id, node_id, scope, root_id, depth FROM children \
         WHERE child_id = ANY ($1) AND workspace_id = $2",
    )
    .bind(ids)
    .bind(workspace_id.0)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.child_id, row)).collect())
}

/// A page of the children of an execution, newest first, older than `before`; input and output are left out as null.
///
/// # Errors
/// If the database does.
pub async fn list(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    parent_id: ExecutionId,
    before: ExecutionId,
    limit: i64,
) -> Result<Vec<ExecutionRow>, StoreError> {
    let rows = sqlx::query_as(&format!(
        "SELECT {HEAD}, {IS_TRIAL} AS trial, {STATUS} AS status, 'null'::jsonb AS input, NULL::jsonb AS output \
         FROM (SELECT child_id FROM children WHERE parent_id = $2 AND workspace_id = $1 AND child_id < $3 \
               ORDER BY child_id DESC LIMIT $4) AS c \
         JOIN executions e ON e.execution_id = c.child_id AND e.workspace_id = $1 ORDER BY e.execution_id DESC"
    ))
    .bind(workspace_id.0)
    .bind(parent_id.0)
    .bind(before.0)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// How these executions stand, each looked up by its key.
///
/// # Errors
/// If the database does.
pub async fn statuses(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>, StoreError> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(&format!(
        "SELECT e.execution_id, {STATUS} AS status FROM unnest($1::uuid[]) AS n (id) \
         CROSS JOIN LATERAL (SELECT x.execution_id, x.status FROM executions x \
           WHERE x.execution_id = n.id AND x.workspace_id = $2 LIMIT 1) AS e"
    ))
    .bind(ids)
    .bind(workspace_id.0)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}
