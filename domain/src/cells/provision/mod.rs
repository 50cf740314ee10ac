//! What a provisioner does: the steps of making a dedicated workspace that make things on a database server.
//!
//! `CREATE DATABASE` is in no transaction, so a step and its note are not one commit, as they are for the other steps. Instead each
//! step is safe twice, and one process at a time is at an operation: it holds an advisory lock for as long as its session lasts.

mod database;
mod schema;

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::migrate::MigrationError;
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;
use uuid::Uuid;

use super::{CellError, cell_of};
use crate::access::{OperationRow, due_ddl_operations, get_operation, step_done, step_failed, take_ddl_operation};
use crate::secrets::KeyRing;

/// Most provisioners of an installation that make something at the same time: databases and tables are written to catalogues that all
/// sessions of a server read.
pub const DDL_AT_ONCE_MAX: i32 = 2;
/// Operations of one look.
const BITE: i64 = 20;
/// Longest that one step takes.
const STEP_MAX: Duration = Duration::from_secs(15 * 60);

/// Makes databases and what is in them.
pub struct Provisioner {
    /// `control`, for the login of the fleet.
    control: Place,
    /// The home server, for the login that makes databases there.
    creator: Place,
    keys: Arc<KeyRing>,
}

/// A step that was done, or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Of which operation.
    pub operation_id: Uuid,
    /// Its name.
    pub step: &'static str,
    /// How large the catalogue of the new database is, in bytes, where there is one now.
    pub catalogue_bytes: Option<i64>,
    /// Why it failed.
    pub failure: Option<String>,
}

/// Why a step failed.
pub(super) struct Failure {
    /// For good, if there is one.
    pub(super) code: Option<&'static str>,
    pub(super) detail: String,
}

impl Failure {
    pub(super) fn for_now(detail: impl ToString) -> Self {
        Self { code: None, detail: detail.to_string() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::for_now(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::for_now(error)
    }
}

impl From<CellError> for Failure {
    fn from(error: CellError) -> Self {
        Self::for_now(error)
    }
}

impl From<MigrationError> for Failure {
    fn from(error: MigrationError) -> Self {
        Self::for_now(error)
    }
}

impl Provisioner {
    /// `control` is a place of the fleet's login, `creator` one of the login that makes databases on the home server.
    #[must_use]
    pub fn new(control: Place, creator: Place, keys: Arc<KeyRing>) -> Self {
        Self { control: Place { pooler: None, ..control }, creator, keys }
    }

    /// The connection that turns are made on. Locks are its session's, so it is to be dropped when a turn fails.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub async fn connect(&self) -> Result<PgConnection, StoreError> {
        self.control.connect(Role::Access).await
    }

    /// Does a step that is due and that nobody else is at; nothing if there is none, or others are making enough already.
    ///
    /// # Errors
    /// If `control` does not answer. What was done on the server is done again by the next turn, which changes nothing.
    pub async fn turn(&self, control: &mut PgConnection) -> Result<Option<Turn>, StoreError> {
        let Some(slot) = take_slot(control).await? else { return Ok(None) };
        let mut done = None;
        for id in due_ddl_operations(control, BITE).await? {
            if !try_lock(control, id).await? {
                continue;
            }
            // Somebody else may have done it since it was looked for.
            if let Some(row) = get_operation(control, id).await?
                && let Some(step) = row.next_step().filter(|_| row.ended_at.is_none())
                && crate::access::DDL_STEPS.contains(&step)
            {
                done = Some(self.step(control, &row, step).await?);
            }
            unlock(control, id).await?;
            if done.is_some() {
                break;
            }
        }
        give_slot(control, slot).await?;
        Ok(done)
    }

    /// Does the step, then notes it.
    async fn step(
        &self,
        control: &mut PgConnection,
        row: &OperationRow,
        step: &'static str,
    ) -> Result<Turn, StoreError> {
        let work = Box::pin(async {
            match step {
                "database" => self.make_database(control, row).await,
                _ => self.make_schema(control, row).await,
            }
        });
        let made = match timeout(STEP_MAX, work).await {
            Ok(made) => made,
            Err(_) => Err(Failure::for_now(format!("it was not done within {} s", STEP_MAX.as_secs()))),
        };
        let mut turn = Turn { operation_id: row.operation_id, step, catalogue_bytes: None, failure: None };
        let mut transaction = control.begin().await.map_err(StoreError::from)?;
        match made {
            Ok(catalogue_bytes) => {
                turn.catalogue_bytes = catalogue_bytes;
                let still = take_ddl_operation(&mut transaction, row.operation_id).await?;
                if let Some(row) = still.filter(|still| still.step == row.step) {
                    step_done(&mut transaction, &row).await?;
                }
            }
            Err(Failure { code, detail }) => {
                step_failed(&mut transaction, row, code, &detail).await?;
                turn.failure = Some(detail);
            }
        }
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(turn)
    }

    async fn make_database(&self, control: &mut PgConnection, row: &OperationRow) -> Result<Option<i64>, Failure> {
        let address = address(control, row).await?;
        let place = super::creator::maintenance_place(control, Some(&self.creator), &address, &self.keys).await?;
        let name = address.database_name.as_deref().unwrap_or_default();
        database::make(&place, name, row.operation_id).await?;
        Ok(None)
    }

    async fn make_schema(&self, control: &mut PgConnection, row: &OperationRow) -> Result<Option<i64>, Failure> {
        let address = address(control, row).await?;
        let owned = super::creator_place(control, Some(&self.creator), &address, &self.keys).await?;
        let server = match address.server_id {
            Some(id) => super::server_of(control, id).await?,
            None => None,
        };
        let used = super::place_of(&self.control, &address, server.as_ref(), &self.keys)?;
        schema::make(&owned).await?;
        schema::verify(&used).await?;
        Ok(Some(schema::catalogue_bytes(&owned).await?))
    }
}

/// Where the cell is to be. A workspace that was written down without one of its own is a mistake that no try mends.
async fn address(control: &mut PgConnection, row: &OperationRow) -> Result<super::CellAddress, Failure> {
    let address = cell_of(control, WorkspaceId(row.workspace_id)).await?;
    address.filter(super::CellAddress::is_dedicated).ok_or_else(|| Failure {
        code: Some("wrong_cell"),
        detail: "the workspace was written down without a cell of its own".into(),
    })
}

/// One of [`DDL_AT_ONCE_MAX`] places, until it is given back or the session ends.
async fn take_slot(control: &mut PgConnection) -> Result<Option<i32>, StoreError> {
    for slot in 0..DDL_AT_ONCE_MAX {
        let is_mine = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext(current_schema() || '#ddl'), $1)");
        if is_mine.bind(slot).fetch_one(&mut *control).await? {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

async fn give_slot(control: &mut PgConnection, slot: i32) -> Result<(), StoreError> {
    let given = sqlx::query("SELECT pg_advisory_unlock(hashtext(current_schema() || '#ddl'), $1)");
    given.bind(slot).execute(control).await?;
    Ok(())
}

async fn try_lock(control: &mut PgConnection, id: Uuid) -> Result<bool, StoreError> {
    let is_mine = sqlx::query_scalar(
        "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '#operation#' || $1::uuid, 0))",
    );
    Ok(is_mine.bind(id).fetch_one(control).await?)
}

async fn unlock(control: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    let given =
        sqlx::query("SELECT pg_advisory_unlock(hashtextextended(current_schema() || '#operation#' || $1::uuid, 0))");
    given.bind(id).execute(control).await?;
    Ok(())
}
