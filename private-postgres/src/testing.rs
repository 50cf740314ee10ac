//! Databases for tests: one server for all of them, one database for each.

use std::process::Command;
use std::sync::OnceLock;

use crate::error::Error;
use crate::identity::{Identity, run};
use crate::install::Installation;
use crate::options::{Options, unique};
use crate::postgres::PrivatePostgres;
use crate::url::with_database;

/// URL of a server that tests may make databases on, as a superuser. `with-postgres` sets it, so that all test
/// processes of one run share a server. The database in it is the one to connect to for making others.
pub const SERVER_VARIABLE: &str = "CAPSTAN_TEST_POSTGRES_URL";

/// The throw-away cluster of this test process, started by the first call. It is not dropped, as statics are not: the
/// guard stops and removes it when the process ends.
///
/// # Panics
/// If it cannot be started; the message says why.
pub fn shared_for_tests() -> &'static PrivatePostgres {
    static SHARED: OnceLock<PrivatePostgres> = OnceLock::new();
    SHARED.get_or_init(|| {
        PrivatePostgres::start(Options::throw_away()).unwrap_or_else(|error| panic!("no PostgreSQL for tests: {error}"))
    })
}

/// A new, empty database on the server named by [`SERVER_VARIABLE`], else on [`shared_for_tests`].
///
/// # Panics
/// If it cannot be made; the message says why.
pub fn test_database() -> TestDatabase {
    TestDatabase::create().unwrap_or_else(|error| panic!("no database for a test: {error}"))
}

/// An empty database of one test, dropped with it, open connections or not.
#[derive(Debug)]
pub struct TestDatabase {
    /// Connects to it as a superuser.
    pub url: String,
    /// Its name, unique on this machine.
    pub name: String,
    server_url: String,
}

impl TestDatabase {
    fn create() -> Result<Self, Error> {
        let server_url = match std::env::var(SERVER_VARIABLE) {
            Ok(url) if !url.is_empty() => url,
            _ => shared_for_tests().url("postgres"),
        };
        let name = format!("test_{}", unique());
        run(client("createdb")?.args(["--maintenance-db", &server_url, "--", &name]))?;
        Ok(Self { url: with_database(&server_url, &name), name, server_url })
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let dropped = client("dropdb").and_then(|mut dropdb| {
            run(dropdb.args(["--force", "--if-exists", "--maintenance-db", &self.server_url, "--", &self.name]))
        });
        if let Err(error) = dropped {
            tracing::warn!(%error, database = self.name, "the database of a test stays");
        }
    }
}

fn client(program: &str) -> Result<Command, Error> {
    static INSTALLATION: OnceLock<Installation> = OnceLock::new();
    let installation = match INSTALLATION.get() {
        Some(found) => found,
        None => INSTALLATION.get_or_init({
            let found = Installation::newest()?;
            || found
        }),
    };
    Ok(Identity::choose(None).command(installation.program(program)))
}
