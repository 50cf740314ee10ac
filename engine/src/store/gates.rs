//! Gates: executions take slots before they are at work, or wait in line for them.
//!
//! Whoever lets somebody in holds the lock of the workspace, and looks only in a later statement. What is judged is judged by
//! [`crate::core::gate`] alone (docs/decisions/0024). Slots are given back by the commit that parks or ends an execution.

mod passing;
mod sweep;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};

use super::error::StoreError;
use crate::core::gate::Gate;
use crate::core::ids::{ExecutionId, WorkspaceId};
use crate::faults::{ask, told};
use passing::Passing;
pub use sweep::{After, Swept, sweep};

/// Most of one line that are looked at together.
const LOOK_MAX: u32 = 200;
/// Looks at the lines in one transaction at most; what is left waits for the next one.
const LOOKS_MAX: usize = 20;
/// Longest wait for the lock of a workspace, in milliseconds.
const LOCK_TIMEOUT_MS: u32 = 2_000;

/// An execution at its gates, whose lease the caller holds.
#[derive(Clone, Debug)]
pub struct Entering {
    /// Which.
    pub execution_id: ExecutionId,
    /// The lease.
    pub lease_no: i64,
    /// Virtual time of its token: its place in line, unless it has one already.
    pub vt: i64,
    /// What it has to pass, the narrowest first.
    pub gates: Vec<Gate>,
    /// What its version says of its key.
    pub key_max: Option<u32>,
    /// When it has to be looked at again, if it waits.
    pub due_at: Option<DateTime<Utc>>,
    /// It is at work already: it takes its slots though there may be no room.
    pub is_at_work: bool,
    /// Nobody has attempted a step of it.
    pub unbegun: bool,
}

/// What became of one that would enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// It holds a slot of each of its gates, and its lease.
    In,
    /// It waits in line; its lease is gone.
    Waits,
    /// It waits in line, but a signal is there: its lease is kept.
    Woken,
    /// It is no longer the caller's.
    Lost,
}

/// What came of a passing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// In the order of those that would enter.
    pub entered: Vec<Entered>,
    /// Executions that were let in from a line: each has a token now.
    pub admitted: Vec<ExecutionId>,
    /// Whether somebody may be let in who was not looked at.
    pub is_more: bool,
}

/// Has executions of a workspace take their slots, or wait for them; those that wait at the same gates and may come before
/// them are let in first. All of them are leased by this worker, at most one item for each.
///
/// # Errors
/// [`StoreError::Fenced`], [`StoreError::LockTimeout`], or if the database does: then it is not known what came of it, and
/// asking again is safe.
pub async fn enter(
    connection: &mut PgConnection,
    worker_no: i32,
    workspace_id: WorkspaceId,
    entering: &[Entering],
) -> Result<Passed, StoreError> {
    let gates = entering.iter().flat_map(|entering| entering.gates.iter().cloned()).collect();
    pass(connection, Some(worker_no), workspace_id, gates, entering).await
}

/// Lets in who waits at some gates of a workspace, as far as there is room.
///
/// # Errors
/// As [`enter`].
pub async fn admit(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    gates: HashSet<Gate>,
) -> Result<Passed, StoreError> {
    let names: Vec<&str> = gates.iter().map(Gate::as_str).collect();
    let waits = "SELECT EXISTS (SELECT FROM unnest($2::text[]) AS a (gate) WHERE \
                   (SELECT true FROM gated g WHERE g.workspace_id = $1 AND g.gate = a.gate LIMIT 1))";
    let waits: bool = sqlx::query_scalar(waits).bind(workspace_id.0).bind(names).fetch_one(&mut *connection).await?;
    if !waits {
        return Ok(Passed::default());
    }
    pass(connection, None, workspace_id, gates, &[]).await
}

/// Whether anybody waits at any gate.
///
/// # Errors
/// If the database does.
pub async fn is_any(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let waits = sqlx::query_scalar("SELECT (SELECT true FROM gated LIMIT 1) IS NOT NULL");
    Ok(waits.fetch_one(connection).await?)
}

async fn pass(
    connection: &mut PgConnection,
    worker_no: Option<i32>,
    workspace_id: WorkspaceId,
    gates: HashSet<Gate>,
    entering: &[Entering],
) -> Result<Passed, StoreError> {
    let mut transaction = connection.begin().await?;
    lock(&mut transaction, worker_no, workspace_id).await?;
    let mut passing = Passing::new(workspace_id, gates);
    passing.arrive(&mut transaction, worker_no, entering).await?;
    for _ in 0..LOOKS_MAX {
        if !passing.look(&mut transaction).await? {
            break;
        }
    }
    let passed = passing.write(&mut transaction, entering).await?;
    told(ask::Pass { worker_no, entering, passed: &passed }, async {
        Ok::<(), StoreError>(transaction.commit().await?)
    })
    .await?;
    Ok(passed)
}

async fn lock(
    transaction: &mut PgConnection,
    worker_no: Option<i32>,
    workspace_id: WorkspaceId,
) -> Result<(), StoreError> {
    sqlx::query(&format!("SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")).execute(&mut *transaction).await?;
    let lock = sqlx::query("SELECT lock_gates_1($1, $2)").bind(worker_no).bind(workspace_id.0);
    lock.execute(transaction).await?;
    Ok(())
}
