//! A pool that lends connections for a transaction each, so that a pooler in transaction mode may stand before the database.
//!
//! PgBouncer gives a client another session with each transaction. So what the role of a connection needs is set in the
//! transaction, and no statement is kept: sqlx names those it prepares by number, and another client's of the same number may
//! be left in the session.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Executor, PgConnection, PgPool, PgTransaction};
use tokio::time::timeout;
use tracing::Instrument;

use super::connect::{ACQUIRE_TIMEOUT, Place, Role, pool_with};
use super::error::StoreError;
use crate::core::ids::WorkspaceId;

/// Lends transactions and nothing else; cheap to clone.
#[derive(Clone, Debug)]
pub struct Transactions {
    pool: PgPool,
    /// What each one begins with, through a pooler; directly the connection has it.
    opening: Option<Arc<str>>,
}

impl Transactions {
    /// Of `role` at `place`, through its pooler if it has one; at most `connections_max` at a time. Connects when first used.
    #[must_use]
    pub fn new(place: &Place, role: Role, connections_max: u32) -> Self {
        let Some(pooler) = &place.pooler else {
            return Self { pool: place.pool(role, connections_max), opening: None };
        };
        // A pooler knows few of the settings that a client may bring.
        let options =
            pooler.clone().application_name("capstan").statement_cache_capacity(0).extra_float_digits(None::<i8>);
        Self { pool: pool_with(options, connections_max), opening: Some(opening(place, role).into()) }
    }

    /// Of the API's role on a copy of `place` in the database at `copy`. They only read, and a statement ends after `statement_max`.
    #[must_use]
    pub fn of_copy(place: &Place, copy: &PgConnectOptions, connections_max: u32, statement_max: Duration) -> Self {
        let place = Place { database: copy.clone(), pooler: None, ..place.clone() };
        // The last word counts.
        let bounds = [
            ("default_transaction_read_only", "on".to_owned()),
            ("statement_timeout", statement_max.as_millis().to_string()),
        ];
        Self { pool: pool_with(place.options(Role::Api).options(bounds), connections_max), opening: None }
    }

    /// A transaction for no workspace.
    ///
    /// # Errors
    /// If the database cannot be reached, refuses, or has no session in time.
    pub async fn begin(&self) -> Result<PgTransaction<'static>, sqlx::Error> {
        self.opened("BEGIN", None).await
    }

    /// A transaction that `statement` begins, under row-level security for `workspace_id`.
    ///
    /// # Errors
    /// If the database cannot be reached, refuses, or has no session in time.
    pub async fn begin_for(
        &self,
        workspace_id: WorkspaceId,
        statement: &'static str,
    ) -> Result<PgTransaction<'static>, sqlx::Error> {
        self.opened(statement, Some(workspace_id)).await
    }

    /// In a task of its own: whoever gives up meanwhile would leave a transaction that its connection does not know of. The
    /// task ends what it has begun, and what nobody takes is rolled back.
    async fn opened(
        &self,
        statement: &'static str,
        workspace_id: Option<WorkspaceId>,
    ) -> Result<PgTransaction<'static>, sqlx::Error> {
        let whole = self.clone().open(statement, workspace_id).in_current_span();
        match timeout(ACQUIRE_TIMEOUT, tokio::spawn(whole)).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(_)) => Err(sqlx::Error::WorkerCrashed),
            Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    async fn open(
        self,
        statement: &'static str,
        workspace_id: Option<WorkspaceId>,
    ) -> Result<PgTransaction<'static>, sqlx::Error> {
        let workspace = workspace_id.map(|id| format!("; SET LOCAL app.workspace_id = '{id}'")).unwrap_or_default();
        let Some(opening) = self.opening else {
            // In one message: each round trip is a time in which the connection is of use to nobody.
            return self.pool.begin_with(format!("{statement}{workspace}")).await;
        };
        // Apart: what a pooler has before it may refuse this, and then the connection has to know what it is to roll back.
        let mut transaction = self.pool.begin_with(statement).await?;
        transaction.execute(sqlx::raw_sql(&format!("{opening}{workspace}"))).await?;
        Ok(transaction)
    }

    /// Whether they come to the very database that `direct` is connected to.
    ///
    /// # Errors
    /// If one of both cannot be asked.
    pub async fn lead_to(&self, direct: &mut PgConnection) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let there = identity(&mut transaction).await?;
        transaction.commit().await?;
        Ok(there == identity(direct).await?)
    }
}

/// Name of the database, and when its server was started.
async fn identity(connection: &mut PgConnection) -> Result<(String, DateTime<Utc>), StoreError> {
    let asked = sqlx::query_as("SELECT current_database()::text, pg_postmaster_start_time()");
    Ok(asked.fetch_one(connection).await?)
}

fn opening(place: &Place, role: Role) -> String {
    let mut text = String::from("DEALLOCATE ALL");
    for (name, value) in place.settings(role) {
        // Writing to a string cannot fail.
        let _ = write!(text, "; SET LOCAL {name} = '{}'", value.replace('\'', "''"));
    }
    text
}
