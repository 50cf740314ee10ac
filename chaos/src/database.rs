//! The private PostgreSQL of a run: started, crashed, filled up, asked from outside.

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
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::disk::Disk;

const DATABASE: &str = "capstan";
/// The schema of the cell, and that of workspaces and keys.
pub(crate) const SCHEMA: &str = "cell_1";
const CONTROL: &str = "control";
/// The login of the product's processes: an ordinary one, with what they need and nothing more.
const LOGIN: &str = "capstan_login";
/// What a run sets. Who is to take all connections need not take many, and a log of bounded size leaves room on a disk.
const SETTINGS: [(&str, &str); 3] =
    [("track_commit_timestamp", "on"), ("max_connections", "100"), ("max_wal_size", "512MB")];
/// Longest wait for the return of a database whose disk was full.
const RETURN_MAX: Duration = Duration::from_secs(120);
/// SQLSTATE of a server that has no room on its disk.
const DISK_FULL: &str = "53100";
/// Pause before it is asked again.
const AGAIN: Duration = Duration::from_millis(50);

/// The server with its database. The disk goes last.
#[derive(Debug)]
pub(crate) struct Database {
    postgres: PrivatePostgres,
    pub(crate) url: String,
    disk: Option<Disk>,
}

/// A time in which the database was away.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    /// When it was told to stop, or its disk was full.
    pub from: DateTime<Utc>,
    /// When it accepted connections, and commits, again.
    pub until: DateTime<Utc>,
}

impl Database {
    /// A throw-away server, on a disk of its own if there is one, that remembers when each transaction was committed:
    /// that is how the checker knows.
    pub(crate) fn start(disk: Option<Disk>) -> anyhow::Result<Self> {
        let folder = disk.as_ref().map(Disk::folder);
        let options = folder.map_or_else(Options::throw_away, Options::throw_away_in);
        let options = SETTINGS.iter().fold(options, |options, (name, value)| options.setting(name, value));
        let postgres = block_in_place(|| PrivatePostgres::start(options))?;
        postgres.create_database(DATABASE)?;
        Ok(Self { url: postgres.url(DATABASE), postgres, disk })
    }

    /// Makes the login of the product's processes; the database has been migrated.
    pub(crate) async fn make_login(&self) -> anyhow::Result<()> {
        let sql = format!(
            "CREATE ROLE {LOGIN} LOGIN; GRANT capstan_api, capstan_access, capstan_starter, capstan_worker TO {LOGIN}; \
             GRANT USAGE ON SCHEMA {CONTROL}, {SCHEMA} TO {LOGIN}"
        );
        sqlx::raw_sql(&sql).execute(&mut self.door()?.enter().await?).await?;
        Ok(())
    }

    /// The server's socket.
    pub(crate) fn socket(&self) -> anyhow::Result<PathBuf> {
        let options = PgConnectOptions::from_str(&self.url)?;
        Ok(self.postgres.socket_dir().join(format!(".s.PGSQL.{}", options.get_port())))
    }

    /// The URL of the same database for the product's processes, by way of a proxy.
    pub(crate) fn url_through(&self, proxy: SocketAddr) -> String {
        format!("postgres://{LOGIN}@{proxy}/{DATABASE}?sslmode=disable")
    }

    /// The same without a proxy.
    pub(crate) fn login_url(&self) -> String {
        self.url.replacen(&format!("//{}@", self.postgres.superuser()), &format!("//{LOGIN}@"), 1)
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

    /// Leaves no room on the disk for a while, until the database commits again; none if it needed no room meanwhile.
    pub(crate) async fn fill_disk(&mut self, for_long: Duration) -> anyhow::Result<Option<Outage>> {
        let (door, deadline) = (self.door()?, Instant::now() + for_long);
        let disk = self.disk.as_ref().context("the database has no disk of its own")?;
        let from = Utc::now();
        disk.fill()?;
        let mut has_no_room = false;
        while Instant::now() < deadline {
            // It is refused as long as the server lives, which dies if it has no room for its log.
            has_no_room |= door.write_much().await.is_err_and(|error| has_code(&error, DISK_FULL));
            sleep(AGAIN).await;
        }
        has_no_room |= self.postgres.has_ended();
        disk.free()?;
        self.until_it_commits(&door).await?;
        Ok(has_no_room.then_some(Outage { from, until: Utc::now() }))
    }

    /// Waits; a server that has died is started again.
    async fn until_it_commits(&mut self, door: &Door) -> anyhow::Result<()> {
        let deadline = Instant::now() + RETURN_MAX;
        while let Err(error) = door.commit().await {
            anyhow::ensure!(Instant::now() < deadline, "the database does not come back: {error}");
            if self.postgres.has_ended() {
                block_in_place(|| self.postgres.restart())?;
            }
            sleep(AGAIN).await;
        }
        Ok(())
    }
}

/// Whether the database has refused something with this SQLSTATE.
pub(crate) fn has_code(error: &anyhow::Error, code: &str) -> bool {
    let sql = error.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    sql.and_then(sqlx::error::DatabaseError::code).is_some_and(|told| told == code)
}

/// Connects as the owner, who sees all rows.
#[derive(Clone, Debug)]
pub(crate) struct Door(PgConnectOptions);

impl Door {
    pub(crate) async fn enter(&self) -> anyhow::Result<PgConnection> {
        PgConnection::connect_with(&self.0).await.context("the database cannot be reached")
    }

    /// The same way for others, who have no rights and none of the connections that are kept for the owner.
    pub(crate) fn for_others(&self) -> Self {
        Self(self.0.clone().username(LOGIN))
    }

    /// The status of an execution.
    pub(crate) async fn status(&self, execution: Uuid) -> anyhow::Result<String> {
        let status = sqlx::query_scalar("SELECT status FROM executions WHERE execution_id = $1").bind(execution);
        Ok(status.fetch_one(&mut self.enter().await?).await?)
    }

    /// Writes more than there is room for within what is there.
    async fn write_much(&self) -> anyhow::Result<()> {
        let sql = "CREATE TEMPORARY TABLE much AS SELECT generate_series(1, 100000) AS nth";
        sqlx::raw_sql(sql).execute(&mut self.enter().await?).await?;
        Ok(())
    }

    /// Commits something that is no row of anybody.
    async fn commit(&self) -> anyhow::Result<()> {
        sqlx::raw_sql("SELECT pg_current_xact_id()").execute(&mut self.enter().await?).await?;
        Ok(())
    }
}
