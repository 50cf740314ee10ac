//! The life of a workspace as a tenant: which moves there are, and the one place that makes them. For the access role.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use serde::{Serialize, Serializer};
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

use crate::machine::{Machine, StateKind};

/// Most characters of a reason.
pub const REASON_CHARS_MAX: usize = 500;

/// Where a workspace is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TenantState {
    /// It is written down, and nothing of it is made.
    Draft,
    /// It is being made.
    Provisioning,
    /// It works.
    Active,
    /// Nobody gets in, and nothing of it runs, until it is resumed.
    Suspended,
    /// It can be read, and is never changed again.
    Archived,
}

use TenantState::{Active, Archived, Draft, Provisioning, Suspended};

/// Every move that there is. The table `tenant_moves` holds the same, and the history can hold no other.
pub const MOVES: [(TenantState, TenantState); 6] = [
    (Draft, Provisioning),
    (Provisioning, Active),
    (Active, Suspended),
    (Suspended, Active),
    (Active, Archived),
    (Suspended, Archived),
];

impl TenantState {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 5] = [Draft, Provisioning, Active, Suspended, Archived];

    /// As in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Draft => "draft",
            Provisioning => "provisioning",
            Active => "active",
            Suspended => "suspended",
            Archived => "archived",
        }
    }

    /// Whether it may move to `to`.
    ///
    /// # Errors
    /// [`BadMove`] if there is no such move.
    pub fn check_move(self, to: Self) -> Result<(), BadMove> {
        let is_way = machine().way(self.as_str(), to.as_str()).is_some();
        if is_way { Ok(()) } else { Err(BadMove { from: self, to }) }
    }
}

/// States and moves, as the interpreter of all machines has them.
fn machine() -> &'static Machine {
    static MACHINE: LazyLock<Machine> = LazyLock::new(|| {
        let states = TenantState::ALL.map(|state| (state.as_str(), state.as_str(), StateKind::Open));
        let ways = MOVES.map(|(from, to)| (from.as_str(), [to.as_str()]));
        let ways: Vec<(&str, &[&str])> = ways.iter().map(|(from, to)| (*from, to.as_slice())).collect();
        Machine::drawn(Draft.as_str(), &states, &ways)
    });
    &MACHINE
}

impl fmt::Display for TenantState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for TenantState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

impl Serialize for TenantState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// There is no such move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("Invalid tenant transition: {from} → {to}")]
pub struct BadMove {
    /// Where the workspace is.
    pub from: TenantState,
    /// Where it was to go.
    pub to: TenantState,
}

/// Who moves a workspace, and from where.
#[derive(Clone, Debug, Default)]
pub struct Mover {
    /// A user; absent for the command line.
    pub user_id: Option<Uuid>,
    /// Their address, or what else moves it.
    pub name: String,
    /// Of the client.
    pub address: Option<String>,
    /// As the answer tells it.
    pub request_id: String,
}

/// Why a workspace was not moved.
#[derive(Debug, Error)]
pub enum MoveError {
    /// There is none.
    #[error("there is no workspace {0}")]
    Unknown(WorkspaceId),
    /// There is no such move.
    #[error(transparent)]
    Bad(#[from] BadMove),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for MoveError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Where a workspace is, and how often it was moved. It stays there until the transaction of the caller's ends: what is decided
/// by it holds.
///
/// # Errors
/// See [`MoveError`].
pub async fn hold_state(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<(TenantState, i64), MoveError> {
    let row: Option<(String, i64)> =
        sqlx::query_as("SELECT state, state_revision FROM workspaces WHERE workspace_id = $1 FOR NO KEY UPDATE")
            .bind(workspace_id.0)
            .fetch_optional(connection)
            .await?;
    let (state, revision) = row.ok_or(MoveError::Unknown(workspace_id))?;
    let state: TenantState =
        state.parse().map_err(|()| StoreError::Corrupt(format!("the state {state:?} is unknown")))?;
    Ok((state, revision))
}

/// Moves a workspace and writes down who did it and why: the only code that changes a state. In a transaction of the caller's.
/// Locks the row of the workspace.
///
/// # Errors
/// See [`MoveError`].
pub async fn move_tenant(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    to: TenantState,
    reason: Option<&str>,
    mover: &Mover,
) -> Result<(), MoveError> {
    let (from, revision) = hold_state(&mut *connection, workspace_id).await?;
    from.check_move(to)?;
    sqlx::query(
        "UPDATE workspaces SET state = $2, state_reason = $3, state_revision = $4, state_changed_at = clock_timestamp(), \
           state_tried_at = clock_timestamp() WHERE workspace_id = $1",
    )
    .bind(workspace_id.0)
    .bind(to.as_str())
    .bind(reason)
    .bind(revision + 1)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO tenant_transitions \
           (workspace_id, revision, from_state, to_state, reason, changed_by, changed_by_name, address, request_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(workspace_id.0)
    .bind(revision + 1)
    .bind(from.as_str())
    .bind(to.as_str())
    .bind(reason)
    .bind(mover.user_id)
    .bind(&mover.name)
    .bind(&mover.address)
    .bind(&mover.request_id)
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_goes_its_way_and_no_other() {
        let mut moves = 0;
        for from in TenantState::ALL {
            for to in TenantState::ALL {
                moves += usize::from(from.check_move(to).is_ok());
            }
            assert_eq!(from.as_str().parse(), Ok(from));
            assert!(from.check_move(from).is_err() && Archived.check_move(from).is_err());
        }
        assert_eq!(moves, MOVES.len());
        let error = Draft.check_move(Active).unwrap_err().to_string();
        assert_eq!(error, "Invalid tenant transition: draft → active");
    }
}
