//! The database of a command: the one at DATABASE_URL, or a private one that lives as long as the command.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::migrate::{Kind, migrate};
use capstan_engine::store::preflight::{PreflightError, preflight};
use capstan_private_postgres::{Options, PrivatePostgres};
use sqlx::PgConnection;
use tokio::time::sleep;

use crate::config::DatabaseArgs;
use crate::memory::Memory;

/// Time between two looks whether a private cluster still runs.
const TEND_EVERY: Duration = Duration::from_secs(1);
/// Name of the database in a private cluster.
const PRIVATE_DATABASE: &str = "capstan";

/// Where `control` and one cell live, and the private cluster around them if there is one.
pub(crate) struct Database {
    /// Workspaces, keys, the cell map.
    pub(crate) control: Place,
    /// The cell that this process works for.
    pub(crate) cell: Place,
    /// Where this program keeps what it has to remember beside the database.
    pub(crate) memory: Memory,
    private: Option<Arc<Mutex<PrivatePostgres>>>,
}

impl Database {
    /// The database at DATABASE_URL, else a private cluster called `name`.
    pub(crate) async fn open(args: &DatabaseArgs, name: &str) -> anyhow::Result<Self> {
        let home = home(args, name);
        if let Some(url) = args.url() {
            return Self::at(args, url, home, None).await;
        }
        let (private, url) = tokio::task::spawn_blocking(move || start_private(home)).await??;
        let home = private.data_dir().to_owned();
        Self::at(args, &url, home, Some(private)).await
    }

    /// The database at DATABASE_URL, which must be set for `command`.
    pub(crate) async fn connect(args: &DatabaseArgs, command: &str) -> anyhow::Result<Self> {
        let Some(url) = args.url() else {
            bail!(
                "`capstan {command}` needs a database: set DATABASE_URL, e.g. postgres://user:password@host/capstan \
                 (`capstan dev` starts a private one by itself)"
            );
        };
        Self::at(args, url, home(args, command), None).await
    }

    async fn at(
        args: &DatabaseArgs,
        url: &str,
        home: PathBuf,
        private: Option<PrivatePostgres>,
    ) -> anyhow::Result<Self> {
        let control = Place::new(url, &args.control_schema).context("DATABASE_URL cannot be used")?;
        let cell = control.sibling(&args.cell_schema);
        let private = private.map(|private| Arc::new(Mutex::new(private)));
        let database = Self { control, cell, memory: Memory::new(home), private };
        let mut owner = database.owner().await?;
        match preflight(&mut owner).await {
            Err(error @ PreflightError::Unsafe { .. }) if args.allow_unsafe_database => {
                tracing::warn!("going on with --allow-unsafe-database: {error}");
            }
            checked => checked.context("the database cannot be used")?,
        }
        Ok(database)
    }

    /// A connection to `control` with the rights of the login: migrates, makes workspaces and keys.
    pub(crate) async fn owner(&self) -> anyhow::Result<PgConnection> {
        self.control
            .connect(Role::Owner)
            .await
            .context("the database cannot be reached; is it running, and is DATABASE_URL right?")
    }

    /// Brings `control` and the cell to the newest schema, and enters the cell in the map.
    pub(crate) async fn migrate(&self) -> anyhow::Result<()> {
        migrate(&self.control, Kind::Control).await?;
        migrate(&self.cell, Kind::Cell).await?;
        let mut owner = self.owner().await?;
        capstan_domain::access::ensure_cell(&mut owner, &self.cell.schema).await?;
        Ok(())
    }

    /// Fails with what to do unless `control` and the cell have been migrated.
    pub(crate) async fn require_migrated(&self) -> anyhow::Result<()> {
        let mut owner = self.owner().await?;
        for (place, table) in [(&self.control, "workspaces"), (&self.cell, "executions")] {
            let found: bool = sqlx::query_scalar("SELECT to_regclass(format('%I.%I', $1, $2)) IS NOT NULL")
                .bind(&place.schema)
                .bind(table)
                .fetch_one(&mut owner)
                .await
                .map_err(StoreError::from)?;
            if !found {
                bail!("schema \"{}\" of the database has no tables yet: run `capstan migrate` first", place.schema);
            }
        }
        Ok(())
    }

    /// Stops a private cluster; a server at DATABASE_URL is left alone.
    pub(crate) async fn close(mut self) -> anyhow::Result<()> {
        let Some(private) = self.private.take() else { return Ok(()) };
        let stop = move || lock(&private).stop();
        tokio::task::spawn_blocking(stop).await?.context("the private PostgreSQL did not stop")
    }

    /// Starts a private cluster again whenever it ends by itself; returns when that fails.
    pub(crate) async fn tend(&self) -> anyhow::Error {
        let Some(private) = &self.private else { return std::future::pending().await };
        loop {
            sleep(TEND_EVERY).await;
            let private = Arc::clone(private);
            match tokio::task::spawn_blocking(move || tend(&mut lock(&private))).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return anyhow!(error).context("the private PostgreSQL has ended and does not start"),
                Err(error) => return error.into(),
            }
        }
    }
}

fn tend(private: &mut PrivatePostgres) -> Result<(), capstan_private_postgres::Error> {
    if private.has_ended() {
        let log = private.data_dir().join("server.log");
        tracing::warn!(log = %log.display(), "the private PostgreSQL has ended; starting it again");
        private.restart()?;
    }
    Ok(())
}

fn lock(private: &Mutex<PrivatePostgres>) -> MutexGuard<'_, PrivatePostgres> {
    private.lock().unwrap_or_else(PoisonError::into_inner)
}

fn home(args: &DatabaseArgs, name: &str) -> PathBuf {
    args.folder().map_or_else(|| Options::named(name).data_dir, |folder| folder.join(name))
}

fn start_private(home: PathBuf) -> anyhow::Result<(PrivatePostgres, String)> {
    let home = std::path::absolute(&home).unwrap_or(home);
    let private = PrivatePostgres::start(Options::at(home)).context("the private PostgreSQL did not start")?;
    private.ensure_database(PRIVATE_DATABASE)?;
    let url = private.url(PRIVATE_DATABASE);
    Ok((private, url))
}
