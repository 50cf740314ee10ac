//! A standby that `serve` may read lists from.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use capstan_api::ReplicaSettings;
use clap::Args;
use sqlx::postgres::PgConnectOptions;

use crate::output::hidden;

/// Where the standby is.
#[derive(Args, Clone)]
pub(crate) struct ReplicaArgs {
    /// A streaming standby of the database of DATABASE_URL, for lists, searches and statistics of `serve`; none if unset.
    #[arg(long, env = "CAPSTAN_REPLICA_URL", hide_env_values = true, help_heading = "Database")]
    replica_url: Option<String>,
    /// Age of what the replica shows, in milliseconds, from which on the primary is asked.
    #[arg(long, env = "CAPSTAN_REPLICA_LAG_MAX_MS", default_value_t = 2_000,
        value_parser = clap::value_parser!(u64).range(200..=600_000), help_heading = "Database")]
    replica_lag_max_ms: u64,
}

/// Without the password in it.
impl fmt::Debug for ReplicaArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplicaArgs").field("replica_url", &hidden(self.replica_url.as_ref())).finish_non_exhaustive()
    }
}

impl ReplicaArgs {
    /// What the API has to know of it, if one is set.
    pub(crate) fn settings(&self) -> anyhow::Result<Option<ReplicaSettings>> {
        let url = self.replica_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        let database = url.map(PgConnectOptions::from_str).transpose().context("CAPSTAN_REPLICA_URL cannot be used")?;
        let lag_max = Duration::from_millis(self.replica_lag_max_ms);
        Ok(database.map(|database| ReplicaSettings { database, lag_max }))
    }
}
