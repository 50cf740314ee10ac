//! What scenarios run on: a database, and a fresh cell for each of our turns.

use std::sync::Arc;

use anyhow::{Context, ensure};
use capstan_domain::access;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::migrate::{Kind, migrate};
use capstan_engine::store::preflight::preflight;
use capstan_node_types::registry::Registry;
use capstan_private_postgres::{Options, PrivatePostgres};
use serde_json::{Map, Value};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Executor, PgConnection};

use super::cell::Cell;
use super::process::Settings;
use crate::config::{DatabaseArgs, ServiceArgs};

/// Schema of workspaces and keys.
const CONTROL_SCHEMA: &str = "bench_control";
/// Schema of the raw loop.
const LIMIT_SCHEMA: &str = "bench_limit";
/// For 2 cores, with memory to spare; docs/operation.md tells operators the same.
const SETTINGS: [(&str, &str); 4] =
    [("shared_buffers", "2GB"), ("max_wal_size", "4GB"), ("autovacuum_naptime", "5s"), ("max_connections", "500")];
/// Settings that a report names.
const REPORTED: [&str; 9] = [
    "shared_buffers",
    "max_wal_size",
    "wal_compression",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "checkpoint_timeout",
    "autovacuum_naptime",
    "max_connections",
];

/// The database and the services that all scenarios share.
pub(crate) struct Rig {
    url: String,
    control: Place,
    registry: Arc<Registry>,
    services: ServiceArgs,
    private: Option<PrivatePostgres>,
    /// Holds the lock that keeps other benches off this database.
    _alone: PgConnection,
    cells: u32,
    /// Schemas of cells that are still there.
    schemas: Vec<String>,
}

impl Rig {
    /// The server at DATABASE_URL, else a private one with the settings that operators are told.
    pub(crate) async fn open(args: &DatabaseArgs, services: ServiceArgs) -> anyhow::Result<Self> {
        let (private, url) = match args.url() {
            Some(url) => (None, url.to_owned()),
            None => {
                let (private, url) = tokio::task::spawn_blocking(start_private).await??;
                (Some(private), url)
            }
        };
        let control = Place::new(&url, CONTROL_SCHEMA).context("DATABASE_URL cannot be used")?;
        let mut owner = control
            .connect(Role::Owner)
            .await
            .context("the database cannot be reached; is it running, and is DATABASE_URL right?")?;
        preflight(&mut owner).await?;
        ensure_sees_all(&mut owner).await?;
        ensure_alone(&mut owner).await?;
        drop_schema(&mut owner, CONTROL_SCHEMA).await?;
        migrate(&control, Kind::Control).await?;
        let registry = Arc::new(Registry::standard());
        Ok(Self { url, control, registry, services, private, _alone: owner, cells: 0, schemas: Vec::new() })
    }

    /// Where the raw loop works: a schema of its own, emptied.
    pub(crate) async fn limit(&self) -> anyhow::Result<PgConnectOptions> {
        let mut owner = self.owner().await?;
        drop_schema(&mut owner, LIMIT_SCHEMA).await?;
        owner.execute(format!("CREATE SCHEMA {LIMIT_SCHEMA}").as_str()).await?;
        Ok(self.control.sibling(LIMIT_SCHEMA).options(Role::Owner))
    }

    /// A fresh cell with one workspace; all rows of the turn before are removed.
    pub(crate) async fn cell(&mut self) -> anyhow::Result<Cell> {
        self.clear().await?;
        self.cell_beside().await
    }

    /// A fresh cell with one workspace, beside those that are there.
    pub(crate) async fn cell_beside(&mut self) -> anyhow::Result<Cell> {
        let mut owner = self.owner().await?;
        drop_schema(&mut owner, LIMIT_SCHEMA).await?;
        self.cells += 1;
        let place = self.control.sibling(&format!("bench_{}", self.cells));
        drop_schema(&mut owner, &place.schema).await?;
        self.schemas.push(place.schema.clone());
        migrate(&place, Kind::Cell).await?;
        access::ensure_cell(&mut owner, &place.schema).await?;
        let slug = format!("bench-{}", self.cells);
        let workspace = access::create_workspace(&mut owner, &slug, "bench", &place.schema).await?;
        Ok(Cell {
            settings: Settings::new(&self.url, CONTROL_SCHEMA, &place.schema),
            control: self.control.clone(),
            place,
            workspace,
            registry: Arc::clone(&self.registry),
            services: self.services.clone(),
        })
    }

    /// Removes a cell, when others are still needed.
    pub(crate) async fn remove(&mut self, cell: Cell) -> anyhow::Result<()> {
        self.schemas.retain(|schema| *schema != cell.place.schema);
        drop_schema(&mut self.owner().await?, &cell.place.schema).await
    }

    /// Removes all cells.
    pub(crate) async fn clear(&mut self) -> anyhow::Result<()> {
        let mut owner = self.owner().await?;
        for schema in std::mem::take(&mut self.schemas) {
            drop_schema(&mut owner, &schema).await?;
        }
        Ok(())
    }

    /// Version and settings of the server.
    pub(crate) async fn server(&self) -> anyhow::Result<(String, Map<String, Value>)> {
        let mut owner = self.owner().await?;
        let version = sqlx::query_scalar("SHOW server_version").fetch_one(&mut owner).await?;
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY ($1) ORDER BY name")
                .bind(REPORTED.as_slice())
                .fetch_all(&mut owner)
                .await?;
        Ok((version, rows.into_iter().map(|(name, value)| (name, Value::String(value))).collect()))
    }

    /// What the server has said so far; none of a server that is not ours.
    pub(crate) fn server_log(&self) -> anyhow::Result<Option<String>> {
        let Some(private) = &self.private else { return Ok(None) };
        let log = std::fs::read(private.data_dir().join("server.log")).context("the server's log cannot be read")?;
        Ok(Some(String::from_utf8_lossy(&log).into_owned()))
    }

    pub(crate) async fn close(mut self) -> anyhow::Result<()> {
        self.clear().await?;
        let mut owner = self.owner().await?;
        drop_schema(&mut owner, LIMIT_SCHEMA).await?;
        drop_schema(&mut owner, CONTROL_SCHEMA).await?;
        let Some(mut private) = self.private.take() else { return Ok(()) };
        tokio::task::spawn_blocking(move || private.stop()).await?.context("the private PostgreSQL did not stop")
    }

    /// A connection with the rights of the login.
    pub(crate) async fn owner(&self) -> anyhow::Result<PgConnection> {
        Ok(self.control.connect(Role::Owner).await?)
    }
}

fn start_private() -> anyhow::Result<(PrivatePostgres, String)> {
    let options = SETTINGS.iter().fold(Options::throw_away(), |options, (name, value)| options.setting(name, value));
    let private = PrivatePostgres::start(options).context("the private PostgreSQL did not start")?;
    private.ensure_database("capstan")?;
    let url = private.url("capstan");
    Ok((private, url))
}

/// Backlogs are counted over all workspaces, which row-level security hides from an ordinary login.
async fn ensure_sees_all(owner: &mut PgConnection) -> anyhow::Result<()> {
    let sees_all: bool =
        sqlx::query_scalar("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            .fetch_one(owner)
            .await?;
    ensure!(sees_all, "`capstan bench` needs a login that row-level security does not bind: a superuser, or BYPASSRLS");
    Ok(())
}

/// Schemas have fixed names, so two benches would take each other's tables away. Lasts as long as the connection.
async fn ensure_alone(owner: &mut PgConnection) -> anyhow::Result<()> {
    let alone: bool =
        sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext('capstan bench'))").fetch_one(&mut *owner).await?;
    ensure!(alone, "another `capstan bench` runs on this database: wait for it, or use another database");
    // Not counted among the connections of workers.
    owner.execute("SET application_name = 'capstan bench'").await?;
    Ok(())
}

async fn drop_schema(owner: &mut PgConnection, schema: &str) -> anyhow::Result<()> {
    owner.execute(format!("DROP SCHEMA IF EXISTS {schema} CASCADE").as_str()).await?;
    Ok(())
}
