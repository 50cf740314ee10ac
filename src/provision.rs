//! `capstan provision`: makes the databases of dedicated workspaces. Whoever serves or executes may not do that.

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use capstan_domain::cells::{Provisioner, Turn};
use capstan_domain::secrets::KeyRing;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use clap::Args;
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::output::hidden;
use crate::secret_keys::SecretArgs;
use crate::{interrupt, output};

/// Time between two looks for something to make; a look that finds nothing is a few statements on one connection.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The same after `control` has not answered.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Who makes databases on the home server, and owns them.
#[derive(Args, Clone)]
pub(crate) struct CreatorArgs {
    /// Login that makes and owns databases of dedicated workspaces on the server of DATABASE_URL: for `provision` and `dev`, and for
    /// commands that look into such a database as its owner. Never for `serve` and `worker`.
    #[arg(long, env = "CAPSTAN_CREATOR_URL", hide_env_values = true, help_heading = "Database")]
    creator_url: Option<String>,
}

/// Without the password in it.
impl fmt::Debug for CreatorArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatorArgs").field("creator_url", &hidden(self.creator_url.as_ref())).finish_non_exhaustive()
    }
}

impl CreatorArgs {
    /// Whether such a login is set.
    pub(crate) fn is_set(&self) -> bool {
        self.creator_url.as_deref().is_some_and(|url| !url.trim().is_empty())
    }

    /// Where that login connects to make databases, if one is set.
    pub(crate) fn place(&self) -> anyhow::Result<Option<Place>> {
        let url = self.creator_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        url.map(|url| Place::new(url, "public")).transpose().context("CAPSTAN_CREATOR_URL cannot be used")
    }
}

/// Settings of a provisioner.
#[derive(Args, Debug)]
pub(crate) struct ProvisionArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    creator: CreatorArgs,
    #[command(flatten)]
    secrets: SecretArgs,
}

/// Makes what is asked for until SIGINT or SIGTERM; a step that is under way then is finished by the next provisioner.
pub(crate) async fn run(args: &ProvisionArgs, json: bool) -> anyhow::Result<ExitCode> {
    let stop = interrupt::token()?;
    let database = Database::connect(&args.database, "provision").await?;
    database.require_migrated().await?;
    let Some(creator) = args.creator.place()? else {
        bail!(
            "`capstan provision` needs a login that may create databases: set CAPSTAN_CREATOR_URL, e.g. \
             postgres://capstan_creator:password@host/postgres (docs/deployment.md says how to make it)"
        );
    };
    require_creator(&creator).await?;
    let provisioner = Provisioner::new(database.control.clone(), creator, args.secrets.ring()?);
    tracing::info!("provisioning");
    if json {
        output::line(&json!({ "event": "ready", "pid": std::process::id() }).to_string());
    }
    tokio::select! {
        () = stop.cancelled() => {}
        () = tend(&provisioner, |turn| if json { output::line(&told(turn).to_string()) }) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Beside everything else in one process, until `stop`. `creator` is the login that owns the private server, unless one is set.
pub(crate) fn spawn(
    database: &Database,
    args: &CreatorArgs,
    keys: Arc<KeyRing>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let creator = args.place()?.unwrap_or_else(|| database.control.clone());
    let provisioner = Provisioner::new(database.control.clone(), creator, keys);
    // On a thread of its own: what migrates cannot be handed from one to another.
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(stop.run_until_cancelled(tend(&provisioner, |_| {}))));
    Ok(())
}

/// Fails with what to do unless that login gets in and may create databases.
async fn require_creator(creator: &Place) -> anyhow::Result<()> {
    let mut connection =
        creator.connect(Role::Owner).await.context("the login of CAPSTAN_CREATOR_URL does not get in")?;
    let may: bool = sqlx::query_scalar("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        .fetch_one(&mut connection)
        .await
        .map_err(StoreError::from)?;
    if !may {
        bail!("the login of CAPSTAN_CREATOR_URL may not create databases: ALTER ROLE … CREATEDB");
    }
    Ok(())
}

/// Does one step after the other, and looks again after a pause when there is none.
async fn tend(provisioner: &Provisioner, tell: impl Fn(&Turn)) {
    let mut control = None;
    loop {
        let pause = match Box::pin(turn(provisioner, &mut control)).await {
            Ok(Some(turn)) => {
                note(&turn);
                tell(&turn);
                Duration::ZERO
            }
            Ok(None) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "nobody knows what is to be made; it will be looked again");
                // With the session go its locks: another provisioner may go on.
                control = None;
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn turn(provisioner: &Provisioner, control: &mut Option<PgConnection>) -> Result<Option<Turn>, StoreError> {
    if control.is_none() {
        *control = Some(provisioner.connect().await?);
    }
    match control {
        Some(control) => provisioner.turn(control).await,
        None => Ok(None),
    }
}

fn note(turn: &Turn) {
    let Turn { operation_id, step, catalogue_bytes, failure } = turn;
    match failure {
        None => tracing::info!(%operation_id, step, catalogue_bytes, "a step of an operation was done"),
        Some(detail) => tracing::warn!(%operation_id, step, detail, "a step of an operation failed"),
    }
}

fn told(turn: &Turn) -> Value {
    json!({
        "event": "step", "operation_id": turn.operation_id, "step": turn.step,
        "catalogue_bytes": turn.catalogue_bytes, "failure": turn.failure,
    })
}
