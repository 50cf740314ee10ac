//! `with-postgres COMMAND …`: runs a command with a throw-away PostgreSQL server, whose URL is in
//! `CAPSTAN_TEST_POSTGRES_URL`, and exits as the command does. If that variable is set already, the command is run
//! with it as it is. Interrupts and terminations are passed on to the command; then the server is cleared away.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitCode, ExitStatus};

use capstan_private_postgres::testing::SERVER_VARIABLE;
use capstan_private_postgres::{Options, PrivatePostgres};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

/// As shells report a command that cannot be run, or a mistake in calling this one.
const EXIT_CANNOT_RUN: u8 = 127;
const EXIT_USAGE: u8 = 2;
/// A command ended by signal N is reported as 128 + N.
const EXIT_SIGNAL_BASE: u8 = 128;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    arguments.next_if(|first| first == "--");
    let Some(program) = arguments.next() else {
        eprintln!("usage: with-postgres COMMAND [ARGUMENT …]");
        return ExitCode::from(EXIT_USAGE);
    };
    match run(program, arguments.collect()) {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("with-postgres: {message}");
            ExitCode::from(EXIT_CANNOT_RUN)
        }
    }
}

fn run(program: OsString, arguments: Vec<OsString>) -> Result<u8, String> {
    let is_set = std::env::var_os(SERVER_VARIABLE).is_some_and(|url| !url.is_empty());
    let postgres = (!is_set).then(|| PrivatePostgres::start(Options::throw_away())).transpose();
    let postgres = postgres.map_err(|error| error.to_string())?;
    let mut command = Command::new(&program);
    command.args(arguments);
    if let Some(postgres) = &postgres {
        command.env(SERVER_VARIABLE, postgres.url("postgres"));
    }
    let child = command.spawn().map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    wait_forwarding(child)
}

/// The signals are blocked only now: what is started inherits the mask, and an earlier signal may end this program at
/// once, since the guard of the server clears up then.
fn wait_forwarding(mut child: Child) -> Result<u8, String> {
    let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
    signals.thread_block().map_err(|errno| format!("cannot block signals: {errno}"))?;
    let pid = Pid::from_raw(child.id().cast_signed());
    std::thread::spawn(move || {
        while let Ok(signal) = signals.wait() {
            // Fails only when the command has ended already.
            let _ = kill(pid, signal);
        }
    });
    child.wait().map(exit_code).map_err(|error| format!("cannot wait for the command: {error}"))
}

fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let signal = status.signal().and_then(|signal| u8::try_from(signal).ok());
    code.unwrap_or_else(|| EXIT_SIGNAL_BASE.saturating_add(signal.unwrap_or(0)))
}
