//! What the tests of this crate share.
#![allow(dead_code, reason = "each test program uses a part")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use capstan_private_postgres::{Options, PrivatePostgres};

const WAIT_MAX: Duration = Duration::from_secs(60);
const HELPER_VARIABLE: &str = "CAPSTAN_TEST_HOLD_CLUSTER";

/// Runs SQL with `psql` and gives what it prints.
pub(crate) fn sql(postgres: &PrivatePostgres, statement: &str) -> String {
    try_sql(&postgres.installation().bin, &postgres.url("postgres"), statement).unwrap()
}

pub(crate) fn try_sql(bin: &Path, url: &str, statement: &str) -> Result<String, String> {
    let mut psql = Command::new(bin.join("psql"));
    let output = psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, url]).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// A folder for a persistent cluster that the server's user can reach, removed on drop.
pub(crate) fn place() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let all_may_enter = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("capstan-test-").permissions(all_may_enter).tempdir().unwrap()
}

/// Small, so that many tests fit on a small machine.
pub(crate) fn options(place: &tempfile::TempDir) -> Options {
    Options::at(place.path().join("home")).setting("shared_buffers", "16MB")
}

/// Looks again and again; a test that gets no answer in time fails with `what`.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + WAIT_MAX;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::yield_now();
    }
}

/// Another program that holds a cluster until it is killed: this test program once more, with one test.
pub(crate) struct Holder {
    pub(crate) program: Child,
    pub(crate) postmaster: i32,
}

impl Holder {
    /// `test` is the name of the test that calls [`hold_if_asked`].
    pub(crate) fn start(test: &str, home: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).env(HELPER_VARIABLE, home);
        let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let line = lines.map(Result::unwrap).find(|line| line.contains("holding ")).unwrap();
        let postmaster = line.rsplit(' ').next().unwrap().parse().unwrap();
        Self { program, postmaster }
    }

    pub(crate) fn kill9(&mut self) {
        self.program.kill().unwrap();
        self.program.wait().unwrap();
    }
}

/// The other side of [`Holder::start`]; does nothing in an ordinary run.
pub(crate) fn hold_if_asked() {
    let Some(home) = std::env::var_os(HELPER_VARIABLE) else { return };
    let postgres = PrivatePostgres::start(Options::at(home).setting("shared_buffers", "16MB")).unwrap();
    println!("\nholding {}", postgres.pid().unwrap());
    std::io::stdin().lines().for_each(drop);
}

/// False also for a process that has ended and only waits to be reaped.
pub(crate) fn is_running(pid: i32) -> bool {
    std::fs::read_link(format!("/proc/{pid}/exe")).is_ok()
}
