//! The private PostgreSQL of a run: started, crashed, asked from outside.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use capstan_private_postgres::{Options, PrivatePostgres};
use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::task::block_in_place;
use tokio::time::sleep;

const DATABASE: &str = "capstan";
/// The schema of the cell.
const SCHEMA: &str = "cell_1";

/// The server with its database.
#[derive(Debug)]
pub(crate) struct Database {
    postgres: PrivatePostgres,
    pub(crate) url: String,
}

/// A time in which the database was away.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    /// When it was told to stop.
    pub from: DateTime<Utc>,
    /// When it accepted connections again.
    pub until: DateTime<Utc>,
}

impl Database {
    /// A throw-away server that remembers when each transaction was committed: that is how the checker knows.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let options = Options::throw_away().setting("track_commit_timestamp", "on");
        let postgres = block_in_place(|| PrivatePostgres::start(options))?;
        postgres.create_database(DATABASE)?;
        Ok(Self { url: postgres.url(DATABASE), postgres })
    }

    /// The server's socket.
    pub(crate) fn socket(&self) -> anyhow::Result<PathBuf> {
        let options = PgConnectOptions::from_str(&self.url)?;
        Ok(self.postgres.socket_dir().join(format!(".s.PGSQL.{}", options.get_port())))
    }

    /// The URL of the same database by way of a proxy.
    pub(crate) fn url_through(&self, proxy: SocketAddr) -> String {
        format!("postgres://{}@{proxy}/{DATABASE}?sslmode=disable", self.postgres.superuser())
    }

    /// A way to connect that outlives crashes.
    pub(crate) fn door(&self) -> anyhow::Result<Door> {
        let options = PgConnectOptions::from_str(&self.url)?;
        Ok(Door(options.options([("search_path", SCHEMA), ("timezone", "UTC")])))
    }

    /// Stops at once without writing, and starts again after `down`.
    pub(crate) async fn crash(&mut self, down: Duration) -> anyhow::Result<Outage> {
        let from = Utc::now();
        block_in_place(|| self.postgres.stop_immediate())?;
        sleep(down).await;
        block_in_place(|| self.postgres.restart())?;
        Ok(Outage { from, until: Utc::now() })
    }
}

/// Connects as the owner, who sees all rows.
#[derive(Clone, Debug)]
pub(crate) struct Door(PgConnectOptions);

impl Door {
    pub(crate) async fn enter(&self) -> anyhow::Result<PgConnection> {
        PgConnection::connect_with(&self.0).await.context("the database cannot be reached")
    }
}
