//! What stands beside the server: a pooler before it, a standby behind it.

use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::standby::{Mark, replayed, written};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;

use super::DoctorArgs;
use super::finding::Findings;
use crate::pooler;

/// Bytes of log by which a standby may be behind.
const BEHIND_BYTES_MAX: i64 = 16 << 20;

/// Looks whether a transaction gets through the pooler of the settings to the same database, if there is one.
pub(super) async fn look_at_pooler(args: &DoctorArgs, control: &Place, owner: &mut PgConnection, found: &mut Findings) {
    let Some(url) = args.pooler.url() else { return };
    let hint = "see docs/deployment.md on PgBouncer";
    match url.parse::<PgConnectOptions>() {
        Err(error) => found.fail("pooler", format!("CAPSTAN_API_POOLER_URL cannot be used: {error}"), hint),
        Ok(address) => {
            let behind = Place { pooler: Some(address), ..control.clone() };
            match pooler::require(&behind, owner).await {
                Ok(()) => found.ok("pooler", "transactions get through it to the database"),
                Err(error) => found.fail("pooler", format!("{error:#}"), hint),
            }
        }
    }
}

/// Looks whether the replica of the settings follows the database, if there is one.
pub(super) async fn look_at_replica(args: &DoctorArgs, cell: &Place, owner: &mut PgConnection, found: &mut Findings) {
    let database = match args.replica.settings() {
        Ok(None) => return,
        Ok(Some(settings)) => settings.database,
        Err(error) => return found.fail("replica", format!("{error:#}"), "see docs/deployment.md on a read replica"),
    };
    match marks(&Place { database, ..cell.clone() }, owner).await {
        Ok((_, None)) => {
            let hint = "let CAPSTAN_REPLICA_URL name a streaming standby of the server of DATABASE_URL";
            found.fail("replica", "it is no standby", hint);
        }
        Ok((written, Some(replayed))) if written.system != replayed.system => {
            let hint = "let CAPSTAN_REPLICA_URL name a standby of the server of DATABASE_URL";
            found.fail("replica", "it is a standby of another server", hint);
        }
        Ok((written, Some(replayed))) => {
            let behind = (written.position - replayed.position).max(0);
            let detail = format!("it is {behind} bytes of log behind");
            match behind > BEHIND_BYTES_MAX {
                true => found.warn("replica", detail, "look at pg_stat_replication on the primary"),
                false => found.ok("replica", detail),
            }
        }
        Err(error) => {
            let hint = "is it running, and may this machine reach it? Meanwhile lists are read from the primary";
            found.warn("replica", format!("it cannot be asked: {error}"), hint);
        }
    }
}

async fn marks(replica: &Place, owner: &mut PgConnection) -> Result<(Mark, Option<Mark>), StoreError> {
    let mut there = replica.connect(Role::Api).await?;
    let written = written(owner).await?;
    Ok((written, replayed(&mut there).await?))
}
