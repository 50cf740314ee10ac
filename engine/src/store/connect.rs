//! Connections by role. A cell is a database and a schema in it; no statement names the schema.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

use super::error::StoreError;

/// Longest that a statement of the product may run, in milliseconds; maintenance sets its own.
pub const STATEMENT_TIMEOUT_MS: u32 = 30_000;
/// Longest wait for an answer, after which the connection counts as lost: the server ends statements sooner.
const ANSWER_MAX: Duration = Duration::from_millis(STATEMENT_TIMEOUT_MS as u64 + 10_000);
/// Longest wait for a new connection: a server that is away may not even refuse.
const CONNECT_MAX: Duration = Duration::from_secs(15);
/// Longest wait for a free connection of a pool.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Who a connection works as. Each role has only the rights that its work needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Migrates and makes workspaces; never used to serve.
    Owner,
    /// One workspace at a time, under row-level security.
    Api,
    /// May only start executions.
    Starter,
    /// Lets people in: users, sessions, members, keys, in `control`.
    Access,
    /// Claims, commits, reaps, for all workspaces of a cell.
    Worker,
}

impl Role {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Owner => None,
            Self::Api => Some("capstan_api"),
            Self::Starter => Some("capstan_starter"),
            Self::Access => Some("capstan_access"),
            Self::Worker => Some("capstan_worker"),
        }
    }
}

/// Where a schema of the product lives: the `control` schema, or a cell.
#[derive(Clone)]
pub struct Place {
    /// Address and login of the database.
    pub database: PgConnectOptions,
    /// The schema, lower case.
    pub schema: String,
    /// A pooler in front of the same database, which [`Transactions`](super::transactions::Transactions) go through.
    pub pooler: Option<PgConnectOptions>,
}

/// Without addresses, which may hold passwords.
impl std::fmt::Debug for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Place").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Place {
    /// The schema `schema` of the database at `url`.
    ///
    /// # Errors
    /// If `url` is not a PostgreSQL URL.
    pub fn new(url: &str, schema: &str) -> Result<Self, StoreError> {
        Ok(Self { database: PgConnectOptions::from_str(url)?, schema: schema.into(), pooler: None })
    }

    /// The same database, another schema.
    #[must_use]
    pub fn sibling(&self, schema: &str) -> Self {
        Self { schema: schema.into(), ..self.clone() }
    }

    /// The channel of wake-up hints of this cell.
    #[must_use]
    pub fn channel(&self) -> String {
        format!("capstan_{}", self.schema)
    }

    /// The channel of hints at custom events of this cell.
    #[must_use]
    pub fn events_channel(&self) -> String {
        format!("{}_events", self.channel())
    }

    /// Options of a connection that works as `role`.
    #[must_use]
    pub fn options(&self, role: Role) -> PgConnectOptions {
        self.database.clone().application_name("capstan").options(self.settings(role))
    }

    /// What is set for all that `role` asks, by name.
    pub(super) fn settings(&self, role: Role) -> Vec<(&'static str, String)> {
        let mut settings = vec![("search_path", self.schema.clone()), ("timezone", "UTC".into())];
        let Some(name) = role.name() else { return settings };
        settings.extend([
            ("role", name.into()),
            ("statement_timeout", STATEMENT_TIMEOUT_MS.to_string()),
            ("idle_in_transaction_session_timeout", "10000".into()),
        ]);
        // A plan without sequential scans looks so costly that it would be compiled, for 50 ms at each call.
        settings.push(("jit", "off".into()));
        // Tables look empty when plans are made, the queue's always and a month's at its beginning: a plan that a
        // connection keeps from then would scan them whole.
        if matches!(role, Role::Worker | Role::Api) {
            settings.extend([
                ("enable_seqscan", "off".into()),
                ("enable_hashjoin", "off".into()),
                ("enable_mergejoin", "off".into()),
                ("enable_bitmapscan", "off".into()),
                // Else reading a month in the order of its key looks cheaper than the index of a workspace.
                ("random_page_cost", "1".into()),
                // The costs of what is switched off would make every call plan anew.
                ("plan_cache_mode", "force_generic_plan".into()),
            ]);
        }
        settings
    }

    /// One connection of its own.
    ///
    /// # Errors
    /// If the server cannot be reached or refuses, or does neither in time.
    pub async fn connect(&self, role: Role) -> Result<PgConnection, StoreError> {
        let options = self.options(role);
        match tokio::time::timeout(CONNECT_MAX, PgConnection::connect_with(&options)).await {
            Ok(connected) => Ok(connected?),
            Err(_) => Err(late()),
        }
    }

    /// A pool of at most `connections_max`; connects when first used.
    #[must_use]
    pub fn pool(&self, role: Role, connections_max: u32) -> PgPool {
        pool_with(self.options(role), connections_max)
    }
}

/// A pool of at most `connections_max`; connects when first used.
pub(super) fn pool_with(options: PgConnectOptions, connections_max: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(Duration::from_secs(30))
        .connect_lazy_with(options)
}

/// Waits for an answer of the database, but not for ever: a connection may go silent without breaking.
///
/// # Errors
/// Whatever `answer` does, or [`StoreError::Database`] when it takes too long. Drop the connection then.
pub async fn answered<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match tokio::time::timeout(ANSWER_MAX, answer).await {
        Ok(result) => result,
        Err(_) => Err(late()),
    }
}

fn late() -> StoreError {
    StoreError::Database(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))
}
