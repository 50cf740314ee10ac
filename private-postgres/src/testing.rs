//! Databases for tests: one server for all of them, one database for each.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

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
        PrivatePostgres::start(Options::throw_away_in_memory())
            .unwrap_or_else(|error| panic!("no PostgreSQL for tests: {error}"))
    })
}

/// A new, empty database on the server named by [`SERVER_VARIABLE`], else on [`shared_for_tests`].
///
/// # Panics
/// If it cannot be made; the message says why.
pub fn test_database() -> TestDatabase {
    TestDatabase::create_from(server_url(), None).unwrap_or_else(|error| panic!("no database for a test: {error}"))
}

/// A new database that begins as a copy of the template `name` on the same server: far quicker than to prepare each. Where
/// there is no such template yet, `prepare` gets the URL of an empty database that becomes it. The name has to tell all
/// that its contents depend on, for a server may keep it longer than a build. At most 40 letters, digits and `_`.
///
/// # Panics
/// If it cannot be made or prepared; the message says why.
pub fn test_database_like<E: Display>(name: &str, prepare: impl FnOnce(&str) -> Result<(), E>) -> TestDatabase {
    static MADE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let template = format!("template_{name}");
    let server_url = server_url();
    {
        // Whoever comes meanwhile waits: it needs the template as well.
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if !made.contains(&template) {
            make_template(&server_url, &template, prepare)
                .unwrap_or_else(|error| panic!("no template {template} for tests: {error}"));
            made.insert(template.clone());
        }
    }
    TestDatabase::create_from(server_url, Some(&template))
        .unwrap_or_else(|error| panic!("no database for a test: {error}"))
}

/// A database of one test, dropped with it, open connections or not.
#[derive(Debug)]
pub struct TestDatabase {
    /// Connects to it as a superuser.
    pub url: String,
    /// Its name, unique on this machine.
    pub name: String,
    server_url: String,
}

impl TestDatabase {
    fn create_from(server_url: String, template: Option<&str>) -> Result<Self, Error> {
        let name = format!("test_{}", unique());
        let mut createdb = client("createdb")?;
        createdb
            .args(["--maintenance-db", &server_url])
            .args(template.map(|template| format!("--template={template}")));
        run(createdb.args(["--", &name]))?;
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

fn server_url() -> String {
    match std::env::var(SERVER_VARIABLE) {
        Ok(url) if !url.is_empty() => url,
        _ => shared_for_tests().url("postgres"),
    }
}

/// Prepares a database under another name, so that a test process that is killed leaves no half of a template.
fn make_template<E: Display>(
    server_url: &str,
    template: &str,
    prepare: impl FnOnce(&str) -> Result<(), E>,
) -> Result<(), String> {
    let exists = || {
        let found = client("psql")?.args(["-XAtc", "SELECT datname FROM pg_database", server_url]).output();
        let names = found.map_err(|source| Error::Io { action: "run", path: "psql".into(), source })?.stdout;
        Ok::<_, Error>(names.split(|&byte| byte == b'\n').any(|name| name == template.as_bytes()))
    };
    if exists().map_err(|error| error.to_string())? {
        return Ok(());
    }
    let making = TestDatabase::create_from(server_url.to_owned(), None).map_err(|error| error.to_string())?;
    prepare(&making.url).map_err(|error| error.to_string())?;
    let rename = format!("ALTER DATABASE \"{}\" RENAME TO \"{template}\"", making.name);
    let renamed = client("psql").and_then(|mut psql| run(psql.args(["-XAtqc", &rename, server_url])));
    match renamed {
        // Another process was quicker: this one's is dropped here.
        Err(Error::Failed { output, .. }) if output.contains("already exists") => Ok(()),
        renamed => renamed.map_err(|error| error.to_string()),
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
