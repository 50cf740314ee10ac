//! What may stand between `serve` and the database: PgBouncer in transaction mode.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, bail};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::transactions::Transactions;
use clap::Args;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;

use crate::database::Database;
use crate::output::hidden;

/// Where the pooler is.
#[derive(Args, Clone)]
pub(crate) struct PoolerArgs {
    /// PgBouncer in transaction mode before the database of DATABASE_URL, for what requests of `serve` ask; directly if unset.
    #[arg(long, env = "CAPSTAN_API_POOLER_URL", hide_env_values = true, help_heading = "Database")]
    api_pooler_url: Option<String>,
}

/// Without the password in it.
impl fmt::Debug for PoolerArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolerArgs")
            .field("api_pooler_url", &hidden(self.api_pooler_url.as_ref()))
            .finish_non_exhaustive()
    }
}

impl PoolerArgs {
    /// The address, unless it is unset or empty.
    pub(crate) fn url(&self) -> Option<&str> {
        self.api_pooler_url.as_deref().map(str::trim).filter(|url| !url.is_empty())
    }

    /// Has transactions of the API go through the pooler, if one is set, once it has been seen to lead to the database.
    pub(crate) async fn put_before(&self, database: &mut Database) -> anyhow::Result<()> {
        let Some(url) = self.url() else { return Ok(()) };
        let pooler = PgConnectOptions::from_str(url).context("CAPSTAN_API_POOLER_URL cannot be used")?;
        database.control.pooler = Some(pooler.clone());
        database.cell.pooler = Some(pooler);
        require(&database.control, &mut database.owner().await?).await
    }
}

/// Fails with what to do unless transactions of both roles of requests come through the pooler of `place` to where `direct` is.
pub(crate) async fn require(place: &Place, direct: &mut PgConnection) -> anyhow::Result<()> {
    for role in [Role::Api, Role::Access] {
        match Transactions::new(place, role, 1).lead_to(direct).await {
            Ok(true) => {}
            Ok(false) => bail!(
                "the pooler at CAPSTAN_API_POOLER_URL leads to another database than DATABASE_URL: correct its [databases] section"
            ),
            Err(error) => {
                return Err(error).context(
                    "no transaction gets through the pooler at CAPSTAN_API_POOLER_URL; is it running, in transaction mode, and \
                     is its login a member of capstan_api and capstan_access?",
                );
            }
        }
    }
    Ok(())
}
